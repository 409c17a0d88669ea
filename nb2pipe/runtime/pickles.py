"""Pickling the values of a step, so that functions, sharing and memory are on the other side what they were here."""

from __future__ import annotations

import functools
import gc
import importlib
import io
import os
import pickle
import sys
import types
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from nb2pipe.runtime import imported, layout, lookups, reducing, sets, sources
from nb2pipe.runtime.clouds import cloudpickle

# -- identity of functions and classes across processes ------------------------------------------------------------

_ids: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()
_known: weakref.WeakValueDictionary[str, Any] = weakref.WeakValueDictionary()
_memories: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()
_stamps: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()


def _identify(function: types.FunctionType) -> str:
    name = _ids.get(function)
    if name is None:
        name = os.urandom(12).hex()
        _ids[function] = name
        _known[name] = function
    return name


def _make_function(
    identity: str,
    stamp: int,
    code: types.CodeType,
    namespace: dict[str, Any],
    name: str,
    closure: tuple[Any, ...] | None,
) -> types.FunctionType:
    found = _known.get(identity)
    if isinstance(found, types.FunctionType) and (closure is None or _stamps.get(found, -1) >= stamp):
        return found
    lookups.brought(code)
    function = types.FunctionType(code, namespace, name, None, closure)
    sources.expect(code.co_filename)
    _ids[function] = identity
    _known[identity] = function
    return function


def _is_nested(function: types.FunctionType) -> bool:
    """Whether a function is one of an importable module that no name of the module leads to."""
    module = sys.modules.get(function.__module__ or "")
    if module is None or vars(module) is not function.__globals__ or function.__module__ == "__main__":
        return False
    found: Any = module
    for name in function.__qualname__.split("."):
        found = getattr(found, name, None)
    return found is not function


def _make_nested(
    module: str, code: types.CodeType, name: str, closure: tuple[types.CellType, ...] | None
) -> types.FunctionType:
    return types.FunctionType(code, vars(importlib.import_module(module)), name, None, closure)


def _set_attributes(function: types.FunctionType, state: dict[str, Any]) -> None:
    for key, value in state.items():
        if key == "__dict__":
            function.__dict__.update(value)
        else:
            setattr(function, key, value)


def _set_function(function: types.FunctionType, state: dict[str, Any]) -> None:
    stamp = state.pop("stamp")
    if _stamps.get(function, -1) >= stamp:
        return
    _stamps[function] = stamp
    for key, value in state.items():
        if key == "__dict__":
            function.__dict__.clear()
            function.__dict__.update(value)
        else:
            setattr(function, key, value)


def _make_cell() -> types.CellType:
    return types.CellType()


_TENSORS = frozenset({("torch", "Tensor"), ("torch.nn.parameter", "Parameter")})
_DICT_VIEWS: dict[type, Any] = {
    type({}.keys()): dict.keys, type({}.values()): dict.values, type({}.items()): dict.items,
    type(OrderedDict().keys()): OrderedDict.keys, type(OrderedDict().values()): OrderedDict.values,
    type(OrderedDict().items()): OrderedDict.items,
}  # fmt: skip
_MANY = 100_000  # arrays in one value: each costs some 50 microseconds, and a step is looked at several times
_CACHED = type(functools.lru_cache(int))


def _make_cached(function: Any, parameters: dict[str, Any]) -> Any:
    return functools.lru_cache(**parameters)(function)


def _set_cell(cell: types.CellType, state: tuple[Any]) -> None:
    cell.cell_contents = state[0]


def _view(
    base: Any, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], dtype: Any, writeable: bool = True
) -> Any:
    import numpy as np

    if base.dtype.hasobject or np.dtype(dtype).hasobject:
        raise pickle.UnpicklingError("a view of objects' addresses")
    made = np.ndarray(shape, dtype, buffer=base, offset=offset, strides=strides)
    if not writeable:
        made.flags.writeable = False
    return made


def _masked(data: Any, mask: Any, fill: Any, hard: bool) -> Any:
    import numpy as np

    return np.ma.MaskedArray(data, mask=mask, fill_value=fill, hard_mask=hard, copy=False)


def _tensor(base: Any, place: tuple[Any, ...], parameter: bool, wants_gradient: bool) -> Any:
    """A tensor on the memory of an array, which the tensors and arrays that share it have in common."""
    import torch

    dtype, offset, shape, strides = place
    root = base
    while type(root.base).__name__ == "ndarray":
        root = root.base
    if root.nbytes == base.nbytes:
        _memories[root.__array_interface__["data"][0]] = root
    made = torch.from_numpy(base.reshape(-1).view("uint8")).view(dtype).as_strided(shape, strides, offset)
    return torch.nn.Parameter(made, wants_gradient) if parameter else made.requires_grad_(wants_gradient)


def _set_tensor(tensor: Any, state: tuple[Any, dict[str, Any]]) -> None:
    tensor.grad = state[0]
    tensor.__dict__.update(state[1])


_GENERATORS = frozenset({"Random", "RandomState", "Generator"})


def _global_generators() -> Iterator[tuple[tuple[str, str], Any]]:
    """The random generators that libraries keep for everybody, by the module and the attribute that hold them."""
    for key in (("random", "_inst"), ("numpy.random.mtrand", "_rand"), ("torch", "default_generator")):
        module = sys.modules.get(key[0])
        if module is not None:
            yield key, getattr(module, key[1], None)


_SYMPYS = frozenset({"default_assumptions", "_explicit_class_assumptions", "_prop_handler", "_nargs"})
"""What SymPy keeps for itself in the classes that are derived from its own."""


class Saver(cloudpickle.Pickler):  # type: ignore[misc]  # cloudpickle ships no types
    """Pickles values of a step.

    Functions of the notebook go without their globals: those travel as values of their own, and the function finds
    them in the namespace of the step that it arrives in. Closure cells keep their identity. Views of an array whose owner
    is in ``owners`` are stored as views. ``arrays`` are the owners of the memory of arrays, ``frames`` of that which frames stand on, each
    with these frames.
    """

    def __init__(
        self, file: io.BytesIO, namespace: dict[str, Any], stamp: int,
        buffers: Callable[[pickle.PickleBuffer], Any] | None, owners: frozenset[int] = frozenset(),
    ) -> None:  # fmt: skip
        super().__init__(file, protocol=5, buffer_callback=buffers)
        self.namespace = namespace
        self.stamp = stamp
        self.owners = owners
        self.roots: dict[int, int] = {}
        self.private: set[int] = set()
        self.frames: dict[int, set[int]] = {}
        self.arrays: set[int] = set()
        self.kept: list[Any] = []
        self.whole: set[int] = set()
        self.pieces = 0
        self.sets: dict[int, Any] = {}
        self._arranged: dict[int, int | None] = {}
        self.singletons = reducing.singletons()

    def persistent_id(self, obj: Any) -> Any:
        if type(obj) is set or type(obj) is frozenset:
            return self._set(obj)
        if obj is self.namespace:
            return "namespace"
        if id(obj) in self.singletons:
            return self.singletons[id(obj)]
        if type(obj).__name__ == "ZMQInteractiveShell":
            return "shell"
        if type(obj).__name__ == "TextStream":
            return obj.name
        if type(obj).__name__ in _GENERATORS:
            # `from random import shuffle` is a method of the global generator, whose state flows by itself
            return next((key for key, found in _global_generators() if found is obj), None)
        return None

    def _set(self, obj: Any) -> Any:
        """What stands for a set that would have another order if it were built of its elements alone, None for any other."""
        if id(obj) in self._arranged:
            number = self._arranged[id(obj)]
            return None if number is None else (number,)
        # what a library keeps for itself, as `dataclass` what is being shown, is no change for having been looked at
        arranged = None if id(obj) in self.private else sets.arrange(obj)
        self._arranged[id(obj)] = None if arranged is None else len(self._arranged)
        self.kept.append(obj)
        if arranged is None:
            return None
        if type(obj) is set:
            self.sets[id(obj)] = obj
        return sets.reference(obj, len(self._arranged) - 1, arranged)

    def reducer_override(self, obj: Any) -> Any:
        kind = type(obj)
        if kind is types.FunctionType:
            if obj.__globals__ is self.namespace or (
                obj.__module__ == "__main__" and obj.__globals__.get("__name__") == "__main__"
            ):
                return self._function(obj)
            if _is_nested(obj):
                return self._nested(obj)
        elif kind is types.CellType:
            return self._cell(obj)
        elif kind is types.ModuleType and (found := imported.reduced(obj)) is not NotImplemented:
            return found
        elif kind is _CACHED and obj.__module__ == "__main__":
            info = obj.cache_info()
            if info.hits or info.misses:
                raise pickle.PicklingError("what a cached function remembers cannot be taken out of it")
            return (_make_cached, (obj.__wrapped__, obj.cache_parameters()))
        elif kind in _DICT_VIEWS:
            return (_DICT_VIEWS[kind], (gc.get_referents(obj)[0],))  # cloudpickle's would be views of a copy
        elif kind is memoryview:
            return self._memoryview(obj)
        elif kind.__module__ == "numpy" and kind.__name__ == "ndarray":
            return self._array(obj)
        elif (kind.__module__, kind.__name__) in _TENSORS:
            return self._torch(obj)
        elif kind.__module__ == "numpy.ma" and kind.__name__ == "MaskedArray" and not obj.dtype.hasobject:
            self.kept.append(obj.data)
            return (_masked, (self.kept[-1], obj.mask, obj.fill_value, obj.hardmask))
        elif isinstance(obj, type) and obj.__module__ == "__main__":
            # what Python, dataclasses and SymPy keep in a class for themselves is no object of the notebook
            own = [v for k, v in vars(obj).items() if k.startswith("__") or k in _SYMPYS]
            own += [part for v in own if type(v).__name__ == "StdFactKB" for part in (vars(v), *vars(v).values())]
            self.private.update(map(id, own))
            for function in own:  # those that ``dataclass`` writes remember which objects they are showing
                if isinstance(function, types.FunctionType) and self._written(function):
                    self.private.update(id(held) for held in reducing.enclosed(function))
            self.private.update(map(id, reducing.class_cells(obj)))
            return reducing.class_without_hooks(obj, super().reducer_override(obj))
        elif kind.__module__.partition(".")[0] == "pandas":
            self._hide(obj)
            if "_cache" in getattr(obj, "__dict__", ()):
                return _without_cache(obj)
        elif kind.__name__ in _TREES and kind.__module__.startswith("sklearn.neighbors."):
            return _without_counts(obj)
        elif kind.__module__ == "sklearn.feature_extraction.text" and _CHECKED in getattr(obj, "__dict__", ()):
            return _with_checked_words(obj)
        found = reducing.reduced(obj)
        return super().reducer_override(obj) if found is NotImplemented else found

    def _written(self, function: types.FunctionType) -> bool:
        """Whether a library has written a function, and not the notebook."""
        return function.__globals__ is not self.namespace or function.__code__.co_filename.startswith("<")

    def _function(self, obj: types.FunctionType) -> Any:
        state = {
            "__qualname__": obj.__qualname__,
            "__defaults__": obj.__defaults__,
            "__kwdefaults__": obj.__kwdefaults__,
            "__dict__": dict(obj.__dict__),
            "__doc__": obj.__doc__,
            "__module__": obj.__module__,
            "__annotations__": dict(
                obj.__annotations__
            ),  # the function makes it when it is asked for: no object of the notebook
            "stamp": self.stamp,
        }
        args = (_identify(obj), self.stamp, obj.__code__, self.namespace, obj.__name__, obj.__closure__)
        return (_make_function, args, state, None, None, _set_function)

    def _nested(self, obj: types.FunctionType) -> Any:
        """A function that a function of an installed module has made: its globals are those of the module."""
        names = ("__qualname__", "__defaults__", "__kwdefaults__", "__doc__", "__module__")
        state = {**{n: getattr(obj, n) for n in names}, "__dict__": dict(obj.__dict__)}
        args = (obj.__module__, obj.__code__, obj.__name__, obj.__closure__)
        return (_make_nested, args, state, None, None, _set_attributes)

    def _cell(self, obj: types.CellType) -> Any:
        try:
            contents = obj.cell_contents
        except ValueError:
            return (_make_cell, ())
        return (_make_cell, (), (contents,), None, None, _set_cell)

    def _memoryview(self, obj: memoryview) -> Any:
        """A view of a whole object; cloudpickle's would be of a copy that cannot be written."""
        whole = memoryview(obj.obj)
        if isinstance(obj.obj, bytes) or (whole.format, whole.shape, whole.strides) != (
            obj.format,
            obj.shape,
            obj.strides,
        ):
            if obj.readonly:
                return NotImplemented
            raise pickle.PicklingError("a memoryview of a part of an object shares that part with it")
        return (memoryview, (obj.obj,))

    def _torch(self, obj: Any) -> Any:
        """A tensor as a view of its memory; torch would store a copy for each, and name it by its address.

        Raises:
            pickle.PicklingError: the tensor remembers what it was computed from, which cannot leave its process.
        """
        import torch

        if obj.grad_fn is not None:
            raise pickle.PicklingError("a tensor remembers what it was computed from, for backward()")
        plain = obj.layout is torch.strided and obj.device.type == "cpu" and not obj.is_quantized
        size = obj.untyped_storage().nbytes()
        if not plain or obj.is_conj() or obj.is_neg() or not size or size % obj.element_size():
            return NotImplemented
        whole = self._memory(obj.untyped_storage())
        place = (obj.dtype, obj.storage_offset(), tuple(obj.shape), obj.stride())
        parameter = type(obj) is not torch.Tensor
        state = (obj.grad if obj.is_leaf else None, dict(obj.__dict__))
        made = (_tensor, (whole, place, parameter, obj.requires_grad))
        return (*made, state, None, None, _set_tensor) if state[0] is not None or state[1] else made

    def _memory(self, storage: Any) -> Any:
        """The memory of tensors as one array of bytes, always the same object while one of its values is looked at."""
        import torch

        found = _memories.get(storage.data_ptr())
        if found is None or found.nbytes != storage.nbytes():
            found = torch.tensor([], dtype=torch.uint8).set_(storage).numpy()
            _memories[storage.data_ptr()] = found
        self.kept.append(found)
        self.roots[id(found)] = self.roots.get(id(found), 0) + 1
        self.whole.add(id(found))
        return found

    def _tensors_memory(self, root: Any) -> Any:
        """The memory of tensors that an array stands in: what ``numpy()`` has given, or ``from_numpy`` was given."""
        if type(root.base).__name__ == "Tensor":
            return self._memory(root.base.untyped_storage())
        if "torch" not in sys.modules or not root.nbytes or not root.flags.c_contiguous:
            return None
        found = _memories.setdefault(root.__array_interface__["data"][0], root)
        if found is root or found.nbytes != root.nbytes:
            return None
        self.kept.append(found)
        self.roots[id(found)] = self.roots.get(id(found), 0) + 1
        self.whole.add(id(found))
        return found

    def _array(self, obj: Any) -> Any:
        if id(obj) in self.whole:
            return NotImplemented
        self.pieces += 1
        if self.pieces > _MANY:
            raise pickle.PicklingError(f"it holds more than {_MANY:,} arrays: to take them apart would take too long")
        if id(obj) in self.private or obj.dtype.hasobject:
            return self._laid_out(obj)
        if reducing.foreign(obj):
            raise pickle.PicklingError("an array in memory that belongs to another object cannot leave it")
        root = obj
        while (base := reducing.base_of(root)) is not None:
            root = base
        self.arrays.add(id(root))
        if id(root) in self.private:
            return self._laid_out(obj)
        memory = self._tensors_memory(root)
        if memory is not None:
            offset = obj.__array_interface__["data"][0] - memory.__array_interface__["data"][0]
            return (_view, (memory, offset, obj.shape, obj.strides, obj.dtype))
        if root is obj or root.dtype.hasobject or not root.flags.c_contiguous:
            if root is obj:
                self.roots[id(root)] = self.roots.get(id(root), 0) + 1
            return self._laid_out(obj)
        self.kept.append(root)
        self.roots[id(root)] = self.roots.get(id(root), 0) + 1
        if id(root) not in self.owners:
            return self._laid_out(obj)
        offset = obj.__array_interface__["data"][0] - root.__array_interface__["data"][0]
        return (_view, (root, offset, obj.shape, obj.strides, obj.dtype, obj.flags.writeable))

    def _laid_out(self, obj: Any) -> Any:
        """An array in memory of its own, the items as far apart as they were."""
        found = layout.layout_of(obj)
        if found is None:
            return NotImplemented
        items = layout.compact(obj, found)
        self.kept.append(items)
        self.whole.add(id(items))
        return (layout.laid_out, (items, obj.shape, found))

    def _hide(self, obj: Any) -> None:
        """The arrays inside a frame are its own affair: they are no objects of the notebook."""
        # a list of the class, in the state of every frame; and the attributes, which are no object of their own
        self.private.update((id(getattr(type(obj), "_metadata", None)), id(getattr(obj, "__dict__", None))))
        for block in getattr(getattr(obj, "_mgr", None), "blocks", ()):
            self.private.update((id(block.values), id(getattr(block.mgr_locs, "indexer", None))))
            root = self._hide_array(getattr(block.values, "_ndarray", block.values))
            if root is not None:
                self.frames.setdefault(id(root), set()).add(id(obj))
        for inner in (getattr(obj, "_data", None), getattr(obj, "_values", None)) if hasattr(obj, "_engine") else ():
            self.private.add(id(inner))  # of an index, which cannot change
            self._hide_array(getattr(inner, "_ndarray", inner))
        root = self._hide_array(getattr(obj, "_ndarray", None))
        if root is not None and id(obj) not in self.private:  # what `Series.array` gives
            self.arrays.add(id(root))
        self._hide_array(getattr(obj, "_codes", None))

    def _hide_array(self, values: Any) -> Any:
        """Hide an array and those that it is a view of; the last of these, the owner of its memory."""
        root = None
        while type(values).__name__ == "ndarray":
            self.private.add(id(values))
            root, values = values, values.base
        return root

    def memory(self) -> tuple[frozenset[int], frozenset[int], bool]:
        """The owners of the memory of which others can tell, those that frames stand on, and whether one is both.

        With copy-on-write (pandas 3) two frames on one memory cannot tell.
        """
        pandas = sys.modules.get("pandas")
        lazily = pandas is None or _release(pandas) >= _LAZY or pandas.options.mode.copy_on_write is True
        told = self.arrays if lazily else self.arrays | self.frames.keys()
        both = not self.arrays.isdisjoint(self.frames) or (not lazily and any(len(f) > 1 for f in self.frames.values()))
        return frozenset(told), frozenset(self.frames), both


_LAZY = 3
"""The release of pandas from which on frames copy on write."""
_LEAVES_OUT = 3
"""The release of pandas from which on an array's state ends without its attributes where it has none."""


def _release(pandas: Any) -> int:
    return int(pandas.__version__.partition(".")[0])


def _without_cache(obj: Any) -> Any:
    """How pandas' types are made, without what they remember of having been asked: that is no change."""
    reduced = obj.__reduce_ex__(5)
    state = reduced[2] if len(reduced) > 2 else None
    if isinstance(state, dict) and "_cache" in state:
        kept = {k: v for k, v in state.items() if k != "_cache"}
        return (*reduced[:2], kept or None, *reduced[3:])
    if isinstance(state, tuple) and state and isinstance(state[-1], dict) and "_cache" in state[-1]:
        kept = {k: v for k, v in state[-1].items() if k != "_cache"}
        whole = kept or _release(sys.modules["pandas"]) < _LEAVES_OUT
        return (*reduced[:2], (*state[:-1], kept) if whole else state[:-1], *reduced[3:])
    return NotImplemented


_TREES = frozenset({"KDTree", "BallTree", "KDTree32", "KDTree64", "BallTree32", "BallTree64"})


def _without_counts(obj: Any) -> Any:
    """How a tree of neighbours is made, without the counts of what it was asked: that is no change."""
    make, args, state = obj.__reduce__()[:3]
    if not isinstance(state, tuple) or len(state) < 12 or not all(isinstance(n, int) for n in state[7:11]):
        return NotImplemented
    return (make, args, (*state[:7], 0, 0, 0, 0, *state[11:]))


_CHECKED = "_stop_words_id"


def _with_checked_words(obj: Any) -> Any:
    """How a vectorizer of texts is made, without the address of the stop words that it has checked: each process has its own."""
    make, args, state = obj.__reduce_ex__(5)[:3]
    words = obj.stop_words  # where there are none, it looks again
    checked = words is not None and state[_CHECKED] == id(words)
    state = {k: v for k, v in state.items() if k != _CHECKED}
    return (make, args, state, None, None, _set_checked_words) if checked else (make, args, state)


def _set_checked_words(obj: Any, state: Any) -> None:
    obj.__setstate__(state)
    setattr(obj, _CHECKED, id(obj.stop_words))


class Loader(pickle.Unpickler):
    """Unpickles values into a step's namespace."""

    def __init__(self, data: Any, buffers: Iterable[Any], namespace: dict[str, Any]) -> None:
        super().__init__(io.BytesIO(data), buffers=buffers)
        self._single: dict[Any, Any] = {}
        self.namespace = namespace
        self._sets: dict[int, Any] = {}

    def persistent_load(self, pid: Any) -> Any:
        if pid == "namespace":
            return self.namespace
        if pid == "shell":
            from IPython import get_ipython

            return get_ipython()
        if isinstance(pid, tuple) and isinstance(pid[0], int):
            return sets.load(pid, self._sets)
        if isinstance(pid, tuple):
            return getattr(importlib.import_module(pid[0]), pid[1])
        if "." in str(pid):
            if pid not in self._single:
                self._single[pid] = reducing.singleton(str(pid))
            return self._single[pid]
        return getattr(sys, str(pid))
