"""Pickling that keeps memory shared, and tells which objects a value consists of."""

from __future__ import annotations

import enum
import importlib
import math
import pickle
import sys
import types
import weakref
from collections import Counter
from typing import Any, cast

from . import _instances, _sets
from ._layout import compact, laid_out, layout_of

_FIXED = (
    str, bytes, int, float, complex, tuple, frozenset, range, slice, enum.Enum, types.ModuleType, pickle.PickleBuffer,
)  # fmt: skip
_NANS = ("numpy.nan", "math.nan")  # a list has NaN in it if it has that very object
_GENERATORS = {
    "Random": "random._inst",
    "RandomState": "numpy.random.mtrand._rand",
    "Generator": "torch.default_generator",
}
_RUNTIME = f"{__package__}."
_PACKAGE = f"{(__package__ or '').rpartition('.')[0]}."
_LIST_ITERATOR: type = type(iter([]))
_FIXED_MODULES = frozenset({"datetime", "decimal", "fractions", "pathlib", "pyarrow", "re", "uuid", "zoneinfo"})


class Pickler(pickle.Pickler):
    """Pickles one object, and notes the objects in it that can change and the arrays that own memory.

    Arrays whose memory belongs to an owner in ``shared`` (ids) are stored as views of it. ``owners`` counts the arrays
    that were met on the memory of each owner. An array inside a pandas object is no object of its own, where pandas copies
    before it changes.
    """

    def __init__(self, file: Any, shared: frozenset[int]) -> None:
        super().__init__(file, protocol=5)
        self.owners: Counter[int] = Counter()
        self._shared = shared
        self._hidden: set[int] = set()
        self._arranged: dict[int, int | None] = {}
        self._kept: list[Any] = []

    def changeable(self) -> set[int]:
        """The ids of the objects met by whose change another value that holds them would change too.

        They are ids for as long as this pickler lives.
        """
        memo: Any = self.memo.copy()
        objects = [*(obj for _, obj in memo.values()), *self._kept]
        classes = {base for kind in set(map(type, objects)) for base in kind.__mro__}
        hidden = self._hidden.union(id(value) for base in classes for value in vars(base).values())
        return {id(obj) for obj in objects if id(obj) not in hidden and _can_change(obj)}.union(self.owners)

    def persistent_id(self, obj: Any) -> Any:
        """What stands for a set that would have another order if it were built of its elements alone, and for a NaN that has a name."""
        if type(obj) is float and math.isnan(obj):
            return next((n for n in _NANS if n.partition(".")[0] in sys.modules and _named(n) is obj), None)
        if type(obj) is not set and type(obj) is not frozenset:
            return None
        if id(obj) in self._arranged:
            number = self._arranged[id(obj)]
            return None if number is None else (number,)
        arranged = _sets.arrange(obj)
        self._arranged[id(obj)] = None if arranged is None else len(self._arranged)
        self._kept.append(obj)
        return None if arranged is None else _sets.reference(obj, len(self._arranged) - 1, arranged)

    def reducer_override(self, obj: Any) -> Any:
        """How arrays that share memory are made, and generators that are everybody's found; everything else is made as usual."""
        kind = type(obj)
        if kind.__name__ in _GENERATORS and _of_all(obj):
            self._hidden.add(id(obj))
            return _named, (_GENERATORS[kind.__name__],)
        if kind is _LIST_ITERATOR:
            return _list_iterator(obj)
        if kind is weakref.finalize and obj.alive:
            raise pickle.PicklingError("something is cleared away when it ends, and it ends with its process")
        if kind.__module__.partition(".")[0] == "pandas":
            # an index or a dtype, which cannot change (but for what a dtype remembers), and so is a matter of its own
            if hasattr(obj, "_engine") or hasattr(kind, "construct_array_type"):
                return pickle.loads, (pickle.dumps(obj, protocol=5),)
            if hasattr(obj, "_mgr") and _copies_on_write():
                self._hide_arrays(obj)
        elif "numpy" in sys.modules and isinstance(obj, sys.modules["numpy"].ndarray):
            return self._array(obj)
        return NotImplemented if isinstance(obj, (type, BaseException)) else _instance(obj)

    def _array(self, obj: Any) -> Any:
        owner = obj
        while isinstance(owner.base, sys.modules["numpy"].ndarray):
            owner = owner.base
        if id(obj) in self._hidden:
            return _laid_out(obj)
        while type(owner.base).__name__ == "DummyArray":  # what numpy's stride tricks put between
            owner = owner.base.base
            while isinstance(owner.base, sys.modules["numpy"].ndarray):
                owner = owner.base
        behind = getattr(owner.base, "obj", owner.base)
        if type(behind).__module__ in ("array", "mmap"):
            raise pickle.PicklingError(f"an array in the memory of a {type(behind).__name__} cannot leave it")
        if not owner.flags.writeable:
            return _laid_out(obj)
        self.owners[id(owner)] += 1
        if owner is obj or id(owner) not in self._shared:
            return _laid_out(obj)
        exact = type(obj) is type(owner) and type(obj).__name__ == "ndarray"
        if not exact or not (owner.flags.c_contiguous or owner.flags.f_contiguous):
            raise pickle.PicklingError(f"a {type(obj).__name__} shares its memory with another value")
        offset = obj.__array_interface__["data"][0] - owner.__array_interface__["data"][0]
        return view, (owner, offset, obj.shape, obj.strides, obj.dtype, obj.flags.writeable)

    def _hide_arrays(self, frame: Any) -> None:
        for block in frame._mgr.blocks:
            values = block.values
            parts = (values, getattr(values, "_ndarray", None), *getattr(values, "__dict__", {}).values())
            self._hidden.update(id(part) for part in parts if part is not None)


class Unpickler(pickle.Unpickler):
    """Loads what `Pickler` has pickled."""

    def __init__(self, file: Any) -> None:
        super().__init__(file)
        self._sets: dict[int, Any] = {}

    def persistent_load(self, pid: Any) -> Any:
        """A set, in the order that it had, or this process's own NaN."""
        if pid in _NANS:
            return _named(pid)
        return _sets.load(pid, self._sets)


def _named(path: str) -> Any:
    """What a module has by a name: its NaN, the random generator that it keeps for everybody."""
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def _of_all(generator: Any) -> bool:
    """Whether a random generator is the one that its library keeps for everybody, whose state goes from step to step as a state."""
    path = _GENERATORS[type(generator).__name__]
    return path.rpartition(".")[0] in sys.modules and _named(path) is generator


def _instance(obj: Any) -> Any:
    """An instance of a class of the package's that has hooks, such as a ``__new__`` that counts: they are not to run once more."""
    modules = ((c, c.__module__) for c in type(obj).__mro__)
    own = [c for c, module in modules if module.startswith(_PACKAGE) and not module.startswith(_RUNTIME)]
    native = _instances.native_of(type(obj), own) if _instances.is_hooked(own) else None
    return NotImplemented if native is None else _instances.taken_apart(obj, native, own)


def _list_iterator(iterator: Any) -> Any:
    """One that is beyond the end of a list that has become shorter: put back as usual it would stand at the end."""
    made = iterator.__reduce__()
    return (_beyond, (made[1][0], made[2])) if len(made) > 2 and made[2] > len(made[1][0]) else NotImplemented


def _beyond(items: list[Any], index: int) -> Any:
    size, iterator = len(items), cast("Any", iter(items))
    items.extend([None] * (index - size))
    iterator.__setstate__(index)
    del items[size:]
    return iterator


def _laid_out(array: Any) -> Any:
    """An array with memory of its own, its items as far apart as they were."""
    found = layout_of(array) if type(array).__name__ == "ndarray" else None
    return NotImplemented if found is None else (laid_out, (compact(array, found), array.shape, found))


def view(owner: Any, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], dtype: Any, writeable: bool) -> Any:
    """An array on the memory of another, from ``offset`` bytes on."""
    np: Any = sys.modules["numpy"]
    flat = owner.reshape(-1, order="A")
    if dtype.hasobject:
        start = offset // owner.itemsize
        return np.lib.stride_tricks.as_strided(flat[start:], shape, strides, writeable=writeable)
    made = np.ndarray(shape, dtype, flat, offset, strides)
    made.flags.writeable = writeable
    return made


def _copies_on_write() -> bool:
    pandas: Any = sys.modules["pandas"]
    return int(pandas.__version__.partition(".")[0]) >= 3 or pandas.options.mode.copy_on_write is True


def _can_change(obj: Any) -> bool:
    """Whether two values that hold this object could tell that they share it."""
    kind = type(obj)
    if isinstance(obj, _FIXED) or (callable(obj) and hasattr(obj, "__qualname__")):
        return False
    top = kind.__module__.partition(".")[0]
    if top == "pandas":
        return hasattr(obj, "_mgr") or hasattr(kind, "_from_sequence")  # frames, series, and arrays of pandas' own
    if top == "numpy":
        np: Any = sys.modules["numpy"]
        return not isinstance(obj, (np.generic, np.dtype, np.ufunc))
    return top not in _FIXED_MODULES
