"""One parent of steps' processes for several runs, one after another: libraries are imported once."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Self

from nb2pipe.diagnostics import say
from nb2pipe.runtime.surroundings import package_times
from nb2pipe.runtime.zygote import Child, Zygote, ZygoteError, kill_all, same_hash_seed


class Lasting:
    """A `Starter` that no run ends. It begins anew where something was installed, or more is to be imported than before."""

    queues = False

    def __init__(self, cwd: str) -> None:
        self.hash_seed = same_hash_seed(os.environ)
        self._cwd = cwd
        self._zygote: Zygote | None = None
        self._imported: frozenset[str] = frozenset()
        self._times: tuple[int, ...] = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def prepare(self, modules: Sequence[str]) -> None:
        """The first step of a run is going to be started; ``modules`` are what steps import."""
        times = package_times()
        if self._is_there() and times == self._times and self._imported.issuperset(modules):
            return
        self.end()
        self._zygote = Zygote(modules, self._cwd, same_hashes=True)
        self._imported, self._times = frozenset(modules), times

    def _is_there(self) -> bool:
        """Whether it can start anything still; one that starts a fresh interpreter for each step always can."""
        process = None if self._zygote is None else self._zygote.process
        return self._zygote is not None and (process is None or process.poll() is None)

    def fork(self, *, payload: tuple[Any, ...] = ()) -> Child:
        """A process that runs the tasks which come through its socket; see `Starter`."""
        if self._zygote is None:
            raise ZygoteError(say("nothing was prepared"))
        return self._zygote.fork(payload=payload)

    def wait(self, pid: int) -> int:
        """Wait for a process to end; its wait status."""
        if self._zygote is None:
            raise ZygoteError(say("nothing was prepared"))
        return self._zygote.wait(pid)

    def kill(self, pid: int) -> None:
        """End a process, and what it has started, now."""
        kill_all(pid)

    def close(self) -> None:
        """A run is over; it stays for the next."""

    def end(self) -> None:
        """No run comes any more."""
        if self._zygote is not None:
            self._zygote.close()
            self._zygote = None
