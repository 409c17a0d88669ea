"""The processes of a run's steps: started, asked, heard, ended."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nb2pipe.diagnostics import say
from nb2pipe.runtime.channel import Channel
from nb2pipe.runtime.task import Task
from nb2pipe.runtime.zygote import Starter


@dataclass(slots=True)
class Process:
    """A process, the step that it runs ("" between two), and all ``steps`` that it has begun."""

    pid: int
    sock: socket.socket
    channel: Channel
    step: str
    steps: list[str] = field(default_factory=list)

    @property
    def is_there(self) -> bool:
        """Whether it can still be asked."""
        return self.sock.fileno() >= 0


class Processes:
    """All of one run. ``zygote`` starts them, or what ``late`` makes when the first is to be started.

    ``modules`` says what may be imported before the first. ``elsewhere`` says that they are of another interpreter.
    """

    def __init__(
        self,
        zygote: Starter | None,
        late: Callable[[], Starter],
        modules: Callable[[], Sequence[str]],
        *,
        elsewhere: bool = False,
    ) -> None:
        self._zygote = zygote
        self._late = late
        self._modules = modules
        self._prepared = False
        self._elsewhere = elsewhere
        self._selector = selectors.DefaultSelector()

    def fork(self, step: str, environment: Mapping[str, str]) -> Process:
        """A new process, for a step that has to find ``environment`` there as well.

        Raises:
            ZygoteError: No process can be started.
            OSError: As above.
        """
        if not self._prepared:
            self._prepared = True
            self._zygote = self._zygote or self._late()
            self._zygote.prepare(self._modules())
        assert self._zygote is not None  # noqa: S101  the line above
        pid, sock = self._zygote.fork(payload=(dict(environment),) if environment else ())
        return Process(pid, sock, Channel(sock, plain=self._elsewhere), step)

    def ask(self, process: Process, task: Task) -> bool:
        """Have a process run a step; False where it has ended."""
        process.step = task.step
        process.steps.append(task.step)
        self._selector.register(process.sock, selectors.EVENT_READ, process)
        try:
            process.channel.send(task)
        except OSError:
            return False
        return True

    def heard(self, seconds: float | None = None) -> list[Process]:
        """Wait for the processes that have something to say, for so long at most."""
        return [key.data for key, _ in self._selector.select(seconds)]

    def rest(self, process: Process) -> None:
        """A process has ended its step."""
        self._selector.unregister(process.sock)
        process.step = ""

    @property
    def come_later(self) -> bool:
        """Whether a process that was asked may have to wait before it begins; then it says ``began``."""
        return self._zygote is not None and self._zygote.queues

    def lost(self, process: Process) -> str:
        """A process has ended in the middle of a step: how, in words.

        Raises:
            Gone: What it ran on is gone.
        """
        self.rest(process)
        process.sock.close()
        assert self._zygote is not None  # noqa: S101  it has started the process
        status = self._zygote.wait(process.pid)
        if not os.WIFSIGNALED(status):
            return say("its process ended by itself with exit code %1", os.waitstatus_to_exitcode(status))
        number = os.WTERMSIG(status)
        try:
            name: str = signal.Signals(number).name
        except ValueError:
            name = say("signal %1", number)
        if number == signal.SIGKILL:
            return say("its process was ended by %1 (out of memory?)", name)
        return say("its process was ended by %1", name)

    def kill(self, process: Process) -> list[Any]:
        """End a process in the middle of a step, and what it has started; what it said last."""
        assert self._zygote is not None  # noqa: S101  it has started the process
        self._zygote.kill(process.pid)
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(process.sock)
        said = []
        with contextlib.suppress(OSError):
            while (message := process.channel.receive()) is not None:
                said.append(message)
        process.sock.close()
        return said

    def close(self) -> None:
        """End them all, and their parent."""
        if self._zygote is not None:
            self._zygote.close()
        self._selector.close()
