"""What a value is, deep down: its digest, the mutable objects that it reaches, and the memory that it stands in."""

from __future__ import annotations

import datetime
import decimal
import enum
import fractions
import functools
import gc
import hashlib
import io
import pathlib
import random
import re
import sys
import types
import uuid
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

LIMIT = 20_000  # objects that a walk looks at; no sample value comes near it

# Caches: what a later read would work out again. Changing one is no change of the value.
CACHES = frozenset({
    "_cache", "_item_cache", "_cacher", "_stale", "stale", "_id", "_hash", "_cached", "_invalid", "_inverted", "_mtx",
    "_parents", "_cachedRenderer", "_selfcache", "_wrapped_cache", "_data_attr_cache", "_metadata_request", "_lazy",
    "_stale_viewlims", "_cidgen", "_cid", "_mouseover", "__weakref__", "_str_repr", "_compiled", "_children_cache", "_cached_dict", "_stop_words_id",
})  # fmt: skip
ATOMS = (
    int, float, complex, bool, str, bytes, type(None), range, slice, type(...), type(NotImplemented), type, types.ModuleType,
    types.BuiltinFunctionType, types.GetSetDescriptorType, types.MemberDescriptorType, types.MethodDescriptorType,
    types.WrapperDescriptorType, np.generic, np.dtype, np.ufunc, decimal.Decimal, fractions.Fraction, pathlib.PurePath,
    datetime.date, datetime.time, datetime.timedelta, datetime.tzinfo, re.Pattern, re.Match, enum.Enum, uuid.UUID,
    property, weakref.ref, types.CodeType, types.GenericAlias,
    pd.Index, pd.Timestamp, pd.Timedelta, pd.Period, pd.Interval, pd.api.extensions.ExtensionDtype,
    pd.offsets.BaseOffset, type(pd.NaT), type(pd.NA),
)  # fmt: skip


def immutable(value: Any) -> bool:
    """Whether nothing of the value itself can change; what it holds may."""
    sympy = sys.modules.get("sympy")
    return (
        isinstance(value, ATOMS)
        or (
            type(value).__module__ == "torch"
            and type(value).__name__ in ("dtype", "device", "Size", "layout", "memory_format")
        )
        or (sympy is not None and isinstance(value, sympy.Basic))
    )


def _torch() -> Any:
    return sys.modules.get("torch")


def _state(value: Any) -> Any:
    """The parts of an object that has no handler of its own."""
    found: dict[str, Any] = {}
    for klass in type(value).__mro__:
        slots = klass.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in CACHES and hasattr(value, name):
                found[name] = getattr(value, name)
    own = getattr(value, "__dict__", None)
    if isinstance(own, dict):
        found.update((k, v) for k, v in own.items() if k not in CACHES)
    return found


class Digest:
    """One digest of one value; identity inside the value counts, addresses do not."""

    def __init__(self) -> None:
        self.hash = hashlib.blake2b(digest_size=16)
        self.seen: dict[int, int] = {}
        self.kept: list[Any] = []

    def add(self, *parts: object) -> None:
        self.hash.update(repr(parts).encode("utf-8", "replace"))

    def value(self, value: Any) -> None:
        kind = type(value)
        if value is None or kind in (int, float, complex, bool, str, bytes, range, slice):
            self.add(kind.__name__, value)
            return
        if id(value) in self.seen:
            self.add("again", self.seen[id(value)])
            return
        if len(self.seen) > LIMIT:
            return
        self.seen[id(value)] = len(self.seen)
        self.kept.append(value)
        self.add(kind.__qualname__)
        for types_, handler in HANDLERS:
            if isinstance(value, types_):
                handler(self, value)
                return
        torch = _torch()
        if torch is not None and isinstance(value, torch.Tensor):
            self.tensor(value)
        elif torch is not None and isinstance(value, torch.Generator):
            self.add(bytes(value.get_state().numpy().tobytes()))
        elif immutable(value) or isinstance(value, types.FunctionType):
            self.add(getattr(value, "__qualname__", None) or str(value))
        else:
            self.other(value)

    def values(self, values: Any) -> None:
        for value in values:
            self.value(value)

    def mapping(self, value: Any) -> None:
        for key, item in list(value.items()):
            self.value(key)
            self.value(item)

    def unordered(self, value: Any) -> None:
        self.add(sorted(repr(v) for v in value))

    def array(self, value: Any) -> None:
        self.add(value.shape, value.dtype.str, value.flags.writeable)
        if value.dtype.hasobject:
            self.values(np.asarray(value).ravel().tolist())
        else:
            self.hash.update(np.ascontiguousarray(np.asarray(value)).tobytes())
        if isinstance(value, np.ma.MaskedArray):
            self.hash.update(np.ma.getmaskarray(value).tobytes())

    def tensor(self, value: Any) -> None:
        self.add(tuple(value.shape), str(value.dtype), value.requires_grad)
        try:
            self.hash.update(value.detach().resolve_conj().resolve_neg().contiguous().cpu().numpy().tobytes())
        except (RuntimeError, TypeError, NotImplementedError):
            self.add(str(value))
        if value.is_leaf:
            self.value(value.grad)

    def index(self, value: Any) -> None:
        self.add(list(value.names), str(value.dtype))
        if isinstance(value, pd.MultiIndex):
            for level, codes in zip(value.levels, value.codes, strict=True):
                self.add(level.tolist(), codes.tobytes())
        else:
            self.column(value.array)

    def frame(self, value: Any) -> None:
        self.index(value.columns)
        self.index(value.index)
        for block in value._mgr.blocks:
            self.add(block.mgr_locs.as_array.tolist())
            self.column(block.values)
        self.value(value.attrs)

    def series(self, value: Any) -> None:
        self.value(value.name)
        self.index(value.index)
        self.column(value.array)
        self.value(value.attrs)

    def column(self, value: Any) -> None:
        self.add(str(value.dtype), value.shape)
        if value.dtype.kind in "iufbcmM" and isinstance(value.dtype, np.dtype):
            self.hash.update(np.ascontiguousarray(value).tobytes())
        elif isinstance(value, pd.Categorical):
            self.add(value.codes.tobytes(), value.categories.tolist())
        elif value.dtype == object:
            self.values(np.asarray(value).ravel().tolist())
        else:
            self.add(np.asarray(value).tolist())

    def text(self, value: Any) -> None:
        self.add(value.closed)
        if not value.closed:
            self.add(value.getvalue(), value.tell())

    def file(self, value: Any) -> None:
        self.add(value.closed)
        if not value.closed:
            try:
                self.add(value.tell())
            except (OSError, ValueError):
                self.add("no place")

    def generator(self, value: Any) -> None:
        self.value(value.bit_generator.state)

    def randomstate(self, value: Any) -> None:
        self.value(value.get_state())

    def partial(self, value: Any) -> None:
        self.values((value.func, value.args, value.keywords))

    def method(self, value: Any) -> None:
        self.value(value.__self__)

    def other(self, value: Any) -> None:
        if type(value).__module__.startswith("pandas.core"):
            for name in ("obj", "_parent", "_data", "_orig", "data"):  # a grouping or an accessor is what it stands on
                base = getattr(value, name, None)
                if isinstance(base, (pd.DataFrame, pd.Series, pd.Categorical)):
                    self.value(base)
                    return
        if isinstance(value, (list, tuple)):
            self.values(list(value))
        elif isinstance(value, dict):
            self.mapping(value)
        state = _state(value)
        if state:
            for name in sorted(state, key=str):
                self.add(name)
                self.value(state[name])
            return
        if hasattr(value, "__next__") and not isinstance(value, types.GeneratorType):
            try:
                self.value(value.__reduce_ex__(2)[1:])
            except (TypeError, AttributeError):
                self.add("iterator")
        elif isinstance(value, types.GeneratorType):
            self.add(value.gi_frame is None or value.gi_frame.f_lasti)


HANDLERS: list[tuple[Any, Callable[[Digest, Any], None]]] = [
    (pd.DataFrame, Digest.frame),
    (pd.Series, Digest.series),
    (pd.Index, Digest.index),
    (pd.api.extensions.ExtensionArray, Digest.column),
    (np.ndarray, Digest.array),
    (np.random.Generator, Digest.generator),
    (np.random.RandomState, Digest.randomstate),
    (random.Random, lambda d, v: d.add(v.getstate())),
    ((io.StringIO, io.BytesIO), Digest.text),
    (io.IOBase, Digest.file),
    ((set, frozenset), Digest.unordered),
    (functools.partial, Digest.partial),
    (types.MethodType, Digest.method),
    (bytearray, lambda d, v: d.add(bytes(v))),
]


def digest(value: Any) -> str:
    """A digest of all that the value holds; two values alike inside have the same one."""
    found = Digest()
    found.value(value)
    return found.hash.hexdigest()


@dataclass(slots=True)
class Reach:
    """The mutable objects that a value reaches, by id, and the memory of its arrays."""

    objects: dict[int, Any] = field(default_factory=dict)
    buffers: list[tuple[int, int, bool]] = field(default_factory=list)  # from, to, whether pandas copies on write
    kept: list[Any] = field(default_factory=list)


_SKIPPED = (types.FrameType, types.TracebackType, types.ModuleType, type, types.CodeType)


def _buffer(found: Reach, value: Any, cow: bool) -> None:
    if value.size:
        low, high = np.lib.array_utils.byte_bounds(value)
        found.buffers.append((low, high, cow))


def _pandas_arrays(value: Any) -> list[Any]:
    return [getattr(a, "_ndarray", getattr(a, "_data", a)) for a in value._mgr.arrays]


def reach(value: Any, stop: frozenset[int] | set[int] = frozenset()) -> Reach:
    """Walk everything that can be got at from a value; ``stop`` are ids that are nobody's own."""
    found = Reach()
    stack = [value]
    seen: set[int] = set()
    torch = _torch()
    while stack and len(seen) < LIMIT:
        one = stack.pop()
        if id(one) in seen or id(one) in stop:
            continue
        seen.add(id(one))
        found.kept.append(one)
        if isinstance(one, (pd.DataFrame, pd.Series)):
            found.objects[id(one)] = one
            for array in _pandas_arrays(one):
                if isinstance(array, np.ndarray):
                    _buffer(found, array, True)
                    if array.dtype.hasobject:
                        stack.extend(v for v in array.ravel().tolist() if not isinstance(v, str))
            stack.append(one.attrs)
        elif isinstance(one, np.ndarray):
            found.objects[id(one)] = one
            _buffer(found, one, False)
            if one.dtype.hasobject:
                stack.extend(one.ravel().tolist())
            if isinstance(one, np.ma.MaskedArray):
                stack.extend((one.data, one._mask))
        elif torch is not None and isinstance(one, torch.Tensor):
            found.objects[id(one)] = one
            try:
                storage = one.untyped_storage()
                if storage.nbytes():
                    found.buffers.append((storage.data_ptr(), storage.data_ptr() + storage.nbytes(), False))
            except (RuntimeError, NotImplementedError):
                pass
            if one.is_leaf and one.grad is not None:
                stack.append(one.grad)
        elif immutable(one) or isinstance(one, _SKIPPED):
            continue
        elif isinstance(one, types.FunctionType):
            stack.extend(c.cell_contents for c in one.__closure__ or () if _full(c))
            stack.extend(one.__defaults__ or ())
        elif isinstance(one, types.MethodType):
            stack.append(one.__self__)
        elif isinstance(one, tuple) or isinstance(one, frozenset):
            stack.extend(one)
        else:
            if not isinstance(one, (types.CellType, weakref.ReferenceType, functools.partial)):
                found.objects[id(one)] = one
            for part in gc.get_referents(one):
                if not isinstance(part, _SKIPPED):
                    stack.append(part)
    return found


def _full(cell: types.CellType) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:
        return False


def meets(left: Reach, right: Reach, ids: bool = True) -> str:
    """How two values share what can change: the type of an object of both, "memory", or "" where they do not."""
    if ids:
        small, large = sorted((left.objects, right.objects), key=len)
        for key, one in small.items():
            if key in large and not (isinstance(one, dict) and not one):
                return type(one).__qualname__
    for low, high, cow in left.buffers:
        for start, end, other in right.buffers:
            if low < end and start < high and not (cow and other):
                return "memory"
    return ""
