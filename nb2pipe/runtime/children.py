"""Processes that a step starts, and that nothing tells of."""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path

_forks = 0


def _forking() -> None:
    """Count the forks that may go on with this process's code: a terminal's (`pty`) becomes a command."""
    global _forks  # noqa: PLW0603  what Python calls is told nothing
    if sys._getframe(1).f_globals.get("__name__") != "pty":
        _forks += 1


os.register_at_fork(before=_forking)


class Children:
    """The children of this process from here on."""

    def __init__(self) -> None:
        self._ended, self._forks = _ended(), _forks

    def were_there(self) -> bool:
        """Whether there have been any, or are still."""
        return _ended() != self._ended or _are_there()

    def may_have_called(self) -> bool:
        """Whether any may have called functions of this process: those that it forked, and workers, which are there still."""
        return _forks != self._forks or _are_there()


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
