"""What the scheduler asks of a step's process, and what that answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from nb2pipe.analysis.amend import FactKind
from nb2pipe.diagnostics import say
from nb2pipe.runtime.observed import Observed

APPENDED = say("a file that is appended to")
"""What a step has touched that a second run of it would not find as the first did."""


@dataclass(frozen=True, slots=True)
class CellTask:
    """A cell to run: ``source`` as text, ``count`` the execution count; ``silent`` where its outputs are another step's.

    ``bare`` says that nothing that loads NumPy has been imported when it has run; ``metrics`` are the names whose numbers are
    metrics of the run when it has. ``secrets`` are those that its tags ask for, ``bound`` the names that are bound to secrets when it
    has run, each with the name of its secret.
    """

    index: int
    source: str
    count: int
    raises: bool = False
    silent: bool = False
    bare: bool = False
    metrics: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    bound: tuple[tuple[str, str], ...] = ()


class StepSecrets(NamedTuple):
    """What a step's process has to know of secrets.

    ``given`` are those that the step finds in its environment, ``withheld`` the names of those that it does not; ``known`` are all of
    the run, which the process must not store.
    """

    given: Mapping[str, str]
    withheld: tuple[str, ...]
    known: Mapping[str, str]


class Watched(NamedTuple):
    """What is known beforehand of what a step reads: the random states that a seed ``decided``, the ``paths`` of files."""

    decided: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Task:
    """One step to run.

    ``files`` are the value files with the names wanted from each; ``live`` the names that an earlier step left in this
    very process, with that step; ``outputs`` the names and states to store, in ``folder`` under ``prefix``;
    ``known`` the states that other steps use or change. ``observe`` is there where its result may be kept: then it is
    told what the step read of the world. ``digests`` says that the digests of its values are wanted, ``memory`` how much its cells
    may allocate, in bytes.
    ``checks`` has the files that come from a store, each with what is known of it as `nb2pipe.runtime.values.load_file` takes it.
    ``secrets`` is there where the notebook names some; ``held`` are the files that are in no folder, as they hold one.
    ``absent`` are the names that steps before this one bind and that it is not handed.
    """

    step: str
    stamp: int
    cells: tuple[CellTask, ...]
    files: tuple[tuple[str, tuple[str, ...]], ...]
    live: tuple[tuple[str, str], ...]
    outputs: tuple[str, ...]
    changes: tuple[str, ...]
    folder: str
    prefix: str
    cwd: str
    guards: str = "on"
    known: tuple[str, ...] = ()
    observe: Watched | None = None
    digests: bool = False
    memory: int | None = None
    checks: tuple[tuple[str, str], ...] = ()
    secrets: StepSecrets | None = None
    held: tuple[tuple[str, bytes], ...] = ()
    absent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """Something that ``step`` did and the analysis had not said; ``names`` is what it concerns, ``other`` a second step.

    The kinds are those of `nb2pipe.analysis.amend.Fact`.
    """

    kind: FactKind
    step: str
    names: tuple[str, ...]
    other: str = ""


@dataclass(frozen=True, slots=True)
class Unstorable:
    """A value that cannot leave its process: its name, its type and what pickling said."""

    name: str
    kind: str
    why: str


class ValueFile(NamedTuple):
    """A file of values: its name, the names in it, its size, its digest where that is wanted, whether it holds code of the notebook.

    ``proof`` is the digest of its index, which is what runs when it is loaded; ``kinds`` are the types of the values.
    """

    name: str
    names: tuple[str, ...]
    size: int
    digest: str
    code: bool
    proof: str = ""
    kinds: tuple[str, ...] = ()


class Held(NamedTuple):
    """A file of values that is handed on in memory: its name, the names in it, the secrets that are in it, its content."""

    name: str
    names: tuple[str, ...]
    secrets: tuple[str, ...]
    content: bytes


class Metric(NamedTuple):
    """A number that a step says of the run; ``place`` is that in a series, ``at`` when it was said (seconds since the epoch)."""

    name: str
    value: float
    place: int | None
    at: float


def files_of(facts: Mapping[str, Any]) -> list[ValueFile]:
    """The files of values of a kept result; those that an earlier nb2pipe has kept say less of themselves."""
    return [ValueFile(f[0], tuple(f[1]), *f[2:6], *(tuple(kinds) for kinds in f[6:])) for f in facts["files"]]


@dataclass(slots=True)
class Report:
    """How a step ended, what it stored, and what the guards saw; ``missed`` are the `Task.absent` names that it looked up."""

    step: str
    status: str = "ok"
    cell: int = -1
    ename: str = ""
    evalue: str = ""
    files: list[ValueFile] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    unstorable: list[Unstorable] = field(default_factory=list)
    together: list[tuple[str, str]] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    problem: str = ""
    seconds: float = 0.0
    guard_seconds: float = 0.0
    observed: Observed | None = None
    cpu: float = 0.0
    memory: int = 0
    metrics: list[Metric] = field(default_factory=list)
