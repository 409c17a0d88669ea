"""What happens when a guard trips: the run is refused, or the edge is added and what stood on the false claim runs again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet

from nb2pipe.analysis.amend import Fact
from nb2pipe.diagnostics import NOTHING, all_of, say
from nb2pipe.pipeline.model import Pipeline, Step
from nb2pipe.runtime.claims import (
    Stood,
    changed_together,
    describe,
    draws_that_matter,
    file_conflicts,
    sharing_that_matters,
    stale,
    to_facts,
)
from nb2pipe.runtime.ongoing import Done, Ongoing
from nb2pipe.runtime.processes import Process
from nb2pipe.runtime.result import Outcome
from nb2pipe.runtime.task import Seen

Recompile = Callable[[Sequence[Fact]], Pipeline]
Kill = Callable[[Process], None]


def look(
    run: Ongoing, step: Step, changes: Sequence[Seen], others: Sequence[Seen], recompile: Recompile | None
) -> list[Seen]:
    """What a step was seen to do against what was said of it."""
    if run.options.guards == "off":
        return []
    mattering = sharing_that_matters(run.pipeline, step, changes)
    shared = [one for one in mattering if one.kind == "sharing"]
    if shared and _is_known_already(run, shared, recompile):
        mattering = [one for one in mattering if one.kind != "sharing"]
    return [
        *draws_that_matter(run.pipeline, step.name, mattering, run.quiet),
        *others,
        *file_conflicts(run.pipeline, step.name, run.reports, run.options.cwd),
    ]


def _is_known_already(run: Ongoing, shared: Sequence[Seen], recompile: Recompile | None) -> bool:
    """Whether knowing of the shared objects changes nothing: no later step changes them under one of their names."""
    if recompile is None:
        return False
    facts = tuple(dict.fromkeys((*run.facts, *to_facts(run.pipeline, shared))))
    flows = [{(s.name, s.inputs, s.outputs) for s in p.steps} for p in (run.pipeline, recompile(facts))]
    if flows[0] != flows[1]:
        return False
    run.facts = facts
    return True


def tripped(run: Ongoing, seen: Sequence[Seen], recompile: Recompile | None, kill: Kill) -> None:
    """A guard has tripped: refuse, or add the edge and run again what stood on the false claim."""
    run.seen += seen
    first = seen[0]
    step = run.step_named(first.step)
    if run.options.guards == "strict" or recompile is None:
        run.refuse(step, "NB901", describe(first), say("run without --guards strict to have the missing edge added"))
        return
    for one in seen:
        run.note(say("guard: %1; the edge was added", describe(one)))
    old = run.pipeline
    run.facts = tuple(dict.fromkeys((*run.facts, *to_facts(old, seen))))
    run.pipeline = recompile(run.facts)
    if {s.name for s in run.pipeline.steps} != {s.name for s in old.steps}:
        hint = say("run again: what was seen is known now") if run.options.guards == "on" else NOTHING
        run.refuse(step, "NB902", say("%1, which changes what the steps are", describe(first)), hint)
        return
    _invalidate(run, seen, kill)


def lost(run: Ongoing, steps: AbstractSet[str], kill: Kill) -> None:
    """The values of ``steps``, which had ended, are gone: they run again, and whatever has used them."""
    gone = {s for s in steps if s in run.done}
    if gone:
        names = all_of([f"`{s}`" for s in sorted(gone)])
        run.note(say("the values of %1 were lost with what held them: run again, with what stood on them", names))
        _invalidate(run, (), kill, gone)


def _invalidate(run: Ongoing, seen: Sequence[Seen], kill: Kill, gone: AbstractSet[str] = frozenset()) -> None:
    """Run again what started before something that it is now known to rest on had ended, and those that are ``gone``."""
    late = {one.step for one in seen if one.kind == "file"}
    stood = {}
    for name in (*run.ended, *run.running):
        if run.outcomes[name].started:
            done, told = run.done.get(name), run.started_as[name]
            stored = frozenset(told.outputs if done is None else _kept(run.pipeline, done))
            inputs = {v.name: v.producer for v in told.inputs}
            stood[name] = Stood(inputs, run.outcomes[name].started, stored)
    ended = {n: o.ended for n, o in run.outcomes.items() if o.status == "ok"}
    again = stale(run.pipeline, stood, ended, gone)
    # with the process of a running step goes what steps before it have left there
    left = gone | {s for n in again if n in run.running for s in run.running[n].steps}
    if not left <= again:
        again = stale(run.pipeline, stood, ended, left)
    for name in again:
        process = run.running.pop(name, None)
        if process is not None:
            kill(process)
    for name in again:
        report = run.reports.get(name)
        outside = run.outside.get(name, [])
        if outside or ((gone or name in late) and report is not None and set(report.writes) & set(report.reads)):
            what = outside[0] if outside else say("a file that it also reads")
            run.refuse(
                run.step_named(name),
                "NB902",
                say("step `%1` would have to run again, but it has touched %2", name, what),
                say("run the notebook again")
                if gone
                else say("run again: the missing edge is known now; or add an `after:` tag"),
            )
            return
    if run.stopped in again:
        run.stopped = ""
    for name in again:
        run.ended.discard(name)
        run.done.pop(name, None)
        run.reports.pop(name, None)
        run.outcomes[name] = Outcome(runs=run.outcomes[name].runs)
        run.until.pop(name, None)
    for name in [n for n in run.ended if run.outcomes[n].status == "not run"]:
        run.ended.discard(name)


def _kept(pipeline: Pipeline, done: Done) -> set[str]:
    """The values of a finished step that are there as those need them who take them."""
    live = {n for n, process in done.live.items() if process.is_there}
    together = {n for s in pipeline.steps for n in changed_together(pipeline, done.report, s)}
    return {*live, *(done.files.keys() - together)}
