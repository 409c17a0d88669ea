"""Adding to an analysis what a run has seen: effects that the interpreter overlooked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nb2pipe.analysis.effects import Access, Analysis, Certainty, Effects, Mode, Mutation, Resource, ResourceKind, Use
from nb2pipe.diagnostics import Span


def with_mutation(analysis: Analysis, cells: Sequence[int], name: str) -> Analysis:
    """The analysis in which one of ``cells`` changes ``name``."""
    span = Span(cells[-1])

    def change(effects: Effects) -> Effects:
        return replace(
            effects,
            uses=(*effects.uses, Use(name, span)),
            mutations=(*effects.mutations, Mutation(name, Certainty.MAY, span)),
        )

    return _change(analysis, cells[-1], change)


def with_sharing(analysis: Analysis, cells: Sequence[int], name: str, others: Sequence[str]) -> Analysis:
    """The analysis in which ``name`` and ``others`` share an object after ``cells``."""
    group = (name, *others)

    def change(effects: Effects) -> Effects:
        rows = {row[0]: set(row[1:]) for row in effects.sharing}
        for one in group:
            rows.setdefault(one, set()).update(n for n in group if n != one)
        return replace(effects, sharing=tuple((n, *sorted(p)) for n, p in rows.items()))

    return _change(analysis, cells[-1], change)


def with_access(analysis: Analysis, cell: int, kind: ResourceKind, key: str, mode: Mode) -> Analysis:
    """The analysis in which ``cell`` touches a resource."""
    access = Access(Resource(kind, key), mode, Span(cell), Certainty.MAY)
    return _change(analysis, cell, lambda effects: replace(effects, accesses=(*effects.accesses, access)))


def _change(analysis: Analysis, cell: int, change: object) -> Analysis:
    effects = tuple(change(e) if e.cell == cell else e for e in analysis.effects)  # type: ignore[operator]  # a local closure
    return replace(analysis, effects=effects)
