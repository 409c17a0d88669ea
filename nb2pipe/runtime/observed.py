"""What a step read of the world while it ran, and whether the world is still like that."""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from nb2pipe.diagnostics import say
from nb2pipe.store.digests import SETTLED, FileDigests, StandIns, digest_of_file, digest_of_text

ABSENT = "absent"
_FOLDER = "a folder"
HOST = "<host>"
"""What stands for the name of the machine among the variables that a step asked for."""
Keyed = Callable[[str], str]
"""The digest of a text that only this store can make: nobody tells from it what the text is."""


@dataclass(slots=True)
class Observed:
    """What a step read.

    ``files`` have the digest of what was read from each, ``folders`` that of the names in each; ``states`` what was asked of
    a path otherwise, such as whether it is there (a zero at its end stands for the link itself); ``environment`` the variables
    that were asked for; ``imported`` the modules that are not Python's own; ``shadows`` the folders in which a module of
    one of these names would be found first, with those that are there. ``unseen`` says what it did that nobody can look at again,
    ``torn`` what was changed while it was read.
    """

    files: dict[str, str] = field(default_factory=dict)
    folders: dict[str, str] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str | None] = field(default_factory=dict)
    imported: list[str] = field(default_factory=list)
    shadows: dict[str, list[str]] = field(default_factory=dict)
    unseen: list[str] = field(default_factory=list)
    torn: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)

    def kept(self, keyed: Keyed) -> dict[str, Any]:
        """As plain data, the values of variables as digests."""
        found = asdict(self)
        found["environment"] = {n: None if v is None else keyed(v) for n, v in self.environment.items()}
        return found


def content_of(path: str, digests: FileDigests | StandIns | None = None) -> str:
    """The digest of a file's content, `ABSENT`, or what else it is."""
    try:
        return digest_of_file(Path(path)) if digests is None else digests.of(Path(path))
    except (FileNotFoundError, NotADirectoryError):
        return ABSENT
    except IsADirectoryError:
        return _FOLDER
    except OSError as error:
        return f"not readable: {error.errno}"


def names_in(path: str, digest: Callable[[str], str] = digest_of_text) -> str:
    """The digest of the names in a folder."""
    try:
        return digest("\0".join(sorted(os.listdir(path))))
    except OSError as error:
        return f"not readable: {error.errno}"


def state_of_path(path: str, ask: Callable[..., os.stat_result], *, level: int, follow: bool) -> str:
    """What a path is: whether it is there, and what (``level`` 0), its size too (1), and when it was changed (2)."""
    asked = f"{level}{int(follow)}"
    try:
        found = ask(path, follow_symlinks=follow)
    except OSError:
        return f"{ABSENT} {asked}"
    numbers = [] if stat.S_ISDIR(found.st_mode) else [found.st_size, found.st_mtime_ns][:level]
    return " ".join([f"{stat.S_IFMT(found.st_mode):o}", asked, *map(str, numbers)])


def shadowing(folder: str, imported: Iterable[str]) -> list[str]:
    """The names in a folder that would be taken for modules with one of these names, or of Python's own."""
    try:
        stems = _stems(folder or ".")
    except OSError:
        return []
    return sorted({*(stems & sys.stdlib_module_names), *stems.intersection(imported)})


def _stems(folder: str) -> frozenset[str]:
    """The names in a folder without suffixes; one that was listed before is not listed again where it was not touched since."""
    found = os.stat(folder)  # noqa: PTH116  for each step of a run
    settled = time.time() - found.st_mtime > SETTLED
    return (_listed if settled else _listed.__wrapped__)(folder, found.st_mtime_ns, found.st_ino, found.st_dev)


@lru_cache(maxsize=64)
def _listed(folder: str, *_: int) -> frozenset[str]:
    return frozenset(name.partition(".")[0] for name in os.listdir(folder))


def changed(
    facts: Mapping[str, Any], digests: FileDigests, keyed: Keyed, environment: Mapping[str, str], cwd: str
) -> str:
    """What is not any more as a step found it, in words; "" where all of it is. ``facts`` are as `Observed.kept` gives them."""
    for path, digest in facts["files"].items():
        now = content_of(path, digests)
        if now != digest:
            shown = _shown(path, cwd)
            if now == ABSENT:
                return say("%1 is gone", shown)
            return say("%1 is new", shown) if digest == ABSENT else say("%1 has new content", shown)
    for path, digest in facts["folders"].items():
        if names_in(path) != digest:
            return say("other files are in %1", _shown(path, cwd))
    for key, found in facts["states"].items():
        path = key.rstrip("\0")
        level, follow = found.split()[1]
        now = state_of_path(path, os.stat, level=int(level), follow=follow == "1")
        if now != found:
            shown = _shown(path, cwd)
            if now.startswith(ABSENT):
                return say("%1 is gone", shown)
            return say("%1 is new", shown) if found.startswith(ABSENT) else say("%1 was touched", shown)
    for name, digest in facts["environment"].items():
        value = environment.get(name)
        if (None if value is None else keyed(value)) != digest:
            if name == HOST:
                return say("the machine has another name")
            return say("the environment variable %1 changed", name)
    for folder, names in facts["shadows"].items():
        now_there = shadowing(folder, facts["imported"])
        if now_there != names:
            other = sorted({*now_there} ^ {*names})
            shown = _shown(os.path.join(folder, other[0]), cwd)
            return say("%1 is there, or gone, and would be imported", shown)
    return ""


def _shown(path: str, cwd: str) -> str:
    """A path as the notebook would write it."""
    relative = os.path.relpath(path, cwd)
    return path if relative.startswith("..") else relative
