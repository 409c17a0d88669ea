"""Running a pipeline: each step in a process of its own, as soon as what it needs is there."""

from __future__ import annotations

import contextlib
import functools
import os
import selectors
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nb2pipe.analysis.amend import Fact
from nb2pipe.diagnostics import Diagnostic, Refused, Severity, Span
from nb2pipe.pipeline.model import Pipeline, Step
from nb2pipe.runtime import sources
from nb2pipe.runtime.channel import Channel
from nb2pipe.runtime.claims import (
    Stood,
    changed_together,
    describe,
    draws_that_matter,
    file_conflicts,
    held_back,
    overlooked_name,
    sharing_that_matters,
    stale,
    to_facts,
)
from nb2pipe.runtime.kept import Missing
from nb2pipe.runtime.outputs import Outputs
from nb2pipe.runtime.result import Listener, Outcome, RunOptions, RunResult, Status
from nb2pipe.runtime.script import cells_of
from nb2pipe.runtime.task import CellTask, Report, Seen, Task, ValueFile
from nb2pipe.runtime.zygote import Zygote, preloadable

if TYPE_CHECKING:
    from nb2pipe.runtime.cache import Cache
    from nb2pipe.runtime.recipes import Recipe

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
    stored: dict[str, ValueFile]
    live: dict[str, _Process]
    after: frozenset[str]


class _Execution:
    """One run."""

    def __init__(
        self, pipeline: Pipeline, cells: Mapping[int, CellTask], injected: tuple[int, CellTask] | None,
        options: RunOptions, recompile: Recompile | None, listener: Listener, zygote: Zygote, cache: Cache | None,
    ) -> None:  # fmt: skip
        self.pipeline = pipeline
        self.cells = cells
        self.injected = injected
        self.options = options
        self.recompile = recompile
        self.listener = listener
        self.cache = cache if options.guards != "off" else None  # what nobody watches is not kept
        self.folder = Path(tempfile.mkdtemp(prefix="nb2pipe-")) if self.cache is None else self.cache.folder
        self.asked: dict[str, tuple[Recipe, tuple[CellTask, ...]]] = {}
        self.until: dict[str, float] = {}
        self.prepared = False
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
            if self.cache is None:
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
            end = self.until.get(step) or self.outcomes[step].ended or time.time()
            ends = [start for _, start in begun[1:]] + [end]
            found |= {cell: (start, end) for (cell, start), end in zip(begun, ends, strict=True)}
        return found

    def start_ready(self) -> None:
        """Start what can start; what an earlier run stands for has ended at once, and lets others start."""
        ended = -1
        while ended != len(self.ended) and self.refused is None:
            ended = len(self.ended)
            pipeline = self.pipeline
            for step in pipeline.steps if self.options.order == "document" else reversed(pipeline.steps):
                if len(self.running) >= self.options.jobs or self.refused is not None:
                    return
                if self.pipeline is not pipeline:  # a guard has added an edge
                    ended = -1
                    break
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
            if value.name not in done.files or value.name in changed_together(self.pipeline, done.report, step):
                found.append(done.live[value.name])
        return found

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
            self.outcomes[step.name].reason = f"runs in the process of {process.steps[-1]}, for what cannot leave it"
            self.asked.pop(step.name, None)
        elif self.cache is not None and self.found(step, self.cache):
            return
        else:
            try:
                if not self.prepared:
                    self.prepared = True
                    self.zygote.prepare(self.preloaded())
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

    def preloaded(self) -> tuple[str, ...]:
        """What is imported beforehand: with a cache NumPy too, whose first random state tells whether numbers were drawn."""
        modules = preloadable(self.pipeline.modules)
        others = any(m.partition(".")[0] not in sys.stdlib_module_names for m in self.pipeline.modules)
        return (*modules, "numpy") if self.cache is not None and others and "numpy" not in modules else modules

    def found(self, step: Step, cache: Cache) -> bool:
        """Let what the step gave in an earlier run stand for it, where that holds now."""
        inputs = {}
        for value in step.inputs:
            file = self.done[value.producer].stored.get(value.name)
            if file is None:
                self.outcomes[step.name].reason = f"takes `{value.name}` of {value.producer}, which is not stored"
                return False
            inputs[value.name] = file
        cells = cells_of(self.pipeline, step, self.cells, self.injected)
        order = [file for file, _ in self.loads(step)]
        found = cache.look_up(step, cells, inputs, order, functools.partial(held_back, self.pipeline, step))
        outcome = self.outcomes[step.name]
        self.until.pop(step.name, None)
        self.asked.pop(step.name, None)
        if isinstance(found, Missing):
            outcome.reason = found.reason
            if found.recipe is not None:
                self.asked[step.name] = (found.recipe, cells)
                outcome.digest = found.recipe.digest
            return False
        self.started_as[step.name] = step
        self.events[step.name], self.begun[step.name] = found.events, found.begun
        self.until[step.name] = found.ended
        outcome.started, outcome.cached, outcome.reason = time.time(), True, found.reason
        outcome.digest, outcome.unkept = found.digest, ""
        self.accept(step, found.report, None)
        return True

    def loads(self, step: Step) -> list[tuple[str, tuple[str, ...]]]:
        """The files that a step loads, in order, with the names wanted from each."""
        order = {s.name: i for i, s in enumerate(self.pipeline.steps)}
        wanted: dict[str, list[str]] = {}
        place = {}
        for value in step.inputs:
            file = self.done[value.producer].files.get(value.name)
            if file is not None:
                wanted.setdefault(file, []).append(value.name)
                place[file] = order[value.producer]
        return [(f, tuple(n)) for f, n in sorted(wanted.items(), key=lambda item: place[item[0]])]

    def task(self, step: Step, process: _Process) -> Task:
        """What the step's process has to do."""
        live = []
        for value in step.inputs:
            done = self.done[value.producer]
            if done.live.get(value.name) is process or value.producer in process.steps[:-1]:
                live.append((value.name, value.producer))
        here = {name for name, _ in live}
        files = [(f, tuple(n for n in names if n not in here)) for f, names in self.loads(step)]
        order = {s.name: i for i, s in enumerate(self.pipeline.steps)}
        asked = self.asked.get(step.name)
        self.attempt += 1
        others = [s for s in self.pipeline.steps if s.name != step.name]
        known = {n for s in others for n in (*(v.name for v in s.inputs), *s.changes) if n.startswith("<")}
        return Task(
            step=step.name,
            stamp=order[step.name],
            cells=cells_of(self.pipeline, step, self.cells, self.injected),
            files=tuple((f, n) for f, n in files if n),
            live=tuple(live),
            outputs=step.outputs,
            changes=step.changes,
            folder=str(self.folder),
            prefix=f"{order[step.name]}-{self.attempt}",
            cwd=os.path.abspath(self.options.cwd),
            guards=self.options.guards,
            known=tuple(sorted(known)),
            observe=None if asked is None else asked[0].watched,
            digests=self.cache is not None,
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
        elif message[0] == "metric":
            self.listener.metric(process.step, message[1])
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
        self.finish(process.step, "died", detail)

    def report(self, process: _Process, report: Report) -> None:
        """A step has ended and says how."""
        self.selector.unregister(process.sock)
        step = self.step_named(report.step)
        self.reports[step.name] = report
        outcome = self.outcomes[step.name]
        outcome.seconds, outcome.guard_seconds = report.seconds, report.guard_seconds
        outcome.cpu, outcome.memory = report.cpu, report.memory
        outcome.metrics, outcome.taken = tuple(report.metrics), self.taken(step)
        process.step = ""
        if report.status != "ok":
            outcome.cell, outcome.ename, outcome.evalue = report.cell, report.ename, report.evalue
            detail = report.problem if report.status == "broken" else f"{report.ename}: {report.evalue}"
            self.finish(step.name, "failed", detail)
            self.release(process)
            self.look(step, [], overlooked_name(self.pipeline, step, report))
            return
        self.accept(step, report, process)
        asked, done = self.asked.get(step.name), self.done.get(step.name)
        if asked is None or self.cache is None or self.refused is not None or done is None or done.report is not report:
            return
        events, begun = self.events[step.name], self.begun[step.name]
        working = not self.cache.broken
        outcome.unkept = self.cache.keep(self.started_as[step.name], *asked, report, events, begun)
        if working and self.cache.broken:
            self.note(f"{self.cache.broken}; nothing is kept any more")

    def accept(self, step: Step, report: Report, process: _Process | None) -> None:
        """A step has ended well, now or in an earlier run (then ``process`` is None)."""
        report.step = step.name
        stored = {n: f for f in report.files for n in f.names}
        live: dict[str, _Process] = {}
        needed = {v.name for s in self.pipeline.steps for v in s.inputs if v.producer == step.name}
        for value in report.unstorable:
            if value.name in needed and process is not None:
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
            shared = sorted(changed_together(self.pipeline, report, later))
            if shared and process is not None:
                live.update(dict.fromkeys(shared, process))
                self.note(
                    f"{' and '.join(f'`{n}`' for n in shared)} of {step.name} share memory that {later.name} changes, "
                    "so it runs in the same process"
                )
        before = frozenset(self.predecessors(step))
        names = {v.name: v.producer for v in step.inputs}
        outcome = self.outcomes[step.name]
        outcome.given = sum(f.size for f in report.files)
        outcome.values = {n: f.digest for n, f in stored.items()}
        outcome.files, outcome.metrics, outcome.taken = tuple(report.files), tuple(report.metrics), self.taken(step)
        self.reports[step.name] = report
        self.done[step.name] = _Done(report, names, {n: f.name for n, f in stored.items()}, stored, live, before)
        self.finish(step.name, "ok", "")
        if process is not None:
            self.release(process)
        self.look(step, report.seen, [])

    def taken(self, step: Step) -> int:
        """How many bytes of values a step has taken."""
        files = (d.stored.get(v.name) for v in step.inputs if (d := self.done.get(v.producer)) is not None)
        return sum({f.name: f.size for f in files if f is not None}.values())

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

    def finish(self, step: str, status: Status, detail: str) -> None:
        outcome = self.outcomes[step]
        outcome.status, outcome.detail, outcome.ended = status, detail, time.time()
        outcome.events, outcome.begun = self.events.get(step, ()), self.begun.get(step, ())
        outcome.until = self.until.get(step, 0.0)
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
            self.until.pop(name, None)
        for name in [n for n in self.ended if self.outcomes[n].status == "not run"]:
            self.ended.discard(name)

    def kept(self, done: _Done) -> set[str]:
        """The values of a finished step that are there as those need them who take them."""
        live = {n for n, process in done.live.items() if process.sock.fileno() >= 0}
        together = {n for s in self.pipeline.steps for n in changed_together(self.pipeline, done.report, s)}
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
    cache: Cache | None = None,
) -> RunResult:
    """Run a pipeline on this machine.

    ``cells`` are the cells to run by position; ``injected`` the cell of parameters and the position of the cell
    behind which it runs. ``recompile`` gives the pipeline anew with what the guards have seen so far. ``zygote`` is a
    parent of the steps' processes that was started early, for these options; it ends with the run. ``cache`` has what
    steps gave in earlier runs, and takes in what they give.

    Raises:
        Refused: A guard tripped that cannot be mended, or under strict guards.
    """
    if zygote is None:
        zygote = Zygote(None, options.cwd, options.python, same_hashes=cache is not None)
    return _Execution(pipeline, cells, injected, options, recompile, listener or Listener(), zygote, cache).run()
