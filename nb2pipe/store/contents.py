"""Files kept by their content: each under the digest of its bytes, once, and given out only where the bytes are still those."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import Protocol

from nb2pipe.store.digests import FileDigests, digest_of_bytes
from nb2pipe.store.packing import SUFFIX, WORTH, pack, unpack

_DIGEST = re.compile("[0-9a-f]{32}")


def is_digest(text: str) -> bool:
    """Whether a text is a digest: a record that others have written may have any."""
    return _DIGEST.fullmatch(text) is not None


class Contents(Protocol):
    """What a store of contents can do; a folder is one, and what is kept elsewhere is another."""

    def keep(self, path: Path, digest: str) -> None:
        """Keep a file, whose digest is known."""

    def keep_bytes(self, data: bytes) -> str:
        """Keep bytes; their digest."""

    def take(self, digest: str, target: Path) -> bool:
        """Put what has this digest at ``target``; False where it is not there, or is damaged."""

    def has(self, digest: str) -> bool:
        """Whether what has this digest is there, and whole."""

    def read(self, digest: str) -> bytes | None:
        """The bytes that have this digest; None where they are not there, or are damaged."""

    def file(self, digest: str) -> Path:
        """A file with the content that has this digest, which is there, for as long as the store is open."""


class Folder:
    """Contents in a folder of this machine: a file each, in folders by the first two digits of the digest.

    A file comes in by a link under another name and a rename, so it is there whole or not at all, and is never written
    again. Who takes one gets a link of its own, which lives on if the store lets go of the content. A folder that ``packs``
    keeps large files packed; each folder takes what is packed, by whomever.
    """

    def __init__(self, root: Path, digests: FileDigests, *, packs: bool = False) -> None:
        self.root = root
        self._digests = digests
        self._packs = packs
        self._unpacked: Path | None = None

    def path(self, digest: str) -> Path:
        """Where a content is, or would be.

        Raises:
            FileNotFoundError: It is no digest: a record that others have written may lead to any file.
        """
        if not is_digest(digest):
            raise FileNotFoundError(f"{digest!r} is no digest")
        return Path(f"{self.root}/{digest[:2]}/{digest[2:]}")

    def is_there(self, digest: str) -> bool:
        """Whether there is what should have this digest, damaged or not."""
        try:
            place = self.path(digest)
        except FileNotFoundError:
            return False
        return place.exists() or packed(place).exists()

    def keep(self, path: Path, digest: str) -> None:
        """Keep a file, whose digest is known; it must not be written any more.

        Raises:
            OSError: The store cannot be written.
        """
        place = self.path(digest)
        if self._same_size(place, path) or packed(place).exists():
            return
        if not (self._packs and self._pack(path, place)):
            self._into(place, lambda temporary: link(path, temporary))

    def keep_bytes(self, data: bytes) -> str:
        """Keep bytes; their digest.

        Raises:
            OSError: The store cannot be written.
        """
        digest = digest_of_bytes(data)
        place = self.path(digest)
        with contextlib.suppress(OSError):
            if place.stat().st_size == len(data):
                return digest
        self._into(place, lambda temporary: temporary.write_bytes(data))
        return digest

    def take(self, digest: str, target: Path) -> bool:
        """Link what has this digest to ``target``, checked; a damaged file is let go, so that it is made again.

        Raises:
            OSError: ``target`` cannot be written.
        """
        try:
            place = self.path(digest)
            link(place, target)
        except FileNotFoundError:
            return is_digest(digest) and self._unpack(digest, target)
        # what is checked is what was taken, whatever becomes of the store meanwhile
        if self._digests.of(target, known_as=place) == digest:
            return True
        for damaged in (target, place):
            damaged.unlink(missing_ok=True)
        return False

    def has(self, digest: str) -> bool:
        """Whether what has this digest is there, and whole."""
        try:
            return self._digests.of(self.path(digest), known_as=self.path(digest)) == digest
        except OSError:
            return is_digest(digest) and self._unpack(digest, None)

    def read(self, digest: str) -> bytes | None:
        """The bytes that have this digest, checked; None where they are not there, or are damaged."""
        try:
            place = self.path(digest)
            data = place.read_bytes()
        except OSError:
            return None
        if digest_of_bytes(data) == digest:
            return data
        place.unlink(missing_ok=True)
        return None

    def file(self, digest: str) -> Path:
        """The file of a content that is there; of one that is packed, a file of its own that goes when the store is closed.

        Raises:
            OSError: It is no digest, or it cannot be unpacked.
        """
        place = self.path(digest)
        if place.exists() or not packed(place).exists():
            return place
        if self._unpacked is None:
            self._unpacked = Path(tempfile.mkdtemp(prefix="nb2pipe-"))
        target = self._unpacked / digest
        if not target.exists():
            self._unpack(digest, target)
        return target

    def close(self) -> None:
        """What was unpacked to be looked at goes."""
        if self._unpacked is not None:
            shutil.rmtree(self._unpacked, ignore_errors=True)

    def _pack(self, path: Path, place: Path) -> bool:
        """Keep a file packed, where that is worth while."""
        if path.stat().st_size < WORTH:
            return False
        made = packed(place)
        made.parent.mkdir(parents=True, exist_ok=True)
        temporary = made.with_name(f".{made.name}.{os.getpid()}.part")
        try:
            smaller = pack(path, temporary)
            if smaller:
                temporary.chmod(0o444)
                temporary.replace(made)
        finally:
            temporary.unlink(missing_ok=True)
        return smaller

    def _unpack(self, digest: str, target: Path | None) -> bool:
        """Unpack a content, checked, to ``target`` or to nowhere; one that is damaged is let go. False where there is none."""
        place = packed(self.path(digest))
        if not place.exists():
            return False
        if unpack(place, target) == digest:
            return True
        for damaged in filter(None, (target, place)):
            damaged.unlink(missing_ok=True)
        return False

    def _same_size(self, place: Path, path: Path) -> bool:
        try:
            return place.stat().st_size == path.stat().st_size
        except FileNotFoundError:
            return False

    def _into(self, place: Path, make: object) -> None:
        """Let ``make`` write a file, and put it in its place."""
        place.parent.mkdir(parents=True, exist_ok=True)
        temporary = place.with_name(f".{place.name}.{os.getpid()}.part")
        temporary.unlink(missing_ok=True)
        try:
            make(temporary)  # type: ignore[operator]  # a function of a path
            temporary.chmod(0o444)
            temporary.replace(place)
        finally:
            temporary.unlink(missing_ok=True)


def packed(place: Path) -> Path:
    """Where the content of a place is if it is packed."""
    return place.with_name(place.name + SUFFIX)


def link(source: Path, target: Path) -> None:
    """Give a file a second name; where the system cannot, copy it."""
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copyfile(source, target)
