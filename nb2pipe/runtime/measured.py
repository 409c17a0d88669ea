"""Which names of a notebook are metrics: those that cells tagged `metrics` bind or show."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace

from nb2pipe.notebook.model import Code
from nb2pipe.runtime.script import Script

_SHOWING = frozenset({"print", "display", "round", "float", "int", "abs"})
"""Functions that show what they are given, or hand on a number in another form."""


def measured(script: Script, codes: Sequence[Code]) -> Script:
    """The script, with the names that are metrics at the cells that are to say them."""
    names = {c.cell.index: metric_names(c) for c in codes if "metrics" in c.cell.tags.roles}
    if not any(names.values()):
        return script
    tasks = {i: replace(t, metrics=names[i]) if names.get(i) else t for i, t in script.tasks.items()}
    return replace(script, tasks=tasks)


def metric_names(code: Code) -> tuple[str, ...]:
    """The names that a cell binds at its top level, or shows, in order."""
    found: dict[str, None] = {}
    for statement in code.tree.body if code.tree is not None else ():
        match statement:
            case ast.Assign(targets=targets):
                found |= {n: None for t in targets for n in _names(t)}
            case ast.AnnAssign(target=target) | ast.AugAssign(target=target):
                found |= dict.fromkeys(_names(target))
            case ast.Expr(value=value):
                found |= dict.fromkeys(_shown(value))
    return tuple(found)


def _names(target: ast.expr) -> Iterator[str]:
    """The names that an assignment binds."""
    match target:
        case ast.Name(id=name):
            yield name
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            for part in parts:
                yield from _names(part)
        case ast.Starred(value=part):
            yield from _names(part)


def _shown(value: ast.expr) -> Iterator[str]:
    """The names whose values an expression shows, as they are or in another form."""
    match value:
        case ast.Name(id=name):
            yield name
        case ast.Call(func=ast.Name(id=name), args=parts) if name in _SHOWING:
            for part in parts:
                yield from _shown(part)
        case ast.Call(func=ast.Attribute(value=part)) | ast.FormattedValue(value=part) | ast.Starred(value=part):
            yield from _shown(part)
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.JoinedStr(values=parts):
            for part in parts:
                yield from _shown(part)
        case ast.Dict(values=parts):
            for part in parts:
                yield from _shown(part)
