"""What the combinations of a sweep have in common: which steps are the same for several, and whether they may run at once."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Any, NamedTuple

from nb2pipe.analysis.effects import Effects, Resource
from nb2pipe.diagnostics import NOTHING, Sentence, say
from nb2pipe.pipeline.model import Pipeline
from nb2pipe.pipeline.reach import ancestors
from nb2pipe.runtime.recipes import Recipe


class Sharing(NamedTuple):
    """For each step the swept parameters that it rests on; or why it runs for each combination whatever they are.

    ``alone`` says why combinations run one after another; "" where they may run at once.
    """

    rests: Mapping[str, tuple[str, ...]]
    own: Mapping[str, str]
    alone: str


def sharing(
    pipeline: Pipeline, recipes: Mapping[str, Recipe], varied: Mapping[str, Mapping[str, Recipe]], effects: Iterable[Effects],
    wanted: Container[str],
) -> Sharing:  # fmt: skip
    """What is shared, as far as it is known before anything runs.

    ``recipes`` are those of the steps in one combination, without their values, and ``varied`` those where one swept parameter
    has another value. A step rests on what changes its recipe, or that of a step before it.
    """
    rests: dict[str, tuple[str, ...]] = {}
    own: dict[str, str] = {}
    for step in pipeline.steps:
        name = step.name
        before = ancestors(pipeline, name)
        mine = [p for p in varied if any(varied[p][s].parts != recipes[s].parts for s in (name, *before))]
        rests[name] = tuple(mine)
        first = next((s.name for s in pipeline.steps if s.name in before and s.name in own), None)
        recipe = recipes[name]
        if recipe.never or recipe.once:
            own[name] = recipe.never or recipe.once
        elif first is not None:
            own[name] = say("needs %1", first)
    return Sharing(rests, own, _alone(pipeline, effects, wanted))


def _alone(pipeline: Pipeline, effects: Iterable[Effects], wanted: Container[str]) -> str:
    """Why no two combinations may run at once: what one does to the world outside, the other could find."""
    step_of = dict.fromkeys(pipeline.shared, pipeline.steps[0].name if pipeline.steps else "")
    step_of |= {c: s.name for s in reversed(pipeline.steps) for c in (*s.shared, *s.cells)}
    for found in effects:
        step = step_of.get(found.cell, "")
        if step not in wanted:
            continue
        if found.opaque:
            return say("what %1 does cannot be seen", step)
        for access in found.accesses:
            does = NOTHING if access.mode == "read" else _done_to(access.resource)
            if does:
                return say("%1 %2", step, does)
    return ""


def _done_to(resource: Resource) -> Sentence:
    """What is done to a resource that all processes of the machine have; "" for one of the process itself."""
    if resource.kind == "file":
        return say("writes files") if "*" in resource.key else say("writes %1", resource.key)
    if resource == ("setting", "packages"):
        return say("installs packages")
    return say("sends to the network") if resource.kind == "network" else NOTHING


def signature(found: Sharing, step: str, values: Mapping[str, Any], place: int) -> tuple[Any, ...]:
    """What is equal for two combinations where they have a step in common; ``place`` is that of the combination."""
    if step in found.own:
        return step, place
    return step, *(repr(values[name]) for name in found.rests[step])
