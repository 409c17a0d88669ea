"""The process between the scheduler and a kernel: it runs the notebook of a step by papermill and says what came of it."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import select
import signal
import socket
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, NoReturn

from nb2pipe.runtime.channel import Channel
from nb2pipe.runtime.outputs import Event
from nb2pipe.runtime.papermill.asked import Asked
from nb2pipe.runtime.papermill.notebook import events_of, problem_of, step_notebook
from nb2pipe.runtime.script import INJECTED
from nb2pipe.runtime.task import Report, Task

_LONGEST = 100  # bytes of a socket's address, which systems keep short
_LOOK = 0.2  # seconds between two looks at whether the scheduler is still there


class _Link:
    """What the kernel says, heard in a thread beside papermill, and passed on at once."""

    def __init__(self, folder: str, scheduler: Channel, libraries: Any) -> None:
        self.address = os.path.join(folder, f"kernel-{os.getpid()}")
        self._made = ""
        if len(os.fsencode(self.address)) > _LONGEST:
            self._made = tempfile.mkdtemp(prefix="nb2pipe-", dir="/tmp")
            self.address = os.path.join(self._made, "kernel")
        self.report: Report | None = None
        self.updates: list[Event] = []
        self.cell = -1
        self._task: Task | None = None
        self._scheduler, self._libraries = scheduler, libraries
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(self.address)
        self._listening.listen(1)
        threading.Thread(target=self._serve, name="nb2pipe-kernel", daemon=True).start()

    def expect(self, task: Task) -> None:
        """The kernel is going to ask for this task."""
        self._task, self.report, self.updates, self.cell = task, None, [], -1

    def _serve(self) -> None:
        sock, _ = self._listening.accept()
        Path(self.address).unlink()
        if self._made:
            Path(self._made).rmdir()
        kernel = Channel(sock)
        with contextlib.suppress(OSError):
            while (message := kernel.receive()) is not None:
                kernel.send(self._heard(*message))

    def _heard(self, what: str, said: Any) -> Any:
        if what == "task":
            return self._task, dict(self._libraries)
        if what == "begun":
            index, when, silent = said
            self.cell = index
            if not silent:
                self._scheduler.send(("begun", (index, when)))
        elif what == "report":
            self.report, self.updates = said
        else:
            self._scheduler.send((what, said))
        return None


class _Runner:
    """One runner with its kernel. It runs one step, and more where a value cannot leave the kernel."""

    def __init__(self, channel: Channel, asked: Asked) -> None:
        from jupyter_client.manager import AsyncKernelManager

        from nb2pipe.kernels import CLIENT

        self._channel, self._asked = channel, asked
        self._link: _Link | None = None
        kernel = asked.options.kernel or (asked.metadata.get("kernelspec") or {}).get("name") or "python3"
        self.kernel = AsyncKernelManager(kernel_name=kernel, client_class=CLIENT)
        self.lost = False
        self._clients: list[Any] = []
        make: Any = self.kernel.client
        self.kernel.client = self._made_by(make)  # type: ignore[method-assign]  # nbclient closes those of its own kernels only

    def _made_by(self, make: Any) -> Any:
        def client(**keywords: Any) -> Any:
            self._clients.append(make(**keywords))
            return self._clients[-1]

        return client

    def run(self, task: Task) -> None:
        """Run one step, and say what it showed and how it ended."""
        import nbformat

        if self._link is None:
            self._link = _Link(task.folder, self._channel, self._asked.libraries)
        link, options = self._link, self._asked.options
        link.expect(task)
        name = re.sub(r"[^\w.-]", "_", f"{task.stamp + 1:02d}_{task.step}.ipynb")
        given = Path(task.folder) / f"{task.prefix}.ipynb"
        made = (Path(options.steps_dir) if options.steps_dir else Path(task.folder) / "notebooks") / name
        made.parent.mkdir(parents=True, exist_ok=True)
        made.unlink(missing_ok=True)
        notebook = step_notebook(task.cells, self._asked.cells, self._asked.metadata, link.address)
        given.write_text(json.dumps(notebook), "utf-8")
        problem: Exception | None = None
        with _watched(self._channel.sock, self._kill):
            try:
                self._papermill(task, given, made)
            except (
                Exception
            ) as error:  # the fault of a cell, which is in the report; a kernel that has died; a time that is over
                problem = error
        while self._clients:
            self._clients.pop().stop_channels()
        document = nbformat.read(made, as_version=4) if made.exists() else {"cells": [], "metadata": {}}
        for event in (*events_of(document, task.cells), *link.updates):
            self._channel.send(("event", event))
        if link.report is None:
            self._dead()
        self._channel.send(("report", link.report or self._explained(task, problem, document)))

    def _papermill(self, task: Task, given: Path, made: Path) -> None:
        import papermill

        options = self._asked.options
        injected = any(c.index == INJECTED for c in task.cells)
        kernel = self.kernel.kernel_name
        # ipykernel would warn, of every kernel, that it can be listened to
        quiet = {"extra_arguments": ["--IPKernelApp.log_level=40"]} if self.kernel.ipykernel else {}
        papermill.execute_notebook(
            str(given), str(made), dict(self._asked.parameters) if injected else None, kernel_name=kernel, language="python",
            km=self.kernel, cwd=task.cwd, log_output=options.log_output, start_timeout=options.start_timeout,
            execution_timeout=options.execution_timeout, progress_bar=False, **quiet,
        )  # fmt: skip

    def _explained(self, task: Task, problem: Exception | None, document: Any) -> Report:
        """The report of a step whose kernel had no time to make one."""
        assert self._link is not None  # noqa: S101  it was made for the step
        report = Report(task.step)
        self.lost = True
        if isinstance(problem, TimeoutError):
            report.status, report.cell, report.ename = "error", self._link.cell, "CellTimeoutError"
            report.evalue = f"the cell took longer than {self._asked.options.execution_timeout} s"
            return report
        report.status = "broken"
        said = problem_of(document) or (
            f"{type(problem).__name__}: {problem}" if problem else "its kernel said nothing"
        )
        report.problem = f"the kernel `{self.kernel.kernel_name}` cannot run the step: {said.strip()}"
        return report

    def _dead(self) -> None:
        """End as the kernel has ended, where it has: the scheduler tells of it as of any process."""
        process = getattr(self.kernel.provisioner, "process", None)
        code = None if process is None else process.poll()
        if code is not None:
            _end(code)

    def _kill(self) -> NoReturn:
        """The scheduler is gone."""
        process = getattr(self.kernel.provisioner, "process", None)
        if process is not None:
            with contextlib.suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
        os._exit(1)

    def close(self) -> None:
        """End the kernel: as an interpreter ends, where it is not busy with a cell that nobody waits for any more."""
        from jupyter_core.utils import run_sync

        if self.kernel.has_kernel:
            run_sync(self.kernel.shutdown_kernel)(now=self.lost)


@contextlib.contextmanager
def _watched(sock: socket.socket, gone: Any) -> Any:
    """Call ``gone`` where the other end hangs up; while a step runs it says nothing."""
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            if select.select([sock], [], [], _LOOK)[0] and not over.is_set() and not sock.recv(1, socket.MSG_PEEK):
                gone()

    thread = threading.Thread(target=watch, name="nb2pipe-scheduler", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _end(code: int) -> NoReturn:
    """End with an exit code; a negative one is that of a signal."""
    if code < 0:
        signal.signal(-code, signal.SIG_DFL) if -code not in (signal.SIGKILL, signal.SIGSTOP) else None
        os.kill(os.getpid(), -code)
    os._exit(code or 1)


def main(fileno: int) -> None:
    """The life of a runner, at whose socket ``fileno`` the scheduler is."""
    channel = Channel(socket.socket(fileno=fileno))
    import papermill  # noqa: F401  while the scheduler does other things

    message = channel.receive()
    if message is None:
        return
    asked, *environment = message
    for variables in environment:
        os.environ.update(variables)
    level = logging.INFO if asked.options.log_output else logging.WARNING
    logging.basicConfig(stream=sys.stderr, level=level, format="%(message)s")
    runner = _Runner(channel, asked)
    try:
        while (task := channel.receive()) is not None:
            runner.run(task)
    except (BrokenPipeError, ConnectionResetError):
        pass
    finally:
        runner.close()
