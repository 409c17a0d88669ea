"""Pickles that others may have written: what they need is found out before they are loaded, and only what is harmless is loaded.

A pickle is a program. It is run twice: first with stand-ins for all that it names, which do nothing and note what becomes of them; and
where nothing but harmless names was met, in earnest, with those names only.
"""

from __future__ import annotations

import io
import pickle
import re
from collections.abc import Sequence
from typing import Any

from nb2pipe.runtime import harmless, reducing
from nb2pipe.runtime.states import RANDOM

_ITEM_TYPE = re.compile(r"[<>|=]?([biufcmMOSUV])(\d{1,9})")
"""What numpy calls a type of items in its pickles: its kind, and its size (in characters where these are texts)."""
_FLAGS = {"O": (63,), "U": (0, 8), "V": (0, 16, 128, 144)}
"""What numpy notes of its own types, by their kinds; of all others 0."""
_GLOBAL_STATE = frozenset({"numpy.random.mtrand._rand"})
"""What there is one of in each process, and may be held, but not changed."""


class Harmful(Exception):
    """A pickle needs what is not known to be harmless; its arguments are the names."""


def needs(data: bytes, buffers: Sequence[Any], names: Sequence[str] = ()) -> tuple[str, ...]:
    """What a pickle needs that is not known to be harmless, by name; nothing is imported or called.

    ``names`` are those of the values in it. Of the states of a process only that of random numbers is harmless: all others decide on
    what is imported, or are what the process is.

    Raises:
        Exception: It is no pickle, or a damaged one.
    """
    seen = {name: None for name in names if name.startswith("<") and name.strip("<>") not in RANDOM}
    try:
        _Rehearsal(data, buffers, seen).load()
    except Exception:
        if not seen:  # else it may have wanted more of what it named than stand-ins give
            raise
    return tuple(seen)


def load(data: bytes, buffers: Sequence[Any], names: Sequence[str] = ()) -> Any:
    """What is in a pickle, where it needs nothing but what is harmless.

    Raises:
        Harmful: It needs more.
        Exception: It is no pickle, or a damaged one.
    """
    refused = needs(data, buffers, names)
    if refused:
        raise Harmful(*refused)
    return _Performance(io.BytesIO(data), buffers=buffers).load()


def plain(data: bytes) -> Any:
    """What is in a pickle that holds nothing but numbers, texts and what contains them.

    Raises:
        Harmful: It names something.
        Exception: It is no pickle, or a damaged one.
    """
    return _Plain(io.BytesIO(data)).load()


class _Plain(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        raise Harmful(f"{module}.{name}")


class _Performance(pickle.Unpickler):
    """Loads in earnest, and holds each name to the list once more, now that it can be imported."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("builtins", "getattr"):
            return harmless.attribute
        found = harmless.found(module, name)
        if found is None:
            raise Harmful(f"{module}.{name}")
        return found

    def persistent_load(self, pid: Any) -> Any:
        name = _persistent(pid)
        if name not in _GLOBAL_STATE:
            raise Harmful(name)
        return reducing.singleton(name)


class _Rehearsal(pickle.Unpickler):
    """Loads stand-ins, and notes in ``seen`` what is not harmless."""

    def __init__(self, data: bytes, buffers: Sequence[Any], seen: dict[str, None]) -> None:
        super().__init__(io.BytesIO(data), buffers=buffers)
        self._seen = seen
        self._made: dict[tuple[str, str], type] = {}

    def find_class(self, module: str, name: str) -> Any:
        if not isinstance(module, str) or not isinstance(name, str):
            raise pickle.UnpicklingError("a name is no text")
        found = self._made.get((module, name))
        if found is None:
            path = f"{module}.{name}"
            if path != "builtins.getattr" and not harmless.may_be(module, name):
                self._seen.setdefault(path)
            usual = _Bare if harmless.is_bare(module, name) else _StandIn
            base = _SPECIAL.get((module.rpartition(".")[2], name), usual)
            about = {"place": (module, name), "path": path, "note": self._seen.setdefault}
            found = self._made[module, name] = _Named(name, (base,), about)
        return found

    def persistent_load(self, pid: Any) -> Any:
        name = _persistent(pid)
        if name not in _GLOBAL_STATE:
            self._seen.setdefault(name)
        return _Named(name, (_StandIn,), {"path": name, "note": self._seen.setdefault})


def _persistent(pid: Any) -> str:
    """The name of what is not in the pickle: the pickler of values leaves out what there is one of in each process."""
    if isinstance(pid, tuple):
        return ".".join(map(str, pid))
    return {"namespace": "the names of the step", "shell": "IPython"}.get(str(pid), str(pid))


class _Named(type):
    """The type of what stands for a type or function: what is done to it, and not to something made of it, is never harmless."""

    place: tuple[str, str]
    path: str
    note: Any

    @property
    def __setstate__(cls) -> Any:  # noqa: PLE0302  what a pickle gets that asks the type itself
        cls.note(f"{cls.path}, changed")
        return lambda state: None

    def __setattr__(cls, name: str, value: Any) -> None:
        cls.note(f"{cls.path}.{name}, changed")


class _StandIn(metaclass=_Named):
    """Stands for what a pickle would have made; takes all that pickles do to objects, and does nothing."""

    place = ("", "")
    path = ""
    note: Any = None

    def __init__(self, *args: Any, **keywords: Any) -> None:
        self.begun_with(args)

    def begun_with(self, args: tuple[Any, ...]) -> None:
        """Look at what it is made with."""

    def __setstate__(self, state: Any) -> None:
        """As pickles set it."""

    def append(self, item: Any) -> None:
        """As pickles fill lists."""

    def extend(self, items: Any) -> None:
        """As pickles fill lists."""

    def add(self, item: Any) -> None:
        """As pickles fill sets."""

    def __setitem__(self, key: Any, value: Any) -> None:
        """As pickles fill dictionaries."""


class _Getattr(_StandIn):
    def begun_with(self, args: tuple[Any, ...]) -> None:
        owner, name = args if len(args) == 2 else (None, None)
        if not isinstance(owner, _Named) or not harmless.may_be_asked_for(*owner.place, str(name)):
            type(self).note(f"{owner.path}.{name}" if isinstance(owner, _Named) else f"{self.path} of {name!r}")

    def __call__(self, *args: Any) -> Any:
        return _StandIn()


class _Bare(_StandIn):
    """Made without arguments, and then told its attributes: what it would do with arguments is its library's affair."""

    def begun_with(self, args: tuple[Any, ...]) -> None:
        if args:
            type(self).note(f"{self.path}, called")


class _FromBuffer(_StandIn):
    """Takes the memory of the file only: that of an array of objects would let numbers be taken for objects."""

    def begun_with(self, args: tuple[Any, ...]) -> None:
        if not args or not isinstance(args[0], (pickle.PickleBuffer, memoryview, bytes, bytearray)):
            type(self).note(f"{self.path} of another object's memory")


class _Array(_StandIn):
    """An array is filled by who makes it: by itself, its memory is what the caller says."""

    def begun_with(self, args: tuple[Any, ...]) -> None:
        type(self).note(f"{self.path}, called")


class _DType(_StandIn):
    """A type of items: one that says of itself that it has no objects or another size lets bytes be taken for objects."""

    def begun_with(self, args: tuple[Any, ...]) -> None:
        text = args[0] if args else None
        found = _ITEM_TYPE.fullmatch(text) if isinstance(text, str) else None
        if found is None or args[1:] != (False, True):
            self._refuse()
        self.kind, digits = found.groups() if found else ("V", "0")
        self.size = int(digits) * (4 if self.kind == "U" else 1)

    def __setstate__(self, state: Any) -> None:
        """Take a state as numpy writes it."""
        if (
            not isinstance(state, tuple)
            or len(state) not in (8, 9)
            or any(type(state[n]) is not int for n in (0, 5, 6, 7))
        ):
            self._refuse()
            return
        version, order, inner, names, fields, size, alignment, flags = state[:8]
        right = (
            version in (3, 4)
            and order in ("<", ">", "|", "=")
            and inner is None
            and size == (self.size if self.kind in "SUV" else -1)
            and alignment in (-1, 1, 2, 4, 8, 16)
            and flags in _FLAGS.get(self.kind, (0,))
            and (len(state) == 8 or _is_unit(state[8]))
            and ((names is None and fields is None) or (self.kind == "V" and self._holds(names, fields)))
        )
        if not right:
            self._refuse()

    def _holds(self, names: Any, fields: Any) -> bool:
        """Whether these are fields that lie in an item, and are no objects."""
        return (
            isinstance(names, tuple)
            and isinstance(fields, dict)
            and set(names) == fields.keys()
            and all(
                isinstance(field, tuple)
                and len(field) == 2
                and isinstance(field[0], _DType)
                and field[0].kind != "O"
                and type(field[1]) is int
                and 0 <= field[1] <= self.size - field[0].size
                for field in fields.values()
            )
        )

    def _refuse(self) -> None:
        type(self).note(f"{self.path} of an unknown form")


def _is_unit(metadata: Any) -> bool:
    """Whether this is how numpy writes the unit of a time."""
    if not isinstance(metadata, tuple) or len(metadata) != 2 or metadata[0] not in (None, {}):
        return False
    unit = metadata[1]
    return isinstance(unit, tuple) and [type(part) for part in unit] == [bytes, int, int, int]


_SPECIAL: dict[tuple[str, str], type[_StandIn]] = {
    ("builtins", "getattr"): _Getattr, ("numpy", "dtype"): _DType, ("numpy", "ndarray"): _Array,
    ("numeric", "_frombuffer"): _FromBuffer,
}  # fmt: skip
