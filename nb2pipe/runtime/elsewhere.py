"""Another interpreter, asked once for what it is: its version, where it imports from, and whether it can run cells."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

from nb2pipe.diagnostics import UsageError, say
from nb2pipe.interpreters import Interpreter
from nb2pipe.runtime.kernels import Kernel

_PYTHON = (3, 11)
_IPYTHON = (8, 20)
_PATIENCE = 60  # seconds; an environment on a network drive takes its time
_QUESTION = """
import json, sys
said = {"release": list(sys.version_info[:3]), "version": sys.version, "prefix": sys.prefix}
if sys.version_info >= (3, 11):
    import importlib.metadata, importlib.util, sysconfig
    paths = sysconfig.get_paths()
    said["path"] = [p for p in sys.path if p]
    said["library"] = paths["stdlib"]
    said["site"] = [paths["purelib"], paths["platlib"]]
    said["modules"] = sorted(sys.stdlib_module_names)
    said["builtin"] = sorted(sys.builtin_module_names)
    finders = [vars(sys.modules.get(getattr(f, "__module__", ""), sys)) for f in sys.meta_path]
    said["editable"] = sorted(set(str(n).partition(".")[0] for f in finders for n in f.get("MAPPING", ())))
    said["ipython"] = None
    if importlib.util.find_spec("IPython") is not None:
        try:
            said["ipython"] = importlib.metadata.version("ipython")
        except importlib.metadata.PackageNotFoundError:
            said["ipython"] = ""
print(json.dumps(said))
"""


def interpreter_of(kernel: Kernel, called: str) -> Interpreter | None:
    """The interpreter of a kernel; None for the one that runs nb2pipe. ``called`` is what messages call it by.

    Raises:
        UsageError: It cannot be started, or cannot run the cells of a notebook.
    """
    if _is_this(kernel.program) and not kernel.options and not kernel.variables:
        return None
    try:
        found = _asked(kernel)
    except _Unfit as why:
        raise UsageError(say("%1 runs %2, which %3", called, kernel.program, *why.args)) from None
    is_this = (found.prefix, found.version) == (sys.prefix, sys.version)
    return None if is_this and not kernel.options and not kernel.variables else found


def _is_this(program: str) -> bool:
    """Whether a program is the interpreter that runs; that of an environment is a link to one that others have as well."""
    mine = Path(sys.executable)
    found = Path(program)
    return (found.parent.resolve(), found.resolve()) == (mine.parent.resolve(), mine.resolve())


class _Unfit(Exception):
    """Why an interpreter will not do."""


@lru_cache(maxsize=16)
def _asked(kernel: Kernel) -> Interpreter:
    """What an interpreter says of itself. Who stays, a server or a watch, asks only once, but for one that will not do."""
    try:
        done = subprocess.run(
            [kernel.program, *kernel.options, "-c", _QUESTION], capture_output=True, text=True, timeout=_PATIENCE, check=False,
            stdin=subprocess.DEVNULL, env={**os.environ, **dict(kernel.variables)},
        )  # fmt: skip
        said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        release = tuple(int(n) for n in said["release"])
    except subprocess.TimeoutExpired:
        raise _Unfit(say("says nothing for %1 seconds", _PATIENCE)) from None
    except OSError as error:
        raise _Unfit(say("cannot be started: %1", error.strerror or str(error))) from None
    except (LookupError, ValueError, TypeError):
        raise _Unfit(
            say("is no Python that works: %1", (done.stderr.splitlines() or [say("it says nothing")])[-1])
        ) from None
    if release < _PYTHON:
        raise _Unfit(say("is Python %1; nb2pipe runs cells on Python %2 or later", _text(release), _text(_PYTHON)))
    install = f"{kernel.program} -m pip install"
    if said["ipython"] is None:
        raise _Unfit(say("has no IPython; `%1 ipython` installs it", install))
    version = tuple(int(n) for n in re.findall(r"\d+", said["ipython"])[:2])
    if version and version < _IPYTHON:
        wanted = _text(_IPYTHON)
        raise _Unfit(
            say("has IPython %1; nb2pipe needs %2 or later: `%3 'ipython>=%2'`", said["ipython"], wanted, install)
        )
    return Interpreter(
        kernel.program, kernel.options, kernel.variables, said["version"], said["prefix"], tuple(said["path"]), said["library"],
        tuple(dict.fromkeys(said["site"])), frozenset(said["modules"] + said["builtin"]),
        frozenset(said["builtin"]), frozenset(said["editable"]),
    )  # fmt: skip


def _text(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
