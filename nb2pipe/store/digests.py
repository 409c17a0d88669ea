"""Digests of contents: xxh3 in 128 bits, which keeps up with memory, and no one has to withstand an attacker here.

A large file that was digested before is not read again where it has not been touched since. Where xxhash is not installed, as in
an environment that steps run in and nb2pipe is not in, there are stand-ins, which are told apart and which no store takes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache, partial
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

_stand_in: Callable[..., Any] = partial(blake2b, digest_size=16)
STAND_IN = "blake2b "
"""What stand-ins begin with."""
try:
    from xxhash import xxh3_128
except ImportError:
    hasher, _MARK = _stand_in, STAND_IN
else:
    hasher, _MARK = xxh3_128, ""
STANDS_IN = bool(_MARK)
"""Whether the digests of this process are stand-ins."""

if TYPE_CHECKING:
    import sqlite3

_LARGE = 1 << 20  # bytes; smaller files are read every time
SETTLED = 2.0  # seconds since its last change after which a file's times tell of the next one
_CHUNK = 1 << 22


def digest_of_bytes(data: bytes) -> str:
    """The digest of bytes in memory."""
    return f"{_MARK}{hasher(data).hexdigest()}"


def digest_of_text(text: str) -> str:
    """The digest of a text."""
    return digest_of_bytes(text.encode("utf-8", "surrogatepass"))


def digest_of_file(path: Path) -> str:
    """The digest of a file's content.

    Raises:
        OSError: It cannot be read.
    """
    return f"{_MARK}{_of_file(path, hasher())}"


def _of_file(path: Path, state: Any) -> str:
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            state.update(chunk)
    return str(state.hexdigest())


class StandIns:
    """The digests that a process without xxhash gives."""

    def of(self, path: Path) -> str:
        """The stand-in for the digest of a file's content.

        Raises:
            OSError: It cannot be read.
        """
        return f"{STAND_IN}{_of_file(path, _stand_in())}"

    def of_text(self, text: str) -> str:
        """The stand-in for the digest of a text."""
        return f"{STAND_IN}{_stand_in(text.encode('utf-8', 'surrogatepass')).hexdigest()}"


@cache
def _boot() -> str:
    """Which start of the machine this is: behind a power cut a file may be as long as it was, and empty."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""


class FileDigests:
    """The digests of files, remembered by path, size, times and inode for as long as the machine is up."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def of(self, path: Path, known_as: Path | None = None) -> str:
        """The digest of a file's content; ``known_as`` is the name that it is remembered by.

        Raises:
            OSError: It cannot be read.
        """
        found = path.stat()
        if found.st_size < _LARGE or not _boot():
            return digest_of_file(path)
        name = str(known_as or path)
        # the last change of an inode is that of its links too, of which the store makes and removes some
        changed = found.st_ctime_ns if known_as is None else 0
        stamp = f"{found.st_size} {found.st_mtime_ns} {changed} {found.st_ino} {found.st_dev} {_boot()}"
        row = self._database.execute("select stamp, digest from files where path = ?", (name,)).fetchone()
        if row is not None and row[0] == stamp:
            return str(row[1])
        digest = digest_of_file(path)
        if time.time() - found.st_mtime > SETTLED and path.stat().st_mtime_ns == found.st_mtime_ns:
            self._database.execute("insert or replace into files values (?, ?, ?)", (name, stamp, digest))
        return digest
