"""Processes that a step starts, and that nothing tells of."""

from __future__ import annotations

import os
import resource
from pathlib import Path


class Children:
    """The children of this process from here on."""

    def __init__(self) -> None:
        self._ended = _ended()

    def were_there(self) -> bool:
        """Whether there have been any, or are still."""
        return _ended() != self._ended or _are_there()


def _ended() -> float:
    """What children that have ended have taken."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime + used.ru_minflt


def _are_there() -> bool:
    try:
        return any(
            Path(f"/proc/self/task/{task}/children").read_text("ascii") for task in os.listdir("/proc/self/task")
        )
    except OSError:
        return False
