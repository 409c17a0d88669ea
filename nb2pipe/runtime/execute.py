"""Running a pipeline: each step in a process of its own, as soon as what it needs is there."""

from __future__ import annotations

import functools
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nb2pipe.diagnostics import Refused, say
from nb2pipe.pipeline.model import Pipeline, Step
from nb2pipe.pipeline.reach import ancestors
from nb2pipe.runtime import attempts, ongoing, ready, sources, trips
from nb2pipe.runtime.attempts import Attempts
from nb2pipe.runtime.choice import Chosen, chosen
from nb2pipe.runtime.claims import held_back, overlooked_names
from nb2pipe.runtime.finished import finish
from nb2pipe.runtime.inputs import loads, preloaded, task_of
from nb2pipe.runtime.kept import Missing
from nb2pipe.runtime.limits import duration_text, limits_of, with_memory, with_retries
from nb2pipe.runtime.machine import DEVICES, Machine
from nb2pipe.runtime.ongoing import Done, Ongoing
from nb2pipe.runtime.processes import Process, Processes
from nb2pipe.runtime.result import Listener, Outcome, RunOptions, RunResult, Status
from nb2pipe.runtime.script import cells_of
from nb2pipe.runtime.task import CellTask, Report, Seen
from nb2pipe.runtime.trips import Recompile
from nb2pipe.runtime.zygote import Gone, Starter, Zygote, ZygoteError

if TYPE_CHECKING:
    from nb2pipe.runtime.cache import Cache
    from nb2pipe.runtime.recipes import Recipe
    from nb2pipe.runtime.secrets.held import Secrets


class _Execution:
    """One run: its steps are started when they are ready, and heard until all have ended."""

    def __init__(self, run: Ongoing, recompile: Recompile | None, processes: Processes, cache: Cache | None) -> None:
        self.ongoing = run
        self.recompile = recompile
        self.cache = cache
        self.processes = processes
        self.machine = Machine(run.options)
        self.attempts = Attempts()
        self.asked: dict[str, tuple[Recipe, tuple[CellTask, ...]]] = {}
        self.tasks = 0
        self.chosen_of: Pipeline | None = None
        self.chosen = Chosen(frozenset(), frozenset())

    # -- the loop ---------------------------------------------------------------------------------------------------

    def run(self) -> RunResult:
        """Run to the end; the temporary folder and all processes are gone afterwards."""
        run = self.ongoing
        interrupted = False
        try:
            sources.keep(run.folder, ((c.count, c.source) for c in run.cells.values()))
            while True:
                self.start_ready()
                if not (run.running or self.attempts.waiting) or run.refused is not None:
                    break
                for process in self.processes.heard(self.attempts.pause(run.running)):
                    if run.running.get(process.step) is process:  # else the one heard before has ended it
                        self.message(process)
                for step in self.attempts.late(run.running):
                    if step in run.running:  # as above
                        self.late(run.running[step])
        except KeyboardInterrupt:
            interrupted = True
            self.stop_all()
        finally:
            self.stop_all()
            self.processes.close()
            if self.cache is None:
                shutil.rmtree(run.folder, ignore_errors=True)
        if run.refused is not None:
            raise Refused((run.refused,))
        shown = ongoing.shown_by(run)
        return RunResult(
            run.pipeline,
            run.outcomes,
            shown.result(),
            run.seen,
            run.facts,
            run.notes,
            ongoing.times_of(run),
            shown.widgets(),
            interrupted,
        )

    def start_ready(self) -> None:
        """Start what can start; what an earlier run stands for has ended at once, and lets others start."""
        run = self.ongoing
        self.attempts.ripen()
        ended = -1
        while ended != len(run.ended) and run.refused is None:
            ended = len(run.ended)
            pipeline = run.pipeline
            self.choose()
            before = run.index.before
            waiting = [s for s in pipeline.steps if s.name not in run.ended and s.name not in run.running]
            for step in waiting if run.options.order == "document" else reversed(waiting):
                if len(run.running) >= run.options.jobs or run.refused is not None:
                    return
                if run.pipeline is not pipeline:  # a guard has added an edge
                    ended = -1
                    break
                if run.stopped:
                    self.drop(step)
                    continue
                if not before[step.name] <= run.ended:
                    continue
                cause = ready.failed_before(run, before[step.name]) or ready.lost_before(run, step)
                if cause:
                    self.attempts.forget(step.name)
                    run.give_up(step.name, cause)
                elif not self.attempts.waits(step.name) and ready.hosts_are_free(run, step) and self.has_room(step):
                    self.start(step)

    def has_room(self, step: Step) -> bool:
        """Whether the machine has what a step asks for."""
        return self.machine.has_room(limits_of(step, self.ongoing.options), self.ongoing.running)

    def choose(self) -> None:
        """Leave out what is not wanted; a step that an edge of a guard makes wanted is."""
        run = self.ongoing
        if self.chosen_of is run.pipeline:
            return
        self.chosen_of, self.chosen = run.pipeline, chosen(run.pipeline, run.options.choice)
        for step in run.pipeline.steps:
            if step.name in self.chosen.wanted:
                if run.outcomes[step.name].status == "left out":
                    run.outcomes[step.name] = Outcome()
                    run.ended.discard(step.name)
            elif step.name not in run.ended and step.name not in run.running:
                run.leave_out(step.name, self.chosen.why)

    # -- starting ---------------------------------------------------------------------------------------------------

    def start(self, step: Step) -> None:
        """Start one step, in a new process or in the one that holds what it needs."""
        run = self.ongoing
        limits = limits_of(step, run.options)
        devices = self.machine.take(step.name, limits, run.running)
        hosts = ready.hosts(run, step)
        if len(hosts) > 1:
            names = [v.name for v in step.inputs if v.name in run.done[v.producer].live]
            said = say(
                "step `%1` needs values that cannot leave two different processes: %2", step.name, ", ".join(names)
            )
            run.refuse(step, "NB403", said, say("make one of them in the step that needs both"))
            return
        if hosts:
            process = hosts[0]
            run.outcomes[step.name].reason = say(
                "runs in the process of %1, for what cannot leave it", process.steps[-1]
            )
            self.asked.pop(step.name, None)
        elif self.cache is not None and self.found(step, self.cache):
            return
        else:
            try:
                process = self.processes.fork(step.name, {DEVICES: devices} if devices else {})
            except (RuntimeError, OSError) as error:
                run.finish(step.name, "died", say("no process could be started: %1", str(error)))
                return
        self.tasks += 1
        if self.cache is not None:
            self.cache.ran = True
        recipe, _ = self.asked.get(step.name, (None, ()))
        task = task_of(
            run, step, process, self.tasks, recipe, limits.memory, trust=self.cache.trust if self.cache else None
        )
        run.running[step.name] = process
        run.begin(step)
        self.attempts.begun(step.name, limits._replace(timeout=None) if self.processes.come_later else limits)
        if not self.processes.ask(process, task):
            self.lost(process)

    def found(self, step: Step, cache: Cache) -> bool:
        """Let what the step gave in an earlier run stand for it, where that holds now."""
        run = self.ongoing
        outcome = run.outcomes[step.name]
        inputs = {}
        for value in step.inputs:
            file = run.done[value.producer].stored.get(value.name)
            if file is None:
                outcome.reason = say("takes `%1` of %2, which is not stored", value.name, value.producer)
                return False
            inputs[value.name] = file
        cells = cells_of(run.pipeline, step, run.cells, run.injected)
        order = [file for file, _ in loads(run.pipeline, run.done, step)]
        allowed = functools.partial(held_back, run.pipeline, step)
        anew = self.chosen.again if step.name in self.chosen.anew else ""
        found = cache.look_up(step, cells, inputs, order, allowed, lambda: self.past(step, cached=True), anew)
        for text in cache.trust.told():
            run.note(text)
        run.until.pop(step.name, None)
        self.asked.pop(step.name, None)
        if isinstance(found, Missing):
            outcome.reason = found.reason
            if run.options.choice.start and not anew:
                run.listener.note(say("%1 is run too: %2", step.name, found.reason))
            if found.recipe is not None:
                self.asked[step.name] = (found.recipe, cells)
                outcome.digest = found.recipe.digest
            return False
        run.started_as[step.name] = step
        run.events[step.name], run.begun[step.name] = found.events, found.begun
        run.until[step.name] = found.ended
        for cell, when in found.begun:
            run.listener.begun(step.name, cell, when, 0)
        for event in found.events:
            run.listener.shown(step.name, event)
        outcome.started, outcome.cached, outcome.reason = time.time(), True, found.reason
        outcome.digest, outcome.unkept, outcome.made = found.digest, "", found.run
        if found.over:
            run.listener.note(say("%1 is taken over: it %2", step.name, found.reason))
        self.accept(step, found.report, None)
        return True

    def past(self, step: Step, *, cached: bool = False) -> dict[str, str]:
        """The steps before ``step``, each with the digest of its recipe; with ``cached``, only where it was not run in this run."""
        outcomes = self.ongoing.outcomes
        before = ancestors(self.ongoing.pipeline, step.name)
        return {s: outcomes[s].digest if outcomes[s].cached or not cached else "" for s in before}

    # -- what processes say -----------------------------------------------------------------------------------------

    def message(self, process: Process) -> None:
        """Hear what a process has to say."""
        run = self.ongoing
        try:
            message = process.channel.receive()
        except OSError:
            message = None
        if message is None:
            self.lost(process)
        elif message[0] == "report":
            self.report(process, message[1])
        elif message[0] == "began":
            self.attempts.begun(process.step, limits_of(run.step_named(process.step), run.options))
        else:
            run.hear(process.step, message, process.pid)

    def lost(self, process: Process) -> None:
        """A process has ended in the middle of a step."""
        name = process.step
        self.ongoing.rest(name)
        self.ongoing.outcomes[name].cell = self.ongoing.cell_of(name)
        try:
            detail = self.processes.lost(process)
        except Gone as gone:
            self.failed(name, process, *attempts.spared(self.ongoing, name, str(gone)))
            trips.lost(self.ongoing, gone.steps, self.kill)
        except ZygoteError as error:
            self.failed(name, process, "died", str(error))
        else:
            self.failed(name, process, "died", detail)

    def late(self, process: Process) -> None:
        """A step has had its time."""
        name = process.step
        limits = limits_of(self.ongoing.step_named(name), self.ongoing.options)
        self.kill(process)
        self.ongoing.outcomes[name].cell = self.ongoing.cell_of(name)
        detail = say("it was ended after %1, the time that it may take", duration_text(limits.timeout or 0))
        self.failed(name, process, "failed", detail)

    def report(self, process: Process, report: Report) -> None:
        """A step has ended and says how."""
        run = self.ongoing
        run.rest(report.step)
        if run.options.python is not None:
            finish(report, run.folder)
        if run.secrets is not None:
            run.secrets.clean(report)
        step = run.step_named(report.step)
        if step.name in run.reports:  # of an attempt that failed: what it has touched is touched
            report.reads, report.writes = (
                list(dict.fromkeys((*before, *now)))
                for before, now in (
                    (run.reports[step.name].reads, report.reads),
                    (run.reports[step.name].writes, report.writes),
                )
            )
        run.reports[step.name] = report
        outcome = run.outcomes[step.name]
        outcome.seconds, outcome.guard_seconds = report.seconds, report.guard_seconds
        outcome.cpu, outcome.memory = report.cpu, report.memory
        self.processes.rest(process)
        outcome.metrics, outcome.taken = tuple(report.metrics), run.taken(step)
        if report.status != "ok":
            outcome.cell, outcome.ename, outcome.evalue = report.cell, report.ename, report.evalue
            detail = report.problem if report.status == "broken" else f"{report.ename}: {report.evalue}"
            seen = trips.look(run, step, [], overlooked_names(run.pipeline, step, report), self.recompile)
            if seen:
                run.finish(step.name, "failed", detail)
                self.release(process)
                trips.tripped(run, seen, self.recompile, self.kill)
            else:
                self.failed(step.name, process, "failed", detail)
                self.release(process)
            return
        self.accept(step, report, process)
        asked, done = self.asked.get(step.name), run.done.get(step.name)
        if self.cache is None or run.refused is not None or done is None or done.report is not report:
            return
        working, started_as = not self.cache.broken, run.started_as[step.name]
        if asked is None:
            self.cache.keep_values(started_as, cells_of(run.pipeline, step, run.cells, run.injected), report)
        else:
            outcome.unkept = self.cache.keep(
                started_as, *asked, report, run.events[step.name], run.begun[step.name], lambda: self.past(step)
            )
        if working and self.cache.broken:
            run.note(say("%1; nothing is kept any more", self.cache.broken))
        run.listener.kept(step.name)

    def failed(self, name: str, process: Process, status: Status, detail: str, least: int = 0) -> None:
        """A step has failed: it is tried again where that is asked for, ``least`` times in any case, and possible; else it has ended."""
        run = self.ongoing
        limits = with_retries(limits_of(run.step_named(name), run.options), least)
        detail = with_memory(detail, limits)
        if self.attempts.are_left(name, limits) and not run.stopped:
            hindrance = attempts.hindrance(run, process, name, limits)
            if not hindrance:
                number, wait = self.attempts.failed(name)
                outcome = run.outcomes[name]
                outcome.status, outcome.detail, outcome.ended = status, detail, time.time()
                run.running.pop(name, None)
                why = say(
                    "attempt %1 of %2: %3; tried again in %4 s", number, limits.retries + 1, detail, f"{wait:.1f}"
                )
                run.listener.failed_once(name, why, ongoing.text_of(run, name))
                return
            detail = say("%1; not tried again: %2", detail, hindrance)
        run.finish(name, status, detail)
        if run.options.fail_fast and not run.stopped:
            run.stopped = name

    def drop(self, step: Step) -> None:
        """Run a step no more, because the run ends with the failure of another."""
        run = self.ongoing
        outcome = run.outcomes[step.name]
        if step.name in self.attempts.waiting:
            self.attempts.forget(step.name)
            run.finish(step.name, outcome.status, outcome.detail)
        else:
            run.give_up(step.name, say("%1 failed", run.stopped))

    def accept(self, step: Step, report: Report, process: Process | None) -> None:
        """A step has ended well, now or in an earlier run (then ``process`` is None)."""
        run = self.ongoing
        report.step = step.name
        stored = {n: f for f in report.files for n in f.names}
        live = {} if process is None else ready.left_in(run, process, step, report)
        outcome = run.outcomes[step.name]
        outcome.given = sum(f.size for f in report.files)
        outcome.values = {n: f.digest for n, f in stored.items()}
        outcome.metrics, outcome.taken = tuple(report.metrics), run.taken(step)
        outcome.files, outcome.inputs = tuple(report.files), {v.name: v.producer for v in step.inputs}
        run.reports[step.name] = report
        files = {n: f.name for n, f in stored.items()} | {n: f.name for f in report.held for n in f.names}
        run.done[step.name] = Done(report, files, stored, live)
        outcome.held = {n: ", ".join(f.secrets) for f in report.held for n in f.names}
        for name, which in outcome.held.items():
            run.note(
                say(
                    "`%1` of %2 holds the secret %3: it is handed over in memory, and not stored",
                    name, step.name, which,
                )
            )  # fmt: skip
        run.finish(step.name, "ok", "")
        if process is not None:
            self.release(process)
        self.look(step, report.seen, overlooked_names(run.pipeline, step, report))

    def look(self, step: Step, changes: Sequence[Seen], others: Sequence[Seen]) -> None:
        """Hold what the step was seen to do against what was said of it."""
        seen = trips.look(self.ongoing, step, changes, others, self.recompile)
        if seen:
            trips.tripped(self.ongoing, seen, self.recompile, self.kill)

    # -- ending -----------------------------------------------------------------------------------------------------

    def release(self, process: Process) -> None:
        """End the processes that nobody needs any more."""
        for idle in ready.unneeded(self.ongoing, process):
            idle.sock.close()

    def kill(self, process: Process) -> None:
        """End a process in the middle of a step; hear what it said last."""
        for message in self.processes.kill(process):
            if message[0] != "report":
                self.ongoing.hear(process.step, message, process.pid)
        self.ongoing.rest(process.step)

    def stop_all(self) -> None:
        """End every process that is still running a step."""
        run = self.ongoing
        for process in list(run.running.values()):
            self.kill(process)
        for step in list(run.running):
            outcome = run.outcomes[step]
            outcome.status, outcome.detail, outcome.ended = "failed", say("interrupted"), time.time()
        run.running.clear()
        for step in self.attempts.waiting:
            self.drop(run.step_named(step))
        for done in run.done.values():
            for process in done.live.values():
                process.sock.close()


def execute(
    pipeline: Pipeline,
    cells: Mapping[int, CellTask],
    options: RunOptions,
    *,
    injected: tuple[int, CellTask] | None = None,
    recompile: Recompile | None = None,
    listener: Listener | None = None,
    zygote: Starter | None = None,
    cache: Cache | None = None,
    secrets: Secrets | None = None,
) -> RunResult:
    """Run a pipeline on this machine.

    ``cells`` are the cells to run by position; ``injected`` the cell of parameters and the position of the cell
    behind which it runs. ``recompile`` gives the pipeline anew with what the guards have seen so far. ``zygote`` is what
    starts the steps' processes, made for these options; it ends with the run. ``cache`` has what
    steps gave in earlier runs, and takes in what they give. ``secrets`` are those of the steps, where the notebook names some.

    Raises:
        Refused: A guard tripped that cannot be mended, or under strict guards.
    """
    same_hashes = cache is not None
    if options.guards == "off":  # what nobody watches is not kept
        cache = None
    folder = Path(tempfile.mkdtemp(prefix="nb2pipe-")) if cache is None else cache.folder
    outcomes = {s.name: Outcome() for s in pipeline.steps}
    run = Ongoing(pipeline, cells, injected, options, listener or Listener(), folder, outcomes, secrets=secrets)
    processes = Processes(
        zygote,
        lambda: Zygote(
            None, options.cwd, options.python, same_hashes=same_hashes, stderr=secrets.stderr() if secrets else 2
        ),
        lambda: preloaded(run.pipeline, run.cells.values(), cache=cache is not None),
        elsewhere=options.python is not None,
    )
    return _Execution(run, recompile, processes, cache).run()
