"""What the steps of a run did, against what the analysis had said of them."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from nb2pipe.analysis.amend import Fact, FactKind
from nb2pipe.diagnostics import Sentence, all_of, say
from nb2pipe.pipeline.model import Pipeline, Step
from nb2pipe.pipeline.reach import ancestors
from nb2pipe.runtime import states
from nb2pipe.runtime.task import Report, Seen

_UNDEFINED = re.compile(r"name '(\w+)' is not defined")


@dataclass(frozen=True, slots=True)
class Stood:
    """What a step that has started rests on: the producers of its inputs, when it started, what it has stored or will."""

    inputs: Mapping[str, str]
    started: float
    stored: frozenset[str]


def file_conflicts(pipeline: Pipeline, step: str, reports: Mapping[str, Report], cwd: str) -> list[Seen]:
    """Files that this step and an unordered one have touched, one of them writing."""
    mine = reports[step]
    if not mine.writes and not mine.reads:
        return []
    found = []
    document = {s.name: s.cells for s in pipeline.steps}
    for other, theirs in reports.items():
        both = {*mine.writes} & {*theirs.reads, *theirs.writes} | {*mine.reads} & {*theirs.writes}
        if not both or other == step or other not in document:
            continue
        if other in ancestors(pipeline, step) or step in ancestors(pipeline, other):
            continue
        first, second = sorted((other, step), key=document.__getitem__)
        found += [Seen("file", first, (os.path.relpath(path, cwd),), second) for path in sorted(both)]
    return found


def overlooked_names(pipeline: Pipeline, step: Step, report: Report) -> list[Seen]:
    """The names that a step failed to find though a step before it, in the notebook, binds them."""
    failed = _UNDEFINED.fullmatch(report.evalue) if report.ename == "NameError" else None
    known = {v.name for v in step.inputs}
    found = []
    for name in dict.fromkeys((*report.missed, *((failed[1],) if failed else ()))):
        makers = [
            s for s in pipeline.steps if name in s.changes and s.cells and s.cells[0] < step.cells[-1] and s != step
        ]
        if makers and name not in known:
            found.append(Seen("use", step.name, (name,), max(makers, key=lambda s: s.cells[0]).name))
    return found


def draws_that_matter(
    pipeline: Pipeline, step: str, seen: Sequence[Seen], quiet: dict[str, dict[str, Seen]]
) -> list[Seen]:
    """What was seen, without random states that nobody else draws from: libraries draw while they are imported.

    ``quiet`` keeps what was left out, for when another step turns out to draw too.
    """
    found: list[Seen] = []
    for one in seen:
        name = one.names[0]
        if one.kind == "state" and name.strip("<>") in states.RANDOM:
            earlier = quiet.setdefault(name, {})
            earlier[step] = one
            if len(earlier) > 1 or any(name in s.changes for s in pipeline.steps if s.name != step):
                found += earlier.values()
                earlier.clear()
        else:
            found.append(one)
    return found


def sharing_that_matters(pipeline: Pipeline, step: Step, seen: Sequence[Seen]) -> list[Seen]:
    """What was seen, without shared objects of which only one name lives on: no later step takes the other as it was."""
    if all(one.kind != "sharing" for one in seen):
        return list(seen)
    taken = {v.name: v for v in step.inputs}
    later = [
        s for s in pipeline.steps if s.cells and step.cells and s.cells[-1] > step.cells[0] and s.name != step.name
    ]

    def matters(one: Seen) -> bool:
        value = taken.get(one.names[0])
        return one.kind != "sharing" or value is None or any(value in s.inputs for s in later)

    return [one for one in seen if matters(one)]


def changed_together(pipeline: Pipeline, report: Report, step: Step) -> set[str]:
    """The values of a report that share memory which some step changes, and that ``step`` needs as they are.

    These are the steps that change them, and those that pass them on.
    """
    if not report.together:
        return set()
    taken = {v.name for v in step.inputs if v.producer == report.step}
    kept = taken & {*step.changes, *step.outputs}
    pairs = [set(pair) for pair in report.together if kept.issuperset(pair)]
    return {n for pair in pairs for n in pair if any(pair.issubset(s.changes) for s in pipeline.steps)}


def held_back(pipeline: Pipeline, step: Step, report: Report) -> str:
    """Why an earlier report cannot stand for a run of its step in this pipeline: what shares memory is not shared in files."""
    report.step = step.name
    for later in pipeline.steps if report.together else ():
        shared = sorted(changed_together(pipeline, report, later))
        if shared:
            return say("%1 share memory that %2 changes", all_of([f"`{n}`" for n in shared]), later.name)
    return ""


def describe(seen: Seen) -> Sentence:
    """What a guard saw, in words."""
    name = seen.names[0]
    if seen.kind == "mutation":
        return say("step `%1` changed `%2`, which it was said only to read", seen.step, name)
    if seen.kind == "sharing":
        others = ", ".join(f"`{n}`" for n in seen.names[1:])
        return say("step `%1` made %2 share an object with `%3`", seen.step, others, name)
    if seen.kind == "state":
        return say("step `%1` changed %2, which it was said to leave alone", seen.step, name.strip("<>"))
    if seen.kind == "use":
        return say("step `%1` reads `%2` of step `%3`, which it was not said to need", seen.step, name, seen.other)
    return say("steps `%1` and `%2` both touched the file %3, and nothing ordered them", seen.step, seen.other, name)


def to_facts(pipeline: Pipeline, seen: Sequence[Seen]) -> tuple[Fact, ...]:
    """What was seen of steps, said of their cells."""
    cells = {s.name: tuple(sorted((*s.shared, *s.cells))) for s in pipeline.steps}
    own = {s.name: s.cells for s in pipeline.steps}
    facts = []
    for one in seen:
        kind: FactKind = one.kind
        others = own[one.other] if one.other else ()
        facts.append(Fact(kind, own[one.step] or cells[one.step], one.names, others))
    return tuple(dict.fromkeys(facts))


def stale(
    pipeline: Pipeline, stood: Mapping[str, Stood], ended: Mapping[str, float], lost: AbstractSet[str] = frozenset()
) -> set[str]:
    """The steps that started before something that they are now known to rest on had ended well.

    ``stood`` has every step that has started, ``ended`` when those ended that have ended well; ``lost`` are steps that
    have to run again in any case.
    """
    found: set[str] = set(lost)
    sources: dict[str, set[str]] = {}
    for edge in pipeline.edges:
        sources.setdefault(edge.target, set()).add(edge.source)
    for step in pipeline.steps:
        mine = stood.get(step.name)
        if mine is None:
            continue
        early = any(s in found or ended.get(s, float("inf")) > mine.started for s in sources.get(step.name, ()))
        other = any(mine.inputs.get(v.name) != v.producer for v in step.inputs)
        missing = not set(step.outputs) <= mine.stored
        if early or other or missing:
            found.add(step.name)
    return found
