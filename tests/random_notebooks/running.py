"""Running a notebook as a notebook, running it as a pipeline, and comparing what both show and leave behind."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import signal
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from nb2pipe import api
from nb2pipe.diagnostics import Refused
from nb2pipe.notebook.read import read_document
from nb2pipe.runtime import execute
from nb2pipe.runtime.channel import Channel
from nb2pipe.runtime.claims import describe
from nb2pipe.runtime.outputs import Outputs
from nb2pipe.runtime.result import RunOptions
from nb2pipe.runtime.script import cell_tasks
from nb2pipe.runtime.task import Task
from nb2pipe.runtime.zygote import Child, Zygote
from tests.random_notebooks.notebooks import RandomNotebook

Verdict = Literal["equal", "refused", "alarm", "tripped", "wrong", "crashed", "no notebook"]
MODULES = ("numpy", "pandas", "random", "json", "os", "itertools", "functools", "copy", "warnings", "collections",
           "dataclasses", "contextlib", "pathlib", "math", "operator")  # fmt: skip
PATIENCE = 60  # seconds for one notebook


@dataclass(frozen=True, slots=True)
class Shown:
    """What a run of a notebook showed, by cell, and the files it left; ``failed`` is the cell that ended it, or -1.

    ``waiting`` are the cells of steps that did not run since a step before them failed.
    """

    outputs: Mapping[int, Sequence[Any]]
    files: Mapping[str, str]
    failed: int = -1
    waiting: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Judged:
    """The pipeline against the notebook. ``detail`` says what differs, what tripped, or why it was refused.

    ``alarm`` is a guard that tripped although its finding changes nothing in the pipeline, or although the analysis
    had said that these names may share an object.
    """

    verdict: Verdict
    detail: str = ""


class SharedZygote:
    """One parent of processes for many runs: starting it costs more than a small notebook."""

    queues = False

    def __init__(self, *, same_hashes: bool = False) -> None:
        self._zygote = Zygote(MODULES, "/", env={**os.environ, "COLUMNS": "80"}, same_hashes=same_hashes)
        self.hash_seed = self._zygote.hash_seed

    def fork(self, function: str = "nb2pipe.runtime.worker:main", payload: tuple[Any, ...] = ()) -> Child:
        """A new process."""
        return self._zygote.fork(function, payload)

    def wait(self, pid: int) -> int:
        """The wait status of an ended process."""
        return self._zygote.wait(pid)

    def kill(self, pid: int) -> None:
        """End a process, and what it has started."""
        self._zygote.kill(pid)

    def prepare(self, modules: Sequence[str]) -> None:
        """Nothing: the modules are there."""

    def close(self) -> None:
        """Nothing: the next run goes on with it."""

    def end(self) -> None:
        """The end of all runs."""
        self._zygote.close()


@contextmanager
def shared_zygote(*, same_hashes: bool = False) -> Iterator[SharedZygote]:
    """Runs inside share one parent of processes."""
    shared = SharedZygote(same_hashes=same_hashes)
    original = execute.Zygote
    execute.Zygote = lambda *_, **__: shared  # type: ignore[assignment, misc]  # what a run asks of a zygote
    try:
        yield shared
    finally:
        execute.Zygote = original  # type: ignore[misc]  # as above
        shared.end()


@contextmanager
def patience(seconds: int = PATIENCE) -> Iterator[None]:
    """A time limit for a run in this, the main thread."""

    def late(*_: Any) -> None:
        raise TimeoutError(f"no end after {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def folder() -> Iterator[Path]:
    """A folder to run in; its own name is always the same, for a notebook may show it."""
    outer = tempfile.mkdtemp(prefix="random-notebook-")
    inner = Path(outer) / "work"
    inner.mkdir()
    (Path(outer) / ".nb2pipe").mkdir()  # where what a run learns is kept, out of the notebook's sight
    try:
        yield inner
    finally:
        shutil.rmtree(outer, ignore_errors=True)


def as_notebook(notebook: RandomNotebook, zygote: Any) -> Shown:
    """Run all cells in one fresh process, as one kernel would."""
    with folder() as cwd:
        path = cwd / "nb.ipynb"
        path.write_text(json.dumps(notebook.document()), encoding="utf-8")
        cells = tuple(cell_tasks(read_document(str(path))).values())
        task = Task("all", 0, cells, (), (), (), (), str(cwd), "0", str(cwd), "off")
        pid, sock = zygote.fork()
        channel, outputs, failed = Channel(sock), Outputs(), -1
        try:
            channel.send(task)
            while True:
                message = channel.receive()
                if message is None:
                    raise RuntimeError("the notebook's process has died")
                if message[0] == "event":
                    outputs.add(message[1])
                if message[0] != "report":
                    continue
                if message[1].status == "error":
                    failed = message[1].cell
                elif message[1].status != "ok":
                    raise RuntimeError(message[1].problem)
                break
        except BaseException:
            os.kill(pid, signal.SIGKILL)
            raise
        finally:
            sock.close()
            zygote.wait(pid)
        return Shown(normal(outputs.result()), left(cwd), failed)


def in_kernel(notebook: RandomNotebook) -> Shown:
    """Run in a true kernel, by nbclient."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    with folder() as cwd:
        path = cwd / "nb.ipynb"
        path.write_text(json.dumps(notebook.document()), encoding="utf-8")
        document = nbformat.read(path, 4)
        client = NotebookClient(
            document, timeout=PATIENCE, kernel_name="python3", resources={"metadata": {"path": str(cwd)}}
        )
        failed = -1
        try:
            client.execute(cwd=str(cwd), env={**os.environ, "COLUMNS": "80"})
        except CellExecutionError:
            failed = next(i for i, c in enumerate(document.cells)
                          if any(o.output_type == "error" for o in c.outputs) and "raises-exception" not in c.metadata.get("tags", []))  # fmt: skip
        outputs = {i: [dict(o) for o in c.outputs] for i, c in enumerate(document.cells)}
        return Shown(normal(outputs), left(cwd), failed)


def as_pipeline(notebook: RandomNotebook, guards: str, order: str = "latest") -> tuple[Shown, list[str], bool]:
    """Compile and run; with what the guards saw, and whether the analysis had known as much.

    Raises:
        Refused: As `nb2pipe.api.run` says.
    """
    with folder() as cwd:
        path = cwd / "nb.ipynb"
        path.write_text(json.dumps(notebook.document()), encoding="utf-8")
        compiled = api.compile_notebook(api.load(str(path)), notebook.split)
        options = RunOptions(jobs=2, order=order, guards=guards, cwd=str(cwd))  # type: ignore[arg-type]  # one of the words
        result = api.run(compiled, api.RunRequest(options))
        problems = [f"{n} {o.status}: {o.detail}" for n, o in result.outcomes.items() if o.status == "died"]
        if problems:
            raise RuntimeError("; ".join(problems))
        broken = [o.cell for o in result.outcomes.values() if o.status == "failed"]
        if -1 in broken:
            raise RuntimeError(
                "; ".join(f"{n}: {o.detail}" for n, o in result.outcomes.items() if o.status == "failed")
            )
        trips = [describe(s) for s in result.seen]
        known = {frozenset((n, p)) for e in compiled.analysis.effects for n, *peers in e.sharing for p in peers}
        same = set(result.pipeline.edges) == set(compiled.pipeline.edges) or all(
            s.kind == "sharing" and all(frozenset((s.names[0], p)) in known for p in s.names[1:]) for s in result.seen
        )
        waiting = {c for s in result.pipeline.steps if result.outcomes[s.name].status == "not run" for c in s.cells}
        shown = Shown(normal(result.outputs), left(cwd), min(broken, default=-1), frozenset(waiting))
        return shown, trips, same


def judge(notebook: RandomNotebook, zygote: Any, guards: str = "on", truth: Shown | None = None) -> Judged:
    """Run both ways and compare. A notebook that ends with an error is compared up to there."""
    try:
        with patience():
            expected = truth or as_notebook(notebook, zygote)
    except (RuntimeError, TimeoutError) as error:
        return Judged("no notebook", str(error))
    if any(o.get("ename") == "RecursionError" for outputs in expected.outputs.values() for o in outputs):
        return Judged("no notebook", "it recurses without end")
    os.environ["NB2PIPE_DEBUG"] = "1"
    try:
        with patience():
            actual, seen, same = as_pipeline(notebook, guards)
    except Refused as error:
        return Judged("refused", "; ".join(f"{d.code} {d.message}" for d in error.diagnostics))
    except Exception as error:
        import traceback

        return Judged("crashed", f"{type(error).__name__}: {error}\n{traceback.format_exc()}")
    different = difference(streams_apart(expected), streams_apart(actual), len(notebook.cells))
    if different:
        return Judged("wrong", different)
    return Judged("alarm" if same else "tripped", "; ".join(seen)) if seen else Judged("equal")


def difference(expected: Shown, actual: Shown, size: int) -> str:
    """The first difference in words, or ""."""
    last = size if expected.failed < 0 else expected.failed + 1
    both_end = expected.failed >= 0 and actual.failed >= 0
    for cell in range(last):
        if both_end and cell in actual.waiting:
            continue
        want, got = expected.outputs.get(cell, []), actual.outputs.get(cell, [])
        if want != got:
            return f"cell {cell}: expected {json.dumps(want)}\n    but got {json.dumps(got)}"
    if expected.failed < 0 and expected.files != actual.files:
        return f"files: expected {dict(expected.files)}\n    but got {dict(actual.files)}"
    return ""


_ADDRESS = re.compile(r"\b0[xX][0-9a-fA-F]{6,}\b")
_PROCESS = re.compile(r"ipykernel_\d+")
_FOLDER = re.compile(r"/\S*/random-notebook-\w+")
_TIMES = re.compile(r"CPU times: .*|Wall time: .*")


def normal(outputs: Mapping[int, Sequence[Any]]) -> dict[int, list[Any]]:
    """The outputs without what differs from run to run: addresses, process ids, times."""
    return {
        cell: _joined([_plain(json.loads(json.dumps(o, default=str))) for o in found])
        for cell, found in outputs.items()
        if found
    }


def _joined(outputs: list[Any]) -> list[Any]:
    """The outputs with pieces of one stream put together: a kernel's client keeps apart what came late."""
    found: list[Any] = []
    for output in outputs:
        if output["output_type"] == "stream" and found and found[-1].get("name") == output["name"]:
            found[-1]["text"] += output["text"]
        else:
            found.append(output)
    return found


def streams_apart(shown: Shown) -> Shown:
    """Without the order between stdout and stderr, which in a kernel depends on when it flushes them (every 0.2 s)."""

    def apart(outputs: Sequence[Any]) -> list[Any]:
        found: list[Any] = []
        for stream, group in itertools.groupby(outputs, lambda o: o["output_type"] == "stream"):
            run = list(group)
            found += _joined(sorted(run, key=lambda o: str(o["name"]))) if stream else run
        return found

    return replace(shown, outputs={cell: apart(outputs) for cell, outputs in shown.outputs.items()})


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return _TIMES.sub("TIME", _FOLDER.sub("FOLDER", _PROCESS.sub("ipykernel_N", _ADDRESS.sub("0x0", value))))
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items() if k != "transient"}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return value


def left(cwd: Path) -> dict[str, str]:
    """The files below a folder with their text."""
    return {
        str(p.relative_to(cwd)): p.read_text(encoding="utf-8", errors="replace")
        for p in sorted(cwd.rglob("*"))
        if p.is_file() and p.name != "nb.ipynb" and not {"__pycache__", ".nb2pipe"} & set(p.parts)
    }
