"""Files kept by their content: each under the digest of its bytes, once, and given out only where the bytes are still those."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from pathlib import Path
from typing import Protocol

from nb2pipe.store.digests import FileDigests, digest_of_bytes

_DIGEST = re.compile("[0-9a-f]{32}")


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


class Folder:
    """Contents in a folder of this machine: a file each, in folders by the first two digits of the digest.

    A file comes in by a link under another name and a rename, so it is there whole or not at all, and is never written
    again. Who takes one gets a link of its own, which lives on if the store lets go of the content.
    """

    def __init__(self, root: Path, digests: FileDigests) -> None:
        self.root = root
        self._digests = digests

    def path(self, digest: str) -> Path:
        """Where a content is, or would be.

        Raises:
            FileNotFoundError: It is no digest: a record that others have written may lead to any file.
        """
        if not _DIGEST.fullmatch(digest):
            raise FileNotFoundError(f"{digest!r} is no digest")
        return Path(f"{self.root}/{digest[:2]}/{digest[2:]}")

    def is_there(self, digest: str) -> bool:
        """Whether there is what should have this digest, damaged or not."""
        try:
            return self.path(digest).exists()
        except FileNotFoundError:
            return False

    def keep(self, path: Path, digest: str) -> None:
        """Keep a file, whose digest is known; it must not be written any more.

        Raises:
            OSError: The store cannot be written.
        """
        place = self.path(digest)
        if not self._same_size(place, path):
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
            return False
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
            return False

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


def link(source: Path, target: Path) -> None:
    """Give a file a second name; where the system cannot, copy it."""
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copyfile(source, target)
