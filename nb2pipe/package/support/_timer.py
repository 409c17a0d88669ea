"""Tells how long a block took, as the `%time` of a notebook does."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def timed() -> Iterator[None]:
    """Print the CPU time and the wall time of what runs inside."""
    wall, before = time.perf_counter(), os.times()
    yield
    after = os.times()
    user, system = after.user - before.user, after.system - before.system
    print(f"CPU times: user {_words(user)}, sys: {_words(system)}, total: {_words(user + system)}")
    print(f"Wall time: {_words(time.perf_counter() - wall)}")


def _words(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("μs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"
