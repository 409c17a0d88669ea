"""Instances of the notebook's classes, taken apart and made again without the hooks that pickle would run for it once more.

A ``__new__`` may count, a ``__setitem__`` may note, a ``__getattr__`` may answer to everything: pickle runs them all.
"""

from __future__ import annotations

import contextlib
import types
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

_OWN_PICKLING = ("__reduce__", "__reduce_ex__", "__getstate__", "__setstate__", "__getnewargs__", "__getnewargs_ex__")
_HOOKS = ("__getattr__", "__getattribute__", "__new__", "__setattr__", "__setitem__", "append", "extend")
"""What pickle asks for, or runs, when it takes an instance apart or makes it again."""
_CALLED: tuple[Any, ...] = (OrderedDict, defaultdict, deque, set, frozenset)
"""Python's own classes of which pickle calls those that the notebook makes from them, to make an instance; as it does of `Counter`."""
_NATIVE: tuple[Any, ...] = (*_CALLED, list, dict, tuple, str, bytes, int, float, complex, object)
"""Python's own classes that the notebook's may be made from."""
_CALLING = frozenset({("sympy.core.basic", "Basic")})
"""Libraries' classes whose derived ones call what the notebook defines (``eval`` of a function of SymPy's) to make an instance."""


def native_of(kind: type, own: Sequence[type]) -> Any:
    """The class of Python's own that a class is made from; ``own`` are the notebook's among those that it is made from.

    Or the library's class of `_CALLING`. None where another library's is behind it, or where it says itself how it is pickled.
    """
    if any(n in c.__dict__ for c in own for n in _OWN_PICKLING):
        return None
    calling = _calling(kind)
    if calling is not None:
        return calling
    known = (*own, *_NATIVE, Counter)
    if any(c not in known and c.__module__ not in ("abc", "typing") for c in kind.__mro__):
        return None
    return next(c for c in kind.__mro__ if c in _NATIVE)


def is_hooked(own: Iterable[type]) -> bool:
    """Whether any of these classes has something that pickle would run."""
    called = (*_CALLED, Counter)
    return any(_calling(c) or issubclass(c, called) or any(n in c.__dict__ for n in _HOOKS) for c in own)


def _calling(kind: type) -> Any:
    return next((c for c in kind.__mro__ if (c.__module__, c.__qualname__) in _CALLING), None)


def taken_apart(obj: Any, native: Any, own: Sequence[type]) -> tuple[Any, ...]:
    """An instance in the form of ``__reduce__``: made as ``native`` makes it, and filled past what its class does."""
    arguments = native.__getnewargs__(obj) if hasattr(native, "__getnewargs__") else ()
    if native is frozenset:
        arguments = (list(frozenset.__iter__(obj)),)
    held = _HELD[native](obj) if native in _HELD else None
    attributes = slots_of(obj, own) | (attributes_of(obj) or {})
    return (_bare, (native, type(obj), *arguments), (attributes, held), None, None, _fill)


_HELD: dict[Any, Callable[[Any], Any]] = {
    list: list.copy,
    dict: dict.copy,
    OrderedDict: lambda obj: list(OrderedDict.items(obj)),
    defaultdict: lambda obj: (obj.default_factory, dict.copy(obj)),
    deque: lambda obj: (obj.maxlen, list(deque.__iter__(obj))),
    set: lambda obj: list(set.__iter__(obj)),
}
"""What an instance of a class that is made from one of these holds, looked at past what its class does."""


def slots_of(obj: Any, own: Iterable[type]) -> dict[str, Any]:
    """What an instance holds in slots of these classes."""
    found = {}
    for owner in own:
        for name, member in vars(owner).items():
            if isinstance(member, types.MemberDescriptorType):
                with contextlib.suppress(AttributeError):
                    found[name] = member.__get__(obj, type(obj))
    return found


def attributes_of(obj: Any) -> dict[str, Any] | None:
    """The dictionary of an instance itself, whatever its class answers; None where it has none."""
    try:
        found: dict[str, Any] = object.__getattribute__(obj, "__dict__")
    except AttributeError:
        return None
    return found


def set_attributes(obj: Any, attributes: dict[str, Any]) -> None:
    """Set attributes past what the class does about it."""
    for name, value in attributes.items():
        object.__setattr__(obj, name, value)


def _bare(native: Any, kind: type, *arguments: Any) -> Any:
    """An instance as Python itself makes it, without what the class does to make one."""
    return native.__new__(kind, *arguments)


def _fill(obj: Any, state: tuple[dict[str, Any], Any]) -> None:
    attributes, held = state
    set_attributes(obj, attributes)
    if held is None:
        return
    if isinstance(obj, OrderedDict):
        for key, value in held:
            OrderedDict.__setitem__(obj, key, value)
    elif isinstance(obj, defaultdict):
        defaultdict.__init__(obj, *held)
    elif isinstance(obj, deque):
        deque.__init__(obj, held[1], held[0])
    elif isinstance(obj, set):
        set.update(obj, held)
    elif isinstance(obj, list):
        list.extend(obj, held)
    else:
        dict.update(obj, held)
