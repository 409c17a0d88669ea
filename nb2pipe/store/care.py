"""Looking after a store: how large it is, what nobody needs any more, whether its contents are what they are said to be."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from nb2pipe.store import runs
from nb2pipe.store.database import writing
from nb2pipe.store.digests import digest_of_file
from nb2pipe.store.packing import SUFFIX, unpack
from nb2pipe.store.rooms import Store

YOUNG = 3600.0
"""Seconds for which a content may wait for the record that names it."""


class Size(NamedTuple):
    """How much there is: results of steps, runs, contents and their bytes."""

    results: int
    runs: int
    contents: int
    size: int


def size_of(store: Store) -> Size:
    """How much a store holds."""
    count, size = 0, 0
    for entry in _contents(store):
        count, size = count + 1, size + entry.stat().st_size
    results, recorded = (
        store.database.execute(f"select count(*) from {table}").fetchone()[0]  # noqa: S608  tables of ours
        for table in ("results", "runs")
    )
    return Size(results, recorded, count, size)


def collect(store: Store, keep: int, older_than: float | None = None) -> Size:
    """Let go of all but the last ``keep`` results of each step, and of contents that no result and no run names; what went.

    What runs showed stays with their records, and the values of the last ``keep`` runs of each notebook. With ``older_than``
    (seconds) results go only if they are older. A run that goes on is not disturbed: what it has taken is its own.
    """
    before = time.time() - (older_than or 0.0)
    place = "row_number() over (partition by notebook, step order by made desc, id desc) as place"
    rows = store.database.execute(
        f"select id from (select id, made, {place} from results) where place > ? and made <= ?",  # noqa: S608  ours
        (keep, before),
    ).fetchall()
    with writing(store.database):
        store.database.executemany("delete from results where id = ?", rows)
        store.database.execute("delete from refusals where made < ?", (before - 30 * 86400,))
    wanted = named(store, keep)
    count, size = 0, 0
    young = time.time() - YOUNG
    for entry in _contents(store):
        found = entry.stat()
        # the last change of an inode is that of its links: a content that was kept again is young again
        if digest_in(entry.path) not in wanted and found.st_ctime < young:
            with contextlib.suppress(OSError):
                os.unlink(entry.path)  # noqa: PTH108  an entry, of which there may be many
                count, size = count + 1, size + found.st_size
    return Size(len(rows), 0, count, size)


def named(store: Store, keep: int) -> set[str]:
    """The digests of the contents that results and runs name, of the last ``keep`` runs of each notebook the values too."""
    return {*_named(store.database), *runs.named_by(store.database, max(keep, 1))}


def let_go(store: Store, runs: Iterable[str]) -> None:
    """Let go of what steps gave for these runs only, which are over: nobody goes on with them. Contents go with `collect`."""
    with writing(store.database):
        for run in runs:
            store.database.execute("delete from results where recipe >= ?1 || ' ' and recipe < ?1 || '!'", (run,))


def damaged(store: Store) -> Iterator[Path]:
    """Let go of contents that are not what their names say; which these were. Their steps are run again."""
    for entry in _contents(store):
        path = Path(entry.path)
        found = unpack(path, None) if path.suffix == SUFFIX else digest_of_file(path)
        if found != digest_in(entry.path):
            path.unlink(missing_ok=True)
            yield path


def digest_in(path: str) -> str:
    """The digest of the content that is, or should be, at a path."""
    return "".join(path.removesuffix(SUFFIX).rsplit("/", 2)[1:])


def _contents(store: Store) -> Iterator[os.DirEntry[str]]:
    """The contents of a store, one after another; what is being written is left out."""
    with contextlib.suppress(FileNotFoundError), os.scandir(store.contents.root) as folders:
        for folder in folders:
            with os.scandir(folder.path) as entries:
                yield from (e for e in entries if not e.name.startswith("."))


def _named(database: sqlite3.Connection) -> Iterator[str]:
    """The digests that results name."""
    for (text,) in database.execute("select facts from results"):
        facts = json.loads(text)
        yield from filter(None, [facts.get("events")])
        yield from (file[3] for file in facts["files"])
