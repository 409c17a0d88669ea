"""Runs a package as ``python -m NAME`` does, and fails where a step takes or gives what its annotations do not say.

python annotated.py NAME [ARGUMENT...]
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import sys
import typing
from collections.abc import Callable
from typing import Any


def _is(value: Any, kind: Any) -> bool:
    if kind is Any:
        return True
    if kind is None or kind is type(None):
        return value is None
    if typing.get_origin(kind) is tuple:
        parts = typing.get_args(kind)
        return isinstance(value, tuple) and len(value) == len(parts) and all(map(_is, value, parts))
    return isinstance(value, kind)


def _checked(function: Callable[..., Any], parameters: frozenset[str]) -> Callable[..., Any]:
    hints = typing.get_type_hints(function)

    @functools.wraps(function)
    def run(**values: Any) -> Any:
        for name, value in values.items():
            if name not in parameters and not _is(value, hints.get(name, Any)):
                sys.exit(f"{function.__name__} takes {name}: {hints[name]}, not {type(value)}")
        result = function(**values)
        if not _is(result, hints.get("return", Any)):
            sys.exit(f"{function.__name__} gives {hints['return']}, not {result!r}")
        return result

    return run


if __name__ == "__main__":
    sys.path[0] = ""  # as `-m` has it
    name = sys.argv[1]
    pipeline = importlib.import_module(f"{name}.pipeline").PIPELINE
    fields = frozenset(f.name for f in dataclasses.fields(pipeline.parameters))
    steps = [dataclasses.replace(s, function=_checked(s.function, fields)) for s in pipeline.steps]
    object.__setattr__(pipeline, "steps", tuple(steps))
    raise SystemExit(importlib.import_module(f"{name}._runtime").main(pipeline, sys.argv[2:]))
