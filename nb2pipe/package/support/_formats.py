"""The forms in which values are written: JSON where it gives a value back as it was, plain arrays as such, else pickles."""

from __future__ import annotations

import importlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from ._pickles import Pickler, Unpickler

SUFFIXES = (".json", ".npy", ".pickle")


class ValueNotStorable(TypeError):
    """A value that cannot leave its process, such as a lock, an open file or a generator."""


class Nowhere:
    """A file that keeps nothing."""

    def write(self, data: Any) -> int:
        """Take in data."""
        return memoryview(data).nbytes  # large arrays come as buffers, which have no length


def look(step: str, name: str, value: Any) -> Pickler:
    """Pickle a value without keeping the pickle; the pickler then knows what the value consists of.

    Raises:
        ValueNotStorable: It cannot be pickled.
    """
    return _pickled(step, {name: value}, Nowhere(), frozenset())


def _pickled(step: str, values: Mapping[str, Any], file: Any, shared: frozenset[int]) -> Pickler:
    """Pickle one value as it is, several as a dict; the pickler then knows what it has met."""
    pickler = Pickler(file, shared)
    try:
        pickler.dump(dict(values) if len(values) > 1 else next(iter(values.values())))
    except OSError:
        raise
    except Exception as error:
        what = " and ".join(f"{name} ({type(value).__qualname__})" for name, value in values.items())
        raise ValueNotStorable(f"step {step} gives {what}, which cannot be kept in a file: {error}") from error
    return pickler


def write(step: str, values: Mapping[str, Any], file: BinaryIO, shared: frozenset[int] | None) -> str:
    """Write one value, or several that share something; the suffix of what was written."""
    if shared is None:
        (value,) = values.values()
        text = _json(value)
        if text is not None:
            file.write(text)
            return ".json"
        if _is_plain_array(value):
            _numpy().save(file, value, allow_pickle=False)
            return ".npy"
    _pickled(step, values, file, shared or frozenset())
    return ".pickle"


def read(path: Path) -> Any:
    """What a file holds."""
    if path.suffix == ".json":
        return json.loads(path.read_bytes())
    if path.suffix == ".npy":
        return _numpy().load(path, allow_pickle=False)
    with path.open("rb") as file:
        return Unpickler(file).load()


def _json(value: Any) -> bytes | None:
    """The value as JSON; None where that would not give it back."""
    try:
        if _is_json(value, set()):
            return json.dumps(value, ensure_ascii=False).encode()
    except (RecursionError, UnicodeEncodeError):  # too deep; half of a surrogate pair
        pass
    return None


def _is_json(value: Any, seen: set[int]) -> bool:
    """Whether JSON gives back a value of the same types; ``seen`` are the containers met, for none may occur twice."""
    kind = type(value)
    if kind is list or kind is dict:
        if id(value) in seen:
            return False
        seen.add(id(value))
        if kind is list:
            return all(_is_json(v, seen) for v in value)
        return all(type(k) is str and _is_json(v, seen) for k, v in value.items())
    if kind is int:
        return bool(value.bit_length() < 64)  # beyond, readers of JSON disagree
    return value is None or kind is bool or kind is str or (kind is float and math.isfinite(value))


def _is_plain_array(value: Any) -> bool:
    kind = type(value)
    if kind.__module__ != "numpy" or kind.__name__ != "ndarray":
        return False
    dtype, flags = value.dtype, value.flags
    plain = dtype.kind in "biufcmMSU" and dtype.metadata is None and _numpy().dtype(dtype.str) == dtype
    return bool(plain and (flags.c_contiguous or flags.f_contiguous))


def _numpy() -> Any:
    """NumPy, which is imported only where a value needs it."""
    return importlib.import_module("numpy")
