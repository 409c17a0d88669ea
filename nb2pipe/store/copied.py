"""The contents of a folder that is the copy of a store elsewhere."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from nb2pipe.diagnostics import UsageError
from nb2pipe.store.contents import Folder, is_digest
from nb2pipe.store.digests import FileDigests

if TYPE_CHECKING:
    from nb2pipe.store.elsewhere import Elsewhere

_SIZE = "NB2PIPE_COPY_GIB"
_USUAL = 20.0


class Copied(Folder):
    """The contents of a copy: what is not here, or damaged, is fetched."""

    def __init__(self, root: Path, digests: FileDigests, elsewhere: Elsewhere) -> None:
        super().__init__(root, digests)
        self._elsewhere = elsewhere

    def is_there(self, digest: str) -> bool:
        """Whether there is what should have this digest, here or there."""
        return super().is_there(digest) or (is_digest(digest) and self._elsewhere.has(digest))

    def take(self, digest: str, target: Path) -> bool:
        """As a folder's; what is not here is fetched first."""
        return super().take(digest, target) or (self._fetch(digest) and super().take(digest, target))

    def has(self, digest: str) -> bool:
        """As a folder's; what is not here is fetched first."""
        return super().has(digest) or (self._fetch(digest) and super().has(digest))

    def read(self, digest: str) -> bytes | None:
        """As a folder's; what is not here is fetched first."""
        found = super().read(digest)
        return super().read(digest) if found is None and self._fetch(digest) else found

    def _fetch(self, digest: str) -> bool:
        if not is_digest(digest):
            return False
        place = self.path(digest)
        place.parent.mkdir(parents=True, exist_ok=True)
        temporary = place.with_name(f".{place.name}.{os.getpid()}.part")
        try:
            if not self._elsewhere.fetch(digest, temporary):
                return False
            temporary.chmod(0o444)
            temporary.replace(place)
        finally:
            temporary.unlink(missing_ok=True)
        return True


def limit() -> int:
    """How many bytes of contents the copies of stores have at most, each of them, once a run is over.

    Raises:
        UsageError: The environment says so in no number.
    """
    text = os.environ.get(_SIZE) or str(_USUAL)
    try:
        return int(float(text) * 2**30)
    except (ValueError, OverflowError):
        raise UsageError(f"{_SIZE} has to be a number of GiB, and is {text!r}") from None


def shrink(root: Path, limit: int, there: set[str]) -> None:
    """Let go of what was not taken for the longest time, and can be fetched again."""
    found = []
    for path in root.glob("*/[!.]*"):
        with contextlib.suppress(FileNotFoundError):
            stat = path.stat()
            found.append((stat.st_ctime, stat.st_size, path))  # who takes one gives it a link, which changes its inode
    size = sum(one[1] for one in found)
    for _, one, path in sorted(found):
        if size <= limit:
            return
        if path.parent.name + path.name in there:
            path.unlink(missing_ok=True)
            size -= one
