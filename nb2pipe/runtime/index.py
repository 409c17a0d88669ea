"""What is looked up in a pipeline for each of its steps while it runs, worked out once for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from nb2pipe.pipeline.model import Pipeline, Step


class Index(NamedTuple):
    """The steps of a ``pipeline`` by name, their ``places`` in its order, those that must have ended ``before`` each starts.

    ``users`` are, for each state of the process, the steps that use or change it; ``binders``, for each name, the first two steps in
    the notebook that bind or change it, each with its first cell.
    """

    pipeline: Pipeline
    steps: Mapping[str, Step]
    places: Mapping[str, int]
    before: Mapping[str, AbstractSet[str]]
    users: Mapping[str, AbstractSet[str]]
    binders: Mapping[str, Sequence[tuple[int, str]]]

    def absent(self, step: Step) -> tuple[str, ...]:
        """The names that steps before this one bind, or change, and that it is not handed."""
        if not step.cells:
            return ()
        handed = {v.name for v in step.inputs}
        return tuple(
            name
            for name, binders in self.binders.items()
            if name not in handed and any(cell < step.cells[-1] and other != step.name for cell, other in binders)
        )


def index_of(pipeline: Pipeline) -> Index:
    """The index of a pipeline."""
    before: dict[str, set[str]] = {s.name: set() for s in pipeline.steps}
    for edge in pipeline.edges:
        before[edge.target].add(edge.source)
    users: dict[str, set[str]] = {}
    for step in pipeline.steps:
        for name in (*(v.name for v in step.inputs), *step.changes):
            if name.startswith("<"):
                users.setdefault(name, set()).add(step.name)
    binders: dict[str, list[tuple[int, str]]] = {}
    for step in sorted((s for s in pipeline.steps if s.cells), key=lambda s: s.cells[0]):
        for name in step.changes:
            found = binders.setdefault(name, [])
            if not name.startswith("<") and len(found) < 2:
                found.append((step.cells[0], step.name))
    steps = {s.name: s for s in pipeline.steps}
    return Index(pipeline, steps, {name: place for place, name in enumerate(steps)}, before, users, binders)
