"""Values that do something when they end, such as a temporary folder: a step gives them, so that they live as long as in a notebook."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet

from nb2pipe.package.bindings import Place

_MAKERS = frozenset(
    {"TemporaryDirectory", "NamedTemporaryFile", "TemporaryFile", "SharedMemory", "finalize", "__del__"}
)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def makers(places: Iterable[Place]) -> frozenset[str]:
    """The names of all that may make such a value, with the notebook's own functions and classes."""
    definitions = [p.statement.node for p in places if isinstance(p.statement.node, _DEFINITIONS)]
    found = set(_MAKERS)
    while more := {d.name for d in definitions if d.name not in found and not found.isdisjoint(_called(d))}:
        found |= more
    return frozenset(found)


def kept_alive(places: Sequence[Place], made_by: AbstractSet[str]) -> set[str]:
    """The names in whose values there may be one that does something when it ends."""
    found: set[str] = set()
    for place in places:
        node = place.statement.node
        if not any(name in place.statement.text for name in made_by):
            continue
        if not isinstance(node, (*_DEFINITIONS, ast.Import, ast.ImportFrom)) and not made_by.isdisjoint(_called(node)):
            found |= place.names.bound | place.names.read
    return found - {
        n for p in places if isinstance(p.statement.node, (ast.Import, ast.ImportFrom)) for n in p.names.bound
    }


def _called(node: ast.AST) -> Iterator[str]:
    """The names that occur below a node, but for what a `with` ends itself."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.withitem):
            if isinstance(child.context_expr, ast.Call):
                yield from (name for argument in child.context_expr.args for name in _called(argument))
            continue
        if isinstance(child, ast.Name):
            yield child.id
        elif isinstance(child, ast.Attribute) and (child.attr != "finalize" or ast.unparse(child.value) == "weakref"):
            yield child.attr
        elif isinstance(child, (ast.FunctionDef, ast.alias)):
            yield child.name
        yield from _called(child)
