"""Pickling of instances whose classes have hooks that pickle would run once more, such as a ``__new__`` that counts."""

from __future__ import annotations

import types
from typing import Any

_PACKAGE = (__package__ or "").rpartition(".")[0]
_OWN_PICKLING = ("__reduce__", "__reduce_ex__", "__getstate__", "__setstate__", "__getnewargs__", "__getnewargs_ex__")
_HOOKS = ("__getattr__", "__getattribute__", "__new__", "__setattr__", "__setitem__", "append", "extend")
_NATIVE: tuple[Any, ...] = (list, dict, tuple, str, bytes, int, float, complex, object)


def reduced(obj: Any) -> Any:
    """What pickle is to do with an instance, in the form of ``__reduce__``; ``NotImplemented`` where it knows itself."""
    kind = type(obj)
    own = [c for c in kind.__mro__ if _is_own(c)]
    if not any(n in c.__dict__ for c in own for n in _HOOKS) or any(
        n in c.__dict__ for c in own for n in _OWN_PICKLING
    ):
        return NotImplemented
    if any(c not in own and c not in _NATIVE and c.__module__ not in ("abc", "typing") for c in kind.__mro__):
        return NotImplemented
    native = next(c for c in kind.__mro__ if c in _NATIVE)
    arguments = native.__getnewargs__(obj) if hasattr(native, "__getnewargs__") else ()
    held = native.copy(obj) if native in (list, dict) else None
    return _bare, (native, kind, *arguments), (_attributes(obj, own), held), None, None, _fill


def _is_own(kind: type) -> bool:
    return kind.__module__.startswith(f"{_PACKAGE}.") and not kind.__module__.startswith(f"{_PACKAGE}._runtime.")


def _attributes(obj: Any, own: list[type]) -> dict[str, Any]:
    """What an instance holds, in slots and beside."""
    found: dict[str, Any] = {}
    for owner in own:
        for name, member in vars(owner).items():
            if isinstance(member, types.MemberDescriptorType):
                try:
                    found[name] = member.__get__(obj, type(obj))
                except AttributeError:
                    continue
            elif name == "__dict__":
                found |= member.__get__(obj, type(obj))
    return found


def _bare(native: Any, kind: type, *arguments: Any) -> Any:
    """An instance as Python itself makes it, without what the class does to make one."""
    return native.__new__(kind, *arguments)


def _fill(obj: Any, state: tuple[dict[str, Any], Any]) -> None:
    attributes, held = state
    for name, value in attributes.items():
        object.__setattr__(obj, name, value)
    if isinstance(held, list):
        list.extend(obj, held)
    elif isinstance(held, dict):
        dict.update(obj, held)
