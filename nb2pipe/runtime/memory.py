"""The memory that a step may allocate, held to by the kernel."""

from __future__ import annotations

import resource
from pathlib import Path

_STATUS = Path("/proc/self/status")


class MemoryLimit:
    """Lets this process allocate ``size`` bytes at most while it holds, beyond what it has already; None for no limit.

    RLIMIT_DATA is what counts: writable memory of its own. RLIMIT_AS would count the code of libraries, address space that is
    only reserved (of threads, of CUDA), and files that are mapped to be read. What is there already are the libraries that were
    imported before the fork and the inputs, which are mapped copy-on-write and may be larger than memory is.
    Processes that the step starts have the same limit each. Only Linux counts like that; elsewhere nothing is limited.
    """

    def __init__(self, size: int | None) -> None:
        there = None if size is None else _allocated()
        self._most = None if size is None or there is None else there + size
        self._before = resource.getrlimit(resource.RLIMIT_DATA)

    def hold(self) -> None:
        """From now on."""
        if self._most is not None:
            hard = self._before[1]
            most = self._most if hard == resource.RLIM_INFINITY else min(self._most, hard)
            resource.setrlimit(resource.RLIMIT_DATA, (most, hard))

    def lift(self) -> None:
        """No more: a traceback of a lack of memory takes some as well."""
        if self._most is not None:
            resource.setrlimit(resource.RLIMIT_DATA, self._before)


def _allocated() -> int | None:
    """What the limit counts of this process by now, in bytes; None where the system does not say."""
    try:
        lines = _STATUS.read_text("ascii", "replace").splitlines()
    except OSError:
        return None
    found = next((line.split() for line in lines if line.startswith("VmData:")), None)
    return None if found is None else int(found[1]) * 1024
