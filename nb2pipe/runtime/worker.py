"""A step's process: restore what the step needs, run its cells, store what it leaves, say what was seen."""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nb2pipe import metrics
from nb2pipe.runtime import guards, sources, states, values
from nb2pipe.runtime.channel import Channel
from nb2pipe.runtime.shell import CellShell, ZMQInteractiveShell
from nb2pipe.runtime.task import CellTask, Metric, Report, Seen, Task, Unstorable
from nb2pipe.runtime.values import ABSENT, Absent

if TYPE_CHECKING:
    from nb2pipe.runtime.observe import Observer


class Worker:
    """One process of the run. It runs one step, and more where a value cannot leave it."""

    def __init__(self, channel: Channel, shell: ZMQInteractiveShell) -> None:
        self.channel = channel
        self.silent = False
        self.shell = CellShell(self._emit, shell)
        self.namespace = self.shell.namespace
        self.held: dict[tuple[str, str], Any] = {}
        self.watch: guards.FileWatch | None = None
        self.observer: Observer | None = None
        self.pid = os.getpid()
        self.said: list[Metric] = []
        metrics.listen(self._metric)
        states.begin_environment()

    def _emit(self, event: dict[str, Any]) -> None:
        if not self.silent:
            self.channel.send(("event", event))

    def _metric(self, name: str, value: float, place: int | None) -> None:
        """Hear a metric; what a process says that a cell has forked is heard by nobody."""
        if not self.silent and os.getpid() == self.pid:
            self.said.append(Metric(name, value, place, time.time()))
            self.channel.send(("metric", self.said[-1]))

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
        self.said = report.metrics
        started, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
        try:
            with self.shell.shell.builtin_trap:  # loading a value may import a library, which asks for `get_ipython`
                self._run(task, report)
        except Exception as error:  # a fault of ours, or of a value that cannot be loaded
            report.status = "broken"
            report.problem = f"{type(error).__name__}: {error}"
            if os.environ.get("NB2PIPE_DEBUG"):
                import traceback

                report.problem += "\n" + traceback.format_exc()
        report.seconds = time.perf_counter() - started - report.guard_seconds
        now = resource.getrusage(resource.RUSAGE_SELF)
        report.cpu = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
        report.memory = now.ru_maxrss * 1024
        return report

    def _run(self, task: Task, report: Report) -> None:
        os.chdir(task.cwd)
        sources.found_in(Path(task.folder))
        if task.cwd not in sys.path:
            sys.path.insert(0, task.cwd)
        if sys.path[:1] != [""]:
            sys.path.insert(0, "")
        self._load(task)
        guard = task.guards != "off"
        light = task.guards == "light"
        unchanged = [n for files in task.files for n in files[1] if n not in task.changes and not n.startswith("<")]
        before: dict[str, bytes] = {}
        before_states: dict[str, bytes] = {}
        if guard:
            clock = time.perf_counter()
            before = guards.digests(guards.scan_all(unchanged, self.namespace, task.stamp), light)
            before_states = guards.state_digests()
            if self.watch is None:
                self.watch = guards.FileWatch(task.cwd, lambda what: self.channel.send(("outside", what)))
            self.watch.reads, self.watch.writes, self.watch.outside = {}, {}, {}
            self.watch.active = True
            report.guard_seconds += time.perf_counter() - clock
        modules = frozenset(sys.modules)
        alive = self._observed(task, report)
        if self.watch is not None:
            self.watch.active = False
            report.reads, report.writes = list(self.watch.reads), list(self.watch.writes)
        if not alive:
            return
        extra: list[str] = []
        clock = time.perf_counter()
        after = guards.scan_all(before, self.namespace, task.stamp) if guard else {}
        if guard:
            found = guards.digests(after, light)
            for name in before:
                if found.get(name) != before[name]:
                    report.seen.append(Seen("mutation", task.step, (name,)))
                    extra.append(name)
            for name in guards.changed_states(before_states, modules, task.known):
                if name not in task.changes and name not in task.outputs:
                    report.seen.append(Seen("state", task.step, (name,)))
                    if name in task.known:
                        extra.append(name)
        report.guard_seconds += time.perf_counter() - clock
        self._store(task, report, extra, after, guard)

    # -- before the cells -----------------------------------------------------------------------------------------

    def _load(self, task: Task) -> None:
        namespace = self.namespace
        for name in [n for n in namespace if n not in self.shell.baseline]:
            del namespace[name]
        folder = Path(task.folder)
        held = {name: self.held.get((producer, name), ABSENT) for name, producer in task.live}
        later = []
        for file, names in task.files:
            if all(states.restored_early(n) for n in names):
                held |= values.load_file(folder / file, namespace)
            else:
                later.append((file, names))
        for name in sorted(filter(states.restored_early, held), key=states.restore_rank):
            _restore(name, held.pop(name))
        states.reseed()
        for file, names in later:
            held |= {n: v for n, v in values.load_file(folder / file, namespace).items() if n in names}
        if "matplotlib.figure" in sys.modules:
            self.shell.show_figures()
        # values first: what the notebook has put into a library looks for them
        namespace |= {n: v for n, v in held.items() if not n.startswith("<") and not isinstance(v, Absent)}
        for name in sorted(n for n in held if n.startswith("<")):
            _restore(name, held[name])
        hook: Any = self.shell.shell.displayhook
        # else IPython takes them for names of the notebook's own, and leaves them alone
        for under in ("_", "__", "___"):
            if under in namespace:
                setattr(hook, under, namespace[under])

    def _observed(self, task: Task, report: Report) -> bool:
        """Run the cells; where the result may be kept, with a look at what they read of the world."""
        if task.observe is None or self.watch is None:
            return self._cells(task, report)
        from nb2pipe.runtime.observe import Observer

        if self.observer is None:
            self.observer = Observer(task.folder)
        self.watch.also = self.observer.heard
        self.observer.begin()
        try:
            alive = self._cells(task, report)
            self.watch.active = False
            if alive:
                report.observed = self.observer.end(*task.observe)
        finally:
            self.observer.stop()
            self.watch.also = None
        return alive

    def _cells(self, task: Task, report: Report) -> bool:
        for cell in task.cells:
            self.silent = cell.silent
            if not cell.silent:
                self.channel.send(("begun", (cell.index, time.time())))
            with _as_imported(cell):
                result = self.shell.run(cell.source, cell=cell.index, execution_count=cell.count)
            self.silent = False
            if result.status == "error" and not cell.raises:
                report.status, report.cell, report.ename, report.evalue = (
                    "error",
                    cell.index,
                    result.ename,
                    result.evalue,
                )
                return False
            for name, value in ((n, self.namespace[n]) for n in cell.metrics if n in self.namespace):
                for metric, number in metrics.numbers(name, value):
                    self._metric(metric, number, None)
        return True

    # -- after the cells ------------------------------------------------------------------------------------------

    def _store(self, task: Task, report: Report, extra: list[str], after: dict[str, values.Scan], guard: bool) -> None:
        namespace = self.namespace
        wanted: dict[str, Any] = {}
        for name in (*task.outputs, *extra):
            if name.startswith("<"):
                wanted[name] = states.state_of(name).capture()
            else:
                wanted[name] = namespace.get(name, ABSENT)
        scans = {}
        for name, value in wanted.items():
            self.held[task.step, name] = value
            try:
                scans[name] = after[name] if name in after else values.scan(value, namespace, task.stamp)
                if states.stands_alone(name):
                    scans[name] = values.Scan(scans[name].data, scans[name].buffers, {}, {})
            except Exception as error:  # whatever pickling raises: the value cannot leave its process
                report.unstorable.append(Unstorable(name, type(value).__name__, str(error) or type(error).__name__))
        if guard:
            clock = time.perf_counter()
            outputs = [n for n in scans if not n.startswith("<")]
            for pair in values.held_in_frames(wanted, {n: scans[n] for n in outputs}):
                report.seen.append(Seen("sharing", task.step, pair))
            for name, scanned in after.items():
                if name in scans:
                    continue
                partners = [o for o in outputs if values.shared_between(scans[o], scanned)]
                if partners:
                    report.seen.append(Seen("sharing", task.step, (name, *partners)))
                    scans[name], wanted[name] = scanned, namespace[name]
                    self.held[task.step, name] = namespace[name]
            report.guard_seconds += time.perf_counter() - clock
        report.together = list(values.sharing_memory(scans))
        try:
            report.files = values.store(
                wanted, scans, Path(task.folder), task.prefix, namespace, task.stamp, digests=task.digests
            )
        except OSError as error:
            report.status = "broken"
            report.problem = f"its values cannot be written to {task.folder}: {error.strerror or error}"


@contextlib.contextmanager
def _as_imported(cell: CellTask) -> Iterator[None]:
    """``%precision`` sets NumPy's precision too where the notebook has loaded NumPy, whatever this process has loaded."""
    numpy = None
    if "%precision" in cell.source:
        if cell.bare:
            numpy = sys.modules.pop("numpy", None)
        else:
            with contextlib.suppress(ImportError):
                importlib.import_module("numpy")
    try:
        yield
    finally:
        if numpy is not None:
            sys.modules["numpy"] = numpy


def _restore(name: str, value: Any) -> None:
    """Put back a state; there is none where its library was not imported."""
    if value is not None and not isinstance(value, Absent):
        states.state_of(name).restore(value)


def main(sock: socket.socket, shell: ZMQInteractiveShell) -> None:
    """The life of a step's process."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    channel = Channel(sock)
    worker = Worker(channel, shell)
    try:
        worker.serve()
    except (BrokenPipeError, ConnectionResetError, EOFError):
        pass
    finally:
        flush_files()
        os._exit(0)


def flush_files() -> None:
    """Write out what open files still hold, as an interpreter that ends does."""
    for obj in gc.get_objects():
        if isinstance(obj, (io.TextIOWrapper, io.BufferedWriter)) and not obj.closed:
            with contextlib.suppress(Exception):
                obj.flush()
