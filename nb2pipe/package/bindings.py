"""Which names a statement binds and reads in the namespace that it stands in, by Python's own symbol tables."""

from __future__ import annotations

import ast
import builtins
import re
import symtable
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from nb2pipe.emit.source import Statement

BUILTINS = frozenset(dir(builtins)) | {"__name__"}


_REBINDING = re.compile(r"[-+*/%@&|^<>]=|\bdel\b")  # signs of `x += 1` and `del x`


class Names(NamedTuple):
    """The names that a text binds and reads at its top; ``late`` are those that its functions read when called.

    ``declared`` are those that its functions bind by ``global``.
    """

    bound: frozenset[str]
    read: frozenset[str]
    late: frozenset[str]
    declared: frozenset[str]

    @property
    def mentioned(self) -> frozenset[str]:
        """All that are read, now or later."""
        return self.read | self.late


def names_of(text: str) -> Names:
    """The names of a piece of Python, as a module or as the body of a function would have them."""
    table = symtable.symtable(text, "<cell>", "exec")
    bound: set[str] = set()
    read: set[str] = set()
    for symbol in table.get_symbols():
        if symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace():
            bound.add(symbol.get_name())
        if symbol.is_referenced():
            read.add(symbol.get_name())
    # which symbol tables count as bindings only
    for node in ast.walk(ast.parse(text)) if _REBINDING.search(text) else ():
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            read |= {node.target.id} & bound
        elif isinstance(node, ast.Delete):
            read |= {t.id for t in node.targets if isinstance(t, ast.Name)} & bound
    late: set[str] = set()
    declared: set[str] = set()
    for inner, now in _nested(table, now=True):
        for symbol in inner.get_symbols():
            if not symbol.is_global():
                continue
            if symbol.is_referenced():
                (read if now else late).add(symbol.get_name())
            if symbol.is_declared_global() and symbol.is_assigned():
                declared.add(symbol.get_name())
    return Names(frozenset(bound), frozenset(read), frozenset(late), frozenset(declared))


def _nested(table: symtable.SymbolTable, *, now: bool) -> Iterator[tuple[symtable.SymbolTable, bool]]:
    """The tables inside of a table, and whether what they read is read where they stand: so it is in class bodies."""
    for child in table.get_children():
        at_once = now and (child.get_type() == "class" or child.get_name() in _AT_ONCE)
        yield child, at_once
        yield from _nested(child, now=at_once)


_AT_ONCE = frozenset({"listcomp", "setcomp", "dictcomp"})


class Place(NamedTuple):
    """A statement at the top of a code cell, and the names that it has.

    ``origin`` counts the statements as the cell has them; several that came from one magic have its number.
    """

    cell: int
    position: int
    statement: Statement
    names: Names
    origin: int


def binders(places: Iterable[Place]) -> dict[str, list[Place]]:
    """The statements that bind each name, in the notebook's order."""
    found: dict[str, list[Place]] = {}
    for place in places:
        for name in place.names.bound | place.names.declared:
            found.setdefault(name, []).append(place)
    return found
