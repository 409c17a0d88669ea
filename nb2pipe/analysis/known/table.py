"""Loading and looking up the tables of known calls."""

from __future__ import annotations

import contextlib
import json
import os
import re
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from nb2pipe.interpreters import Interpreter, elsewhere, path_there

_FOLDER = Path(__file__).parent
MODES = {"reads": "r+", "writes": "wax+"}
"""The letters of a mode in which a file is opened to be read, and to be written."""


class Call(NamedTuple):
    """A row: what a call changes, keeps, returns and touches (see the package's docstring)."""

    params: tuple[str, ...] = ()
    mutates: tuple[str, ...] = ()
    alias: str = "fresh"
    keeps: tuple[str, ...] = ()
    returns: str | None = None
    calls: tuple[str, ...] = ()
    lazy: bool = False
    touches: tuple[tuple[Any, ...], ...] = ()
    fixed: str = ""
    constant: bool = False
    seeds: str = ""
    items: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()


class Class(NamedTuple):
    """What is known of a type."""

    bases: tuple[str, ...] = ()
    immutable: bool = False
    iterator: bool = False
    fixed: str = ""
    item: str | None = None
    select: str | None = None
    item_alias: str = "elements"
    callable: str = ""
    seedless: bool = False
    draws: str = ""


class Attribute(NamedTuple):
    """What reading an attribute gives."""

    returns: str | None = None
    alias: str = "fresh"


@lru_cache(maxsize=1024)
def conditional(text: str) -> tuple[str, tuple[str, ...], bool]:
    """``self?inplace`` and ``x?copy=False`` taken apart: what, by which parameters, and their truth that makes it so."""
    what, _, condition = text.partition("?")
    names, _, wanted = condition.partition("=")
    return what, tuple(names.split("|")) if names else (), wanted != "False"


@lru_cache(maxsize=1024)
def pairs(names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """``holds`` two by two: each first keeps the second."""
    return tuple(zip(names[::2], names[1::2], strict=True))


def _tuple(value: Any) -> Any:
    return tuple(_tuple(v) for v in value) if isinstance(value, list) else value


class _Library:
    """The rows of one library, decoded when asked for."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.shapes: list[dict[str, Any]] = data.get("shapes", [])
        self.calls: dict[str, int] = {}
        for shape, names in enumerate(data.get("calls", [])):
            for name in names.split():
                self.calls[name] = shape
        self.classes: dict[str, dict[str, Any]] = data.get("classes", {})
        self.attributes: dict[str, dict[str, Any]] = data.get("attributes", {})
        self.names: dict[str, str] = data.get("names", {})
        self.modules: frozenset[str] = frozenset(data.get("modules", []))


@lru_cache(maxsize=64)
def _library(top: str) -> _Library | None:
    path = _FOLDER / f"{top}.json"
    try:
        return _Library(json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        return None


@lru_cache(maxsize=4096)
def _call(top: str, shape: int) -> Call:
    library = _library(top)
    assert library is not None  # noqa: S101  the shape came from it
    return Call(**{k: _tuple(v) for k, v in library.shapes[shape].items()})


@lru_cache(maxsize=1)
def _owners() -> dict[str, frozenset[str]]:
    data: dict[str, Any] = json.loads((_FOLDER / "consensus.json").read_text("utf-8"))
    found: dict[str, set[str]] = {}
    for library, names in data["owners"].items():
        for name in names.split():
            found.setdefault(name, set()).add("matplotlib" if library == "pandas" else library)
    return {name: frozenset(libraries) for name, libraries in found.items()}


@lru_cache(maxsize=1)
def _consensus() -> dict[str, dict[str, Any] | None]:
    data: dict[str, Any] = json.loads((_FOLDER / "consensus.json").read_text("utf-8"))
    return {name: data["shapes"][shape] for shape, names in enumerate(data["names"]) for name in names.split()}


def installed(distribution: str) -> tuple[int, ...] | None:
    """The version of an installed distribution, by the name of its metadata's folder; None where there is none."""
    return _installed(distribution, elsewhere())


@lru_cache(maxsize=16)
def _installed(distribution: str, _: Interpreter | None) -> tuple[int, ...] | None:
    for folder in path_there():
        with contextlib.suppress(OSError):
            for name in os.listdir(folder or "."):
                if name.startswith(f"{distribution}-") and name.endswith(".dist-info"):
                    return tuple(int(n) for n in re.findall(r"\d+", name.split("-")[1])[:3])
    return None


@lru_cache(maxsize=1)
def _stars() -> dict[str, frozenset[str]]:
    lines = (_FOLDER / "stars.txt").read_text("utf-8").splitlines()
    return {m: frozenset(names.split()) for m, _, names in (line.partition(":") for line in lines)}


class Table:
    """The tables, each library loaded when a name of it is first asked for."""

    @property
    def copy_on_write(self) -> bool:
        """Whether frames of the installed pandas copy on write, as those of pandas 3 do."""
        return (installed("pandas") or (3,)) >= (3,)

    def _home(self, name: str) -> tuple[str, _Library] | None:
        """The table that holds a dotted name: its library's, the standard library's, or the builtins'."""
        top = name.partition(".")[0]
        library = _library(top)
        if library is not None:
            return top, library
        for other in ("builtins", "stdlib"):
            found = _library(other)
            if found is not None and (name in found.calls or name in found.classes or top in found.modules):
                return other, found
        return None

    def call(self, name: str) -> Call | None:
        """The row of a function, or of a method by way of its class; None where the table has none."""
        return _row(name)

    def klass(self, name: str | None) -> Class | None:
        """What is known of a type."""
        if name is None:
            return None
        return _class(name)

    def method(self, type_name: str | None, method: str) -> Call | None:
        """The row of a method, looked up along the bases."""
        return _method(type_name, method) if type_name is not None else None

    def attribute(self, type_name: str | None, name: str) -> Attribute | None:
        """What an attribute of a type gives, looked up along the bases."""
        return _attribute(type_name, name) if type_name is not None else None

    def canonical(self, name: str) -> str:
        """The name under which the tables know what ``name`` stands for."""
        return _canonical(name)

    def module_known(self, name: str) -> bool:
        """Whether the tables cover the module's library."""
        return self._home(name) is not None

    def is_module(self, dotted: str) -> bool:
        """Whether a dotted name is a module of a library that the tables cover."""
        home = self._home(dotted)
        return home is not None and dotted in home[1].modules

    def star(self, module: str) -> frozenset[str] | None:
        """The names that ``from module import *`` binds; None where the tables do not say."""
        return _stars().get(module)

    def consensus(self, method: str) -> Call | None:
        """The row that all known classes with a method of this name agree on; None where they do not."""
        found = _consensus().get(method)
        return None if found is None else _consensus_call(method)

    def owners(self, method: str) -> frozenset[str]:
        """The libraries whose settings a method of this name may go by, whatever its class."""
        return _owners().get(method, frozenset())


@lru_cache(maxsize=2048)
def _consensus_call(method: str) -> Call:
    row = _consensus()[method]
    assert row is not None  # noqa: S101  the caller has looked
    return Call(**{k: _tuple(v) for k, v in row.items()})


_TABLE = Table()


@lru_cache(maxsize=8192)
def _row(name: str) -> Call | None:
    home = _TABLE._home(name)
    if home is None:
        return None
    shape = home[1].calls.get(name)
    return None if shape is None else _call(home[0], shape)


@lru_cache(maxsize=8192)
def _canonical(name: str) -> str:
    home = _TABLE._home(name)
    if home is None:
        return name
    names = home[1].names
    if name in names:
        return names[name]
    owner, dot, last = name.rpartition(".")
    while dot:
        if owner in names:
            return f"{names[owner]}.{last}"
        owner, dot, more = owner.rpartition(".")
        last = f"{more}.{last}"
    return name


@lru_cache(maxsize=8192)
def _class(name: str) -> Class | None:
    home = _TABLE._home(name)
    data = home[1].classes.get(name) if home is not None else None
    return None if data is None else Class(**{k: _tuple(v) for k, v in data.items()})


@lru_cache(maxsize=8192)
def _lineage(name: str) -> tuple[str, ...]:
    seen: dict[str, None] = {}
    stack = [name]
    while stack:
        current = stack.pop(0)
        if current in seen:
            continue
        seen[current] = None
        klass = _class(current)
        if klass is not None:
            stack.extend(klass.bases)
    return tuple(seen)


@lru_cache(maxsize=16384)
def _attribute(type_name: str, name: str) -> Attribute | None:
    for owner in _lineage(type_name):
        home = _TABLE._home(owner)
        found = home[1].attributes.get(f"{owner}.{name}") if home is not None else None
        if found is not None:
            return Attribute(**found)
    return None


@lru_cache(maxsize=16384)
def _method(type_name: str, method: str) -> Call | None:
    for owner in _lineage(type_name):
        found = _TABLE.call(f"{owner}.{method}")
        if found is not None:
            return found
    return None
