"""The CPUs and GPUs that a run is given, and who has them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from nb2pipe.diagnostics import Sentence, UsageError, say
from nb2pipe.pipeline.model import Step
from nb2pipe.runtime.limits import Limits, limits_of
from nb2pipe.runtime.result import RunOptions

DEVICES = "CUDA_VISIBLE_DEVICES"
_DRIVER = Path("/proc/driver/nvidia/gpus")
_ROUNDING = 1e-9  # of sums such as 0.1 + 0.2


class Machine:
    """What a run has, and how much of it the steps that run have taken."""

    def __init__(self, options: RunOptions) -> None:
        # as many steps as `--jobs` allows can always run at once if they ask for nothing
        self.cpus = float(max(os.cpu_count() or 1, options.jobs)) if options.cpus is None else options.cpus
        self.devices = devices(options.gpus)
        self._taken: dict[str, tuple[float, tuple[str, ...]]] = {}

    def has_room(self, limits: Limits, running: Iterable[str]) -> bool:
        """Whether a step can run beside those that do."""
        used = sum(self._taken[s][0] for s in running)
        return used + self._share(limits) <= self.cpus + _ROUNDING and len(self._free(running)) >= limits.gpus

    def take(self, step: str, limits: Limits, running: Iterable[str]) -> str:
        """Let a step have what it asks for; what it must see as its GPUs, or "" where it sees what the run sees."""
        mine = tuple(self._free(running)[: limits.gpus])
        self._taken[step] = self._share(limits), mine
        return ",".join(mine) if 0 < len(mine) < len(self.devices) else ""

    def _share(self, limits: Limits) -> float:
        """Who asks for more CPUs than there are has them all."""
        return min(limits.cpus, self.cpus)

    def _free(self, running: Iterable[str]) -> list[str]:
        taken = {d for s in running for d in self._taken[s][1]}
        return [d for d in self.devices if d not in taken]


def devices(count: int | None) -> tuple[str, ...]:
    """The GPUs of a run by their names for CUDA: ``count`` of them where it is said, else those that are found."""
    told = os.environ.get(DEVICES)
    if told is not None:
        found = tuple(d for d in (part.strip() for part in told.split(",")) if d and d != "-1")
    else:
        found = tuple(str(n) for n in range(len(list(_DRIVER.iterdir())) if _DRIVER.is_dir() else 0))
    if count is None or count == len(found):
        return found
    return found[:count] if count < len(found) else tuple(str(n) for n in range(count))


def fits(steps: Sequence[Step], options: RunOptions) -> list[str]:
    """What there is to say before a run whose machine is smaller than its steps want.

    Raises:
        UsageError: A step asks for more GPUs than there are.
    """
    machine = Machine(options)
    said: list[str] = []
    for step in steps:
        limits = limits_of(step, options)
        if limits.gpus > len(machine.devices):
            there = _plural(len(machine.devices)) if machine.devices else say("no GPU")
            raise UsageError(
                say(
                    "step `%1` asks for %2, and this machine has %3; `--gpus %4` runs it all the same",
                    step.name, _plural(limits.gpus), there, limits.gpus,
                )
            )  # fmt: skip
        if limits.cpus > machine.cpus:
            asked = f"{limits.cpus:g}"
            said.append(say("%1 asks for %2 CPUs; it has all %3 to itself", step.name, asked, f"{machine.cpus:g}"))
    return said


def _plural(gpus: int) -> Sentence:
    return say("1 GPU") if gpus == 1 else say("%1 GPUs", gpus)
