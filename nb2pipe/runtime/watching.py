"""Files that are looked at again and again until one of them was saved."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path

_PAUSE = 0.25  # seconds between two looks
_QUIET = 2  # looks in a row that find the same once something has changed: whoever saves has finished

Stamp = tuple[int, int, int] | None
"""What tells a file from what it was: when it was changed, its size, and which file it is; None where there is none."""


class Watch:
    """Files that a run rests on. Those that are ``sure`` change by somebody's hand; of the others a run may write some itself."""

    def __init__(self, sure: Iterable[str]) -> None:
        self._sure = frozenset(map(os.path.abspath, sure))
        self._before: dict[str, Stamp] = {path: _stamp(path) for path in self._sure}
        self._changing: frozenset[str] = frozenset()
        self.own: set[str] = set()
        """The files that two runs in a row have changed: they are not looked at any more."""

    @property
    def files(self) -> tuple[str, ...]:
        """What is looked at and there."""
        return tuple(sorted(path for path, stamp in self._before.items() if stamp is not None))

    def begin(self) -> float:
        """A run begins: what is saved from now on is new to it. Gives the time."""
        self._before = {path: _stamp(path) for path in self._before}
        return time.time()

    def look(self, path: str) -> None:
        """Take a file as it is now, and the others as they were."""
        self._before[os.path.abspath(path)] = _stamp(path)

    def rests_on(self, paths: Iterable[str], begun: float) -> None:
        """The run that has ``begun`` has ended, and rests on these files too; one that was changed meanwhile counts as changed."""
        changing = frozenset(path for path, stamp in self._before.items() if stamp != _stamp(path)) - self._sure
        self.own |= changing & self._changing
        self._changing = changing
        before = self._before
        self._before = {path: before[path] for path in self._sure}
        for path in set(map(os.path.abspath, paths)) - self.own - self._sure:
            now = _stamp(path)
            late = now is not None and now[0] > begun * 1e9
            self._before[path] = before.get(path, (0, 0, 0) if late else now)

    def wait(self) -> tuple[str, ...]:
        """Wait until some file is not as it was, and for a moment nothing changes; the files that changed."""
        quiet, last = 0, self._now()
        while True:
            changed = tuple(path for path, stamp in self._before.items() if last[path] != stamp)
            if changed and quiet >= _QUIET:
                return tuple(sorted(changed))
            time.sleep(_PAUSE)
            now = self._now()
            quiet = quiet + 1 if now == last else 0
            last = now

    def _now(self) -> dict[str, Stamp]:
        return {path: _stamp(path) for path in self._before}


def _stamp(path: str) -> Stamp:
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
