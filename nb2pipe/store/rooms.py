"""The store of a project's runs: contents and database in one folder, and a room for each run that is going on."""

from __future__ import annotations

import contextlib
import fcntl
import grp
import os
import pwd
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from nb2pipe.diagnostics import UsageError
from nb2pipe.store.addresses import address_of
from nb2pipe.store.contents import Folder
from nb2pipe.store.database import connect
from nb2pipe.store.digests import FileDigests
from nb2pipe.store.keys import random_key

if TYPE_CHECKING:
    from nb2pipe.store.elsewhere import Elsewhere

_LOCK = "lock"


class Store(NamedTuple):
    """What is kept of the runs of a project. ``salt`` makes the digests of what may be secret this store's own.

    ``elsewhere`` is the far end of a store that is an address, of which the folder is a copy.
    """

    folder: Path
    database: sqlite3.Connection
    contents: Folder
    digests: FileDigests
    salt: bytes
    elsewhere: Elsewhere | None = None


@contextmanager
def opened(folder: Path, *, packs: bool = False, say: Callable[[str], None] | None = None) -> Iterator[Store]:
    """The store in a folder, made where there is none; one that ``packs`` keeps values packed.

    Of a store that is an address the folder has a copy. What others have recorded there is taken over first, and what is new is sent
    when it is closed; ``say`` is told where that cannot be done.

    Raises:
        UsageError: It cannot be read or written.
    """
    address = address_of(folder)
    if address is not None:
        with _elsewhere(folder, address, say or _say, packs=packs) as store:
            yield store
        return
    database = connect(folder)
    contents = None
    try:
        with contextlib.suppress(OSError):
            (folder / ".gitignore").touch(exist_ok=False)
            (folder / ".gitignore").write_text("*\n", "ascii")
        digests = FileDigests(database)
        contents = Folder(folder / "contents", digests, packs=packs)
        yield Store(folder, database, contents, digests, _salt(folder / "salt"))
    finally:
        if contents is not None:
            contents.close()
        database.close()


@contextmanager
def _elsewhere(folder: Path, address: str, say: Callable[[str], None], *, packs: bool) -> Iterator[Store]:
    from nb2pipe.store.copied import Copied
    from nb2pipe.store.elsewhere import Elsewhere

    with contextlib.closing(connect(folder)) as database:
        there = Elsewhere(folder, address, database, say, packs=packs)
        there.learn()
        digests = FileDigests(database)
        contents = Copied(folder / "contents", digests, there)
        try:
            yield Store(folder, database, contents, digests, _salt(folder / "salt"), there)
        finally:
            there.finish()


def _say(text: str) -> None:
    print(f"note: {text}", file=sys.stderr)


def _salt(file: Path) -> bytes:
    """A random key that the store keeps for itself."""
    try:
        return random_key(file, 16)
    except OSError as error:
        raise UsageError(f"the store {file.parent} cannot be used: {error.strerror or error}") from None


@contextmanager
def sending(store: Store) -> Iterator[None]:
    """While a run goes on, what it gives is sent to a store that is elsewhere."""
    if store.elsewhere is None:
        yield
        return
    with store.elsewhere.sending():
        yield


@contextmanager
def room(store: Store) -> Iterator[Path]:
    """A folder for the values of one run, gone when the run is over; those that killed runs have left go as well.

    It is on the file system of the contents, so that what it holds is kept by giving it another name; but for a store that others
    can write to, who could put another folder in its place: what is handed from step to step is loaded as it is.
    """
    place = store.folder / "work"
    place.mkdir(parents=True, exist_ok=True)
    for left in place.iterdir():
        _clear(left)
    own = all(map(_only_we_write, (store.folder.parent, store.folder, place)))
    made = Path(tempfile.mkdtemp(dir=place if own else None, prefix="run-" if own else "nb2pipe-"))
    with (made / f".{_LOCK}").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        (made / f".{_LOCK}").rename(made / _LOCK)  # nobody sees it before it is held
        try:
            yield made
        finally:
            shutil.rmtree(made, ignore_errors=True)


def _only_we_write(folder: Path) -> bool:
    found = folder.stat()
    others = 0o002 if _is_group_of_one(found.st_gid) else 0o022
    return found.st_uid == os.getuid() and not found.st_mode & others


def _is_group_of_one(gid: int) -> bool:
    """Whether a group is that of the user alone, as many systems have one for each user; its members may write by default there."""
    try:
        group = grp.getgrgid(gid)
        return group.gr_name == pwd.getpwuid(os.getuid()).pw_name and set(group.gr_mem) <= {group.gr_name}
    except KeyError:
        return False


def _clear(left: Path) -> None:
    """Remove the room of a run that is over: whoever goes on holds its lock, and who has just begun has none yet."""
    with contextlib.suppress(OSError), (left / _LOCK).open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(left, ignore_errors=True)
