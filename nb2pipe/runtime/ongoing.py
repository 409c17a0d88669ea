"""A run while it goes on: which steps have started and ended, how, and what they left."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nb2pipe.analysis.amend import Fact
from nb2pipe.diagnostics import Diagnostic, Sentence, Severity, Span
from nb2pipe.pipeline.model import Pipeline, Step
from nb2pipe.runtime.index import Index, index_of
from nb2pipe.runtime.observed import Observed
from nb2pipe.runtime.outputs import Outputs
from nb2pipe.runtime.processes import Process
from nb2pipe.runtime.result import Listener, Outcome, RunOptions, Status
from nb2pipe.runtime.task import CellTask, Report, Seen, ValueFile

if TYPE_CHECKING:
    from nb2pipe.runtime.secrets.held import Secrets


@dataclass(slots=True)
class Done:
    """What a finished step left: its report, and where its values are.

    Values that are in ``files`` too are ``live`` for those who change several of them that share memory.
    """

    report: Report
    files: dict[str, str]
    stored: dict[str, ValueFile]
    live: dict[str, Process]


@dataclass(slots=True)
class Ongoing:
    """One run. ``pipeline`` is the one that holds now: guards may add edges to it.

    ``events`` are what the cells of a step showed, ``begun`` when they began, ``until`` when the last of them ended where an
    earlier run had it; ``started_as`` is a step as it was when it started, ``outside`` what it has reached beyond its files,
    ``rewritten`` the files that it has written over; ``stopped`` is the step whose failure ends the run. ``secrets`` is there where
    the notebook names some.
    """

    pipeline: Pipeline
    cells: Mapping[int, CellTask]
    injected: tuple[int, CellTask] | None
    options: RunOptions
    listener: Listener
    folder: Path
    outcomes: dict[str, Outcome]
    done: dict[str, Done] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    running: dict[str, Process] = field(default_factory=dict)
    events: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    begun: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    until: dict[str, float] = field(default_factory=dict)
    started_as: dict[str, Step] = field(default_factory=dict)
    reports: dict[str, Report] = field(default_factory=dict)
    outside: dict[str, list[str]] = field(default_factory=dict)
    rewritten: dict[str, list[str]] = field(default_factory=dict)
    stopped: str = ""
    seen: list[Seen] = field(default_factory=list)
    quiet: dict[str, dict[str, Seen]] = field(default_factory=dict)
    facts: tuple[Fact, ...] = ()
    notes: list[str] = field(default_factory=list)
    refused: Diagnostic | None = None
    secrets: Secrets | None = None
    indexed: Index | None = None

    @property
    def index(self) -> Index:
        """The index of the pipeline that holds now."""
        if self.indexed is None or self.indexed.pipeline is not self.pipeline:
            self.indexed = index_of(self.pipeline)
        return self.indexed

    def step_named(self, name: str) -> Step:
        """The step of that name."""
        return self.index.steps[name]

    def begin(self, step: Step) -> None:
        """A step starts."""
        outcome = self.outcomes[step.name]
        outcome.status, outcome.detail = "not run", ""
        outcome.cell, outcome.ename, outcome.evalue = -1, "", ""
        outcome.started, outcome.runs = time.time(), outcome.runs + 1
        self.events[step.name] = []
        self.begun[step.name] = []
        self.started_as[step.name] = step
        self.listener.started(step.name)

    def hear(self, step: str, message: tuple[str, Any], pid: int) -> None:
        """Take in what a step says while it runs, in the process ``pid``."""
        for one in (message,) if self.secrets is None else self.secrets.heard(step, message):
            self._hear(step, one, pid)

    def rest(self, step: str) -> None:
        """Take in what has waited for more that a step would say: it has ended."""
        for message in () if self.secrets is None else self.secrets.rest(step):
            self._hear(step, message, 0)

    def _hear(self, step: str, message: tuple[str, Any], pid: int) -> None:
        kind, what = message
        if kind == "event":
            self.events[step].append(what)
            self.listener.shown(step, what)
        elif kind == "begun":
            self.begun[step].append(what)
            cell, when = what
            self.listener.begun(step, cell, when, pid)
        elif kind == "metric":
            self.listener.metric(step, what)
        elif kind == "outside":
            self.outside.setdefault(step, []).append(what)
        elif kind == "rewritten":
            self.rewritten.setdefault(step, []).append(what)

    def cell_of(self, step: str) -> int:
        """The cell that a step has begun last; -1 for none."""
        begun = self.begun.get(step)
        return begun[-1][0] if begun else -1

    def finish(self, step: str, status: Status, detail: str) -> None:
        """A step has ended."""
        outcome = self.outcomes[step]
        outcome.status, outcome.detail, outcome.ended = status, detail, time.time()
        outcome.events, outcome.begun = self.events.get(step, ()), self.begun.get(step, ())
        outcome.until = self.until.get(step, 0.0)
        if step in self.reports:
            outcome.reads, outcome.writes = touched(self.reports[step])
        self.running.pop(step, None)
        self.ended.add(step)
        self.listener.ended(step, outcome)

    def give_up(self, step: str, detail: str) -> None:
        """A step will not run; what it showed when it did, before a guard or its own failure, does not count."""
        self.outcomes[step].status, self.outcomes[step].detail = "not run", detail
        self.events.pop(step, None)
        self.begun.pop(step, None)
        self.ended.add(step)
        self.listener.ended(step, self.outcomes[step])

    def leave_out(self, step: str, why: str) -> None:
        """A step is not wanted."""
        self.outcomes[step].status, self.outcomes[step].detail = "left out", why
        self.ended.add(step)
        self.listener.ended(step, self.outcomes[step])

    def note(self, text: str) -> None:
        """Tell the user, and keep it for the executed notebook."""
        self.notes.append(text)
        self.listener.note(text)

    def refuse(self, step: Step, code: str, message: Sentence, hint: Sentence) -> None:
        """End the run with a diagnostic."""
        span = Span(step.cells[0] if step.cells else -1)
        self.refused = Diagnostic(span, code, Severity.ERROR, message, hint)

    def taken(self, step: Step) -> int:
        """How many bytes of values a step has taken."""
        files = (d.stored.get(v.name) for v in step.inputs if (d := self.done.get(v.producer)) is not None)
        return sum({f.name: f.size for f in files if f is not None}.values())


def shown_by(run: Ongoing) -> Outputs:
    """What all cells showed; events are taken step by step, so that a display can be updated by a later step."""
    outputs = Outputs()
    for step in run.pipeline.steps:
        for event in run.events.get(step.name, ()):
            outputs.add(event)
    return outputs


def times_of(run: Ongoing) -> dict[int, tuple[float, float]]:
    """When each cell that was begun started and ended."""
    found: dict[int, tuple[float, float]] = {}
    for step, begun in run.begun.items():
        if not begun:
            continue
        end = run.until.get(step) or run.outcomes[step].ended or time.time()
        ends = [start for _, start in begun[1:]] + [end]
        found |= {cell: (start, end) for (cell, start), end in zip(begun, ends, strict=True)}
    return found


def touched(report: Report) -> tuple[Sequence[str], Sequence[str]]:
    """The files that a step was seen to read, and to write."""
    seen = report.observed or Observed()
    return tuple(dict.fromkeys((*report.reads, *seen.files))), tuple(dict.fromkeys((*report.writes, *seen.writes)))


def text_of(run: Ongoing, step: str) -> str:
    """What the cells of one step have printed, and the tracebacks of those that failed."""
    outputs = Outputs()
    for event in run.events.get(step, ()):
        outputs.add(event)
    parts = []
    for shown in outputs.result().values():
        for output in shown:
            if output["output_type"] == "stream":
                parts.append(output["text"])
            elif output["output_type"] == "error":
                parts.append("\n".join(output["traceback"]))
    return "\n".join(part.rstrip("\n") for part in parts if part)
