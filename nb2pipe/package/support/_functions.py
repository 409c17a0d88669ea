"""Pickling of the small functions that settings are made of, which have no name by which another process finds them."""

from __future__ import annotations

import importlib
import io
import pickle
import sys
import types
from typing import Any

_PLAIN = (str, bytes, int, float, complex, type(None), types.ModuleType, types.FunctionType)


class _Pickler(pickle.Pickler):
    """Pickles a function made in a step by where its code stands, if it reads nothing else that can change."""

    def reducer_override(self, obj: Any) -> Any:
        """How such a function is made again; everything else is made as usual."""
        if isinstance(obj, types.ModuleType):
            return importlib.import_module, (obj.__name__,)
        if not isinstance(obj, types.FunctionType) or ".<locals>." not in obj.__qualname__:
            return NotImplemented
        outer = obj.__qualname__.partition(".<locals>.")[0]
        module = sys.modules.get(obj.__module__)
        maker = getattr(module, outer, None)
        inside = tuple(cell.cell_contents for cell in obj.__closure__ or ())
        if not isinstance(maker, types.FunctionType) or not all(isinstance(v, _PLAIN) for v in inside):
            return NotImplemented
        place = _place(maker.__code__, obj.__code__)
        if place is None:
            return NotImplemented
        return _made, (obj.__module__, outer, place, obj.__defaults__, obj.__kwdefaults__, inside)


def dumps(value: Any) -> bytes:
    """The value as a pickle."""
    file = io.BytesIO()
    _Pickler(file, protocol=5).dump(value)
    return file.getvalue()


def _place(code: types.CodeType, wanted: types.CodeType) -> tuple[int, ...] | None:
    """Where the code of a function stands within that of another: its number there, level by level."""
    for number, inner in enumerate(code.co_consts):
        if inner is wanted:
            return (number,)
        deeper = _place(inner, wanted) if isinstance(inner, types.CodeType) else None
        if deeper is not None:
            return (number, *deeper)
    return None


def _made(
    module: str, outer: str, place: tuple[int, ...], defaults: Any, keywords: Any, inside: tuple[Any, ...]
) -> types.FunctionType:
    maker = getattr(importlib.import_module(module), outer)
    code = maker.__code__
    for number in place:
        code = code.co_consts[number]
    made = types.FunctionType(code, maker.__globals__, None, defaults, tuple(map(types.CellType, inside)))
    made.__kwdefaults__ = keywords
    return made
