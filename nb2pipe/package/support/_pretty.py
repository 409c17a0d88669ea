"""The text that IPython shows of a value, written without IPython: its rules are those of ``IPython.lib.pretty``."""

from __future__ import annotations

import collections
import inspect
import os
import re
import types
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

from ._lines import Lines


def as_text(value: Any) -> str:
    """The text that IPython shows of a value: its ``repr``, containers broken into lines of at most 79 characters."""
    printer = Printer()
    printer.pretty(value)
    printer.flush()
    return "".join(printer.parts)


class Printer(Lines):
    """Writes what is shown of objects; ``_repr_pretty_`` methods are given one."""

    max_seq_length = 1000
    verbose = False

    def __init__(self) -> None:
        super().__init__()
        self._shown: list[int] = []

    def pretty(self, obj: Any) -> None:
        """Add what is shown of an object: by the first of its classes for which a way is known."""
        cycle = id(obj) in self._shown
        self._shown.append(id(obj))
        try:
            with self.group():
                _way(obj)(obj, self, cycle)
        finally:
            self._shown.pop()

    def items(self, items: Iterable[Any]) -> Iterator[Any]:
        """The items, with commas and breaks between them; not more than a notebook shows."""
        for index, item in enumerate(items):
            if index:
                self.text(",")
                self.breakable()
            if index == self.max_seq_length:
                self.text("...")
                return
            yield item


Way = Callable[[Any, Printer, bool], None]


def _way(obj: Any) -> Way:
    """What writes an object: the rule, the ``_repr_pretty_`` or the ``__repr__`` of its nearest class that has one."""
    classes: tuple[Any, ...] = getattr(obj, "__class__", type(obj)).__mro__
    for base in classes:
        if base in _WAYS:
            return _WAYS[base]
        if callable(vars(base).get("_repr_pretty_")):
            way: Way = base._repr_pretty_
            return way
        if base is not object and "__repr__" in vars(base):
            return _repr
    return _address


def _repr(obj: Any, to: Printer, cycle: bool) -> None:
    with to.group():
        for number, line in enumerate(repr(obj).splitlines()):
            if number:
                to.break_()
            to.text(line)


def _address(obj: Any, to: Printer, cycle: bool) -> None:
    with to.group(1, "<", ">"):
        to.pretty(type(obj))
        to.text(f" at {id(obj):#x}{' ...' if cycle else ''}")


def _sequence(start: str, end: str) -> Way:
    def way(obj: Any, to: Printer, cycle: bool) -> None:
        if cycle:
            to.text(f"{start}...{end}")
            return
        with to.group(len(start), start, end):
            for item in to.items(obj):
                to.pretty(item)
            if len(obj) == 1 and isinstance(obj, tuple):
                to.text(",")

    return way


def _set(start: str, end: str) -> Way:
    sequence = _sequence(start, end)

    def way(obj: Any, to: Printer, cycle: bool) -> None:
        if obj or cycle:
            sequence(_ordered(obj) if len(obj) < to.max_seq_length else obj, to, cycle)
        else:
            to.text(f"{type(obj).__name__}()")

    return way


def _ordered(items: Any) -> Any:
    for key in (None, str):
        with suppress(Exception):  # they cannot be compared
            return sorted(items, key=key)
    return list(items)


def _mapping(start: str, end: str) -> Way:
    def way(obj: Any, to: Printer, cycle: bool) -> None:
        if cycle:
            to.text("{...}")
            return
        with to.group(len(start), start, end):
            for key in to.items(obj.keys()):
                to.pretty(key)
                to.text(": ")
                to.pretty(obj[key])

    return way


class _Text(str):
    """Stands for itself among the arguments of a call."""

    __slots__ = ()

    def _repr_pretty_(self, to: Printer, cycle: bool) -> None:
        to.text(self)


def _call(to: Printer, name: str, *args: Any, **named: Any) -> None:
    with to.group(), to.group(len(name) + 1, f"{name}(", ")"):
        for key, value in to.items([*((None, a) for a in args), *named.items()]):
            if key is None:
                to.pretty(value)
            else:
                with to.group(len(key) + 1, f"{key}="):
                    to.pretty(value)


def _made_of(arguments: Callable[[Any], tuple[Any, ...]]) -> Way:
    def way(obj: Any, to: Printer, cycle: bool) -> None:
        _call(to, type(obj).__name__, *((_Text("..."),) if cycle else arguments(obj)))

    return way


def _deque(obj: Any, to: Printer, cycle: bool) -> None:
    limit = {} if cycle or obj.maxlen is None else {"maxlen": obj.maxlen}
    _call(to, type(obj).__name__, _Text("...") if cycle else list(obj), **limit)


def _namespace(obj: Any, to: Printer, cycle: bool) -> None:
    if cycle:
        _call(to, "namespace", _Text("..."))
    else:
        _call(to, "namespace", **vars(obj))


def _pattern(obj: Any, to: Printer, cycle: bool) -> None:
    names = ("IGNORECASE", "LOCALE", "MULTILINE", "DOTALL", "UNICODE", "VERBOSE", "DEBUG")
    flags = "|".join(f"re.{name}" for name in names if obj.flags & getattr(re, name))
    literal = "r" + repr(obj.pattern).replace("\\\\", "\\")
    _call(to, "re.compile", *map(_Text, filter(None, (literal, flags))))


def _qualified(module: Any, name: str) -> str:
    return name if module in {None, "builtins"} else f"{module}.{name}"


def _class(obj: Any, to: Printer, cycle: bool) -> None:
    to.text(_qualified(obj.__module__, obj.__qualname__))


def _function(obj: Any, to: Printer, cycle: bool) -> None:
    try:
        signature = str(inspect.signature(obj))
    except (ValueError, TypeError, NameError):  # of some functions it is not known
        signature = ""
    to.text(f"<function {_qualified(obj.__module__, obj.__qualname__)}{signature}>")


def _exception(obj: Any, to: Printer, cycle: bool) -> None:
    _call(to, _qualified(type(obj).__module__, type(obj).__qualname__), *obj.args)


_WAYS: dict[type, Way] = {
    tuple: _sequence("(", ")"),
    list: _sequence("[", "]"),
    set: _set("{", "}"),
    frozenset: _set("frozenset({", "})"),
    dict: _mapping("{", "}"),
    type(os.environ): _mapping("environ{", "}"),
    types.MappingProxyType: _mapping("mappingproxy({", "})"),
    type: _class,
    types.FunctionType: _function,
    types.BuiltinFunctionType: _function,
    types.SimpleNamespace: _namespace,
    re.Pattern: _pattern,
    BaseException: _exception,
    collections.defaultdict: _made_of(lambda obj: (obj.default_factory, dict(obj))),
    collections.OrderedDict: _made_of(lambda obj: (list(obj.items()),) if obj else ()),
    collections.Counter: _made_of(lambda obj: (dict(obj.most_common()),) if obj else ()),
    collections.UserList: _made_of(lambda obj: (obj.data,)),
    deque: _deque,
}
