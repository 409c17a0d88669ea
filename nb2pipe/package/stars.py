"""``from numpy import *`` as an import of the names that the notebook reads: so it can stand at the top of modules."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import NamedTuple

from nb2pipe.analysis.effects import Effects
from nb2pipe.analysis.known.table import Table
from nb2pipe.analysis.modules import find_source, public_names
from nb2pipe.package.bindings import Place, names_of
from nb2pipe.package.cells import PlainCell
from nb2pipe.package.hazards import NAMESPACE
from nb2pipe.package.imports import harmless, import_text, imports_of
from nb2pipe.package.model import Import

_LOOKING = NAMESPACE - {"__name__"}
"""What may read a name that stands in no text."""


class _Star(NamedTuple):
    """What the star of a module binds, whether that is all, and whether it is the same wherever the notebook runs."""

    names: AbstractSet[str]
    certain: bool
    installed: bool = True


def with_named_stars(
    cells: Mapping[int, PlainCell], effects: Mapping[int, Effects], folder: Path
) -> dict[int, PlainCell]:
    """The cells, with the names that are read in place of stars; ``folder`` is where the notebook stands.

    Stars stay where it is not known what one of them binds, or where code may read names that stand in no text.
    """
    if any(e.opaque for e in effects.values()):
        return dict(cells)
    if any(p.names.mentioned & _LOOKING for cell in cells.values() for p in cell.places):
        return dict(cells)
    places = [p for cell in cells.values() for p in cell.places]
    modules = {module for p in places for module in _stars(p)}
    stars = {module: _star_of(module, folder) for module in modules}
    if any(_stars(p) and not _star(p) for p in places) or not all(s.certain and s.installed for s in stars.values()):
        return dict(cells)
    if any(_beyond(cell, effects[index], stars) for index, cell in cells.items() if index in effects):
        return dict(cells)
    defined = {d.name for e in effects.values() for d in e.definitions}
    unknown = {n for p in places for n in p.names.mentioned} - defined  # in functions that nothing calls
    made = {}
    for index, cell in sorted(cells.items(), reverse=True):
        made[index] = cell
        if index in effects and any(map(_star, cell.places)):
            made[index] = _named(cell, {d.name for d in effects[index].definitions} | unknown, stars)
            unknown -= {n for p in made[index].places for n in p.names.bound}
    return made


def _beyond(cell: PlainCell, effects: Effects, stars: Mapping[str, _Star]) -> set[str]:
    """The names that a cell's stars may bind although their modules do not say so, as those that load parts of themselves late."""
    own = {n for p in cell.places for n in p.names.bound | p.names.declared}
    known = [stars[module].names for p in cell.places for module in _stars(p)]
    return {d.name for d in effects.definitions}.difference(own, *known) if known else set()


def bound_anew(bound: Mapping[str, Sequence[Place]], places: Iterable[Place], folder: Path) -> set[str]:
    """The names that a star may bind behind a statement that binds them."""
    found: set[str] = set()
    for place, module in ((p, m) for p in places for m in _stars(p)):
        star = _star_of(module, folder)
        for name, binding in bound.items():
            before = min((p.cell, p.position) for p in binding) < (place.cell, place.position)
            if before and (name in star.names or not (star.certain or name.startswith("_"))):
                found.add(name)
    return found


def _star(place: Place) -> str:
    """The module of which a statement imports all names; "" for any other statement."""
    node = place.statement.node
    star = isinstance(node, ast.ImportFrom) and node.names[0].name == "*" and not node.level
    return (node.module or "") if star and isinstance(node, ast.ImportFrom) else ""


def _stars(place: Place) -> list[str]:
    """The modules of which a statement, or one inside of it, imports all names."""
    if "*" not in place.statement.text or "import" not in place.statement.text:
        return []
    nodes = (n for n in ast.walk(place.statement.node) if isinstance(n, ast.ImportFrom))
    return ["." * n.level + (n.module or "") for n in nodes if n.names[0].name == "*"]


def _star_of(module: str, folder: Path) -> _Star:
    listed = Table().star(module)
    if listed is not None:
        return _Star(listed, certain=True)
    if module == "math" or module in sys.builtin_module_names:
        return _Star({n for n in vars(__import__(module)) if not n.startswith("_")}, certain=True)
    source = find_source(module, folder)
    if source is None:
        return _Star(frozenset(), certain=False)
    return _Star(*public_names(source, folder), installed=not source.local)


def _named(cell: PlainCell, asked: set[str], stars: Mapping[str, _Star]) -> PlainCell:
    """A cell that imports by name what is asked for, of which it may bind some itself."""
    others = {n for p in cell.places if not _star(p) for n in p.names.bound}
    asked = asked - {n for n in others if not any(n in p.names.mentioned for p in cell.places)}
    made: list[Place] = []
    later: set[str] = set()  # which a star behind binds anew, before anything reads them
    for place in reversed(cell.places):
        module = _star(place)
        if not module:
            made.append(place)
            if not imports_of(place.statement.node):
                later = set()
            continue
        names = {n for n in asked & stars[module].names if not n.startswith("_")} - later
        later |= names
        if names:
            text = import_text(Import(n, module, n) for n in names)
            node = ast.increment_lineno(ast.parse(text).body[0], place.statement.node.lineno - 1)
            made.append(place._replace(statement=place.statement._replace(node=node, text=text), names=names_of(text)))
        elif not harmless(Import(module, module)):
            made.append(place)
    places = (p._replace(position=i) for i, p in enumerate(reversed(made)))
    return cell._replace(places=tuple(places))
