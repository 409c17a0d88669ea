"""The values of recorded runs: which there are, what each was made from, and what was made from it."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from nb2pipe.diagnostics import UsageError
from nb2pipe.store import results, runs
from nb2pipe.store.results import Result
from nb2pipe.store.runs import Run, StepRun

CODE = frozenset({"module", "function", "type", "builtin_function_or_method"})
"""The types of values that are code, and no data."""
_FIRST = 20  # runs that are looked at before all of them are


class Value(NamedTuple):
    """A value as it stood in a run: ``made`` is the run whose step computed it, which is another one where the step was cached.

    ``size`` is that of the file it is in, in bytes, which values that share something have in common.
    """

    name: str
    step: str
    run: str
    notebook: str
    kind: str
    size: int
    digest: str
    made: str


class Lineage(NamedTuple):
    """Where a value comes from and what became of it.

    ``record`` is that of its step, ``result`` what the store has of the step, if it has that still; ``above`` are the values
    it was made from and theirs, the nearest first, ``below`` the steps that it went into, each with what they gave.
    """

    value: Value
    run: Run
    record: StepRun
    result: Result | None
    above: tuple[Value, ...]
    below: tuple[tuple[str, tuple[str, ...]], ...]


def is_of(notebook: str, wanted: str | None) -> bool:
    """Whether a notebook is the one that is wanted, by its path or its name; without a wish any is."""
    return wanted is None or notebook == os.path.abspath(wanted) or Path(notebook).stem == wanted


def values_in(run: str, notebook: str, step: StepRun) -> Iterator[Value]:
    """The values that a step of a run has given; states of its process are none."""
    facts = step.facts
    for name, digest in facts.get("values", {}).items():
        kind, size = facts.get("kinds", {}).get(name, ""), facts.get("sizes", {}).get(name, 0)
        if not name.startswith("<"):
            yield Value(name, step.name, run, notebook, kind, size, digest, facts.get("made", run))


def versions(database: sqlite3.Connection, notebook: str | None = None) -> Iterator[Value]:
    """The values of all runs, each content of a value once, as it stood in the newest run that has it; the newest first."""
    seen = set()
    for run, path in database.execute("select id, notebook from runs order by started desc, id desc").fetchall():
        if not is_of(path, notebook):
            continue
        for step, status, facts in database.execute(
            "select name, status, facts from steps where run = ? order by rowid", (run,)
        ):
            for value in values_in(run, path, StepRun(step, status, json.loads(facts))):
                key = (path, step, value.name, value.digest)
                if key not in seen:
                    seen.add(key)
                    yield value


def values_of(run: Run) -> tuple[Value, ...]:
    """The values of one run, in the order of its steps."""
    return tuple(v for step in in_order(run) for v in values_in(run.id, run.notebook, step))


def find(database: sqlite3.Connection, text: str, notebook: str | None = None) -> tuple[Run, Value]:
    """The value that ``NAME``, ``STEP.NAME``, ``NAME@RUN`` or ``STEP.NAME@RUN`` means: in that run, or in the newest that has it.

    Where several steps of the run give a value of that name, it is that of the last.

    Raises:
        UsageError: There is none.
    """
    name, _, wanted = text.partition("@")
    found = [runs.named(database, wanted)] if wanted else _newest(database, notebook)
    for run in found:
        fitting = [v for v in values_of(run) if name in (v.name, f"{v.step}.{v.name}")]
        if fitting:
            return run, fitting[-1]
        for step in run.steps:
            for one, secret in step.facts.get("held", {}).items():
                if name in (one, f"{step.name}.{one}"):
                    raise UsageError(
                        f"`{one}` of {step.name} holds the secret {secret} and was not stored in run {run.id}"
                    )
    where = f"run {wanted} has" if wanted else "no run has"
    raise UsageError(f"{where} {'no' if wanted else 'a'} value `{name}`; `nb2pipe values list` names them")


def lineage(database: sqlite3.Connection, run: Run, value: Value) -> Lineage:
    """Where a value of a run comes from, and what became of it."""
    record = next(s for s in run.steps if s.name == value.step)
    result = results.made_by(database, run.notebook, value.step, value.made)
    return Lineage(value, run, record, result, tuple(_above(run, value.step)), tuple(_below(run, value)))


def in_order(run: Run) -> list[StepRun]:
    """The steps of a run that were begun, in the order in which they were: none stands before one that it takes something from."""
    return sorted((s for s in run.steps if "started" in s.facts), key=lambda s: float(s.facts["started"]))


def _newest(database: sqlite3.Connection, notebook: str | None) -> Iterator[Run]:
    for count, already in ((_FIRST, 0), (None, _FIRST)):
        yield from (r for r in runs.newest(database, count)[already:] if is_of(r.notebook, notebook))


def _above(run: Run, step: str) -> Iterator[Value]:
    """The values that a step took, and those that these were made from."""
    inputs = {s.name: s.facts.get("inputs", {}) for s in run.steps}
    given = {(v.step, v.name): v for v in values_of(run)}
    waiting = [step]
    for one in waiting:  # which grows
        for name, producer in inputs.get(one, {}).items():
            value = given.pop((producer, name), None)
            if value is not None and value.kind != "module":
                yield value
            if producer not in waiting:
                waiting.append(producer)


def _below(run: Run, value: Value) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The steps that a value went into, and those that what they gave went into."""
    reached = {(value.step, value.name)}
    for step in in_order(run):
        taken = {(producer, name) for name, producer in step.facts.get("inputs", {}).items()}
        if not reached.isdisjoint(taken):
            reached |= {(step.name, name) for name in step.facts.get("values", {})}
            yield step.name, tuple(v.name for v in values_in(run.id, run.notebook, step))
