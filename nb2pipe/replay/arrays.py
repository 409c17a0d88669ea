"""The numbers in the memory of an array, read without NumPy."""

from __future__ import annotations

import datetime as dt
import itertools
import re
import struct
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

_DTYPE = re.compile(r"([<>|=])([a-zA-Z])(\d+)(?:\[(\d*)(\w+)\])?")
_FORMS = {
    "f": {2: "e", 4: "f", 8: "d"},
    "i": {1: "b", 2: "h", 4: "i", 8: "q"},
    "u": {1: "B", 2: "H", 4: "I", 8: "Q"},
    "b": {1: "?"},
    "c": {8: "ff", 16: "dd"},
    "M": {8: "q"},
    "m": {8: "q"},
}
_CHUNK = 1 << 13  # items
_LONG = 10  # bytes of a long double; the rest is not its own
_NANOSECONDS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9, "D": 86400 * 10**9}
_NO_TIME = -(1 << 63)


class Item(NamedTuple):
    """An item of one array and of another."""

    number: int
    expected: Any
    actual: Any


def first_unequal(dtype: str, expected: bytes, actual: bytes, equal: Callable[[Any, Any], bool]) -> Item | None:
    """The first item of two arrays of one dtype and shape that is not ``equal``, with its number in C order."""
    size = _size(dtype)
    step = size * _CHUNK
    for start in range(0, len(expected), step):
        one, two = expected[start : start + step], actual[start : start + step]
        if one == two:
            continue
        pairs = zip(items(dtype, one), items(dtype, two), strict=True)
        for number, (x, y) in enumerate(pairs, start // size):
            if not equal(x, y):
                return Item(number, x, y)
    return None


def items(dtype: str, data: bytes) -> Iterator[Any]:
    """The items as numbers, texts or bytes; times are whole numbers of their unit."""
    order, kind, size, _ = _parsed(dtype)
    form = _FORMS.get(kind, {}).get(size)
    if form is not None:
        found = struct.iter_unpack(("<" if order == "|" else order) + form, data)
        return itertools.starmap(complex, found) if kind == "c" else (x for (x,) in found)
    width = max(_size(dtype), 1)
    pieces = (data[i : i + width] for i in range(0, len(data), width))
    if kind == "U":
        encoding = "utf-32-be" if order == ">" else "utf-32-le"
        return (p.decode(encoding, "surrogatepass").rstrip("\0") for p in pieces)
    if kind == "f":
        return (p[:_LONG] for p in pieces)
    return pieces


def text(dtype: str, item: Any) -> str:
    """An item as it is shown in a report."""
    _, kind, _, unit = _parsed(dtype)
    if kind in "Mm" and item == _NO_TIME:
        return "NaT"
    if kind == "M" and unit in _NANOSECONDS:
        micros, rest = divmod(item * _NANOSECONDS[unit], 1000)
        try:
            shown = str(dt.datetime(1970, 1, 1) + dt.timedelta(microseconds=micros))  # noqa: DTZ001  as the array has none
        except OverflowError:
            return str(item)
        return f"{shown} + {rest} ns" if rest else shown
    if kind == "m":
        return f"{item} {unit}"
    return repr(item)


def _size(dtype: str) -> int:
    _, kind, size, _ = _parsed(dtype)
    return max(size * 4 if kind == "U" else size, 1)


def _parsed(dtype: str) -> tuple[str, str, int, str]:
    found = _DTYPE.fullmatch(dtype)
    if found is None:
        return "|", "V", 1, ""
    return found[1], found[2], int(found[3]), found[5] or ""
