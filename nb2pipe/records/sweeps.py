"""The runs of a sweep as a table: the parameters that were swept, how each run ended, and its metrics."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from nb2pipe.diagnostics import UsageError, in_turn, say
from nb2pipe.records.metrics import final
from nb2pipe.records.text import short
from nb2pipe.store.rooms import Store
from nb2pipe.store.runs import Run, named, of_sweep

PREFIX = "sweep-"
"""What the names of sweeps begin with, and those of runs do not."""


class Row(NamedTuple):
    """A combination: ``values`` of the swept parameters, ``error`` why it did not end well; ``run`` is "" where there was none."""

    values: Mapping[str, Any]
    status: str
    run: str = ""
    seconds: float | None = None
    steps: int = 0
    cached: int = 0
    metrics: Mapping[str, float] = {}
    error: str = ""
    output: str | None = None


class Table(NamedTuple):
    """A sweep: its name, its notebook, its rows in the order of the combinations."""

    sweep: str
    notebook: str
    rows: tuple[Row, ...]


def sweep_of(store: Store, name: str) -> str | None:
    """The name of the sweep that is meant by its name or the beginning of it, or by the ``last`` run; None for a run.

    Raises:
        UsageError: There is no such sweep.
    """
    if name != "last" and not name.startswith(PREFIX):
        return None
    if name == "last":
        told = named(store.database, "last").facts.get("options", {}).get("sweep")
        return None if told is None else str(told["id"])
    found = sorted({r.facts["options"]["sweep"]["id"] for r in of_sweep(store.database, name)})
    if len(found) == 1:
        return str(found[0])
    problem = f"no sweep is named {name}" if not found else f"{len(found)} sweeps begin with {name}"
    raise UsageError(f"{problem}; `nb2pipe runs list --format json` names them")


def rows_of(store: Store, sweep: str) -> dict[int, Row]:
    """The runs of a sweep by the places of their combinations."""
    return {r.facts["options"]["sweep"]["place"]: _row(store, r) for r in of_sweep(store.database, sweep)}


def table_of(store: Store, sweep: str) -> Table:
    """A sweep, as far as it is recorded.

    Raises:
        UsageError: There is no such sweep.
    """
    rows = rows_of(store, sweep)
    found = of_sweep(store.database, sweep)
    if not found:
        raise UsageError(say("no sweep is named %1", sweep))
    return Table(sweep, found[0].notebook, tuple(row for _, row in sorted(rows.items())))


def _row(store: Store, run: Run) -> Row:
    told = run.facts["options"]["sweep"]
    failed = [
        say("%1: %2", s.name, str(s.facts.get("detail", ""))) for s in run.steps if s.status in ("failed", "died")
    ]
    return Row(
        {name: run.facts["parameters"].get(name) for name in told["names"]},
        run.status,
        run.id,
        None if run.ended is None else round(run.ended - run.started, 3),
        sum(s.status != "left out" for s in run.steps),
        sum(s.status == "cached" for s in run.steps),
        final(store.database, run.id),
        str(run.facts.get("refused", "")) or in_turn(failed),
        told.get("output"),
    )


def as_text(table: Table) -> str:
    """The table for people: a line a combination; errors stand at the end of their lines."""
    names, metrics = _columns(table)
    head = [*names, "status", "time", "cached", *_free(metrics, names), "run"]
    body = [
        [
            *(short(row.values.get(n)) for n in names),
            row.status,
            "" if row.seconds is None else f"{row.seconds:.2f} s",
            f"{row.cached} of {row.steps}" if row.run else "",
            *(f"{row.metrics[m]:.6g}" if m in row.metrics else "" for m in metrics),
            row.run,
        ]
        for row in table.rows
    ]
    widths = [max(len(line[i]) for line in (head, *body)) for i in range(len(head))]
    right = {head.index("time"), *range(len(names) + 3, len(head) - 1)}
    lines = []
    for line, error in zip((head, *body), ("", *(r.error for r in table.rows)), strict=True):
        cells = [
            text.rjust(w) if i in right else text.ljust(w) for i, (text, w) in enumerate(zip(line, widths, strict=True))
        ]
        lines.append("  ".join([*cells, *error.splitlines()[:1]]).rstrip())
    return "\n".join(lines) + "\n"


def as_csv(table: Table) -> str:
    """The table as CSV; values that are no texts or numbers as JSON."""
    names, metrics = _columns(table)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*names, "status", "seconds", *_free(metrics, names), "run", "output", "error"])
    for row in table.rows:
        values = [_plain(row.values.get(n)) for n in names]
        seconds = "" if row.seconds is None else row.seconds
        measured = [row.metrics.get(m, "") for m in metrics]
        writer.writerow([*values, row.status, seconds, *measured, row.run, row.output or "", row.error])
    return text.getvalue()


def as_data(table: Table) -> dict[str, Any]:
    """The table for programs."""
    rows = [
        {
            "run": row.run or None, "status": row.status, "parameters": dict(row.values), "metrics": dict(row.metrics),
            "seconds": row.seconds, "steps": row.steps, "cached": row.cached, "output": row.output, "error": row.error or None,
        }
        for row in table.rows
    ]  # fmt: skip
    return {"sweep": table.sweep, "notebook": table.notebook, "parameters": _columns(table)[0], "runs": rows}


def _columns(table: Table) -> tuple[list[str], list[str]]:
    """The parameters and the metrics that any row has."""
    return _all(r.values for r in table.rows), sorted(_all(r.metrics for r in table.rows))


def _free(metrics: Sequence[str], names: Sequence[str]) -> list[str]:
    """The names of metrics as those of columns, where no other column has them."""
    taken = {*names, "status", "seconds", "time", "cached", "run", "output", "error"}
    return [f"metric.{name}" if name in taken else name for name in metrics]


def _all(rows: Any) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, int, float)) else json.dumps(value, default=str)
