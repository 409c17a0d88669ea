"""The names that are not there when they are first read: each with that read, and what becomes of the name elsewhere."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from nb2pipe.analysis.effects import Analysis, Certainty, Definition, Effects, Use
from nb2pipe.diagnostics import Span
from nb2pipe.notebook.model import Code

_HISTORY = re.compile(r"_+|_i*\d*|_[io]h|_dh|In|Out")
_CATCHES = frozenset({"NameError", "Exception", "BaseException"})


class Missing(NamedTuple):
    """A name that is read where no cell above has left it: deleted there, or defined below, or nowhere."""

    use: Use
    deleted: Span | None = None
    later: Span | None = None
    known: tuple[str, ...] = ()


class _Names:
    """What the cells so far have bound and deleted."""

    __slots__ = ("bound", "deleted", "missing")

    def __init__(self) -> None:
        self.bound: set[str] = set()
        self.deleted: dict[str, Span] = {}
        self.missing: dict[str, Missing] = {}


def missing_names(analysis: Analysis, codes: Sequence[Code]) -> dict[str, Missing]:
    """For each name that is not there when it is first read: that read."""
    later: dict[str, list[Span]] = {}
    for effects in analysis.effects:
        for definition in _certain_sources(effects):
            later.setdefault(definition.name, []).append(definition.span)
    by_cell = {code.cell.index: code for code in codes}
    names = _Names()
    for effects in analysis.effects:
        _cell(effects, by_cell[effects.cell], names, later)
    return names.missing


def _certain_sources(effects: Effects) -> Iterator[Definition]:
    """The definitions of a cell, without those that only a star import might make."""
    return (d for d in effects.definitions if d.kind != "star")


def _cell(effects: Effects, code: Code, names: _Names, later: dict[str, list[Span]]) -> None:
    own = {d.name: d for d in _certain_sources(effects)}
    gone = {d.name: d.span for d in effects.deletions if d.certainty is Certainty.MUST}
    for use in effects.uses:
        name = use.name
        if name in names.missing or _HISTORY.fullmatch(name):
            continue
        deleted = names.deleted.get(name)
        if name in gone and gone[name].line < use.span.line:
            deleted = gone[name]
        elif name in names.bound and deleted is None:
            continue
        if use.certainty is Certainty.MAY and (name in own or _expected(code, use)):
            continue
        if name in own and own[name].certainty is Certainty.MAY and own[name].span.line < use.span.line:
            continue  # bound above it in the same cell, if not in any case: Jupyter takes the same way
        defined = next((span for span in later.get(name, ()) if span.cell >= use.span.cell), None)
        names.missing[name] = Missing(use, deleted, defined, tuple(names.bound))
    for name, definition in own.items():
        names.bound.add(name)
        if definition.certainty is Certainty.MUST:
            names.deleted.pop(name, None)
    for name, span in gone.items():
        names.deleted[name] = span


def _expected(code: Code, use: Use) -> bool:
    """Whether the cell is prepared for the name not to be there: it catches the error, or asks before."""
    if code.tree is None:
        return False
    if re.search(rf"""["']{use.name}["']\s*(?:not\s+)?in\s+(?:globals|locals|vars|dir)\(""", code.cell.source):
        return True
    for node in ast.walk(code.tree):
        if isinstance(node, (ast.Try, ast.TryStar)) and _catches(node):
            first, last = node.body[0].lineno, node.body[-1].end_lineno or node.body[-1].lineno
            if first <= use.span.line <= last:
                return True
    return False


def _catches(node: ast.Try | ast.TryStar) -> bool:
    for handler in node.handlers:
        kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        if any(k is None or (isinstance(k, ast.Name) and k.id in _CATCHES) for k in kinds):
            return True
    return False
