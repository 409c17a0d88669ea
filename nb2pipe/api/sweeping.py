"""A notebook run for each combination of parameters: what is the same for several runs once, the rest at once."""

from __future__ import annotations

import math
import os
import selectors
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from nb2pipe.api.compiling import Compiled, subject_of
from nb2pipe.api.running import RunRequest, scripted
from nb2pipe.api.sweeper import Ended, Subject
from nb2pipe.api.sweepers import Sweeper
from nb2pipe.diagnostics import Refused, UsageError, all_of, say
from nb2pipe.pipeline.model import Step
from nb2pipe.records.sweeps import PREFIX, Row, Table, rows_of
from nb2pipe.rules.run import refusing
from nb2pipe.runtime.choice import chosen
from nb2pipe.runtime.executed import check_output
from nb2pipe.runtime.grid import Grid, combinations, file_names, grid, label
from nb2pipe.runtime.limits import limits_of
from nb2pipe.runtime.machine import fits
from nb2pipe.runtime.recipes import Recipe, Recipes
from nb2pipe.runtime.result import RunOptions
from nb2pipe.runtime.script import cells_of
from nb2pipe.runtime.sharing import Sharing, sharing, signature
from nb2pipe.store import results_folder
from nb2pipe.store.rooms import opened
from nb2pipe.store.runs import new_id, refuse

Tell = Callable[[str], None]
"""Told of what happens while a sweep goes on, a line at a time."""
_GRACE = 10.0  # seconds that interrupted runs may take to end


class Sweep(NamedTuple):
    """A sweep before it runs. ``steps`` are those that are wanted; ``runs`` has what differs from one combination to the next.

    ``at_once`` is how many combinations run at once, ``why`` why it is one where that is not the machine's doing.
    """

    compiled: Compiled
    document: Any
    grid: Grid
    runs: tuple[Mapping[str, Any], ...]
    steps: tuple[Step, ...]
    sharing: Sharing
    at_once: int
    why: str


class Swept(NamedTuple):
    """A sweep that has run."""

    table: Table
    interrupted: bool

    @property
    def exit_code(self) -> int:
        """0 where every combination ended well; 130 where the sweep was interrupted; 3 where all that did not was refused; else 1."""
        if self.interrupted:
            return 130
        bad = {row.status for row in self.table.rows} - {"ok"}
        return 0 if not bad else 3 if bad == {"refused"} else 1


class Repeated(NamedTuple):
    """How often a step of a sweep runs where nothing is cached yet: for each combination of the parameters ``names``."""

    step: str
    runs: int
    names: tuple[str, ...]
    reason: str


def prepare_sweep(
    compiled: Compiled, document: Any, filed: Mapping[str, Any], said: Sequence[tuple[str, str]], most: int, options: RunOptions
) -> Sweep:  # fmt: skip
    """What a sweep would do; nothing is run. ``filed`` and ``said`` are as `nb2pipe.runtime.grid.grid` takes them.

    Raises:
        Refused: The notebook has a fault that makes the promise impossible.
        UsageError: A parameter is wrong, or there are too many combinations, or the machine is too small.
    """
    faults = refusing(subject_of(compiled))
    if faults:
        raise Refused(faults)
    _refuse_secrets(compiled, document)
    # Every parameter with its values, and all combinations of them.
    found = grid(compiled.pipeline.parameters, filed, said, most)
    runs = combinations(found)
    wanted = chosen(compiled.pipeline, options.choice).wanted
    steps = tuple(s for s in compiled.pipeline.steps if s.name in wanted)
    fits(steps, options)
    # What a swept parameter changes is found by changing it.
    recipes = _recipes(compiled, document, {**found.fixed, **runs[0]})
    varied = {
        axis.name: _recipes(compiled, document, {**found.fixed, **runs[0], axis.name: axis.values[1]})
        for axis in found.axes
        if len(axis.values) > 1
    }
    shared = sharing(compiled.pipeline, recipes, varied, compiled.analysis.effects, wanted)
    at_once, why = _at_once(shared, steps, options)
    return Sweep(compiled, document, found, tuple(runs), steps, shared, min(at_once, len(runs)), why)


def plan_sweep(prepared: Sweep) -> tuple[Repeated, ...]:
    """How often each step runs, and why; one that reads the clock and the like runs for each combination."""
    shared, sizes = prepared.sharing, {axis.name: len(axis.values) for axis in prepared.grid.axes}
    found = []
    for step in prepared.steps:
        if step.name in shared.own:
            why = say("for each combination: %1", shared.own[step.name])
            found.append(Repeated(step.name, len(prepared.runs), tuple(sizes), why))
            continue
        rests = tuple(shared.rests[step.name])
        count = math.prod(sizes[name] for name in rests)
        why = say("for each %1", all_of(rests)) if rests else say("shared by all")
        found.append(Repeated(step.name, count, rests, why))
    return tuple(found)


def _refuse_secrets(compiled: Compiled, document: Any) -> None:
    import copy

    from nb2pipe.runtime.secrets.asked import asked_by

    again, todo = scripted(compiled, copy.deepcopy(document), {})
    for step, names in asked_by(again.pipeline, todo).items():
        for name in names:
            raise UsageError(
                say(
                    "step %1 asks for the secret %2: a sweep's processes would all have it, so run it by itself",
                    step,
                    name,
                )
            )


def _recipes(compiled: Compiled, document: Any, parameters: Mapping[str, Any]) -> dict[str, Recipe]:
    """What each step is known by with these parameters, apart from the values that it takes."""
    import copy

    compiled, todo = scripted(compiled, copy.deepcopy(document), parameters)
    recipes = Recipes(compiled.codes, todo.tasks, parameters, {}, os.path.abspath(compiled.folder))
    recipes.about(compiled.pipeline, compiled.analysis)
    return {
        s.name: recipes.recipe(s, cells_of(compiled.pipeline, s, todo.tasks, todo.injected), {}, ())
        for s in compiled.pipeline.steps
    }


def _at_once(shared: Sharing, steps: Sequence[Step], options: RunOptions) -> tuple[int, str]:
    limits = [limits_of(s, options) for s in steps]
    if shared.alone:
        return 1, shared.alone
    if any(one.gpus for one in limits):
        return 1, say("steps ask for GPUs")
    most = max((one.cpus for one in limits), default=1.0)
    return max(1, min(options.jobs, int(_cpus(options) / max(most, 1.0)))), ""


def _cpus(options: RunOptions) -> float:
    return options.cpus or float(max(os.cpu_count() or 1, options.jobs))


def sweep(prepared: Sweep, request: RunRequest, tell: Tell) -> Swept:
    """Run a sweep. ``request`` holds for all combinations; its output names those of each.

    Raises:
        UsageError: An output cannot be written, or the store cannot be used.
    """
    compiled = prepared.compiled
    outputs: Sequence[str | None] = [None] * len(prepared.runs)
    if request.output is not None:
        outputs = file_names(prepared.grid, request.output, compiled.notebook.name)
        for path in outputs:
            check_output(str(path), compiled.notebook.path)
    if request.mlflow is not None:
        from nb2pipe.records.forward import check_mlflow

        check_mlflow()
    with opened(results_folder(compiled.folder, request.store)):
        pass  # that it cannot be used is told before anything runs
    name = f"{PREFIX}{new_id(time.time())}"
    running = _Running(prepared, request, outputs, name, tell)
    # Each combination a run of its own, as soon as those before it have what it shares with them.
    interrupted = running.run()
    return Swept(_table(prepared, request, name, running, tell), interrupted)


def _table(prepared: Sweep, request: RunRequest, name: str, running: _Running, tell: Tell) -> Table:
    """What came of all combinations, as it is recorded."""
    compiled = prepared.compiled
    with opened(results_folder(compiled.folder, request.store)) as store:
        for place, row in rows_of(store, name).items():
            if place in running.refused:
                refuse(store.database, row.run, running.refused[place])
        recorded = rows_of(store, name)
        if request.mlflow is not None:
            from nb2pipe.records.forward import forward

            for row in recorded.values():
                try:
                    forward(store, row.run, request.mlflow)
                except Exception as error:
                    tell(say("note     run %1 was not sent to MLflow at %2: %3", row.run, request.mlflow, str(error)))
    rows = []
    for place, values in enumerate(prepared.runs):
        ended = running.ended.get(place, Ended("not run"))
        row = recorded.get(place, Row(values, ended.status, output=running.outputs[place]))
        if row.status == "ok" and ended.status == "stopped":
            row = row._replace(status="failed")  # not the run, but the writing of its notebook
        rows.append(row._replace(values=values, error=row.error or ended.detail))
    return Table(name, os.path.abspath(compiled.notebook.path), tuple(rows))


class _Running:
    """A sweep that goes on. A combination waits while another one makes what it needs as well, and then takes that from the cache."""

    def __init__(
        self, prepared: Sweep, request: RunRequest, outputs: Sequence[str | None], name: str, tell: Tell
    ) -> None:
        self.prepared, self.request, self.outputs, self.name, self.tell = prepared, request, outputs, name, tell
        self.labels = [label(values) for values in prepared.runs]
        self.width = max(map(len, self.labels))
        self.at_once = prepared.at_once
        self.waiting = list(range(len(prepared.runs)))
        self.sweepers: list[Sweeper] = []
        self.selector = selectors.DefaultSelector()
        self.made: set[tuple[Any, ...]] = set()
        self.making: dict[tuple[Any, ...], int] = {}
        self.times: dict[int, tuple[float, float]] = {}
        self.ended: dict[int, Ended] = {}
        self.refused: dict[int, str] = {}
        self.noted: set[str] = set()
        shared = prepared.sharing
        self.signatures = [
            {s.name: signature(shared, s.name, values, place) for s in prepared.steps}
            for place, values in enumerate(prepared.runs)
        ]

    def run(self) -> bool:
        """Run to the end; whether it was interrupted. All processes are gone afterwards."""
        interrupted = False
        try:
            while self.waiting or self.busy():
                self.start()
                for key, _ in self.selector.select():
                    self.hear(key.data)
        except KeyboardInterrupt:
            interrupted = True
            self.interrupt()
        finally:
            for sweeper in self.sweepers:  # all of them, before any is waited for
                sweeper.sock.close()
            for sweeper in self.sweepers:
                sweeper.close()
            self.selector.close()
        return interrupted

    def busy(self) -> list[Sweeper]:
        return [s for s in self.sweepers if s.place is not None]

    def start(self) -> None:
        """Start the combinations that can start."""
        for place in list(self.waiting):
            if len(self.busy()) >= self.at_once:
                return
            mine = set(self.signatures[place].values()) - self.made
            if self.request.cache and any(one in self.making for one in mine):
                continue
            self.making |= dict.fromkeys(mine, place)
            self.waiting.remove(place)
            self.times[place] = time.monotonic(), 0.0
            self.free().ask(place, self.asked(place))
            self.tell(say("start    %1", self.labels[place]))

    def free(self) -> Sweeper:
        """A process that has nothing to do."""
        for sweeper in self.sweepers:
            if sweeper.place is None:
                return sweeper
        compiled = self.prepared.compiled
        subject = Subject(
            self.prepared.document, compiled.notebook.path, compiled.split, str(compiled.folder), compiled.home
        )
        made = Sweeper(subject)
        self.sweepers.append(made)
        self.selector.register(made.sock, selectors.EVENT_READ, made)
        return made

    def asked(self, place: int) -> RunRequest:
        """The run of one combination, with its share of the machine."""
        options, share = self.request.options, self.prepared.at_once
        if share > 1:
            options = replace(options, jobs=max(1, options.jobs // share), cpus=_cpus(options) / share)
        values = self.prepared.runs[place]
        told = {"id": self.name, "place": place, "names": list(values), "output": self.outputs[place]}
        return self.request._replace(
            options=options,
            parameters={**self.prepared.grid.fixed, **values},
            texts={},
            output=self.outputs[place],
            mlflow=None,
            sweep=told,
        )

    def hear(self, sweeper: Sweeper) -> None:
        """Hear what a process has to say."""
        message, place = sweeper.hear(), sweeper.place
        if message is None:
            self.selector.unregister(sweeper.sock)
            self.sweepers.remove(sweeper)
            how = sweeper.close()
            if place is not None:
                self.over(place, Ended("stopped", how))
            return
        kind, what = message
        if place is None:
            return
        if kind == "kept":
            one = self.signatures[place].get(what, ())
            self.made.add(one)
            self.making.pop(one, None)
        elif kind == "note" and what not in self.noted:
            self.noted.add(what)
            self.tell(say("note     %1: %2", self.labels[place], what))
        elif kind == "ended":
            sweeper.place = None
            self.over(place, what)

    def over(self, place: int, ended: Ended) -> None:
        """A combination has ended."""
        self.ended[place] = ended
        self.times[place] = self.times[place][0], time.monotonic()
        self.making = {one: other for one, other in self.making.items() if other != place}
        if ended.status != "ok" and self.request.options.fail_fast:
            self.waiting.clear()
        self.tell(_line(ended, self.labels[place], self.width))
        self.look(place, ended)

    def look(self, place: int, ended: Ended) -> None:
        """See that no combination that ran meanwhile has written what this one touched, or the other way round."""
        begun, _ = self.times[place]
        for other, theirs in self.ended.items():
            if other == place or self.times[other][1] <= begun:
                continue
            both = (ended.writes & (theirs.reads | theirs.writes)) | (ended.reads & theirs.writes)
            if both:
                path = os.path.relpath(min(both), self.prepared.compiled.folder)
                for one, two in ((place, other), (other, place)):
                    self.refused[one] = say(
                        "%1 was touched by %2 at the same time; `--jobs 1` runs one after another",
                        path,
                        self.labels[two],
                    )
                    self.tell(_line(Ended("refused", self.refused[one]), self.labels[one], self.width))
                self.at_once = 1

    def interrupt(self) -> None:
        """End what runs, as Ctrl-C does in a run; what does not end in time is ended by `run`."""
        self.waiting.clear()
        for sweeper in self.busy():
            sweeper.interrupt()
        until = time.monotonic() + _GRACE
        while self.busy() and (left := until - time.monotonic()) > 0:
            for key, _ in self.selector.select(left):
                self.hear(key.data)
        for place in self.times.keys() - self.ended.keys():
            self.ended[place] = Ended("interrupted")


def _line(ended: Ended, label: str, width: int) -> str:
    """How a combination ended, in a line: labels are as wide as the widest."""
    if ended.status == "ok":
        spent = f"{ended.seconds:8.2f}"
        return say("ok       %1%2 s  %3 of %4 cached", f"{label:<{width}}", spent, ended.cached, ended.steps)
    what = say("%1  %2", f"{label:<{width}}", ended.detail) if ended.detail else label
    match ended.status:
        case "failed":
            return say("failed   %1", what)
        case "refused":
            return say("refused  %1", what)
        case "interrupted":
            return say("interrupted %1", what)
        case "stopped":
            return say("stopped  %1", what)
        case _:
            return f"{ended.status:<8} {what}"
