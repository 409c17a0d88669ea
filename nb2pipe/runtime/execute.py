"""Running a pipeline: each step in a process of its own, as soon as what it needs is there."""

from __future__ import annotations

import contextlib
import os
import selectors
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nb2pipe.analysis.amend import Fact
from nb2pipe.diagnostics import Diagnostic, Refused, Severity, Span
from nb2pipe.pipeline.model import Pipeline, Step
from nb2pipe.runtime import sources
from nb2pipe.runtime.channel import Channel
from nb2pipe.runtime.claims import (
    Stood,
    describe,
    draws_that_matter,
    file_conflicts,
    overlooked_name,
    sharing_that_matters,
    stale,
    to_facts,
)
from nb2pipe.runtime.outputs import Outputs
from nb2pipe.runtime.result import Listener, Outcome, RunOptions, RunResult, Status
from nb2pipe.runtime.task import CellTask, Report, Seen, Task
from nb2pipe.runtime.zygote import Zygote, preloadable

Recompile = Callable[[Sequence[Fact]], Pipeline]


@dataclass(slots=True)
class _Process:
    pid: int
    sock: socket.socket
    channel: Channel
    step: str
    steps: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Done:
    """What a finished step left: where its values are, what it used, what it touched.

    Values that are in ``files`` too are ``live`` for those who change several of them that share memory.
    """

    report: Report
    inputs: dict[str, str]
    files: dict[str, str]
    live: dict[str, _Process]
    after: frozenset[str]


class _Execution:
    """One run."""

    def __init__(
        self, pipeline: Pipeline, cells: Mapping[int, CellTask], injected: tuple[int, CellTask] | None,
        options: RunOptions, recompile: Recompile | None, listener: Listener, zygote: Zygote,
    ) -> None:  # fmt: skip
        self.pipeline = pipeline
        self.cells = cells
        self.injected = injected
        self.options = options
        self.recompile = recompile
        self.listener = listener
        self.folder = Path(tempfile.mkdtemp(prefix="nb2pipe-"))
        self.events: dict[str, list[dict[str, Any]]] = {}
        self.begun: dict[str, list[tuple[int, float]]] = {}
        self.outcomes = {s.name: Outcome() for s in pipeline.steps}
        self.done: dict[str, _Done] = {}
        self.ended: set[str] = set()
        self.running: dict[str, _Process] = {}
        self.selector = selectors.DefaultSelector()
        self.zygote = zygote
        self.seen: list[Seen] = []
        self.notes: list[str] = []
        self.quiet: dict[str, dict[str, Seen]] = {}
        self.facts: tuple[Fact, ...] = ()
        self.reports: dict[str, Report] = {}
        self.outside: dict[str, list[str]] = {}
        self.attempt = 0
        self.refused: Diagnostic | None = None
        self.started_as: dict[str, Step] = {}

    # -- the loop ---------------------------------------------------------------------------------------------------

    def run(self) -> RunResult:
        """Run to the end; the temporary folder and all processes are gone afterwards."""
        interrupted = False
        try:
            self.zygote.prepare(preloadable(self.pipeline.modules))
            sources.keep(self.folder, ((c.count, c.source) for c in self.cells.values()))
            while True:
                self.start_ready()
                if not self.running or self.refused is not None:
                    break
                for key, _ in self.selector.select():
                    process: _Process = key.data
                    if self.running.get(process.step) is process:  # else the one heard before has ended it
                        self.message(process)
        except KeyboardInterrupt:
            interrupted = True
            self.stop_all()
        finally:
            self.stop_all()
            self.zygote.close()
            self.selector.close()
            shutil.rmtree(self.folder, ignore_errors=True)
        if self.refused is not None:
            raise Refused((self.refused,))
        shown = self.collect()
        return RunResult(
            self.pipeline,
            self.outcomes,
            shown.result(),
            self.seen,
            self.facts,
            self.notes,
            self.times(),
            shown.widgets(),
            interrupted,
        )

    def collect(self) -> Outputs:
        """What all cells showed; events are taken step by step, so that a display can be updated by a later step."""
        outputs = Outputs()
        for step in self.pipeline.steps:
            for event in self.events.get(step.name, ()):
                outputs.add(event)
        return outputs

    def times(self) -> dict[int, tuple[float, float]]:
        """When each cell that was begun started and ended."""
        found: dict[int, tuple[float, float]] = {}
        for step, begun in self.begun.items():
            if not begun:
                continue
            ends = [start for _, start in begun[1:]] + [self.outcomes[step].ended or time.time()]
            found |= {cell: (start, end) for (cell, start), end in zip(begun, ends, strict=True)}
        return found

    def start_ready(self) -> None:
        """Start what can start."""
        steps = self.pipeline.steps if self.options.order == "document" else tuple(reversed(self.pipeline.steps))
        for step in steps:
            if len(self.running) >= self.options.jobs:
                return
            if step.name not in self.ended and step.name not in self.running and self.ready(step):
                self.start(step)

    def predecessors(self, step: Step) -> set[str]:
        """The steps that must have ended before ``step`` starts."""
        return {e.source for e in self.pipeline.edges if e.target == step.name}

    def ready(self, step: Step) -> bool:
        before = self.predecessors(step)
        if not before <= self.ended:
            return False
        failed = [p for p in sorted(before) if self.outcomes[p].status != "ok"]
        if failed:
            cause = self.outcomes[failed[0]]
            self.outcomes[step.name].detail = cause.detail if cause.status == "not run" else f"{failed[0]} failed"
            self.ended.add(step.name)
            self.listener.ended(step.name, self.outcomes[step.name])
            self.start_ready()
            return False
        hosts = self.hosts(step)
        for host in hosts:
            if host.step:
                return False
            for other in self.pipeline.steps:
                if other.name == step.name:
                    break
                if other.name not in self.ended and host in self.hosts(other):
                    return False
        return True

    def hosts(self, step: Step) -> list[_Process]:
        """The processes that hold values which ``step`` needs and which cannot leave them."""
        found: list[_Process] = []
        for value in step.inputs:
            done = self.done.get(value.producer)
            if done is None or value.name not in done.live or done.live[value.name] in found:
                continue
            if value.name not in done.files or value.name in self.changed_together(done.report, step):
                found.append(done.live[value.name])
        return found

    def changed_together(self, report: Report, step: Step) -> set[str]:
        """The values of a report that share memory which some step changes, and that ``step`` needs as they are.

        These are the steps that change them, and those that pass them on.
        """
        if not report.together:
            return set()
        taken = {v.name for v in step.inputs if v.producer == report.step}
        kept = taken & {*step.changes, *step.outputs}
        pairs = [set(pair) for pair in report.together if kept.issuperset(pair)]
        return {n for pair in pairs for n in pair if any(pair.issubset(s.changes) for s in self.pipeline.steps)}

    def start(self, step: Step) -> None:
        """Start one step, in a new process or in the one that holds what it needs."""
        hosts = self.hosts(step)
        if len(hosts) > 1:
            names = [v.name for v in step.inputs if v.name in self.done[v.producer].live]
            self.refuse(step, "NB403", f"step `{step.name}` needs values that cannot leave two different processes: {', '.join(names)}",
                        "make one of them in the step that needs both")  # fmt: skip
            return
        if hosts:
            process = hosts[0]
        else:
            try:
                pid, sock = self.zygote.fork()
            except (RuntimeError, OSError) as error:
                self.outcomes[step.name] = Outcome("died", f"no process could be started: {error}")
                self.ended.add(step.name)
                return
            process = _Process(pid, sock, Channel(sock), step.name)
        process.step = step.name
        process.steps.append(step.name)
        self.running[step.name] = process
        self.selector.register(process.sock, selectors.EVENT_READ, process)
        outcome = self.outcomes[step.name]
        outcome.started, outcome.runs = time.time(), outcome.runs + 1
        self.events[step.name] = []
        self.begun[step.name] = []
        self.started_as[step.name] = step
        self.listener.started(step.name)
        try:
            process.channel.send(self.task(step, process))
        except OSError:
            self.lost(process)

    def task(self, step: Step, process: _Process) -> Task:
        """What the step's process has to do."""
        wanted: dict[str, list[str]] = {}
        live = []
        for value in step.inputs:
            done = self.done[value.producer]
            if done.live.get(value.name) is process or (value.producer in process.steps[:-1]):
                live.append((value.name, value.producer))
            elif value.name in done.files:
                wanted.setdefault(done.files[value.name], []).append(value.name)
        order = {s.name: i for i, s in enumerate(self.pipeline.steps)}
        producer = {
            done.files[v.name]: order[v.producer]
            for v in step.inputs
            for done in (self.done[v.producer],)
            if v.name in done.files
        }
        self.attempt += 1
        first: dict[int, int] = {}
        for position, other in enumerate(self.pipeline.steps):
            for number in other.shared:
                first.setdefault(number, position)
        shared = list(step.shared)
        if order[step.name] == 0:
            shared = sorted({*shared, *(c for c in self.pipeline.shared if c not in first)})
        tasks = []
        for index in shared:
            cell = self.cells[index]
            silent = first.get(index, 0) != order[step.name]
            tasks.append(replace(cell, silent=silent))
            if self.injected is not None and self.injected[0] == index:
                extra = self.injected[1]
                tasks.append(replace(extra, raises=False, silent=silent))
        tasks += [self.cells[i] for i in step.cells if i in self.cells]
        others = [s for s in self.pipeline.steps if s.name != step.name]
        known = {n for s in others for n in (*(v.name for v in s.inputs), *s.changes) if n.startswith("<")}
        return Task(
            step=step.name,
            stamp=order[step.name],
            cells=tuple(tasks),
            files=tuple((f, tuple(n)) for f, n in sorted(wanted.items(), key=lambda item: producer[item[0]])),
            live=tuple(live),
            outputs=step.outputs,
            changes=step.changes,
            folder=str(self.folder),
            prefix=f"{order[step.name]}-{self.attempt}",
            cwd=os.path.abspath(self.options.cwd),
            guards=self.options.guards,
            known=tuple(sorted(known)),
        )

    # -- what processes say -----------------------------------------------------------------------------------------

    def message(self, process: _Process) -> None:
        try:
            message = process.channel.receive()
        except OSError:
            message = None
        if message is None:
            self.lost(process)
        elif message[0] == "event":
            self.events[process.step].append(message[1])
        elif message[0] == "outside":
            self.outside.setdefault(process.step, []).append(message[1])
        elif message[0] == "begun":
            self.begun[process.step].append(message[1])
        else:
            self.report(process, message[1])

    def lost(self, process: _Process) -> None:
        """A process has ended in the middle of a step."""
        assert self.zygote is not None  # noqa: S101  it started the process
        self.selector.unregister(process.sock)
        process.sock.close()
        status = self.zygote.wait(process.pid)
        if os.WIFSIGNALED(status):
            number = os.WTERMSIG(status)
            try:
                name = signal.Signals(number).name
            except ValueError:
                name = f"signal {number}"
            detail = f"its process was ended by {name}" + (" (out of memory?)" if number == signal.SIGKILL else "")
        else:
            detail = f"its process ended by itself with exit code {os.waitstatus_to_exitcode(status)}"
        begun = self.begun[process.step]
        self.outcomes[process.step].cell = begun[-1][0] if begun else -1
        self.finish(process.step, process, "died", detail)

    def report(self, process: _Process, report: Report) -> None:
        """A step has ended and says how."""
        self.selector.unregister(process.sock)
        step = self.step_named(report.step)
        self.reports[step.name] = report
        outcome = self.outcomes[step.name]
        outcome.seconds, outcome.guard_seconds = report.seconds, report.guard_seconds
        process.step = ""
        if report.status != "ok":
            outcome.cell, outcome.ename, outcome.evalue = report.cell, report.ename, report.evalue
            detail = report.problem if report.status == "broken" else f"{report.ename}: {report.evalue}"
            self.finish(step.name, process, "failed", detail)
            self.release(process)
            self.look(step, [], overlooked_name(self.pipeline, step, report))
            return
        files = {n: f for f, names in report.groups for n in names}
        live: dict[str, _Process] = {}
        needed = {v.name for s in self.pipeline.steps for v in s.inputs if v.producer == step.name}
        for value in report.unstorable:
            if value.name in needed:
                live[value.name] = process
                users = [
                    s.name
                    for s in self.pipeline.steps
                    if any(v.name == value.name and v.producer == step.name for v in s.inputs)
                ]
                self.note(
                    f"`{value.name}` ({value.kind}) cannot leave its process, so {' and '.join([step.name, *users])} run in one"
                )
        for later in self.pipeline.steps:
            shared = sorted(self.changed_together(report, later))
            if shared:
                live.update(dict.fromkeys(shared, process))
                self.note(
                    f"{' and '.join(f'`{n}`' for n in shared)} of {step.name} share memory that {later.name} changes, "
                    "so it runs in the same process"
                )
        before = frozenset(self.predecessors(step))
        self.done[step.name] = _Done(report, {v.name: v.producer for v in step.inputs}, files, live, before)
        self.finish(step.name, process, "ok", "")
        self.release(process)
        self.look(step, report.seen, [])

    def look(self, step: Step, changes: Sequence[Seen], others: Sequence[Seen]) -> None:
        """Hold what the step was seen to do against what was said of it."""
        if self.options.guards == "off":
            return
        mattering = sharing_that_matters(self.pipeline, step, changes)
        shared = [one for one in mattering if one.kind == "sharing"]
        if shared and self.already_kept(shared):
            mattering = [one for one in mattering if one.kind != "sharing"]
        seen = [
            *draws_that_matter(self.pipeline, step.name, mattering, self.quiet),
            *others,
            *file_conflicts(self.pipeline, step.name, self.reports, self.options.cwd),
        ]
        if seen:
            self.tripped(seen)

    def already_kept(self, shared: Sequence[Seen]) -> bool:
        """Whether knowing of the shared objects changes nothing: no later step changes them under one of their names."""
        if self.recompile is None:
            return False
        facts = tuple(dict.fromkeys((*self.facts, *to_facts(self.pipeline, shared))))
        flows = [{(s.name, s.inputs, s.outputs) for s in p.steps} for p in (self.pipeline, self.recompile(facts))]
        if flows[0] != flows[1]:
            return False
        self.facts = facts
        return True

    def note(self, text: str) -> None:
        self.notes.append(text)
        self.listener.note(text)

    def finish(self, step: str, process: _Process, status: Status, detail: str) -> None:
        outcome = self.outcomes[step]
        outcome.status, outcome.detail, outcome.ended = status, detail, time.time()
        self.running.pop(step, None)
        self.ended.add(step)
        self.listener.ended(step, outcome)

    def release(self, process: _Process) -> None:
        """End the processes that nobody needs any more."""
        holders = {id(p): p for d in self.done.values() for p in d.live.values()}
        holders[id(process)] = process
        for held in holders.values():
            if held.step or held.sock.fileno() < 0:
                continue
            needed = any(held in self.hosts(s) for s in self.pipeline.steps if s.name not in self.ended)
            if not needed:
                held.sock.close()

    def stop_all(self) -> None:
        """End every process that is still running a step."""
        for process in list(self.running.values()):
            self.kill(process)
        for step in list(self.running):
            self.outcomes[step].status, self.outcomes[step].detail = "failed", "interrupted"
        self.running.clear()
        for done in self.done.values():
            for process in done.live.values():
                process.sock.close()

    # -- guards -----------------------------------------------------------------------------------------------------

    def tripped(self, seen: Sequence[Seen]) -> None:
        """A guard has tripped: refuse, or add the edge and run again what stood on the false claim."""
        self.seen += seen
        first = seen[0]
        step = self.step_named(first.step)
        if self.options.guards == "strict" or self.recompile is None:
            self.refuse(step, "NB901", describe(first), "run without --guards strict to have the missing edge added")
            return
        for one in seen:
            self.note(f"guard: {describe(one)}; the edge was added")
        old = self.pipeline
        self.facts = tuple(dict.fromkeys((*self.facts, *to_facts(old, seen))))
        self.pipeline = self.recompile(self.facts)
        if {s.name for s in self.pipeline.steps} != {s.name for s in old.steps}:
            hint = "run again: what was seen is known now" if self.options.guards == "on" else ""
            self.refuse(step, "NB902", f"{describe(first)}, which changes what the steps are", hint)
            return
        self.invalidate(seen)

    def invalidate(self, seen: Sequence[Seen]) -> None:
        """Run again what started before something that it is now known to rest on had ended."""
        late = {one.step for one in seen if one.kind == "file"}
        stood = {}
        for name in (*self.ended, *self.running):
            if self.outcomes[name].started:
                done, told = self.done.get(name), self.started_as[name]
                stored = frozenset(told.outputs if done is None else self.kept(done))
                inputs = {v.name: v.producer for v in told.inputs}
                stood[name] = Stood(inputs, self.outcomes[name].started, stored)
        ended = {n: o.ended for n, o in self.outcomes.items() if o.status == "ok"}
        again = stale(self.pipeline, stood, ended)
        # with the process of a running step goes what steps before it have left there
        left = {s for n in again if n in self.running for s in self.running[n].steps}
        if not left <= again:
            again = stale(self.pipeline, stood, ended, left)
        for name in again:
            process = self.running.pop(name, None)
            if process is not None:
                self.kill(process)
        for name in again:
            report = self.reports.get(name)
            outside = self.outside.get(name, [])
            if outside or (name in late and report is not None and set(report.writes) & set(report.reads)):
                what = outside[0] if outside else "a file that it also reads"
                self.refuse(
                    self.step_named(name),
                    "NB902",
                    f"step `{name}` would have to run again, but it has touched {what}",
                    "run again: the missing edge is known now; or add an `after:` tag",
                )
                return
        for name in again:
            self.ended.discard(name)
            self.done.pop(name, None)
            self.reports.pop(name, None)
            self.outcomes[name] = Outcome(runs=self.outcomes[name].runs)
        for name in [n for n in self.ended if self.outcomes[n].status == "not run"]:
            self.ended.discard(name)

    def kept(self, done: _Done) -> set[str]:
        """The values of a finished step that are there as those need them who take them."""
        live = {n for n, process in done.live.items() if process.sock.fileno() >= 0}
        together = {n for s in self.pipeline.steps for n in self.changed_together(done.report, s)}
        return {*live, *(done.files.keys() - together)}

    def refuse(self, step: Step, code: str, message: str, hint: str) -> None:
        """End the run with a diagnostic."""
        span = Span(step.cells[0] if step.cells else -1)
        self.refused = Diagnostic(span, code, Severity.ERROR, message, hint)

    def step_named(self, name: str) -> Step:
        """The step of that name."""
        return next(s for s in self.pipeline.steps if s.name == name)

    def kill(self, process: _Process) -> None:
        """End a process in the middle of a step, and what it has started; hear what it said last."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        with contextlib.suppress(KeyError, ValueError):
            self.selector.unregister(process.sock)
        with contextlib.suppress(OSError):
            while (message := process.channel.receive()) is not None:
                if message[0] == "outside":
                    self.outside.setdefault(process.step, []).append(message[1])
        process.sock.close()


def execute(
    pipeline: Pipeline,
    cells: Mapping[int, CellTask],
    options: RunOptions,
    *,
    injected: tuple[int, CellTask] | None = None,
    recompile: Recompile | None = None,
    listener: Listener | None = None,
    zygote: Zygote | None = None,
) -> RunResult:
    """Run a pipeline on this machine.

    ``cells`` are the cells to run by position; ``injected`` the cell of parameters and the position of the cell
    behind which it runs. ``recompile`` gives the pipeline anew with what the guards have seen so far. ``zygote`` is a
    parent of the steps' processes that was started early, for these options; it ends with the run.

    Raises:
        Refused: A guard tripped that cannot be mended, or under strict guards.
    """
    if zygote is None:
        zygote = Zygote(None, options.cwd, options.python)
    return _Execution(pipeline, cells, injected, options, recompile, listener or Listener(), zygote).run()
