"""When a step must have ended, whether one that failed is tried again, and when."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterable

from nb2pipe.diagnostics import say
from nb2pipe.runtime.limits import Limits, limits_of
from nb2pipe.runtime.ongoing import Ongoing
from nb2pipe.runtime.processes import Process
from nb2pipe.runtime.result import Status
from nb2pipe.runtime.task import APPENDED

FIRST = 1.0  # seconds before the second attempt, at most; each further one waits for twice as long as the one before
LOSSES = 3
"""How often a step is tried again in any case where it failed by no fault of its own: what it ran on was lost."""
_MOST = 60.0  # seconds
_JITTER = random.SystemRandom()  # steps that failed together, for one reason, do not come back together


def hindrance(run: Ongoing, process: Process, step: str, limits: Limits) -> str:
    """Why a step that has failed cannot be tried again from what it had; "" where it can."""
    if len(process.steps) > 1:
        return say("it ran in the process of %1, for what cannot leave it", process.steps[-2])
    if limits.tagged:  # its author says that it may run twice
        return ""
    rewritten = run.rewritten.get(step)
    if rewritten:
        path = os.path.relpath(rewritten[0], run.options.cwd)
        return say("it has written %1, which it also reads; a tag `retries:%2` allows that", path, limits.retries)
    if APPENDED in run.outside.get(step, ()):
        return say("it has touched %1; a tag `retries:%2` allows that", APPENDED, limits.retries)
    return ""


def spared(run: Ongoing, step: str, why: str) -> tuple[Status, str, int]:
    """How a step has failed that lost what it ran on, and how often it is tried again though nobody has asked for that.

    It is not where it has touched something outside: nobody has said that it may do so twice.
    """
    touched = run.outside.get(step)
    if not touched:
        return "died", why, LOSSES
    if limits_of(run.step_named(step), run.options).retries:
        return "died", why, 0
    said = say("%1; it has touched %2, and runs again only where `retries` says so", why, touched[0])
    return "died", said, 0


class Attempts:
    """The attempts at each step of a run."""

    def __init__(self) -> None:
        self._failed: dict[str, int] = {}
        self._due: dict[str, float] = {}
        self._ripe: set[str] = set()
        self._deadlines: dict[str, float] = {}

    def begun(self, step: str, limits: Limits) -> None:
        """An attempt begins: its time runs."""
        self.forget(step)
        self._deadlines.pop(step, None)
        if limits.timeout is not None:
            self._deadlines[step] = time.monotonic() + limits.timeout

    def late(self, running: Iterable[str]) -> list[str]:
        """The running steps whose time is over."""
        now = time.monotonic()
        return [s for s in running if self._deadlines.get(s, now + 1) <= now]

    def are_left(self, step: str, limits: Limits) -> bool:
        """Whether a step that has just failed may be tried once more."""
        return self._failed.get(step, 0) < limits.retries

    def failed(self, step: str) -> tuple[int, float]:
        """An attempt has failed and there will be another: which it was, and how long the next one waits, in seconds."""
        number = self._failed[step] = self._failed.get(step, 0) + 1
        # doubled each time, and of that a random part ("equal jitter", Brooker 2015)
        most = min(_MOST, FIRST * 2.0 ** (number - 1))
        wait = most / 2 + _JITTER.uniform(0, most / 2)
        self._due[step] = time.monotonic() + wait
        return number, wait

    def ripen(self) -> None:
        """Look at the clock: who has waited long enough may be tried again, as soon as there is room."""
        now = time.monotonic()
        ripe = [s for s, due in self._due.items() if due <= now]
        self._ripe.update(ripe)
        for step in ripe:
            del self._due[step]

    def waits(self, step: str) -> bool:
        """Whether a step has not waited long enough, as the clock was looked at last."""
        return step in self._due

    def forget(self, step: str) -> None:
        """There will be no more of a step that waits."""
        self._due.pop(step, None)
        self._ripe.discard(step)

    @property
    def waiting(self) -> tuple[str, ...]:
        """The steps that have failed and are to be tried again."""
        return (*self._due, *self._ripe)

    def pause(self, running: Iterable[str]) -> float | None:
        """For how long nothing happens by itself, in seconds; None where nothing will."""
        times = [*self._due.values(), *(self._deadlines[s] for s in running if s in self._deadlines)]
        return max(0.0, min(times) - time.monotonic()) if times else None
