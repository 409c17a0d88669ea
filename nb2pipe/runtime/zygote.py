"""The scheduler's hold on the clean, single-threaded parent that forks the processes of steps."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol, Self

from nb2pipe.diagnostics import Nb2pipeError, say
from nb2pipe.interpreters import Interpreter, own_modules
from nb2pipe.runtime.channel import Channel
from nb2pipe.runtime.command import command
from nb2pipe.runtime.parent import HEADER, SEEDED

PRELOADED = frozenset({
    "numpy", "pandas", "scipy", "sklearn", "matplotlib", "seaborn", "statsmodels", "plotly", "joblib", "requests",
    "pyarrow", "sympy", "networkx", "lightgbm", "xgboost", "torch", "IPython", "tqdm", "altair", "bokeh", "PIL",
    "dateutil", "polars", "ipywidgets",
})  # fmt: skip
"""The libraries that are imported before the fork. What their import does to a process is still looked at."""
_LOUD = frozenset({"this", "antigravity", "idlelib", "turtle", "tkinter"})


def preloadable(modules: Sequence[str]) -> tuple[str, ...]:
    """The modules among ``modules`` that are worth importing before the fork, in their order."""

    def wanted(module: str) -> bool:
        top = module.partition(".")[0]
        return top in PRELOADED or (top in own_modules() and top not in _LOUD)

    return tuple(m for m in modules if wanted(m))


class ZygoteError(Nb2pipeError):
    """No process can be started for a step."""


class Gone(ZygoteError):
    """What a process ran on is gone, by no fault of its step; ``steps`` are those whose values went with it."""

    def __init__(self, why: str, steps: frozenset[str] = frozenset()) -> None:
        super().__init__(why)
        self.steps = steps


def same_hash_seed(environment: Mapping[str, str]) -> str:
    """The seed that hashes have in all runs: the user's own, or one that is as good as any."""
    given = environment.get("PYTHONHASHSEED", "")
    return given if given.isdecimal() else "1"


class Child(NamedTuple):
    """A step's process: its pid, and the socket whose other end it holds."""

    pid: int
    channel: socket.socket


class Starter(Protocol):
    """What starts the processes of steps, for the scheduler: `Zygote`, or what runs steps elsewhere.

    ``queues`` says that a process may have to wait before it begins with its first step; it then says ``began``.
    """

    hash_seed: str
    queues: bool

    def prepare(self, modules: Sequence[str]) -> None:
        """The first step is going to be started; ``modules`` are what steps import."""

    def fork(self, *, payload: tuple[Any, ...] = ()) -> Child:
        """A process that runs the tasks which come through its socket; ``payload`` is what `worker.main` takes beside it."""

    def wait(self, pid: int) -> int:
        """Wait for a process to end; its wait status.

        Raises:
            ZygoteError: There is none, and why.
        """

    def kill(self, pid: int) -> None:
        """End a process, and what it has started, now."""

    def close(self) -> None:
        """End all that was started."""


class Zygote:
    """The parent of the steps' processes, from the scheduler's side.

    It is started at once and imports ``modules`` while the scheduler goes on (None: `prepare` will tell which); it runs
    in ``cwd`` with ``env`` (this process's by default) under ``python`` (None: the interpreter of this process). Its processes write
    what is no cell's output to the descriptor ``stderr``, this process's own by default. ``left_out`` tells, once it is ready,
    which modules were not imported and why.
    With ``same_hashes`` texts have the same hashes in all runs, and sets of them the same order; ``hash_seed`` says which.
    Where a fork is not safe, each step gets a fresh interpreter: slower, and otherwise the same.
    """

    queues = False

    def __init__(
        self,
        modules: Sequence[str] | None = (),
        cwd: str = ".",
        python: Interpreter | None = None,
        env: Mapping[str, str] | None = None,
        *,
        spawn: bool = not sys.platform.startswith("linux"),
        same_hashes: bool = False,
        stderr: int = 2,
    ) -> None:
        self.left_out: dict[str, str] = {}
        self._python, self._cwd, self._spawn, self._stderr = python, cwd, spawn, stderr
        self._environment = dict(os.environ if env is None else env) | dict(python.variables if python else ())
        given = self._environment.get("PYTHONHASHSEED", "")
        self.hash_seed = same_hash_seed(self._environment) if same_hashes else given
        if self.hash_seed != given:
            self._environment |= {"PYTHONHASHSEED": self.hash_seed, SEEDED: given}
        self._exits: dict[int, int] = {}
        self._pids: list[int] = []
        self._spawned: dict[int, subprocess.Popen[bytes]] = {}
        self._buffer = b""
        self._ready = spawn
        self.process: subprocess.Popen[bytes] | None = None
        self._sock, theirs = socket.socketpair()
        if not spawn:
            self.process = self._start("serve", [theirs.fileno(), None, {}], theirs)
        theirs.close()
        if modules is not None:
            self.prepare(modules)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def prepare(self, modules: Sequence[str]) -> None:
        """Have it import ``modules``; to be called once, before the first `fork`."""
        if self._spawn:
            return
        # where the parent has ended already, the first fork says so
        with contextlib.suppress(OSError):
            Channel(self._sock).send(list(modules))

    def _start(self, function: str, arguments: Sequence[Any], inherited: socket.socket) -> subprocess.Popen[bytes]:
        words = command(self._python.start if self._python else (), "nb2pipe.runtime.parent", function, arguments)
        try:
            return subprocess.Popen(
                words, pass_fds=(inherited.fileno(),), cwd=self._cwd, env=self._environment, stdin=subprocess.DEVNULL,
                stdout=self._stderr, stderr=self._stderr, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise ZygoteError(say("cannot start %1 in %2: %3", words[0], self._cwd, str(error.strerror))) from error

    def fork(self, function: str = "nb2pipe.runtime.worker:main", payload: tuple[Any, ...] = ()) -> Child:
        """A new process that calls ``function`` (``module:name``) with its socket, its shell and ``payload``.

        The process leads a process group of its own, and ends when the parent does.

        Raises:
            ZygoteError: The parent has ended, or cannot start anything.
        """
        self._wait_until_ready()
        ours, theirs = socket.socketpair()
        try:
            if self._spawn:
                process = self._start("spawned", [theirs.fileno(), function, int(bool(payload))], theirs)
                pid = process.pid
                self._spawned[pid] = process
            else:
                name = function.encode("utf-8")
                try:
                    request = [HEADER.pack(b"F", bool(payload), len(name)), name]
                    socket.send_fds(self._sock, request, [theirs.fileno()])
                except OSError as error:
                    raise ZygoteError(say("the process that starts steps has ended (%1)", self._end())) from error
                while not self._pids:
                    self._read()
                pid = self._pids.pop(0)
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        if payload:
            Channel(ours).send(payload)
        return Child(pid, ours)

    def fileno(self) -> int:
        """Readable when a process may have ended: select on it, then `poll`."""
        return self._sock.fileno()

    def poll(self) -> dict[int, int]:
        """The processes that have ended and were not asked for yet: pid to wait status. Does not block."""
        for pid, process in list(self._spawned.items()):
            if process.poll() is not None:
                self._exits[pid] = wait_status(self._spawned.pop(pid))
        while not self._spawn and select.select([self._sock], [], [], 0)[0]:
            self._read()
        exits, self._exits = self._exits, {}
        return exits

    def wait(self, pid: int) -> int:
        """Wait for a process to end; its wait status (`os.waitstatus_to_exitcode` reads it)."""
        if pid in self._spawned:
            process = self._spawned.pop(pid)
            process.wait()
            return wait_status(process)
        try:
            while pid not in self._exits:
                self._read()
        except ZygoteError:
            return int(signal.SIGKILL)  # what becomes of the children of a parent that has ended
        return self._exits.pop(pid)

    def kill(self, pid: int) -> None:
        """End a process, and what it has started, also what has left its group."""
        kill_all(pid)

    def close(self) -> None:
        """End the parent, and with it what it has started."""
        self._sock.close()
        for pid, spawned in self._spawned.items():
            try:
                os.killpg(pid, signal.SIGKILL)
            except OSError:
                continue
            spawned.wait()
        self._spawned.clear()
        if self.process is not None:
            if not self._ready:
                self.process.kill()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def _wait_until_ready(self) -> None:
        while not self._ready:
            self._read()

    def _read(self) -> None:
        """Take in what the parent says next."""
        try:
            data = self._sock.recv(65536)
        except OSError:
            data = b""
        if not data:
            raise ZygoteError(say("the process that starts steps has ended (%1)", self._end()))
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            kind, _, rest = line.decode("utf-8").partition(" ")
            first, _, second = rest.partition(" ")
            if kind == "P":
                self._pids.append(int(first))
            elif kind == "X":
                self._exits[int(first)] = int(second)
            elif kind == "L":
                self.left_out[first] = second
            elif kind == "U":
                self._spawn = True
            elif kind == "E":
                raise ZygoteError(rest)
            else:
                self._ready = True

    def _end(self) -> str:
        if self.process is None:
            return say("closed")
        try:
            code = self.process.wait(1)
        except subprocess.TimeoutExpired:
            return say("it does not answer")
        return say("signal %1", -code) if code < 0 else say("exit code %1", code)


def kill_all(pid: int) -> None:
    """End a process that leads a group, the group, and what it has started that has left it, as far as the system tells."""
    started = _started_by(pid)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    for one in started:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(one, signal.SIGKILL)


def _started_by(pid: int) -> list[int]:
    """The processes that one has started, and theirs."""
    found = []
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            for child in Path(f"/proc/{pid}/task/{task}/children").read_text("ascii").split():
                found += [int(child), *_started_by(int(child))]
    return found


def wait_status(process: subprocess.Popen[bytes]) -> int:
    """A return code of subprocess as a wait status."""
    code = process.returncode
    return -code if code < 0 else code << 8
