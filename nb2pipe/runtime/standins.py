"""What stands for the types and functions that a pickle names while it is looked at: it does nothing, and notes what may do harm.

Names that are harmless by themselves can still be made to do harm together, where memory is taken for what it is not: an array on memory
of the pickle's choosing, or bytes that are taken for the addresses of objects, which run code. So what arrays are made of is held to the
form that numpy gives it, nobody but numpy's own function is handed the type of arrays, and no object gets attributes by which numpy would
ask it for its memory.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from typing import Any

from nb2pipe.runtime import harmless

Note = Callable[[str], Any]
"""What is told of something that may do harm."""
_ITEM_TYPE = re.compile(r"[<>|=]?([biufcmMOSUV])(\d{1,9})")
"""What numpy calls a type of items in its pickles: its kind, and its size (in characters where these are texts)."""
_FLAGS = {"O": (63,), "U": (0, 8), "V": (0, 16, 128, 144)}
"""What numpy notes of its own types, by their kinds; of all others 0."""


def stand_in(module: str, name: str, note: Note) -> type:
    """What stands for what is found under a name."""
    path = f"{module}.{name}"
    if path != "builtins.getattr" and not harmless.may_be(module, name):
        note(path)
    base = _SPECIAL.get((module.rpartition(".")[2], name))
    if base is None:
        base = _Unpickle if name.startswith("__pyx_unpickle") else _Bare if harmless.is_bare(module, name) else _StandIn
    return _Named(name, (base,), {"place": (module, name), "path": path, "note": note})


def lasting(path: str, note: Note) -> Any:
    """What stands for an object of the process, which may be held and not changed."""
    return _Named(path, (_StandIn,), {"path": path, "note": note})


class _Named(type):
    """The type of what stands for a type or function: what is done to it, and not to something made of it, is never harmless."""

    place: tuple[str, str]
    path: str
    note: Note

    @property
    def __setstate__(cls) -> Any:  # noqa: PLE0302  what a pickle gets that asks the type itself
        cls.note(f"{cls.path}, changed")
        return lambda state: None

    def __setattr__(cls, name: str, value: Any) -> None:
        cls.note(f"{cls.path}.{name}, changed")


class _StandIn(metaclass=_Named):
    """Stands for what a pickle would have made; takes all that pickles do to objects."""

    place = ("", "")
    path = "an object"
    note: Note = str

    def __new__(cls, *args: Any, **keywords: Any) -> Any:
        made = super().__new__(cls)
        if keywords:
            cls.note(f"{cls.path}, called with {next(iter(keywords))}")
        made.begun_with(args)
        return made

    def __init__(self, *args: Any, **keywords: Any) -> None:
        """Some ways of making an object leave this out."""

    def begun_with(self, args: tuple[Any, ...]) -> None:
        """Look at what it is made with."""
        if any(_is_type_of_arrays(a) for a in args):
            self.refuse("called with the type of arrays")

    def __setstate__(self, state: Any) -> None:
        """As pickles set it: mostly attributes."""
        self.attributes(state)

    def attributes(self, state: Any) -> None:
        """Look at attributes, in a dictionary or in tuples of them."""
        if isinstance(state, tuple):
            for part in state:
                self.attributes(part)
        elif isinstance(state, dict):
            for name, value in state.items():
                self.attribute(name, value)

    def attribute(self, name: Any, value: Any) -> None:
        """Look at one attribute."""
        if type(name) is not str or name.startswith("__") or _is_type_of_arrays(value):
            self.refuse(f"with the attribute {name if type(name) is str else 'of a computed name'}")

    def refuse(self, what: str) -> None:
        """Note what may do harm."""
        type(self).note(f"{self.path}, {what}")

    def append(self, item: Any) -> None:
        """As pickles fill lists."""

    def extend(self, items: Any) -> None:
        """As pickles fill lists."""

    def add(self, item: Any) -> None:
        """As pickles fill sets."""

    def __setitem__(self, key: Any, value: Any) -> None:
        """As pickles fill dictionaries."""


class _Getattr(_StandIn):
    """Gives what is known to be harmless only."""

    def begun_with(self, args: tuple[Any, ...]) -> None:
        owner, name = args if len(args) == 2 else (None, None)
        if not isinstance(owner, _Named):
            self.refuse(f"called for {name!r}")
        elif not harmless.may_be_asked_for(*owner.place, str(name)):
            type(self).note(f"{owner.path}.{name}")

    def __call__(self, *args: Any) -> Any:
        return _StandIn()


class _Bare(_StandIn):
    """Made without arguments, and then told its attributes: what it would do with arguments is its library's affair."""

    def begun_with(self, args: tuple[Any, ...]) -> None:
        if args:
            self.refuse("called")


class _Open(_Bare):
    """A dictionary whose items are its attributes."""

    def __setitem__(self, key: Any, value: Any) -> None:
        self.attribute(key, value)


class _Unpickle(_StandIn):
    """A function that is handed attributes."""

    def begun_with(self, args: tuple[Any, ...]) -> None:
        super().begun_with(args)
        self.attributes(args)


class _Array(_StandIn):
    """The type of arrays: an array is filled by who makes it, for by itself its memory is what the caller says."""

    def begun_with(self, args: tuple[Any, ...]) -> None:
        self.refuse("called")


class _Reconstruct(_StandIn):
    """An array that is filled with its items when its state is set."""

    def begun_with(self, args: tuple[Any, ...]) -> None:
        if len(args) != 3 or not _is_type_of_arrays(args[0]):
            self.refuse("called otherwise than numpy does")

    def __setstate__(self, state: Any) -> None:
        items = state[4] if isinstance(state, tuple) and len(state) == 5 else None
        if not isinstance(items, (bytes, list)) or not isinstance(state[2], _DType):
            self.refuse("filled otherwise than numpy does")


class _OfBytes(_StandIn):
    """Takes bytes for items of a type; those of an array of objects would be taken for what they are not."""

    order = (0, 1)

    def begun_with(self, args: tuple[Any, ...]) -> None:
        memory, kind = self.order
        if len(args) < 2 or not isinstance(args[memory], _MEMORY) or not isinstance(args[kind], _DType):
            self.refuse("called otherwise than numpy does")


class _Scalar(_OfBytes):
    order = (1, 0)


class _DType(_StandIn):
    """A type of items: one that says of itself that it has no objects, or another size, lets bytes be taken for objects."""

    def begun_with(self, args: tuple[Any, ...]) -> None:
        text = args[0] if args else None
        found = _ITEM_TYPE.fullmatch(text) if type(text) is str else None
        if found is None or args[1:] != (False, True):  # the last says that it is no other's
            self.refuse("of an unknown form")
        self.kind, digits = found.groups() if found else ("V", "0")
        self.size = int(digits) * (4 if self.kind == "U" else 1)

    def __setstate__(self, state: Any) -> None:
        if not self._is_right(state):
            self.refuse("of an unknown form")

    def _is_right(self, state: Any) -> bool:
        """Whether this is a state as numpy writes it."""
        if not isinstance(state, tuple) or len(state) not in (8, 9):
            return False
        version, order, inner, names, fields, size, alignment, flags = state[:8]
        return (
            all(type(number) is int for number in (version, size, alignment, flags))
            and version in (3, 4)
            and order in ("<", ">", "|", "=")
            and inner is None
            and size == (self.size if self.kind in "SUV" else -1)
            and alignment in (-1, 1, 2, 4, 8, 16)
            and flags in _FLAGS.get(self.kind, (0,))
            and (len(state) == 8 or _is_unit(state[8]))
            and ((names is None and fields is None) or (self.kind == "V" and self._holds(names, fields)))
        )

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


def _is_unit(metadata: Any) -> bool:
    """Whether this is how numpy writes the unit of a time."""
    if not isinstance(metadata, tuple) or len(metadata) != 2 or metadata[0] not in (None, {}):
        return False
    unit = metadata[1]
    return isinstance(unit, tuple) and [type(part) for part in unit] == [bytes, int, int, int]


def _is_type_of_arrays(value: Any) -> bool:
    """Whether this stands for the type of arrays, or of their items: who has it can make memory be taken for anything."""
    return isinstance(value, _Named) and issubclass(value, (_Array, _DType))


_MEMORY = (pickle.PickleBuffer, memoryview, bytes, bytearray)
_SPECIAL: dict[tuple[str, str], type[_StandIn]] = {
    ("builtins", "getattr"): _Getattr, ("builtins", "str"): _Bare, ("numpy", "str_"): _Bare, ("numpy", "dtype"): _DType,
    ("numpy", "ndarray"): _Array, ("numeric", "_frombuffer"): _OfBytes, ("multiarray", "scalar"): _Scalar,
    ("multiarray", "_reconstruct"): _Reconstruct, ("_bunch", "Bunch"): _Open, ("_optimize", "OptimizeResult"): _Open,
    ("pickles", "_set_tensor"): _Unpickle,
}  # fmt: skip
