"""The fields of a package's parameters, as the assignments of the cell that they were written from."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Sequence
from typing import NamedTuple

from nb2pipe.emit.source import Statement, statements
from nb2pipe.notebook.model import Code
from nb2pipe.package.model import Plan
from nb2pipe.sync.owners import Item, Wanted
from nb2pipe.sync.units import Unit, parsed


class Field(NamedTuple):
    """A field of the record of parameters: type, default and help as they are written."""

    type: str
    default: str
    help: str


def fields(text: str) -> dict[str, Field]:
    """The fields of a file of parameters, by name.

    Raises:
        SyntaxError: It is no Python.
    """
    found = {}
    for node in ast.walk(parsed(text)):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            found[node.target.id] = _field(node.annotation, node.value, text)
    return found


def _field(annotation: ast.expr, value: ast.expr, text: str) -> Field:
    kind, told = ast.unparse(annotation), ""
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "field":
        for keyword in value.keywords:
            if keyword.arg == "metadata" and isinstance(keyword.value, ast.Dict) and keyword.value.values:
                said = keyword.value.values[0]
                told = said.value if isinstance(said, ast.Constant) and isinstance(said.value, str) else ""
        given = {k.arg: k.value for k in value.keywords}
        factory = given.get("default_factory")
        value = factory.body if isinstance(factory, ast.Lambda) else given.get("default", value)
    return Field(kind, _segment(text, value), told)


def _segment(text: str, node: ast.expr) -> str:
    lines = text.split("\n")[node.lineno - 1 : node.end_lineno]
    lines[-1] = lines[-1][: node.end_col_offset]
    lines[0] = lines[0][node.col_offset :]
    return "\n".join([lines[0], *textwrap.dedent("\n".join(lines[1:])).split("\n")]) if len(lines) > 1 else lines[0]


def wanted_parameters(plan: Plan, codes: Sequence[Code], before: str, after: str) -> dict[int, list[Wanted]]:
    """What the cells of parameters are to have.

    Raises:
        SyntaxError: The edited file is no Python.
    """
    old, new = fields(before), fields(after)
    homes = {p.name: p.span.cell for p in plan.parameters}
    by_cell: dict[int, list[Item]] = {}
    origins: dict[int, list[int]] = {}
    places = {name: _place(codes, cell, name) for name, cell in homes.items()}
    for name, (origin, _) in places.items():
        origins.setdefault(homes[name], []).append(origin)
    cell = plan.parameters[0].span.cell if plan.parameters else -1
    for name, field in new.items():
        if name not in homes:
            if cell >= 0:
                by_cell.setdefault(cell, []).append(Item(None, None, _unit(name, field)))
            continue
        cell = homes[name]
        origin, statement = places[name]
        was = Unit(statement.above, statement.text, statement.beside, 0)
        by_cell.setdefault(cell, []).append(Item(origin, was, _edited(name, was, statement, (old[name], field))))
    changed = [
        c
        for c in origins
        if [i.origin for i in by_cell.get(c, ())] != origins[c] or any(i.old != i.new for i in by_cell[c])
    ]
    return {c: [Wanted(tuple(by_cell.get(c, ())), tuple(origins[c]))] for c in changed}


def _place(codes: Sequence[Code], cell: int, name: str) -> tuple[int, Statement]:
    """The assignment of a parameter, the last where there are several."""
    [code] = [c for c in codes if c.cell.index == cell]
    assert code.tree is not None  # noqa: S101  the parameter came from it
    found = list(enumerate(statements(code.cell.source, code.tree).statements))
    return next((n, s) for n, s in reversed(found) if _target(s.node) == name)


def _target(node: ast.stmt) -> str:
    target = (
        node.targets[0] if isinstance(node, ast.Assign) else node.target if isinstance(node, ast.AnnAssign) else None
    )
    return target.id if isinstance(target, ast.Name) else ""


def _edited(name: str, was: Unit, statement: Statement, change: tuple[Field, Field]) -> Unit:
    old, new = change
    made = _unit(name, new, annotated=isinstance(statement.node, ast.AnnAssign))
    text = was.text if (old.type, old.default) == (new.type, new.default) else made.text
    return was._replace(text=text, beside=was.beside if old.help == new.help else made.beside)


def _unit(name: str, field: Field, *, annotated: bool = False) -> Unit:
    """The assignment; it says the type where the default does not."""
    try:
        plain = type(ast.literal_eval(field.default)).__name__ == field.type
    except (ValueError, SyntaxError):
        plain = field.type == "Any"
    left = name if plain and not annotated else f"{name}: {field.type}"
    return Unit((), f"{left} = {field.default}", f"# {field.help}" if field.help else "", 0)
