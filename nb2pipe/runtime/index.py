"""What is looked up in a pipeline for each of its steps while it runs, worked out once for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from nb2pipe.pipeline.model import Pipeline, Step


class Index(NamedTuple):
    """The steps of a ``pipeline`` by name, their ``places`` in its order, those that must have ended ``before`` each starts.

    ``users`` are, for each state of the process, the steps that use or change it.
    """

    pipeline: Pipeline
    steps: Mapping[str, Step]
    places: Mapping[str, int]
    before: Mapping[str, AbstractSet[str]]
    users: Mapping[str, AbstractSet[str]]


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
    steps = {s.name: s for s in pipeline.steps}
    return Index(pipeline, steps, {name: place for place, name in enumerate(steps)}, before, users)
