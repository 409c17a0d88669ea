"""Defaults of parameters that are computed from other parameters.

    start = 3                        start: int = 3
    end = start + 30       ->        end: int = field(default_factory=lambda: 3 + 30)

Papermill sets parameters behind the whole cell, so `end` is computed from what the cell says of `start`, whatever it is
set to. The other's text stands for it where it has one value, which cannot change: literals and what operators make of them.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable, Sequence

from nb2pipe.package.bindings import Place
from nb2pipe.pipeline.model import Parameter

_PLAIN = (ast.Constant, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Tuple, ast.JoinedStr, ast.FormattedValue,
          ast.operator, ast.unaryop, ast.boolop, ast.cmpop, ast.expr_context)  # fmt: skip
_SCOPES = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.NamedExpr)


def computed_defaults(
    parameters: Iterable[Parameter], places: Sequence[Place]
) -> tuple[tuple[Parameter, ...], list[Place]]:
    """The parameters, their defaults free of one another; and the statements where that cannot be had.

    ``places`` are the statements of the cell of parameters.
    """
    known = {p.name: p for p in parameters}
    plain: dict[str, ast.expr | None] = {}
    refused = []
    for place in places:
        node = place.statement.node
        if (
            not isinstance(node, (ast.Assign, ast.AnnAssign))
            or node.value is None
            or not place.names.bound <= known.keys()
        ):
            continue
        value = node.value
        asked = place.names.mentioned & known.keys()
        if asked:
            if any(plain.get(n) is None for n in asked) or any(isinstance(n, _SCOPES) for n in ast.walk(value)):
                refused.append(place)
                continue
            value = _Inlined(plain).visit(copy.deepcopy(value))
            for name in place.names.bound:
                known[name] = known[name]._replace(text=ast.unparse(value))
        is_plain = all(isinstance(n, _PLAIN) for n in ast.walk(value))
        plain |= dict.fromkeys(place.names.bound, value if is_plain else None)
    return tuple(known.values()), refused


class _Inlined(ast.NodeTransformer):
    """Names stand for what they are known to be."""

    def __init__(self, known: dict[str, ast.expr | None]) -> None:
        self.known = known

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.known.get(node.id) or node
