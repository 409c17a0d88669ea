"""What a step asks for: its own tags, and where they are silent what the run has for all steps; and how it is said."""

from __future__ import annotations

import re
from typing import NamedTuple

from nb2pipe.diagnostics import say
from nb2pipe.pipeline.model import Step
from nb2pipe.runtime.result import RunOptions

_OF_MEMORY = re.compile(r"MemoryError|bad_alloc|\ballocate\b|ended by SIG(?:KILL|ABRT|SEGV|BUS)\b")
"""What failures say that come of too little memory: Python's, those of libraries in C++, and the ends of processes."""


class Limits(NamedTuple):
    """What holds for one step. ``timeout`` is in seconds, ``memory`` in bytes; ``tagged`` says that its retries come from its tag."""

    retries: int
    tagged: bool
    timeout: float | None
    cpus: float
    gpus: int
    memory: int | None


def limits_of(step: Step, options: RunOptions) -> Limits:
    """The limits of a step in a run."""
    own = step.requirements
    tagged = own.retries is not None
    return Limits(
        retries=options.retries if own.retries is None else own.retries,
        tagged=tagged,
        timeout=options.timeout if own.timeout is None else own.timeout,
        cpus=1.0 if own.cpus is None else own.cpus,
        gpus=own.gpus or 0,
        memory=own.memory,
    )


def with_retries(limits: Limits, least: int) -> Limits:
    """The limits of a step that is tried again ``least`` times in any case; nobody has said of it that it may run so often."""
    return limits if limits.retries >= least else limits._replace(retries=least, tagged=False)


def with_memory(detail: str, limits: Limits) -> str:
    """What a step failed of, with the limit of its memory where that may be why."""
    if limits.memory is None or not _OF_MEMORY.search(detail):
        return detail
    bare = detail.rstrip(": ")
    return say("%1; its memory is limited to %2", detail if bare == detail else bare, size_text(limits.memory))


def duration_text(seconds: float) -> str:
    """Seconds as a tag would say them: ``90 s``, ``10 min``, ``1 h 30 min``."""
    if seconds < 120 or seconds % 60:
        return f"{seconds:g} s"
    hours, minutes = divmod(int(seconds) // 60, 60)
    return " ".join(f"{n} {unit}" for n, unit in ((hours, "h"), (minutes, "min")) if n)


def size_text(size: int) -> str:
    """Bytes in the largest unit that leaves a short number: ``4 GiB``, ``500 MB``."""
    units = [(f"{letter}{kind}B", base**power) for power, letter in ((4, "T"), (3, "G"), (2, "M"), (1, "k"))
             for kind, base in (("i", 1024), ("", 1000))]  # fmt: skip
    for unit, one in units:
        if size >= one and size % one == 0:
            return f"{size // one} {unit.replace('ki', 'Ki')}"
    unit, one = next(((u, n) for u, n in units if "i" in u and size >= n), ("bytes", 1))
    return f"{size / one:.4g} {unit.replace('ki', 'Ki')}"
