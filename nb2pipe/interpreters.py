"""The interpreter that a notebook runs in, where it is another than the one that runs nb2pipe, and what is installed there.

Nothing is imported there: modules are found by the folders that it imports from.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Interpreter:
    """Another interpreter, with its environment.

    It is started as ``program`` with ``options``, and with ``variables`` beside those of this process. ``version``, ``prefix`` and
    ``path`` are what its ``sys`` says, ``site`` the folders that it installs to, ``modules`` those that are Python's own, of
    which ``builtin`` have no file; ``editable`` are those that it finds by other ways than its path.
    """

    program: str
    options: tuple[str, ...]
    variables: tuple[tuple[str, str], ...]
    version: str
    prefix: str
    path: tuple[str, ...]
    library: str
    site: tuple[str, ...]
    modules: frozenset[str]
    builtin: frozenset[str]
    editable: frozenset[str] = frozenset()

    @property
    def release(self) -> str:
        """The version as a number: 3.11.7."""
        return self.version.partition(" ")[0]

    @property
    def start(self) -> tuple[str, ...]:
        """How it is started: the program and its options."""
        return self.program, *self.options

    def environment(self) -> dict[str, str]:
        """The variables that its processes find."""
        return {**os.environ, **dict(self.variables)}


_elsewhere: ContextVar[Interpreter | None] = ContextVar("elsewhere", default=None)


def elsewhere() -> Interpreter | None:
    """The other interpreter that is asked of what is installed; None for this one."""
    return _elsewhere.get()


@contextmanager
def asking(interpreter: Interpreter | None) -> Iterator[None]:
    """While this lasts, what is installed is what ``interpreter`` can import; None stands for this one."""
    token = _elsewhere.set(interpreter)
    try:
        yield
    finally:
        _elsewhere.reset(token)


def start_there() -> tuple[str, ...]:
    """How the interpreter is started: the program and its options."""
    other = elsewhere()
    return (sys.executable,) if other is None else other.start


def path_there() -> Sequence[str]:
    """The folders that modules are imported from, in their order."""
    other = elsewhere()
    return sys.path if other is None else other.path


def release_there() -> tuple[int, ...]:
    """The version of Python, as numbers."""
    other = elsewhere()
    return sys.version_info[:3] if other is None else tuple(int(n) for n in other.release.split(".") if n.isdecimal())


def own_modules() -> frozenset[str]:
    """The modules that are Python's own."""
    other = elsewhere()
    return sys.stdlib_module_names.union(sys.builtin_module_names) if other is None else other.modules


def find(module: str) -> ModuleSpec | None:
    """Where a module is imported from, as `importlib.util.find_spec` says it; None where it is not installed.

    Raises:
        ModuleNotFoundError: What the module is part of is not installed.
    """
    other = elsewhere()
    if other is None:
        return importlib.util.find_spec(module)
    parts = module.split(".")
    if parts[0] in other.builtin | other.editable or parts[0] == "nb2pipe":  # which its steps have from here
        return ModuleSpec(module, None)
    path: Sequence[str] = other.path
    found = None
    for length, part in enumerate(parts, 1):
        name = ".".join(parts[:length])
        found = PathFinder.find_spec(name, list(path)) or _native(name, part, path)
        if found is None and length < len(parts):
            raise ModuleNotFoundError(f"No module named {name!r}")
        path = list(found.submodule_search_locations or ()) if found else ()
    return found


def _native(name: str, part: str, path: Sequence[str]) -> ModuleSpec | None:
    """A module in machine code, whose file may have a name that this Python takes for no module."""
    files = (file for folder in path for ending in ("so", "pyd") for file in Path(folder).glob(f"{part}.*.{ending}"))
    file = next(files, None)
    return None if file is None else ModuleSpec(name, None, origin=str(file))


def installed_version(distribution: str) -> str:
    """The installed version of a distribution, empty where it is not installed."""
    return _version(distribution, elsewhere())


@lru_cache(maxsize=64)
def _version(distribution: str, _: Interpreter | None) -> str:
    from importlib.metadata import distributions

    found = next(iter(distributions(name=distribution, path=[*path_there()])), None)
    return "" if found is None else found.version


def environment_there() -> Mapping[str, str]:
    """The variables that a step finds, but for those of its own."""
    other = elsewhere()
    return os.environ if other is None else other.environment()
