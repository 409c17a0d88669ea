"""What the first and the last cell of a step's notebook do, in its kernel: restore what the step needs, store what it leaves.

The kernel speaks with the runner that has started it over a socket. Each message has an answer, so that nothing that was said
is lost where the kernel is ended the moment after.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib.metadata
import os
import signal
import socket
import sys
import threading
import time
from typing import Any

from IPython import get_ipython

from nb2pipe.runtime import sources
from nb2pipe.runtime.boundary import Boundary, as_imported, broken, flush_files
from nb2pipe.runtime.channel import Channel
from nb2pipe.runtime.memory import MemoryLimit
from nb2pipe.runtime.papermill.notebook import DISPLAY_ID
from nb2pipe.runtime.shell import number_input
from nb2pipe.runtime.task import Report, Task

_kernel: _Kernel | None = None


class NotRestored(Exception):
    """The step cannot begin; its runner knows why."""


def begin(address: str) -> None:
    """Make the kernel what the cells that follow have to find, and watch what they do.

    Raises:
        NotRestored: A value cannot be loaded; papermill then runs none of the cells.
    """
    global _kernel  # noqa: PLW0603  one kernel, one of these
    if _kernel is None:
        _kernel = _Kernel(address)
    _kernel.begin()


def end() -> None:
    """Store what other steps need, and say what the cells did."""
    assert _kernel is not None  # noqa: S101  the first cell has run
    _kernel.end()


class _Kernel:
    """This kernel, from the inside. It runs one step, and more where a value cannot leave it."""

    def __init__(self, address: str) -> None:
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(address)
        self._channel, self._lock, self._pid = Channel(sock), threading.RLock(), os.getpid()
        _end_with_parent()
        self._shell: Any = get_ipython()
        self._inputs = 1  # as many entries of ``In`` are no injected cell's
        self._forget_injected()
        self._boundary = Boundary(self._shell, self._ask)
        self._task = Task("", 0, (), (), (), (), (), "", "", "")
        self._report = Report("")
        self._position = 0
        self._cell: Any = None  # what IPython says of the cell that runs; the injected ones are none
        self._shown: set[str] = set()
        self._updated: dict[str, dict[str, Any]] = {}
        self._imported: contextlib.ExitStack | None = None
        self._limit = MemoryLimit(None)
        _name_cells_of_others(self._shell.compile)
        self._shell.display_pub.register_hook(self._display)

    def _ask(self, *message: Any) -> Any:
        if os.getpid() != self._pid:
            return None
        with self._lock:
            self._channel.send(message)
            return self._channel.receive()

    # -- the injected cells -----------------------------------------------------------------------------------------

    def begin(self) -> None:
        self._task, libraries = self._ask("task", None)
        self._report = Report(self._task.step)
        self._shown, self._updated = set(), {}
        self._forget_injected()
        try:
            self._same_libraries(libraries)
            self._boundary.before(self._task, self._report)
        except Exception as error:
            broken(self._report, error)
            self._say()
            raise NotRestored(self._report.problem) from None
        self._position, self._cell, self._limit = -1, None, MemoryLimit(self._task.memory)
        self._shell.events.register("pre_run_cell", self._starts)
        self._shell.events.register("post_run_cell", self._ran)

    def end(self) -> None:
        self._unregister()
        self._boundary.unwatch(self._task, self._report)
        try:
            self._boundary.after(self._task, self._report)
        except Exception as error:
            broken(self._report, error)
        self._say()

    def _say(self) -> None:
        flush_files()
        self._boundary.measure(self._report)
        self._ask("report", (self._report, list(self._updated.values())))

    def _unregister(self) -> None:
        for event, function in (("pre_run_cell", self._starts), ("post_run_cell", self._ran)):
            with contextlib.suppress(ValueError):
                self._shell.events.unregister(event, function)

    def _same_libraries(self, libraries: dict[str, str]) -> None:
        """What is known of calls holds for the libraries of the environment that the notebook was compiled in.

        Raises:
            RuntimeError: This kernel has others.
        """
        for name, wanted in libraries.items():
            try:
                found = importlib.metadata.version(name)
            except importlib.metadata.PackageNotFoundError:
                found = ""
            if found and wanted and found.partition(".")[0] != wanted.partition(".")[0]:
                raise RuntimeError(f"the kernel has {name} {found}, and the notebook was compiled with {wanted}")

    def _forget_injected(self) -> None:
        """Let ``In`` and its shorthands know nothing of the injected cells."""
        history, names = self._shell.history_manager, self._shell.user_ns
        for name in [n for n in names if n.startswith("_i") and n[2:].isdecimal() and int(n[2:]) >= self._inputs]:
            del names[name]
        for inputs in (history.input_hist_parsed, history.input_hist_raw):
            del inputs[self._inputs :]
        history._i00 = history._i = history._ii = history._iii = ""
        names["_i"] = names["_ii"] = names["_iii"] = ""

    # -- the step's own cells ---------------------------------------------------------------------------------------

    def _starts(self, info: Any) -> None:
        """IPython runs a cell: the step's next one, unless a cell has asked for it."""
        if self._cell is not None or self._position >= len(self._task.cells):
            return
        self._cell = info
        cell = self._task.cells[self._position]
        self._boundary.silent = cell.silent
        self._ask("begun", (cell.index, time.time(), cell.silent))
        self._imported = contextlib.ExitStack()
        self._imported.enter_context(as_imported(cell))
        self._limit.hold()

    def _ran(self, result: Any) -> None:
        """IPython has run a cell."""
        if self._position >= 0:
            if self._cell is None or (result is not None and result.info is not self._cell):
                return
            self._cell = None
            self._limit.lift()
            if self._imported is not None:
                self._imported.close()
            if not _ended_well(result, self._shell) and not self._task.cells[self._position].raises:
                self._failed(result)
                return
            self._boundary.silent = False
            self._boundary.say_metrics(self._task.cells[self._position])
            self._inputs = len(self._shell.history_manager.input_hist_parsed)
        self._position += 1
        if self._position < len(self._task.cells):
            count = self._task.cells[self._position].count
            self._shell.execution_count = count
            number_input(self._shell, count)

    def _failed(self, result: Any) -> None:
        """Papermill runs nothing behind a cell that has failed, and so no last cell."""
        error = None if result is None else (result.error_before_exec or result.error_in_exec)
        report = self._report
        report.status, report.cell, report.ename = "error", self._task.cells[self._position].index, type(error).__name__
        with contextlib.suppress(Exception):
            report.evalue = str(error)
        self._unregister()
        self._boundary.unwatch(self._task, report)
        self._say()

    def _display(self, message: dict[str, Any]) -> dict[str, Any]:
        """A display is told by its id, which notebooks do not keep: a later step may change it."""
        content = message["content"]
        display_id = (content.get("transient") or {}).get("display_id")
        if display_id is None:
            return message
        if message["header"]["msg_type"] == "update_display_data" and display_id not in self._shown:
            index = self._task.cells[min(max(self._position, 0), len(self._task.cells) - 1)].index
            update = {"data": content["data"], "metadata": content["metadata"]}
            self._updated[display_id] = {"type": "update", "cell": index, "display_id": display_id, **update}
            return message
        self._shown.add(display_id)
        self._updated.pop(display_id, None)
        content["metadata"] = {**content["metadata"], DISPLAY_ID: display_id}
        return message


def _ended_well(result: Any, shell: Any) -> bool:
    """Whether the kernel says so of the cell: a value that could not be shown is a fault of the cell as well."""
    return result is not None and result.success and not getattr(shell, "_last_traceback_during_displayhook", False)


def _name_cells_of_others(compiler: Any) -> None:
    """Have tracebacks show the cells of other steps as those of this kernel."""
    name_of = compiler.format_code_name

    def named(name: str) -> Any:
        sources.asked_for(name)
        return name_of(name)

    compiler.format_code_name = named


def _end_with_parent() -> None:
    """Where the system can do it: no kernel outlives its runner."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG (prctl(2))
