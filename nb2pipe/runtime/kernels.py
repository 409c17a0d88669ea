"""The kernels that are installed for Jupyter here, by their names: which interpreter each of them runs, and how.

jupyter_client reads the same, and costs as much to import as a short run takes.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from nb2pipe.diagnostics import UsageError, say

NATIVE = "python3"
"""The kernel of the interpreter that asks, where no other is installed under the name."""
_LAUNCHERS = frozenset({"ipykernel_launcher", "ipykernel"})
_WITH_VALUE = frozenset({"-X", "-W"})
_OF_NO_MATTER = re.compile(r"(-X )?frozen_modules=off|-Xfrozen_modules=off")
_NAMED = re.compile(rb"""["']?kernelspec["']?\s*:[^}]{0,300}?\bname["']?\s*:\s*["']?([\w.-]+)""")
_PREFERRED = ("JUPYTER_PATH", "JUPYTER_PREFER_ENV_PATH")


class Kernel(NamedTuple):
    """How a kernel's interpreter is started: the program, its own options, and variables beside those of this process."""

    program: str
    options: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()


OWN = Kernel(sys.executable)
"""That of the interpreter that runs nb2pipe."""


def kernel_named(name: str) -> Kernel | None:
    """The kernel of a name; None where there is none.

    Raises:
        UsageError: It is none whose interpreter can be told.
    """
    wanted = NATIVE if name.lower() == "python" else name.lower()
    folder = _own_folder() if wanted == NATIVE else None
    if folder is None:
        folder = next((f for n, f in _installed() if n == wanted), None)
    if folder is None:
        return OWN if wanted == NATIVE else None
    try:
        said = json.loads((folder / "kernel.json").read_bytes())
        argv = [str(word) for word in said["argv"]]
        return _kernel(name, argv, folder, said)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise UsageError(
            say("the kernel `%1` cannot be read: %2: %3", name, str(folder / "kernel.json"), str(error))
        ) from None


def names() -> list[str]:
    """The names of all kernels that are installed here."""
    return sorted({NATIVE, *(name for name, _ in _installed())})


def _own_folder() -> Path | None:
    """Where the native kernel of an environment is, which comes before all others; None where that is not certain."""
    if sys.prefix == sys.base_prefix or any(os.environ.get(name) for name in _PREFERRED):
        return None
    folder = Path(sys.prefix, "share", "jupyter", "kernels", NATIVE)
    return folder if (folder / "kernel.json").is_file() else None


def _installed() -> Iterator[tuple[str, Path]]:
    """The names and folders of the kernels that are installed, the first of a name being the one that counts."""
    from jupyter_core.paths import jupyter_path

    of_ipython = Path(os.environ.get("IPYTHONDIR") or Path.home() / ".ipython") / "kernels"
    for place in (*jupyter_path("kernels"), str(of_ipython)):
        try:
            entries = sorted(os.listdir(place))
        except OSError:
            continue
        for entry in entries:
            if Path(place, entry, "kernel.json").is_file():
                yield entry.lower(), Path(place, entry)


def _kernel(name: str, argv: list[str], folder: Path, said: Mapping[str, Any]) -> Kernel:
    provisioner = ((said.get("metadata") or {}).get("kernel_provisioner") or {}).get(
        "provisioner_name", "local-provisioner"
    )
    if provisioner != "local-provisioner":
        raise UsageError(
            say(
                "the kernel `%1` is started by `%2`, on a machine of its own; give --python a program",
                name,
                str(provisioner),
            )
        )
    language = str(said.get("language") or "python")
    if language.lower() not in ("python", "python3", "ipython"):
        raise UsageError(say("the kernel `%1` is one for %2; nb2pipe compiles Python", name, language))
    options = _options(argv[1:])
    program = _program(argv[0].replace("{prefix}", sys.prefix).replace("{resource_dir}", str(folder)))
    if options is None or program is None:
        words = " ".join(argv[:4])
        raise UsageError(
            say(
                "the kernel `%1` is started by `%2`, from which its interpreter cannot be told; give --python a program",
                name, words,
            )
            if options is None
            else say("the kernel `%1` is started by `%2`, which is not there; give --python a program", name, words)
        )  # fmt: skip
    from string import Template

    given = {k: Template(str(v)).safe_substitute(os.environ) for k, v in (said.get("env") or {}).items()}
    return Kernel(program, options, tuple(sorted(given.items())))


def _options(words: list[str]) -> tuple[str, ...] | None:
    """The options of the interpreter in front of what starts ipykernel; None where it is something else that is started."""
    found: list[str] = []
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        if word == "-m":
            return tuple(found) if waiting and waiting[0] in _LAUNCHERS else None
        if not word.startswith("-") and Path(word).name == "ipykernel_launcher.py":
            return tuple(found)
        if not word.startswith("-"):
            return None
        value = [waiting.pop(0)] if word in _WITH_VALUE and waiting else []
        if not _OF_NO_MATTER.fullmatch(" ".join([word, *value])):
            found += [word, *value]
    return None


def _program(word: str) -> str | None:
    """The program of a kernel, as jupyter_client finds it; None where it is not there."""
    major, minor = sys.version_info[:2]
    if word in {"python", f"python{major}", f"python{major}.{minor}"}:
        return sys.executable
    return program_of(word)


def program_of(word: str) -> str | None:
    """A program by its path or its name, as a path; None where it is not there."""
    import shutil

    found = shutil.which(Path(word).expanduser())
    return None if found is None else os.path.abspath(found)


def file_names_native(path: str) -> bool:
    """Whether the notebook in a file names no kernel but the one that every environment has, as far as that can be seen from afar."""
    try:
        found = _NAMED.search(Path(path).read_bytes())
    except OSError:
        return True
    return found is None or found[1] == NATIVE.encode("ascii")
