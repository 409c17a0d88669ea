"""How values are taken apart that pickle takes apart wrongly: by running the notebook's own hooks, or by losing what is shared."""

from __future__ import annotations

import gc
import importlib
import pickle
import sys
import types
from collections.abc import Iterator
from typing import Any, NamedTuple

from nb2pipe.runtime import instances
from nb2pipe.runtime.clouds import cloudpickle

_SINGLETONS = (
    "os.environ", "sys.path", "sys.modules", "sys.argv", "matplotlib.rcParams", "random._inst", "numpy.random.mtrand._rand",
    "warnings.filters", "pandas.options", "logging.root", "dataclasses._EMPTY_METADATA", "decimal.getcontext()",
    "sympy.core.assumptions._assume_rules",
)  # fmt: skip
"""What there is one of in each process: a name that holds it holds that of the process it arrives in."""
CONSTANTS = frozenset({
    "numpy.nan", "math.nan", "dataclasses.MISSING", "argparse.SUPPRESS", "matplotlib.rcsetup._auto_backend_sentinel",
})  # fmt: skip
"""Constants that are told by what they are and not by what they equal: a list has NaN in it if it has that very object."""


def singletons() -> dict[int, str]:
    """The objects of this process that there is one of, by identity."""
    found = {}
    for path in (*_SINGLETONS, *CONSTANTS):
        module, _, name = path.rpartition(".")
        held = vars(sys.modules[module]).get(name.removesuffix("()")) if module in sys.modules else None
        if held is not None:
            found[id(held() if path.endswith("()") else held)] = path
    return found


def singleton(path: str) -> Any:
    """This process's own of what there is one of."""
    module, _, name = path.rpartition(".")
    found = getattr(importlib.import_module(module), name.removesuffix("()"))
    return found() if path.endswith("()") else found


_LIST_ITERATOR: type = type(iter([]))


def reduced(obj: Any) -> Any:
    """What pickle is to do with an object, in the form of ``__reduce__``; ``NotImplemented`` where it knows itself.

    Raises:
        pickle.PicklingError: The object cannot leave its process without losing what it shares there.
    """
    kind = type(obj)
    if kind is types.MappingProxyType:
        behind = _behind(obj)
        return NotImplemented if "__module__" in behind and "__dict__" in behind else (kind, (behind,))
    if kind.__module__.startswith("numpy") and kind.__name__ == "memmap" and obj.flags.writeable:
        raise pickle.PicklingError("an array that is mapped to a file writes to that file")
    if kind is _LIST_ITERATOR:
        return _list_iterator(obj)
    if isinstance(obj, type):
        return NotImplemented
    if isinstance(obj, BaseException):
        return _exception(obj)
    if getattr(kind, "__module__", None) == "__main__":
        return _instance(obj)
    return NotImplemented


def _list_iterator(obj: Any) -> Any:
    """An iterator that is beyond the end of a list that has become shorter: put back as usual it would stand at the end."""
    made = obj.__reduce__()
    if len(made) < 3 or made[2] <= len(made[1][0]):
        return NotImplemented
    return (_beyond, (made[1][0], made[2]))


def _beyond(items: list[Any], index: int) -> Any:
    size, iterator = len(items), iter(items)
    items.extend([None] * (index - size))
    iterator.__setstate__(index)  # type: ignore[attr-defined]  # of every list's iterator, for pickle
    del items[size:]
    return iterator


def _behind(view: Any) -> Any:
    """The dictionary that a view or proxy looks at."""
    return next(iter(gc.get_referents(view)))


def enclosed(function: types.FunctionType) -> list[Any]:
    """The cells of a function's closure and what is in them, and what it says of itself."""
    found: list[Any] = [function.__annotations__, function.__dict__]
    for cell in function.__closure__ or ():
        found.append(cell)
        try:
            found.append(cell.cell_contents)
        except ValueError:
            continue
    return found


def class_cells(kind: type) -> Iterator[types.CellType]:
    """The cells in which a class's own methods find it for ``super()``: they are part of the class."""
    for member in vars(kind).values():
        for function in (
            member,
            *(getattr(member, n, None) for n in ("__func__", "fget", "fset", "fdel", "__wrapped__")),
        ):
            if isinstance(function, types.FunctionType):
                pairs = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
                yield from (cell for name, cell in pairs if name == "__class__")


def base_of(array: Any) -> Any:
    """The array that an array is a view of, or None."""
    base = array.base
    if type(base).__name__ == "DummyArray":  # what numpy's stride tricks put between
        base = base.base
    return base if type(base).__name__ == "ndarray" else None


def foreign(array: Any) -> bool:
    """Whether an array's memory is that of an object of the notebook (``array.array``, ``bytearray``)."""
    root = array
    while (base := base_of(root)) is not None:
        root = base
    base = root.base
    if isinstance(base, memoryview):
        base = base.obj
    return isinstance(base, bytearray) or type(base).__module__ == "array"


# -- classes: their metaclasses and bases are not to hear of it again ----------------------------------------------


def class_without_hooks(kind: type, reduction: Any) -> Any:
    """The reduction of a class by cloudpickle, such that loading it runs no code of the notebook's."""
    if isinstance(reduction, tuple) and reduction and reduction[0] is cloudpickle._make_skeleton_class:
        meta, name, bases, namespace, tracker, extra = reduction[1]
        reduction[2][0].pop("__slotnames__", None)  # what `copy` and `pickle` note in a class for themselves
        named = {**namespace, "__qualname__": kind.__qualname__}  # which cloudpickle leaves out, and the slots
        if NamedTuple not in bases:  # which makes its own
            named |= _slots(kind)
        return (_make_class, (meta, name, bases, named, tracker, extra), *reduction[2:])
    return reduction


def _slots(kind: type) -> dict[str, Any]:
    """What a class with ``__slots__`` of its own must say when it is made: behind that its instances have a ``__dict__``."""
    own = vars(kind)
    if "__slots__" not in own:
        return {}
    members = [n for n, m in own.items() if isinstance(m, types.MemberDescriptorType)]
    return {"__slots__": (*members, *(n for n in ("__dict__", "__weakref__") if n in own))}


def _make_class(meta: Any, name: str, bases: Any, namespace: dict[str, Any], tracker: Any, extra: Any) -> Any:
    found = cloudpickle._DYNAMIC_CLASS_TRACKER_BY_ID.get(tracker) if tracker is not None else None
    if found is not None:
        return found
    hooks = [
        (c, c.__dict__["__init_subclass__"])
        for c in dict.fromkeys(c for b in bases for c in getattr(b, "__mro__", ()))
        if c.__module__ == "__main__" and "__init_subclass__" in c.__dict__
    ]
    own = getattr(meta, "__module__", None) == "__main__"
    if not own and not hooks:
        return cloudpickle._make_skeleton_class(meta, name, bases, namespace, tracker, extra)
    for owner, _ in hooks:
        type.__delattr__(owner, "__init_subclass__")
    try:
        maker = next(m for m in meta.__mro__ if m.__module__ != "__main__")
        made = maker.__new__(meta, name, types.resolve_bases(bases), {sys.intern(k): v for k, v in namespace.items()})
    finally:
        for owner, hook in hooks:
            type.__setattr__(owner, "__init_subclass__", hook)
    return cloudpickle._lookup_class_or_track(tracker, made)


# -- instances ----------------------------------------------------------------------------------------------------


def _instance(obj: Any) -> Any:
    """An instance of a class of the notebook's that has hooks, or that keeps one dictionary for the attributes of all."""
    own = _own_classes(type(obj))
    native = instances.native_of(type(obj), own)
    if native is None:
        return NotImplemented
    attributes = instances.attributes_of(obj)
    if attributes is not None and any(v is attributes for c in own for v in vars(c).values()):
        made = (object.__new__, (type(obj),), attributes, None, None, _set_attributes)
        return made if native is object else NotImplemented
    return instances.taken_apart(obj, native, own) if instances.is_hooked(own) else NotImplemented


def _own_classes(kind: type) -> list[type]:
    """The notebook's own among the classes that one is made from, and it itself."""
    return [c for c in kind.__mro__ if c.__module__ == "__main__"]


def _set_attributes(obj: Any, attributes: dict[str, Any]) -> None:
    """The attributes of all instances are one dictionary, which the class keeps."""
    obj.__dict__ = attributes


def _exception(obj: BaseException) -> Any:
    """An exception whose ``__init__`` takes other arguments than it passes on, or that has slots: it is made without that."""
    kind = type(obj)
    slots = instances.slots_of(obj, _own_classes(kind))
    own = slots or isinstance(kind.__init__, types.FunctionType)
    if not own or kind.__reduce__ is not BaseException.__reduce__:
        return NotImplemented
    state = (obj.args, {**obj.__dict__, **slots})
    return (kind.__new__, (kind,), state, None, None, _set_exception)


def _set_exception(obj: BaseException, state: tuple[tuple[Any, ...], dict[str, Any]]) -> None:
    obj.args = state[0]
    instances.set_attributes(obj, state[1])
