"""Results of steps, found again by what they were made from."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple


class Result(NamedTuple):
    """What a step once gave: the digest of its recipe, who made it and when, and all else as plain data.

    Without a recipe it stands for no run, and is kept for its values.
    """

    recipe: str
    notebook: str
    step: str
    made: float
    run: str
    seconds: float
    facts: Mapping[str, Any]


_COLUMNS = "recipe, notebook, step, made, run, seconds, facts"


def _result(row: Any) -> Result:
    recipe, notebook, step, made, run, seconds, facts = row
    return Result(recipe, notebook, step, made, run, seconds, json.loads(facts))


def add(database: sqlite3.Connection, result: Result) -> None:
    """Keep a result; the contents that it names have to be there already."""
    row = (*result[:6], json.dumps(result.facts, sort_keys=True))
    with database:
        database.execute(f"insert into results ({_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?)", row)  # noqa: S608  columns of ours
        database.execute("delete from refusals where recipe = ?", (result.recipe,))


def find(database: sqlite3.Connection, recipe: str) -> Iterator[Result]:
    """The results of a recipe, the newest first."""
    rows = database.execute(f"select {_COLUMNS} from results where recipe = ? order by id desc", (recipe,))  # noqa: S608  as above
    return map(_result, rows.fetchall())


def last(database: sqlite3.Connection, notebook: str, step: str) -> Result | None:
    """The last result of a step that can stand for a run of it, whatever it was made from."""
    found = database.execute(
        f"select {_COLUMNS} from results where notebook = ? and step = ? and recipe != '' order by id desc limit 1",  # noqa: S608  as above
        (notebook, step),
    ).fetchone()
    return None if found is None else _result(found)


def made_by(database: sqlite3.Connection, notebook: str, step: str, run: str) -> Result | None:
    """What a step gave in a run."""
    found = database.execute(
        f"select {_COLUMNS} from results where notebook = ? and step = ? and run = ? order by id desc limit 1",  # noqa: S608  as above
        (notebook, step, run),
    ).fetchone()
    return None if found is None else _result(found)


def naming(database: sqlite3.Connection, digest: str) -> Iterator[Result]:
    """The results that name a content, the newest first."""
    question = f"select {_COLUMNS} from results where instr(facts, ?) order by id desc"  # noqa: S608  as above
    return map(_result, database.execute(question, (json.dumps(digest),)))


def refuse(database: sqlite3.Connection, recipe: str, reason: str) -> None:
    """Remember why what a recipe gives is not kept."""
    database.execute("insert or replace into refusals values (?, ?, ?)", (recipe, reason, time.time()))


def refusal(database: sqlite3.Connection, recipe: str) -> str:
    """Why what a recipe gave was not kept; "" where nothing is known of that."""
    found = database.execute("select reason from refusals where recipe = ?", (recipe,)).fetchone()
    return "" if found is None else str(found[0])


def note(database: sqlite3.Connection, digest: str, text: str) -> None:
    """Keep a text that many results name by its digest."""
    database.execute("insert or ignore into notes values (?, ?)", (digest, text))


def noted(database: sqlite3.Connection, digest: str) -> str:
    """The text of a digest; "" where it is not known."""
    found = database.execute("select text from notes where digest = ?", (digest,)).fetchone()
    return "" if found is None else str(found[0])
