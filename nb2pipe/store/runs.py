"""Records of runs: each with what it was asked for, and how each of its steps went; written as the run goes on."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from nb2pipe.diagnostics import UsageError

LOST = "lost"
"""The status of a run that was killed before it could say how it ended."""


class Run(NamedTuple):
    """A run: ``status`` is running, ok, failed, refused, interrupted or `LOST`; times are seconds since the epoch."""

    id: str
    notebook: str
    status: str
    started: float
    ended: float | None
    facts: Mapping[str, Any]
    steps: tuple[StepRun, ...] = ()


class StepRun(NamedTuple):
    """How a step went: ``status`` is running, ok, cached, failed, died or not run."""

    name: str
    status: str
    facts: Mapping[str, Any]


def new_id(started: float) -> str:
    """A name for a run: when it began, and what tells it from others of that second."""
    return f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime(started))}-{os.urandom(2).hex()}"


def begin(database: sqlite3.Connection, run: Run) -> None:
    """Record that a run has begun."""
    row = (run.id, run.notebook, "running", run.started, None, json.dumps(run.facts, sort_keys=True, default=str))
    database.execute("insert into runs values (?, ?, ?, ?, ?, ?)", row)


def end(database: sqlite3.Connection, run: str, status: str) -> None:
    """Record how a run has ended."""
    database.execute("update runs set status = ?, ended = ? where id = ?", (status, time.time(), run))


def step(database: sqlite3.Connection, run: str, found: StepRun) -> None:
    """Record how a step stands."""
    row = (run, found.name, found.status, json.dumps(found.facts, sort_keys=True))
    database.execute("insert or replace into steps values (?, ?, ?, ?)", row)


def newest(database: sqlite3.Connection, count: int | None = None, notebook: str | None = None) -> tuple[Run, ...]:
    """The runs, the newest first, each with its steps; of one notebook where it is given."""
    rows = database.execute(
        "select * from runs where ?1 is null or notebook = ?1 order by started desc, id desc limit ?2",
        (notebook, -1 if count is None else count),
    )
    return tuple(_with_steps(database, row) for row in rows.fetchall())


def named(database: sqlite3.Connection, name: str) -> Run:
    """The run of that name, of its beginning where there is only one, or the ``last``.

    Raises:
        UsageError: There is none.
    """
    if name == "last":
        found = newest(database, 1)
    else:
        rows = database.execute("select * from runs where substr(id, 1, length(?1)) = ?1", (name,)).fetchall()
        found = tuple(_with_steps(database, row) for row in rows)
    if len(found) == 1:
        return found[0]
    problem = (
        "there are no runs"
        if name == "last"
        else f"no run is named {name}"
        if not found
        else f"{len(found)} runs begin with {name}"
    )
    raise UsageError(f"{problem}; `nb2pipe runs list` names them")


def remove(database: sqlite3.Connection, run: str) -> None:
    """Forget a run; what its steps gave stays for others."""
    database.execute("begin immediate")
    with database:
        database.execute("delete from steps where run = ?", (run,))
        database.execute("delete from runs where id = ?", (run,))


def _with_steps(database: sqlite3.Connection, row: Any) -> Run:
    run, notebook, status, started, ended, facts = row
    steps = database.execute("select name, status, facts from steps where run = ? order by rowid", (run,)).fetchall()
    found = json.loads(facts)
    if status == "running" and not _goes_on(found):
        status = LOST
    return Run(run, notebook, status, started, ended, found, tuple(StepRun(n, s, json.loads(f)) for n, s, f in steps))


def _goes_on(facts: Mapping[str, Any]) -> bool:
    """Whether the process of a run is there still: its number, and when it was started, which tells it from a later one."""
    return process_of(facts.get("pid", 0)) == facts.get("process")


def process_of(pid: int) -> str:
    """What tells a process from all others that have or had its number."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:  # noqa: PTH123  no path is wanted
            return file.read().rpartition(")")[2].split()[19]
    except OSError:
        return ""
