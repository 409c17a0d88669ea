"""Which step can start, and in which process."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from nb2pipe.diagnostics import all_of, say
from nb2pipe.pipeline.model import Step
from nb2pipe.runtime.claims import changed_together
from nb2pipe.runtime.ongoing import Ongoing
from nb2pipe.runtime.processes import Process
from nb2pipe.runtime.task import Report
from nb2pipe.runtime.words import unstorable_in_words


def failed_before(run: Ongoing, before: AbstractSet[str]) -> str:
    """Why a step with these predecessors will not run, in words; "" where all have ended well."""
    for name in sorted(before):
        cause = run.outcomes[name]
        if cause.status != "ok":
            return cause.detail if cause.status == "not run" else say("%1 failed", name)
    return ""


def lost_before(run: Ongoing, step: Step) -> str:
    """Why a step will not run though all before it have ended well: the process that it would run in is gone; "" where none is."""
    for host in hosts(run, step):
        if not host.is_there:
            return say("%1 failed, in whose process it would run", host.steps[-1])
    return ""


def hosts(run: Ongoing, step: Step) -> list[Process]:
    """The processes that hold values which ``step`` needs and which cannot leave them."""
    found: list[Process] = []
    for value in step.inputs:
        done = run.done.get(value.producer)
        if done is None or value.name not in done.live or done.live[value.name] in found:
            continue
        if value.name not in done.files or value.name in changed_together(run.pipeline, done.report, step):
            found.append(done.live[value.name])
    return found


def hosts_are_free(run: Ongoing, step: Step) -> bool:
    """Whether the processes that ``step`` has to run in run no other step, and none before it in the notebook wants them."""
    for host in hosts(run, step):
        if host.step:
            return False
        for other in run.pipeline.steps:
            if other.name == step.name:
                break
            if other.name not in run.ended and host in hosts(run, other):
                return False
    return True


def left_in(run: Ongoing, process: Process, step: Step, report: Report) -> dict[str, Process]:
    """The values that other steps will need in the very process that has made them."""
    live: dict[str, Process] = {}
    for value in report.unstorable:
        users = [
            s.name
            for s in run.pipeline.steps
            if any(v.name == value.name and v.producer == step.name for v in s.inputs)
        ]
        if users:
            live[value.name] = process
            steps = all_of([step.name, *users])
            run.note(say("%1 cannot leave its process, so %2 run in one", unstorable_in_words(value), steps))
    for later in run.pipeline.steps if report.together else ():
        shared = sorted(changed_together(run.pipeline, report, later))
        if shared:
            live.update(dict.fromkeys(shared, process))
            names = all_of([f"`{n}`" for n in shared])
            run.note(
                say(
                    "%1 of %2 share memory that %3 changes, so it runs in the same process",
                    names, step.name, later.name,
                )
            )  # fmt: skip
    return live


def unneeded(run: Ongoing, process: Process) -> list[Process]:
    """The processes that nobody needs any more, of ``process`` and all that hold a value."""
    holders = {id(p): p for d in run.done.values() for p in d.live.values()}
    waiting = [s for s in run.pipeline.steps if s.name not in run.ended] if holders else []
    holders[id(process)] = process
    return [p for p in holders.values() if not p.step and p.is_there and not any(p in hosts(run, s) for s in waiting)]
