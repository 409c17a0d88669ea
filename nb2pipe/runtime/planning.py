"""What a run would do, step by step, and why; nothing is run."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from nb2pipe.diagnostics import any_of, say
from nb2pipe.pipeline.model import Pipeline, Step
from nb2pipe.pipeline.reach import ancestors
from nb2pipe.runtime.cache import Cache
from nb2pipe.runtime.choice import Choice, chosen
from nb2pipe.runtime.claims import held_back
from nb2pipe.runtime.kept import Kept
from nb2pipe.runtime.script import cells_of
from nb2pipe.runtime.task import CellTask, ValueFile

Action = Literal["run", "cached", "depends"]


@dataclass(frozen=True, slots=True)
class Planned:
    """What becomes of one step: it runs, it is cached, or it depends on what a step before it gives.

    ``seconds`` are those that its last run took; None where it never ran.
    """

    step: str
    action: Action
    reason: str
    seconds: float | None


def plan(
    pipeline: Pipeline,
    cells: Mapping[int, CellTask],
    injected: tuple[int, CellTask] | None,
    cache: Cache,
    choice: Choice,
) -> tuple[Planned, ...]:
    """The plan of a run, in the order of the pipeline; of the steps that are chosen.

    Raises:
        UsageError: There is no such step.
    """
    found: dict[str, Planned] = {}
    kept: dict[str, Kept] = {}
    some = chosen(pipeline, choice)
    for step in pipeline.steps:
        if step.name not in some.wanted:
            continue
        if step.name in some.anew:
            found[step.name] = Planned(step.name, "run", some.again, cache.seconds(step.name))
            continue
        before = dict.fromkeys(e.source for e in pipeline.edges if e.target == step.name)
        running = [s for s in before if found[s].action != "cached"]
        seconds = cache.seconds(step.name)
        tasks = cells_of(pipeline, step, cells, injected)
        if running:
            never = cache.never(step, tasks)
            if never:
                found[step.name] = Planned(step.name, "run", never, seconds)
            else:
                why = say("runs if what %1 gives changes", any_of(running))
                found[step.name] = Planned(step.name, "depends", why, seconds)
            continue
        inputs, order = _inputs(pipeline, step, kept)
        allowed = functools.partial(held_back, pipeline, step)
        past = functools.partial(_past, pipeline, step, kept)
        answer = cache.look_up(step, tasks, inputs, order, allowed, past)
        if isinstance(answer, Kept):
            kept[step.name] = answer
            found[step.name] = Planned(step.name, "cached", answer.reason or say("nothing changed"), seconds)
        else:
            found[step.name] = Planned(step.name, "run", answer.reason, seconds)
    return tuple(found.values())


def _past(pipeline: Pipeline, step: Step, kept: Mapping[str, Kept]) -> dict[str, str]:
    """The steps before one, all of them cached, each with the digest of its recipe."""
    return {s: kept[s].digest for s in ancestors(pipeline, step.name)}


def _inputs(pipeline: Pipeline, step: Step, kept: Mapping[str, Kept]) -> tuple[dict[str, ValueFile], list[str]]:
    """The files that a step would load, and their order."""
    places = {s.name: i for i, s in enumerate(pipeline.steps)}
    inputs: dict[str, ValueFile] = {}
    order: dict[str, int] = {}
    for value in step.inputs:
        for file in kept[value.producer].report.files:
            if value.name in file.names:
                # two steps may give equal contents: what tells files apart is whose they are
                inputs[value.name] = file._replace(name=f"{value.producer} {file.digest}")
                order[inputs[value.name].name] = places[value.producer]
    return inputs, sorted(order, key=order.__getitem__)
