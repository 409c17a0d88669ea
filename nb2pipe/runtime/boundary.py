"""The boundary of a step in its process: restore what it needs, see what it did, store what it leaves."""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nb2pipe import metrics
from nb2pipe.diagnostics import say
from nb2pipe.runtime import guards, sources, states, values
from nb2pipe.runtime.imported import Imports
from nb2pipe.runtime.lookups import Lookups
from nb2pipe.runtime.secrets import environment
from nb2pipe.runtime.task import CellTask, Metric, Report, Seen, Task, Unstorable
from nb2pipe.runtime.values import ABSENT, Absent, Own

if TYPE_CHECKING:
    from nb2pipe.runtime.observe import Observer


_FIGURES = "<figures>"
_UNDERS = {"_", "__", "___"}
_HISTORY = ("Out", "_oh")
"""The names of what cells have displayed. IPython writes to what the second holds, whatever the first does."""


class Boundary:
    """The boundary of the steps that one process runs, one after another: `before` the cells of each, and `after` them.

    ``shell`` is an IPython shell with ipykernel's name, whose names at the start are no notebook's. ``told`` hears what
    `FileWatch` tells, before it happens, and each metric; ``silent`` says that the cell that runs is another step's.
    """

    def __init__(self, shell: Any, told: Callable[[str, Any], None]) -> None:
        self.shell = shell
        self.namespace: dict[str, Any] = shell.user_ns
        self._baseline = frozenset(self.namespace)
        self._told = told
        self.silent = False
        self._pid = os.getpid()
        self._said: list[Metric] = []
        metrics.listen(self._metric)
        self._held: dict[tuple[str, str], Any] = {}
        self._watch: guards.FileWatch | None = None
        self._lookups = Lookups(self.namespace)
        shell.ast_transformers += [self._lookups, Imports()]
        self._observer: Observer | None = None
        self._before: dict[str, bytes] = {}
        self._states: dict[str, bytes] = {}
        self._modules: frozenset[str] = frozenset()
        self._started = self._used = 0.0
        states.begin_environment()

    # -- before the cells -----------------------------------------------------------------------------------------

    def before(self, task: Task, report: Report) -> None:
        """Make the process what the step's cells have to find, and begin to watch.

        Raises:
            Exception: A value that cannot be loaded, a folder that is gone.
        """
        self._started, self._used, self._said = time.perf_counter(), _cpu(), report.metrics
        os.chdir(task.cwd)
        if task.secrets is not None:
            environment.give(task.secrets)
        sources.found_in(Path(task.folder))
        if task.cwd not in sys.path:
            sys.path.insert(0, task.cwd)
        if sys.path[:1] != [""]:
            sys.path.insert(0, "")
        self._lookups.begin(task.absent)
        self._load(task)
        if task.guards != "off":
            clock = time.perf_counter()
            unchanged = [n for files in task.files for n in files[1] if n not in task.changes and not n.startswith("<")]
            light = task.guards == "light"
            self._before = guards.digests(guards.scan_all(unchanged, self.namespace, task.stamp), light)
            self._states = guards.state_digests()
            if self._watch is None:
                self._watch = guards.FileWatch(task.cwd, self._told)
            self._watch.reads, self._watch.writes, self._watch.outside = {}, {}, {}
            self._watch.active = True
            report.guard_seconds += time.perf_counter() - clock
        self._modules = frozenset(sys.modules)
        if task.observe is not None and self._watch is not None:
            from nb2pipe.runtime.observe import Observer

            if self._observer is None:
                self._observer = Observer(task.folder)
            self._watch.also = self._observer.heard
            self._observer.begin()

    def _load(self, task: Task) -> None:
        namespace = self.namespace
        for name in [n for n in namespace if n not in self._baseline]:
            del namespace[name]
        held = {name: self._held.get((producer, name), ABSENT) for name, producer in task.live}
        later = []
        open_before = _open_figures()
        checks, inside = dict(task.checks), dict(task.held)
        for file, names in task.files:
            if all(states.restored_early(n) for n in names):
                held |= self._values_of(task, file, inside, checks)
            else:
                later.append((file, names))
        for name in sorted(filter(states.restored_early, held), key=states.restore_rank):
            _restore(name, held.pop(name))
        states.reseed()
        for file, names in later:
            found = self._values_of(task, file, inside, checks)
            held |= {n: v for n, v in found.items() if n in names}
        states.number_apart(task.stamp)
        if _FIGURES not in held:
            for number in _open_figures() - open_before:  # they would be shown, where the notebook shows none
                sys.modules["matplotlib.pyplot"].close(number)
        if "matplotlib.figure" in sys.modules:
            _show_figures(self.shell)
        # values first: what the notebook has put into a library looks for them
        namespace |= {n: v for n, v in held.items() if not n.startswith("<") and not isinstance(v, Absent)}
        for name in sorted(n for n in held if n.startswith("<")):
            _restore(name, held[name])
        for under in _UNDERS & namespace.keys():
            value = namespace[under]
            if isinstance(value, Own):
                namespace[under] = value.value
            else:  # what IPython does not find again it takes for the notebook's own
                setattr(self.shell.displayhook, under, value)
        loaded = [n for n in _HISTORY if n in held]
        shared = next((held[n] for n in loaded if not isinstance(held[n], (Own, Absent))), None)
        if shared is not None:
            namespace |= dict.fromkeys(_HISTORY, shared)
        for name in loaded:
            if isinstance(held[name], Own):
                namespace[name] = held[name].value

    def _values_of(
        self, task: Task, file: str, inside: Mapping[str, bytes], checks: Mapping[str, str]
    ) -> dict[str, Any]:
        if file in inside:
            return values.load_bytes(inside[file], self.namespace)
        return values.load_file(Path(task.folder) / file, self.namespace, checks.get(file))

    def bind_secrets(self, task: Task, cell: CellTask) -> None:
        """Bind the parameters of a cell that are secrets, now that it has run.

        Raises:
            SecretWithheld: One was not asked for.
        """
        for name, secret in cell.bound:
            self.namespace[name] = environment.binding(secret, task.secrets)

    def say_metrics(self, cell: CellTask) -> None:
        """Say the metrics that a cell has bound or shown, now that it has run."""
        for name in cell.metrics:
            if name in self.namespace:
                for metric, number in metrics.numbers(name, self.namespace[name]):
                    self._metric(metric, number, None)

    def _metric(self, name: str, value: float, place: int | None) -> None:
        """Hear a metric; what a process says that a cell has forked is heard by nobody."""
        if not self.silent and os.getpid() == self._pid:
            self._said.append(Metric(name, value, place, time.time()))
            self._told("metric", self._said[-1])

    # -- after the cells ------------------------------------------------------------------------------------------

    def unwatch(self, task: Task, report: Report) -> None:
        """The cells have run, to the end or to one that failed: say what was seen of names, of files and of the world."""
        report.missed = self._lookups.end()
        if self._watch is None:
            return
        self._watch.active, self._watch.also = False, None
        report.reads, report.writes = list(self._watch.reads), list(self._watch.writes)
        if task.observe is None or self._observer is None:
            return
        try:
            if report.status == "ok":
                report.observed = self._observer.end(*task.observe)
        finally:
            self._observer.stop()

    def after(self, task: Task, report: Report) -> None:
        """The cells have run to the end: see what they changed, and store what others need.

        Raises:
            Exception: A fault of ours; what cannot be stored is in the report.
        """
        guard, light = task.guards != "off", task.guards == "light"
        extra: list[str] = []
        clock = time.perf_counter()
        after = guards.scan_all(self._before, self.namespace, task.stamp) if guard else {}
        if guard:
            found = guards.digests(after, light)
            for name in self._before:
                if found.get(name) != self._before[name]:
                    report.seen.append(Seen("mutation", task.step, (name,)))
                    extra.append(name)
            for name in guards.changed_states(self._states, self._modules, task.known):
                if name not in task.changes and name not in task.outputs:
                    report.seen.append(Seen("state", task.step, (name,)))
                    if name in task.known:
                        extra.append(name)
        report.guard_seconds += time.perf_counter() - clock
        self._store(task, report, extra, after, guard)

    def measure(self, report: Report) -> None:
        """Say what the step took."""
        report.seconds = time.perf_counter() - self._started - report.guard_seconds
        report.cpu = _cpu() - self._used
        report.memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

    def _left(self, name: str) -> Any:
        """What a name holds now; IPython never binds ``_`` or ``Out`` again that the notebook has bound itself."""
        value = self.namespace.get(name, ABSENT)
        if value is ABSENT or name not in {*_UNDERS, "Out"}:
            return value
        given = self.namespace.get("_oh") if name == "Out" else getattr(self.shell.displayhook, name)
        return value if value is given else Own(value)

    def _store(self, task: Task, report: Report, extra: list[str], after: dict[str, values.Scan], guard: bool) -> None:
        namespace = self.namespace
        wanted: dict[str, Any] = {}
        for name in (*task.outputs, *extra):
            if name.startswith("<"):
                wanted[name] = states.state_of(name).capture()
            else:
                wanted[name] = self._left(name)
        scans = {}
        for name, value in wanted.items():
            self._held[task.step, name] = value
            try:
                scans[name] = (
                    after[name]
                    if name in after and not isinstance(value, Own)
                    else values.scan(value, namespace, task.stamp)
                )
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
                    self._held[task.step, name] = namespace[name]
            report.guard_seconds += time.perf_counter() - clock
        report.together = list(values.sharing_memory(scans))
        try:
            report.files, report.held = values.store(
                wanted, scans, Path(task.folder), task.prefix, namespace, task.stamp, digests=task.digests,
                secrets_in=_secrets_in(task),
            )  # fmt: skip
        except OSError as error:
            report.status = "broken"
            report.problem = say("its values cannot be written to %1: %2", task.folder, error.strerror or str(error))


@contextlib.contextmanager
def as_imported(cell: CellTask) -> Iterator[None]:
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


def _open_figures() -> set[int]:
    """The numbers of the figures that pyplot knows: those that are unpickled are among them where they were."""
    helpers = sys.modules.get("matplotlib._pylab_helpers")
    return {*helpers.Gcf.figs} if helpers is not None else set()


def _show_figures(shell: Any) -> None:
    """Have figures shown that an earlier step has made: in a kernel, making them has seen to that."""
    from matplotlib_inline.backend_inline import configure_inline_support

    matplotlib: Any = sys.modules["matplotlib"]
    backend = matplotlib.rcParams._get("backend")  # something that is no name, where none has been needed yet
    configure_inline_support(shell, backend if isinstance(backend, str) else matplotlib.get_backend())


def _secrets_in(task: Task) -> values.SecretsIn | None:
    if task.secrets is None:
        return None
    from nb2pipe.runtime.secrets.scrubber import Scrubber

    return Scrubber(task.secrets.known).names_in


def broken(report: Report, error: Exception) -> None:
    """Say that a fault of ours, or a value that cannot be loaded, has ended the step."""
    report.status = "broken"
    report.problem = f"{type(error).__name__}: {error}"
    if os.environ.get("NB2PIPE_DEBUG"):
        import traceback

        report.problem += "\n" + traceback.format_exc()


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def flush_files() -> None:
    """Write out what open files still hold, as an interpreter that ends does."""
    for obj in gc.get_objects():
        with contextlib.suppress(Exception):  # a proxy of what is gone answers nothing, not even what it is
            if isinstance(obj, (io.TextIOWrapper, io.BufferedWriter)) and not obj.closed:
                obj.flush()
