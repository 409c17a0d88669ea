"""Records of runs: each with what it was asked for, and how each of its steps went; written as the run goes on."""

from __future__ import annotations

import json
import math
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from nb2pipe.diagnostics import UsageError, say

LOST = "lost"
"""The status of a run that was killed before it could say how it ended."""
SEEN = "seen"
"""What the facts of a run of another machine say of when it was seen to go on."""
_UNSEEN = 900.0  # seconds after which it does no more

Measured = tuple[str, float, int | None, float]
"""A metric: its name, the number, its place in a series if it is of one, and when it was said."""


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


def tell(database: sqlite3.Connection, run: str, facts: Mapping[str, Any]) -> None:
    """Record more of a run than was known when it began."""
    database.execute("begin immediate")
    with database:
        found = database.execute("select facts from runs where id = ?", (run,)).fetchone()
        if found is not None:
            text = json.dumps({**json.loads(found[0]), **facts}, sort_keys=True, default=str)
            database.execute("update runs set facts = ? where id = ?", (text, run))


def measure(database: sqlite3.Connection, run: str, step: str, metric: Measured) -> None:
    """Record a metric that a step has said."""
    database.execute("insert into metrics values (?, ?, ?, ?, ?, ?)", (run, step, *metric))


def measured(database: sqlite3.Connection, run: str, step: str, metrics: Iterable[Measured]) -> None:
    """Record all metrics of a step anew."""
    database.execute("begin immediate")
    with database:
        database.execute("delete from metrics where run = ? and step = ?", (run, step))
        database.executemany("insert into metrics values (?, ?, ?, ?, ?, ?)", ((run, step, *m) for m in metrics))


def metrics_of(database: sqlite3.Connection, run: str) -> tuple[tuple[str, Measured], ...]:
    """The metrics of a run in the order in which they were said, each with its step."""
    rows = database.execute("select step, name, value, place, at from metrics where run = ? order by rowid", (run,))
    # SQLite has no NaN: it keeps one as nothing
    return tuple((s, (n, math.nan if v is None else v, place, at)) for s, n, v, place, at in rows.fetchall())


def named_by(database: sqlite3.Connection, keep: int) -> Iterator[str]:
    """The digests of contents that records name: of all what they showed, of the last ``keep`` of a notebook their values too."""
    for (text,) in database.execute("select facts from runs"):
        facts = json.loads(text)
        yield from (facts[name] for name in ("document", "graph") if name in facts)
    rows = database.execute(
        "select steps.facts, place from steps join (select id, row_number() over (partition by notebook order by started desc, id desc) "
        "as place from runs) on steps.run = id"
    )
    for text, place in rows:
        facts = json.loads(text)
        if "shown" in facts:
            yield facts["shown"]
        if place <= keep:
            yield from facts.get("values", {}).values()


class Chosen(NamedTuple):
    """Which runs are wanted: of a ``notebook``; of a ``pipeline``, by its name or its notebook's; of a status; begun between two times."""

    notebook: str | None = None
    pipeline: str | None = None
    status: str | None = None
    since: float | None = None
    before: float | None = None


def newest(
    database: sqlite3.Connection, count: int | None = None, chosen: Chosen = Chosen(), *, steps: bool = True  # noqa: B008  a frozen record
) -> tuple[Run, ...]:  # fmt: skip
    """The runs that were chosen, the newest first; each with its steps, unless nobody wants ``steps``."""
    wanted, given = _conditions(chosen)
    if chosen.pipeline is not None:
        pipeline = chosen.pipeline
        database.create_function(
            "is_of", 2, lambda notebook, facts: _is_of(pipeline, notebook, facts), deterministic=True
        )
        wanted.append("is_of(notebook, facts)")
    where = f"where {' and '.join(wanted)}" if wanted else ""
    order = "order by started desc, rowid desc"
    rows = database.execute(f"select * from runs {where} {order}", given)  # noqa: S608  conditions of ours
    found: list[Any] = []
    for row in rows:
        if len(found) == count:
            break
        if chosen.status in (None, status_of(row[2], row[5])):
            found.append(row)
    return _with_steps(database, found) if steps else tuple(_run(row) for row in found)


def cached_of_all(database: sqlite3.Connection, runs: Sequence[Run]) -> dict[str, tuple[int, int]]:
    """How many steps of each run are cached, and how many it has."""
    found = {run.id: (0, 0) for run in runs}
    question = "select run, sum(status = 'cached'), count(*) from steps where run between ? and ? group by run"
    if found:
        found |= {run: (cached, steps) for run, cached, steps in database.execute(question, (min(found), max(found)))}
    return found


def _conditions(chosen: Chosen) -> tuple[list[str], list[Any]]:
    """What SQLite can look for itself."""
    status = "running" if chosen.status == LOST else chosen.status
    pairs = [
        ("notebook = ?", chosen.notebook),
        ("status = ?", status),
        ("started >= ?", chosen.since),
        ("started < ?", chosen.before),
    ]
    return [text for text, value in pairs if value is not None], [value for _, value in pairs if value is not None]


def _is_of(pipeline: str, notebook: str, facts: str) -> bool:
    name = notebook.rpartition("/")[2]
    if pipeline in (notebook, name, name.rpartition(".")[0]):
        return True
    return json.dumps(pipeline) in facts and bool(json.loads(facts).get("pipeline") == pipeline)


def named(database: sqlite3.Connection, name: str) -> Run:
    """The run of that name, of its beginning where there is only one, or the ``last``.

    Raises:
        UsageError: There is none.
    """
    if name == "last":
        found = newest(database, 1)
    else:
        rows = database.execute("select * from runs where substr(id, 1, length(?1)) = ?1", (name,)).fetchall()
        found = _with_steps(database, rows)
    if len(found) == 1:
        return found[0]
    if name == "last":
        raise UsageError(say("there are no runs; `nb2pipe runs list` names them"))
    if not found:
        raise UsageError(say("no run is named %1; `nb2pipe runs list` names them", name))
    raise UsageError(say("%1 runs begin with %2; `nb2pipe runs list` names them", len(found), name))


def of_sweep(database: sqlite3.Connection, sweep: str) -> tuple[Run, ...]:
    """The runs of the sweeps whose names begin so, in the order in which they began."""
    rows = database.execute(
        "select * from runs where instr(facts, ?) order by started, rowid", (f'"{sweep}',)
    ).fetchall()
    wanted = [r for r in rows if json.loads(r[5]).get("options", {}).get("sweep", {}).get("id", "").startswith(sweep)]
    return _with_steps(database, wanted)


def refuse(database: sqlite3.Connection, run: str, why: str) -> None:
    """Record of a run that has ended that what it gave is not to be relied on."""
    tell(database, run, {"refused": why})
    database.execute("update runs set status = 'refused' where id = ?", (run,))


def remove(database: sqlite3.Connection, run: str) -> None:
    """Forget a run; what its steps gave stays for others."""
    database.execute("begin immediate")
    with database:
        database.execute("delete from steps where run = ?", (run,))
        database.execute("delete from metrics where run = ?", (run,))
        database.execute("delete from runs where id = ?", (run,))


def _with_steps(database: sqlite3.Connection, rows: Sequence[Any]) -> tuple[Run, ...]:
    found = []
    for row in rows:
        steps = database.execute("select name, status, facts from steps where run = ? order by rowid", (row[0],))
        listed = tuple(StepRun(n, s, json.loads(f)) for n, s, f in steps)
        found.append(_run(row)._replace(steps=listed))
    return tuple(found)


def _run(row: Any) -> Run:
    run, notebook, status, started, ended, facts = row
    return Run(run, notebook, status_of(status, facts), started, ended, json.loads(facts))


def status_of(status: str, facts: str) -> str:
    """The status of a run: one that is said to go on, and whose process is gone, is `LOST`."""
    return LOST if status == "running" and not _goes_on(json.loads(facts)) else status


def _goes_on(facts: Mapping[str, Any]) -> bool:
    """Whether the process of a run is there still: its number, and when it was started, which tells it from a later one."""
    if SEEN in facts:
        return time.time() - float(facts[SEEN]) < _UNSEEN
    return process_of(facts.get("pid", 0)) == facts.get("process")


def process_of(pid: int) -> str:
    """What tells a process from all others that have or had its number."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:  # noqa: PTH123  no path is wanted
            return file.read().rpartition(")")[2].split()[19]
    except OSError:
        return ""
