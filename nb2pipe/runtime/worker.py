"""A step's process: at its boundary what the step needs and leaves, between them its cells."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Mapping
from typing import Any

from nb2pipe.runtime.boundary import Boundary, as_imported, broken, flush_files
from nb2pipe.runtime.channel import Channel
from nb2pipe.runtime.memory import MemoryLimit
from nb2pipe.runtime.shell import CellShell, ZMQInteractiveShell
from nb2pipe.runtime.task import Report, Task

_DECISIVE = ("outside", "rewritten")
"""What is told before it happens, because it may not happen twice."""


class Worker:
    """One process of the run. It runs one step, and more where a value cannot leave it.

    ``far`` says that what it tells can be lost on the way: then it waits, where it must not be, until it has come through.
    """

    def __init__(self, channel: Channel, shell: ZMQInteractiveShell, *, far: bool = False) -> None:
        self.channel = channel
        self._far, self._pid, self._waiting = far, os.getpid(), threading.RLock()
        self.shell = CellShell(self._emit, shell)
        self.boundary = Boundary(self.shell.shell, self._tell)

    def _tell(self, kind: str, what: Any) -> None:
        self.channel.send((kind, what))
        if self._far and kind in _DECISIVE and os.getpid() == self._pid:
            with self._waiting:
                self.channel.send(("sure", None))
                self.channel.receive()

    def _emit(self, event: dict[str, Any]) -> None:
        if not self.boundary.silent:
            self.channel.send(("event", event))

    def serve(self) -> None:
        """Run the tasks that come until the scheduler has no more."""
        while True:
            message = self.channel.receive()
            if message is None:
                return
            self.channel.send(("report", self.run(message)))

    def run(self, task: Task) -> Report:
        """Run one step."""
        report = Report(task.step)
        try:
            with self.shell.shell.builtin_trap:  # loading a value may import a library, which asks for `get_ipython`
                self.boundary.before(task, report)
                try:
                    self._cells(task, report)
                finally:
                    self.boundary.unwatch(task, report)
                if report.status == "ok":
                    self.boundary.after(task, report)
        except Exception as error:
            broken(report, error)
        self.boundary.measure(report)
        return report

    def _cells(self, task: Task, report: Report) -> None:
        limit = MemoryLimit(task.memory)
        self.shell.shell.before_traceback = limit.lift
        for cell in task.cells:
            self.boundary.silent = cell.silent
            if not cell.silent:
                self.channel.send(("begun", (cell.index, time.time())))
            limit.hold()
            with as_imported(cell):
                result = self.shell.run(cell.source, cell=cell.index, execution_count=cell.count)
            limit.lift()
            self.boundary.silent = False
            if result.status == "error" and not cell.raises:
                report.status, report.cell, report.ename, report.evalue = (
                    "error",
                    cell.index,
                    result.ename,
                    result.evalue,
                )
                return
            self.boundary.bind_secrets(task, cell)
            self.boundary.say_metrics(cell)


def main(
    sock: socket.socket,
    shell: ZMQInteractiveShell,
    environment: Mapping[str, str] | None = None,
    far: bool = False,
) -> None:
    """The life of a step's process, which finds ``environment`` beside all that is there."""
    os.environ.update(environment or {})
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    channel = Channel(sock)
    worker = Worker(channel, shell, far=far)
    try:
        worker.serve()
    except (BrokenPipeError, ConnectionResetError, EOFError):
        pass
    finally:
        flush_files()
        os._exit(0)
