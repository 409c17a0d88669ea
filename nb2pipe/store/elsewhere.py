"""A store that is an address: records of runs are exchanged with it, contents are sent to it and fetched when they are wanted.

The folder of this machine is a whole store, and a copy of what is there; the database stays here. Below the address is

- ``contents/ab/cdef...``: a content by its digest, with ``.zst`` at its end where it is packed;
- ``records/RUN.NUMBER.DIGEST``: all that a database has of a run, by its name, how often it was sent, and the digest of its bytes;
- ``records/salt.NAME``: the salt, which all who use the store have in common; of several, the first.

Contents are there before the record that names them, and an object is put whole or not at all.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from nb2pipe.diagnostics import UsageError
from nb2pipe.store.carried import carried, goes_on_here, put_in, remove
from nb2pipe.store.contents import is_digest
from nb2pipe.store.copied import limit, shrink
from nb2pipe.store.database import connect, writing
from nb2pipe.store.digests import digest_of_bytes, digest_of_file
from nb2pipe.store.keys import random_key
from nb2pipe.store.objects import AwayError, Objects
from nb2pipe.store.packing import SUFFIX, WORTH, pack, unpack

Say = Callable[[str], None]
"""Told of what a user should know."""
_SALT = "salt"
RECORD = re.compile(r"records/(?P<run>[\w-]+)\.(?P<number>\d+)\.(?P<digest>[0-9a-f]{32})")
"""The name of a record: of a run, how often it was sent, and the digest of its bytes."""
_AT_ONCE = 8  # small contents that are sent at once
_BIG = 8 << 20  # bytes from which on they are sent one after another
_MANY = 200  # records that are in memory at once
_EVERY = 3.0  # seconds after which a run that goes on sends what is new
_BEAT = 300.0  # seconds after which it says that it goes on
_TABLES = """
create table if not exists unsent (change integer primary key autoincrement, run text not null);
create table if not exists sent (run text primary key, name text not null);
create table if not exists away (digest text primary key);
"""
_TRIGGER = "create trigger if not exists {table}_{event} after {event} on {table} begin insert into unsent (run) values ({row}); end;"
_TRIGGERS = [
    _TRIGGER.format(table=table, event=event, row=f"{'old' if event == 'delete' else 'new'}.{key}")
    for table, key in (("runs", "id"), ("steps", "run"), ("metrics", "run"), ("results", "run"))
    for event in ("insert", "update", "delete")
]
"""What is yet to be sent, whoever has changed it; what the records there are named that are known here; which contents are there."""


class Elsewhere:
    """The far end of a store whose copy is in ``folder``. Once it could not be reached it is left alone."""

    def __init__(self, folder: Path, address: str, database: sqlite3.Connection, say: Say, *, packs: bool) -> None:
        """Look for the file system of the address.

        Raises:
            UsageError: It is not installed, or there is none.
        """
        self.folder, self.address, self.database = folder, address, database
        self.objects = Objects(address)
        self.down = False
        self._say = say
        self._packs = packs
        self._limit = limit()
        self._grown = False
        if not database.execute("select 1 from sqlite_master where name = 'results_delete'").fetchone():
            database.executescript("\n".join([_TABLES, *_TRIGGERS]))

    # -- records ----------------------------------------------------------------------------------------------------

    def learn(self) -> None:
        """Take over what others have recorded since.

        Raises:
            UsageError: The address lets nobody in, or cannot be reached and nothing of it is known here.
        """
        try:
            with self._alone():
                found = sorted(self.objects.find("records"))
                self._share_salt([name for name in found if name.startswith(f"records/{_SALT}.")])
                self._take(found)
        except AwayError as error:
            if error.refused or not (self.folder / _SALT).exists():
                raise UsageError(f"the store {self.address} cannot be used: {error}") from None
            self.fail(error)

    def _share_salt(self, names: Sequence[str]) -> None:
        """See that the salt here is the one that all have."""
        here = self.folder / _SALT
        if not names:
            names = [f"records/{_SALT}.{os.urandom(8).hex()}"]
            self.objects.put(names[0], random_key(here, 16))
        elif self._known(self.database, _SALT) != names[0]:
            temporary = here.with_name(f".{_SALT}.{os.getpid()}.part")
            temporary.touch(mode=0o600)
            temporary.write_bytes(self.objects.read(names[:1]).get(names[0], b""))
            temporary.replace(here)
        self.database.execute("insert or replace into sent values (?, ?)", (_SALT, names[0]))

    def _take(self, names: Iterable[str]) -> None:
        there = {}
        for name in names:  # sorted: of one run the last that was sent comes last
            match = RECORD.fullmatch(name)
            if match:
                there[match["run"]] = name
        here = dict(self.database.execute("select run, name from sent where run != ?", (_SALT,)))
        new = [name for run, name in there.items() if here.get(run) != name]
        for start in range(0, len(new), _MANY):
            found = self.objects.read(new[start : start + _MANY])
            with writing(self.database):
                for name, data in found.items():
                    self._take_one(name, data)
        with writing(self.database):
            for run in here.keys() - there.keys():  # somebody has removed it
                if not self._is_unsent(run):
                    self._forget(run)
                    remove(self.database, run)
                    self.database.execute("delete from unsent where run = ?", (run,))
                self.database.execute("delete from sent where run = ?", (run,))

    def _take_one(self, name: str, data: bytes) -> None:
        match = RECORD.fullmatch(name)
        assert match is not None  # noqa: S101  `_take` has looked
        run = match["run"]
        if not self._is_unsent(run):  # what was changed here goes there, and not the other way round
            self.database.execute("savepoint one")
            try:
                if digest_of_bytes(data) != match["digest"]:
                    raise ValueError("it is damaged")
                self._forget(run)
                there = put_in(self.database, run, data)
                self.database.executemany("insert or ignore into away values (?)", [(d,) for d in there])
            except ValueError as error:
                self.database.execute("rollback to one")
                self._say(f"what the store {self.address} has of run {run} cannot be read: {error}")
                return
            finally:
                self.database.execute("release one")
            self.database.execute("delete from unsent where run = ?", (run,))
        self.database.execute("insert or replace into sent values (?, ?)", (run, name))

    def _forget(self, run: str) -> None:
        """What a run names may not be there any more, if nothing else names it."""
        one = carried(self.database, run)
        self.database.executemany("delete from away where digest = ?", [(d,) for d in one.contents] if one else [])

    def _is_unsent(self, run: str) -> bool:
        return self.database.execute("select 1 from unsent where run = ? limit 1", (run,)).fetchone() is not None

    def _known(self, database: sqlite3.Connection, run: str) -> str:
        found = database.execute("select name from sent where run = ?", (run,)).fetchone()
        return "" if found is None else str(found[0])

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Of the processes that use the copy one at a time exchanges records: what is not in a list is gone, or not there yet."""
        with (self.folder / "exchange").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def send(self, database: sqlite3.Connection) -> None:
        """Send what was changed here.

        Raises:
            AwayError: It cannot be sent, and is sent another time.
        """
        if database.execute("select 1 from unsent limit 1").fetchone():
            with self._alone():
                self._send(database)

    def _send(self, database: sqlite3.Connection) -> None:
        for run, change in database.execute("select run, max(change) from unsent group by run order by 2").fetchall():
            database.execute("begin")
            with database:  # all of one moment
                one, before = carried(database, run), self._known(database, run)
            now = ""
            if one is not None:
                data = one.data(self._send_contents(database, one.contents))
                match = RECORD.fullmatch(before)
                number = int(match["number"]) + 1 if match else 1
                now = f"records/{run}.{number:06}.{digest_of_bytes(data)}"
                self.objects.put(now, data)
                self._grown = True
            if before:
                self.objects.remove([before])
            with writing(database):
                database.execute("delete from unsent where run = ? and change <= ?", (run, change))
                database.execute("delete from sent where run = ?", (run,))
                if now:
                    database.execute("insert into sent values (?, ?)", (run, now))

    # -- contents ---------------------------------------------------------------------------------------------------

    def _send_contents(self, database: sqlite3.Connection, digests: Iterable[str]) -> set[str]:
        """Send those contents that are here, and not there yet; which are there now."""
        there = {d for (d,) in database.execute("select digest from away")} & {*digests}
        here = [d for d in dict.fromkeys(digests) if d not in there and is_digest(d) and self.path(d).is_file()]
        small = [d for d in here if self.path(d).stat().st_size < _BIG]
        if here:
            pool = ThreadPoolExecutor(_AT_ONCE, "nb2pipe-send")
            try:
                big = map(self.send_content, sorted({*here} - {*small}))  # which is sent in parts at once as it is
                for digest in itertools.chain(pool.map(self.send_content, small), big):
                    database.execute("insert or ignore into away values (?)", (digest,))
                    there.add(digest)
            finally:
                pool.shutdown(cancel_futures=True)
        return there

    def path(self, digest: str) -> Path:
        """Where a content is in the copy, or would be."""
        return self.folder / name_of(digest)

    def send_content(self, digest: str) -> str:
        """Send a content of the copy; its digest.

        Raises:
            AwayError: It cannot be sent.
        """
        path = self.path(digest)
        if self._packs and path.stat().st_size >= WORTH:
            packed = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}{SUFFIX}")
            try:
                if pack(path, packed):
                    self.objects.put(name_of(digest) + SUFFIX, packed)
                    return digest
            finally:
                packed.unlink(missing_ok=True)
        self.objects.put(name_of(digest), path)
        return digest

    def fetch(self, digest: str, target: Path) -> bool:
        """Put a content at ``target``, checked; False where there is none that is whole."""
        if self.down:
            return False
        names = [name_of(digest), name_of(digest) + SUFFIX]
        packed = target.with_name(f"{target.name}{SUFFIX}")
        try:
            for name in reversed(names) if self._packs else names:
                came = packed if name.endswith(SUFFIX) else target
                if self.objects.fetch(name, came):
                    found = unpack(packed, target) if came == packed else digest_of_file(target)
                    if found == digest:
                        self._grown = True
                        self.database.execute("insert or ignore into away values (?)", (digest,))
                        return True
            # what is made again is sent again
            self.database.execute("delete from away where digest = ?", (digest,))
        except AwayError as error:
            self.fail(error)
        finally:
            packed.unlink(missing_ok=True)
        return False

    def has(self, digest: str) -> bool:
        """Whether there is such a content, damaged or not."""
        if self.database.execute("select 1 from away where digest = ?", (digest,)).fetchone():
            return True
        try:
            return not self.down and any(self.objects.has(name_of(digest) + end) for end in ("", SUFFIX))
        except AwayError as error:
            self.fail(error)
            return False

    # -- a run that goes on, and the end ------------------------------------------------------------------------------

    @contextlib.contextmanager
    def sending(self) -> Iterator[None]:
        """While this lasts, what is new is sent every few seconds."""
        over = threading.Event()
        thread = threading.Thread(target=self._send_on, args=(over,), name="nb2pipe-send", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _send_on(self, over: threading.Event) -> None:
        with contextlib.closing(connect(self.folder)) as database:
            beat, took = time.monotonic(), 0.0
            while not over.wait(max(_EVERY, 10 * took)) and not self.down:
                begun = time.monotonic()
                if time.monotonic() - beat > _BEAT:
                    beat = time.monotonic()
                    for run in goes_on_here(database):
                        database.execute("insert into unsent (run) values (?)", (run,))
                self._try_to_send(database)
                took = time.monotonic() - begun

    def _try_to_send(self, database: sqlite3.Connection) -> None:
        try:
            self.send(database)
        except (AwayError, OSError, sqlite3.Error, UsageError) as error:
            self.fail(error)

    def fail(self, error: Exception) -> None:
        """It cannot be reached: say so, once."""
        if not self.down:
            self.down = True
            self._say(
                f"the store {self.address} cannot be reached ({error}): its copy on this machine is used, and what is new is sent by "
                "the next command that reaches it"
            )

    def finish(self) -> None:
        """Send what is left, and see that the copy does not grow for ever."""
        if not self.down:
            self._try_to_send(self.database)
        if self._grown and not self.down:
            shrink(
                self.folder / "contents", self._limit, {d for (d,) in self.database.execute("select digest from away")}
            )


def name_of(digest: str) -> str:
    """The name of the object that a content is, where it is not packed."""
    return f"contents/{digest[:2]}/{digest[2:]}"
