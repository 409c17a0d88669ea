"""A Dask cluster of processes that tests start and end: a scheduler and its workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[3]


def until(holds: Callable[[], object], seconds: float = 60) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.05)


class Machines:
    """A scheduler and its workers, each by its process. What they say goes to a file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._log = (folder / "log").open("ab")
        self._number = 0
        place = folder / "scheduler.json"
        self._scheduler = self._start("dask_scheduler", "--port", "0", "--scheduler-file", str(place))
        until(place.exists)
        import json

        self.address: str = json.loads(place.read_text("utf-8"))["address"]
        self.workers: list[subprocess.Popen[bytes]] = []

    def _start(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        words = [sys.executable, "-m", f"distributed.cli.{program}", *arguments, "--no-dashboard"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.Popen(words, stdout=self._log, stderr=self._log, cwd=self._folder, env=environment)

    def worker(self, *arguments: str, threads: int = 1) -> subprocess.Popen[bytes]:
        """One more worker."""
        self._number += 1
        place = str(self._folder / f"worker-{self._number}")
        self.workers.append(
            self._start("dask_worker", self.address, "--no-nanny", "--nthreads", str(threads), "--local-directory", place, *arguments)
        )  # fmt: skip
        return self.workers[-1]

    def have(self, count: int) -> None:
        """See that there are so many workers, and that the scheduler knows it."""
        from distributed import Client

        for gone in [w for w in self.workers if w.poll() is not None]:
            self.workers.remove(gone)
        while len(self.workers) < count:
            self.worker()
        while len(self.workers) > count:
            last = self.workers.pop()
            last.kill()
            last.wait()
        with Client(self.address, set_as_default=False) as client:
            until(lambda: len(client.nthreads()) == count)

    def end_scheduler(self) -> None:
        """End the scheduler as a machine that fails does."""
        self._scheduler.kill()
        self._scheduler.wait()

    def close(self) -> None:
        """End all of them."""
        for process in (*self.workers, self._scheduler):
            process.send_signal(signal.SIGKILL)
            process.wait()
        self._log.close()
