"""Imports that were edited at the top of a package's modules, as statements of cells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from nb2pipe.emit.source import Statement, statements
from nb2pipe.notebook.model import Code
from nb2pipe.package.imports import import_text, imports_of
from nb2pipe.package.model import Import
from nb2pipe.sync.owners import Item, Wanted
from nb2pipe.sync.units import Unit


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """An import statement of the notebook."""

    cell: int
    origin: int
    statement: Statement
    entries: tuple[Import, ...]


def wanted_imports(
    codes: Sequence[Code], before: Iterable[Import], after: Iterable[Import], texts: Mapping[int, str]
) -> dict[int, list[Wanted]]:
    """What cells are to have so that the notebook imports what the edited package does.

    ``before`` and ``after`` are the imports of the package's modules, ``texts`` the new texts of cells. One that is gone from
    the package goes from the notebook where nothing there mentions it; one that is used and nobody has is added.
    """
    old, new = dict.fromkeys(before), dict.fromkeys(after)
    places = list(_places(codes))
    known = {e for p in places for e in p.entries}
    sources = {c.cell.index: texts.get(c.cell.index, c.cell.source) for c in codes}
    changed: dict[str, Import] = {e.name: e for e in new if e not in old and e not in known}
    gone = {e for e in old if e not in new and (e.name in changed or not _mentioned(e, places, sources))}
    texts_of = {p: import_text(_kept(p, gone, changed)) for p in places}
    bound = {e.name for p in places for e in _kept(p, gone, changed)}
    missing = [
        e for e in new if e.name not in bound and (e not in old or any(_found(e.name, t) for t in texts.values()))
    ]
    home = (
        places[0].cell
        if places
        else min((c for c, t in texts.items() if any(_found(e.name, t) for e in missing)), default=-1)
    )
    edited = {p.cell for p in places if texts_of[p] != import_text(p.entries)} | (
        {home} if missing and home >= 0 else set()
    )
    found = {}
    for cell in sorted(edited):
        own = [p for p in places if p.cell == cell]
        items = [_item(p, texts_of[p]) for p in own if texts_of[p]]
        if missing and cell == home:
            items.append(Item(None, None, Unit((), import_text(missing).replace("\n\n", "\n"), "", 0)))
        found[cell] = [Wanted(tuple(items), tuple(p.origin for p in own), first=not own)]
    return found


def _kept(place: _Place, gone: AbstractSet[Import], changed: Mapping[str, Import]) -> list[Import]:
    """The imports that a statement is to have."""
    return [changed.get(e.name, e) if e in gone else e for e in place.entries if e not in gone or e.name in changed]


def _item(place: _Place, text: str) -> Item:
    statement = place.statement
    old = Unit(statement.above, statement.text, statement.beside, 0)
    return Item(place.origin, old, old if text == import_text(place.entries) else old._replace(text=text))


def _places(codes: Sequence[Code]) -> Iterator[_Place]:
    for code in codes:
        if code.tree is None or "skip" in code.cell.tags.roles or not any(imports_of(n) for n in code.tree.body):
            continue
        for origin, statement in enumerate(statements(code.cell.source, code.tree).statements):
            entries = imports_of(statement.node)
            if entries:
                yield _Place(code.cell.index, origin, statement, entries)


def _mentioned(entry: Import, places: Sequence[_Place], sources: Mapping[int, str]) -> bool:
    """Whether anything but the statement that imports it mentions a name."""
    own = sum(len(_found(entry.name, p.statement.text)) for p in places if entry in p.entries)
    return sum(len(_found(entry.name, text)) for text in sources.values()) > own


def _found(name: str, text: str) -> list[str]:
    return re.findall(rf"\b{re.escape(name)}\b", text)
