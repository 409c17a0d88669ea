"""What is known of runs and results, in SQLite: readable while it is written, and whole after any end of the writer."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from nb2pipe.diagnostics import UsageError, say

NAME = "runs-1.sqlite"
"""The number is that of the tables: another nb2pipe with other tables keeps a file of its own."""
_PATIENCE = 30.0  # seconds that a run waits for another one's write
_TABLES = """
create table if not exists results (
    id integer primary key, recipe text not null, notebook text not null, step text not null, made real not null,
    run text not null, seconds real not null, facts text not null);
create index if not exists results_by_recipe on results (recipe);
create index if not exists results_by_step on results (notebook, step);
create table if not exists refusals (recipe text primary key, reason text not null, made real not null);
create table if not exists notes (digest text primary key, text text not null);
create table if not exists files (path text primary key, stamp text not null, digest text not null);
create table if not exists runs (
    id text primary key, notebook text not null, status text not null, started real not null, ended real,
    facts text not null);
create index if not exists runs_by_time on runs (started);
create table if not exists steps (
    run text not null, name text not null, status text not null, facts text not null, primary key (run, name));
create index if not exists runs_by_notebook on runs (notebook, started);
create index if not exists runs_by_status on runs (status, started);
create table if not exists metrics (
    run text not null, step text not null, name text not null, value real, place integer, at real not null);
create index if not exists metrics_by_run on metrics (run, step);
"""


def connect(folder: Path) -> sqlite3.Connection:
    """The database of a store, made where there is none.

    Raises:
        UsageError: It cannot be read or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(folder / NAME, timeout=_PATIENCE, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        raise UsageError(say("the store %1 cannot be used: %2", str(folder), _words(error))) from None
    try:
        if database.execute("pragma journal_mode = wal").fetchone()[0] != "wal":
            database.execute("pragma journal_mode = delete")  # a file system without shared memory
        database.execute("pragma synchronous = normal")
        if not database.execute("select 1 from sqlite_master where name = 'metrics'").fetchone():
            database.executescript(_TABLES)
    except sqlite3.Error as error:
        with contextlib.suppress(sqlite3.Error):
            database.close()
        raise UsageError(
            say(
                "the store %1 cannot be used: %2; without %3 it begins anew, and its history is lost",
                str(folder),
                _words(error),
                NAME,
            )
        ) from None
    return database


@contextlib.contextmanager
def writing(database: sqlite3.Connection) -> Iterator[None]:
    """What is written here comes in as a whole, or not at all."""
    database.execute("begin immediate")
    with database:
        yield


def _words(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
