"""What a run is asked for and what it gives: its options, the outcome of each step, and who is told of it meanwhile."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from nb2pipe.analysis.amend import Fact
from nb2pipe.interpreters import Interpreter
from nb2pipe.pipeline.model import Pipeline
from nb2pipe.runtime.choice import Choice
from nb2pipe.runtime.outputs import Event
from nb2pipe.runtime.task import Metric, Seen, ValueFile

Status = Literal["ok", "failed", "died", "not run", "left out"]


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to run: ``jobs`` processes at once, ``order`` among ready steps, ``guards`` on, light, strict or off.

    ``fail_fast`` starts nothing more once a step has failed. ``retries`` and ``timeout`` (seconds) are for steps whose tags do not
    say; ``cpus`` and ``gpus`` are what the run is given, None for what the machine has. ``choice`` says which steps are run.
    ``python`` is the interpreter that runs them, None the one that runs nb2pipe.
    """

    jobs: int = field(default_factory=lambda: os.cpu_count() or 1)
    order: Literal["document", "latest"] = "document"
    guards: Literal["on", "light", "strict", "off"] = "on"
    cwd: str = "."
    python: Interpreter | None = None
    fail_fast: bool = False
    retries: int = 0
    timeout: float | None = None
    cpus: float | None = None
    gpus: int | None = None
    choice: Choice = Choice()


@dataclass(slots=True)
class Outcome:
    """How one step ended. ``detail`` says why where it did not end well; times are seconds since the epoch.

    ``cached`` says that it was not run: what it gave in an earlier run holds. ``reason`` says why it was run, where there is a
    cache, and ``unkept`` why what it gave is not kept; ``digest`` is what it is known by there. ``cpu`` is in seconds, ``memory``
    the most that its process had, in bytes, as are ``taken`` and ``given``, its values; ``values`` have their digests, and ``files``
    say what they are; ``inputs`` are the values that it took, with the steps that they came from. ``made`` is the earlier run that
    stands for it. ``reads`` and ``writes`` are the files that it touched; ``held`` are the values that hold secrets and are not
    stored, with the names of these.
    ``events`` are what it showed (see `nb2pipe.runtime.outputs`), ``begun`` says when cells began, and ``until``, where there is an
    earlier run, when the last of them ended.
    """

    status: Status = "not run"
    detail: str = ""
    cell: int = -1
    ename: str = ""
    evalue: str = ""
    seconds: float = 0.0
    guard_seconds: float = 0.0
    started: float = 0.0
    ended: float = 0.0
    runs: int = 0
    cached: bool = False
    reason: str = ""
    unkept: str = ""
    digest: str = ""
    cpu: float = 0.0
    memory: int = 0
    taken: int = 0
    given: int = 0
    values: dict[str, str] = field(default_factory=dict)
    files: tuple[ValueFile, ...] = ()
    inputs: dict[str, str] = field(default_factory=dict)
    made: str = ""
    reads: Sequence[str] = ()
    writes: Sequence[str] = ()
    held: dict[str, str] = field(default_factory=dict)
    metrics: tuple[Metric, ...] = ()
    events: Sequence[dict[str, Any]] = ()
    begun: Sequence[tuple[int, float]] = ()
    until: float = 0.0


@dataclass(slots=True)
class RunResult:
    """A finished run: the outcome of each step, the outputs of each cell, and what the guards saw.

    ``times`` are the start and end of each cell that was begun, in seconds since the epoch; ``widgets`` is the state of
    widgets as notebooks store it. ``run`` is what its record is called, "" where it has none.
    """

    pipeline: Pipeline
    outcomes: dict[str, Outcome]
    outputs: dict[int, list[dict[str, Any]]]
    seen: list[Seen]
    facts: tuple[Fact, ...]
    notes: list[str]
    times: dict[int, tuple[float, float]]
    widgets: dict[str, Any]
    interrupted: bool = False
    run: str = ""

    @property
    def exit_code(self) -> int:
        """0 where every step that was wanted ended well, 130 where the run was interrupted, else 1."""
        if self.interrupted:
            return 130
        return 0 if all(o.status in ("ok", "left out") for o in self.outcomes.values()) else 1


class Listener:
    """Told of what happens while a run goes on; the default does nothing."""

    def started(self, step: str) -> None:
        """A step has started."""

    def begun(self, step: str, cell: int, when: float, pid: int) -> None:
        """The process ``pid`` of the step has begun a cell; 0 where an earlier run had."""

    def shown(self, step: str, event: Event) -> None:
        """The step's cell has shown something."""

    def ended(self, step: str, outcome: Outcome) -> None:
        """A step has ended."""

    def kept(self, step: str) -> None:
        """What a step gave is in the cache, as far as it can be kept; it had ended before."""

    def failed_once(self, step: str, why: str, shown: str) -> None:
        """A step has failed and is tried again: what is to be said of it, and what its cells had shown."""

    def metric(self, step: str, metric: Metric) -> None:
        """A step that runs has said a metric; when it has ended, its outcome has all of them."""

    def note(self, text: str) -> None:
        """Something that the user should know."""
