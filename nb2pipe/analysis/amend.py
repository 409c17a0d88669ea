"""Adding to an analysis what runs have seen: effects that the interpreter overlooked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

from nb2pipe.analysis.effects import (
    Access,
    Analysis,
    Certainty,
    Definition,
    Effects,
    Mode,
    Mutation,
    Resource,
    ResourceKind,
    Use,
)
from nb2pipe.diagnostics import Span

FactKind = Literal["mutation", "sharing", "state", "file", "use"]
_RANDOM = frozenset({"random", "numpy.random", "torch"})


class Fact(NamedTuple):
    """Something that cells were seen to do.

    ``cells`` are positions, in the notebook's order. By ``kind``, they
    - mutation: changed the object under ``names[0]``;
    - sharing: left an object that all of ``names`` reach;
    - state: changed the state ``names[0]`` of the process;
    - file: touched the file ``names[0]``, which ``others`` touch as well;
    - use: read ``names[0]``, which ``others`` bind.
    """

    kind: FactKind
    cells: tuple[int, ...]
    names: tuple[str, ...]
    others: tuple[int, ...] = ()


def with_facts(analysis: Analysis, facts: Iterable[Fact]) -> Analysis:
    """The analysis with what was seen."""
    for fact in facts:
        cell, name = fact.cells[-1], fact.names[0]
        if fact.kind == "mutation":
            for one in (name, *sorted(_peers(analysis, name, cell))):
                analysis = _with_mutation(analysis, cell, one)
        elif fact.kind == "sharing":
            analysis = _with_sharing(analysis, cell, fact.names)
        elif fact.kind == "use":
            analysis = _with_use(analysis, fact.cells[0], fact.others[-1], name)
        elif fact.kind == "file":
            analysis = _with_access(analysis, cell, "file", name, "write")
            analysis = _with_access(analysis, fact.others[0], "file", name, "write")
        else:
            analysis = _with_state(analysis, cell, name.strip("<>"))
    return analysis


def _with_mutation(analysis: Analysis, cell: int, name: str) -> Analysis:
    span = Span(cell)

    def change(effects: Effects) -> Effects:
        return effects._replace(
            uses=(*effects.uses, Use(name, span)),
            mutations=(*effects.mutations, Mutation(name, Certainty.MAY, span)),
        )

    return _change(analysis, cell, change)


def _with_use(analysis: Analysis, reader: int, writer: int, name: str) -> Analysis:
    def use(effects: Effects) -> Effects:
        return effects._replace(uses=(*effects.uses, Use(name, Span(reader))))

    def define(effects: Effects) -> Effects:
        if any(d.name == name for d in effects.definitions):
            return effects
        return effects._replace(definitions=(*effects.definitions, Definition(name, Certainty.MAY, Span(writer))))

    return _change(_change(analysis, reader, use), writer, define)


def _with_sharing(analysis: Analysis, cell: int, group: tuple[str, ...]) -> Analysis:
    if _peers(analysis, group[0], cell + 1).issuperset(group[1:]):
        return analysis  # the analysis had said as much

    def change(effects: Effects) -> Effects:
        rows = {row[0]: set(row[1:]) for row in effects.sharing}
        for one in group:
            rows.setdefault(one, set()).update(n for n in group if n != one)
        return effects._replace(sharing=tuple((n, *sorted(p)) for n, p in rows.items()))

    analysis = _change(analysis, cell, change)
    # what was said to change one of them changes the others as well
    for effects in analysis.effects:
        if effects.cell > cell:
            changed = {m.name for m in effects.mutations} & set(group)
            for other in [n for n in group if changed and n not in changed]:
                analysis = _with_mutation(analysis, effects.cell, other)
    return analysis


def _peers(analysis: Analysis, name: str, cell: int) -> set[str]:
    """The names that may share an object with ``name`` when ``cell`` begins, through others too."""
    now: dict[str, set[str]] = {}
    for effects in analysis.effects:
        if effects.cell >= cell:
            break
        for row in effects.sharing:
            for peer in now.get(row[0], ()):
                now[peer].discard(row[0])
            now[row[0]] = set(row[1:])
            for peer in row[1:]:
                now.setdefault(peer, set()).add(row[0])
    found: set[str] = set()
    stack = [name]
    while stack:
        for peer in now.get(stack.pop(), ()):
            if peer != name and peer not in found:
                found.add(peer)
                stack.append(peer)
    return found


def _with_state(analysis: Analysis, cell: int, key: str) -> Analysis:
    """A setting that was changed holds for every cell behind; random numbers matter only to those who draw."""
    if key in _RANDOM:
        return _with_access(analysis, cell, "random", key, "write")
    analysis = _with_access(analysis, cell, "setting", key, "write")
    for effects in analysis.effects:
        if effects.cell > cell:
            analysis = _with_access(analysis, effects.cell, "setting", key, "read")
    return analysis


def _with_access(analysis: Analysis, cell: int, kind: ResourceKind, key: str, mode: Mode) -> Analysis:
    access = Access(Resource(kind, key), mode, Span(cell), Certainty.MAY)
    return _change(analysis, cell, lambda effects: effects._replace(accesses=(*effects.accesses, access)))


def _change(analysis: Analysis, cell: int, change: Callable[[Effects], Effects]) -> Analysis:
    return analysis._replace(effects=tuple(change(e) if e.cell == cell else e for e in analysis.effects))
