"""All that a database has of one run, as bytes that another machine puts into its own."""

from __future__ import annotations

import gzip
import json
import os
import platform
import sqlite3
import time
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from nb2pipe.store.contents import is_digest
from nb2pipe.store.runs import SEEN, process_of, status_of

_FORM = 1
_TABLES = {
    "runs": ("id", "id, notebook, status, started, ended, facts"),
    "steps": ("run", "run, name, status, facts"),
    "metrics": ("run", "run, step, name, value, place, at"),
    "results": ("run", "recipe, notebook, step, made, run, seconds, facts"),
}
"""The tables with rows of runs: the column with the run's name, and all columns but those that are this database's own."""

_WRONG = (zlib.error, sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.ProgrammingError)
"""What comes of bytes that are nothing of ours, or of rows that no table takes."""


class Carried(NamedTuple):
    """A run as it is carried, as plain data, and the digests of the contents that it names."""

    told: dict[str, Any]
    contents: tuple[str, ...]

    def data(self, there: Iterable[str]) -> bytes:
        """The run as bytes; of the contents that it names those are ``there``."""
        text = json.dumps({**self.told, "contents": sorted(there)}, sort_keys=True)
        return gzip.compress(text.encode("utf-8", "surrogatepass"), 6, mtime=0)


def carried(database: sqlite3.Connection, run: str) -> Carried | None:
    """A run with its steps, metrics, results, and the texts that these name; None where nothing is left of it."""
    rows: dict[str, list[list[Any]]] = {}
    for table, (key, columns) in _TABLES.items():
        found = database.execute(f"select {columns} from {table} where {key} = ? order by rowid", (run,))  # noqa: S608  tables of ours
        rows[table] = [list(row) for row in found]
    if not any(rows.values()):
        return None
    facts = [json.loads(row[-1]) for table in ("runs", "steps", "results") for row in rows[table]]
    digests = sorted({text for one in facts for text in _texts(one)})
    notes = _all(database, "select digest, text from notes where digest = ?", digests)
    recipes = sorted({str(f["key"]) for f in facts if f.get("key")})
    refusals = _all(database, "select recipe, reason, made from refusals where recipe = ?", recipes)
    for row in rows["runs"]:
        _say_whether_it_goes_on(row)
    named = dict.fromkeys(digest for one in facts for digest in _contents(one))
    return Carried({"form": _FORM, "run": run, **rows, "notes": notes, "refusals": refusals}, tuple(named))


def put_in(database: sqlite3.Connection, run: str, data: bytes) -> list[str]:
    """Let a database have of a run what was carried, in place of what it had; within a transaction of the caller's.

    Gives the digests of the contents that are there.

    Raises:
        ValueError: It is nothing that was carried so.
    """
    try:
        told = json.loads(gzip.decompress(data))
        if told["form"] != _FORM or told["run"] != run:
            raise ValueError(f"form {told['form']} of {told['run']}")
        remove(database, run)
        for table, (key, columns) in _TABLES.items():
            place = columns.split(", ").index(key)
            marks = ", ".join("?" for _ in columns.split(", "))
            for row in told[table]:
                if row[place] != run or not (table == "metrics" or _is_told(table, json.loads(row[-1]))):
                    raise ValueError(f"a row of {table}")
                database.execute(f"insert into {table} ({columns}) values ({marks})", row)  # noqa: S608  tables of ours
        database.executemany("insert or ignore into notes values (?, ?)", told["notes"])
        database.executemany("insert or replace into refusals values (?, ?, ?)", told["refusals"])
        return list(filter(is_digest, told["contents"]))
    except (LookupError, TypeError, AttributeError, OSError, EOFError, *_WRONG) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from None


def remove(database: sqlite3.Connection, run: str) -> None:
    """Let a database have nothing of a run."""
    for table, (key, _) in _TABLES.items():
        database.execute(f"delete from {table} where {key} = ?", (run,))  # noqa: S608  tables of ours


def _all(database: sqlite3.Connection, question: str, keys: list[str]) -> list[list[Any]]:
    return [list(row) for key in keys for row in database.execute(question, (key,))]


def _texts(facts: dict[str, Any]) -> Iterator[str]:
    """The digests of texts that may be noted."""
    if isinstance(facts.get("packages"), str):
        yield facts["packages"]
    yield from (str(v) for v in facts.get("parts", {}).values())


def _contents(facts: dict[str, Any]) -> Iterator[str]:
    """The digests of contents that a row names: of a run, of a step, or of a result."""
    yield from (facts[name] for name in ("document", "graph", "shown", "events") if name in facts)
    yield from facts.get("values", {}).values()
    yield from (file[3] for file in facts.get("files", ()))


def _is_told(table: str, facts: dict[str, Any]) -> bool:
    """Whether the facts of a row are as those who look after a store expect them; others may have written them."""
    return all(isinstance(digest, str) for digest in _contents(facts)) and (table != "results" or "files" in facts)


def _say_whether_it_goes_on(row: list[Any]) -> None:
    """Others cannot look whether its process is there: of a run that goes on it is said when that was seen last."""
    facts = json.loads(row[-1])
    if row[2] == "running" and SEEN not in facts:
        seen = time.time() if status_of(row[2], row[-1]) == "running" else 0.0
        row[-1] = json.dumps({**facts, SEEN: seen}, sort_keys=True)


def goes_on_here(database: sqlite3.Connection) -> list[str]:
    """The runs of this process that go on."""
    rows = database.execute("select id, facts from runs where status = 'running'").fetchall()
    me = (os.getpid(), process_of(os.getpid()), platform.node())
    told = ((run, json.loads(facts)) for run, facts in rows)
    return [run for run, f in told if (f.get("pid"), f.get("process"), f.get("host")) == me]
