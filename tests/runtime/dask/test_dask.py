"""Steps on a Dask cluster of real processes: what they show is what one kernel shows, and nothing waits for ever.

`tools/engine_cases.py dask` runs all public cases.
"""

from __future__ import annotations

import dataclasses
import gc
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nb2pipe import api
from nb2pipe.cli.main import main
from nb2pipe.diagnostics import UsageError
from nb2pipe.runtime.dask import cluster
from nb2pipe.runtime.dask.asked import DaskOptions
from nb2pipe.runtime.dask.steps import Steps
from nb2pipe.runtime.result import RunOptions, RunResult
from tests.execute.test_guards import CASES as OVERLOOKED
from tests.execute.test_guards import overlooking
from tests.making import code, compiled, shown, text, write
from tests.oracle import comparables
from tests.runtime.dask.machines import ROOT, Machines, until
from tests.runtime.papermill.test_engine import MANY

WORKER = "import os, time\nworker = int(open(f'/proc/{os.getppid()}/stat').read().split()[3])\n"
"""The process of the worker that runs a step: the parent of what forks the step's process."""
WAITS = WORKER + "open('here', 'w').write(str(worker))\nwhile not os.path.exists('go'):\n    time.sleep(0.05)\n"


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    found = Machines(tmp_path_factory.mktemp("cluster"))
    yield found
    found.close()


@pytest.fixture
def two(machines: Machines) -> Machines:
    """Two workers of one thread each."""
    machines.have(2)
    return machines


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers that do not see the folder of the run, as those of other machines."""
    looked = cluster._looked_at

    def blind(*arguments: Any, **more: Any) -> Any:
        return dataclasses.replace(looked(*arguments, **more), shared=False)

    monkeypatch.setattr(cluster, "_looked_at", blind)


def run(subject: api.Compiled, machines: Machines, output: Path | None = None, **options: Any) -> RunResult:
    kept = {n: options.pop(n) for n in ("cache", "store", "parameters") if n in options}
    asked = DaskOptions(machines.address, options.pop("jobs", 2))
    settings = RunOptions(**{"order": "latest", "cwd": str(subject.folder), **options})
    request = api.RunRequest(settings, output=str(output) if output else None, dask=asked, **kept)
    return api.run(subject, request)


def meanwhile(folder: Path, *does: Callable[[int], object]) -> threading.Thread:
    """Do something each time that a cell of `WAITS` begins, with the process of its worker; then let it end."""

    def follow() -> None:
        for one in does:
            until(lambda: (folder / "here").exists() and (folder / "here").read_text())
            worker = int((folder / "here").read_text())
            (folder / "here").unlink()
            one(worker)
        (folder / "go").touch()

    thread = threading.Thread(target=follow)
    thread.start()
    return thread


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def seen(path: Path) -> list[Any]:
    cells = json.loads(path.read_text("utf-8"))["cells"]
    return [(c["source"], c.get("execution_count"), comparables(c.get("outputs", ()))) for c in cells]


def texts(result: RunResult) -> dict[int, str]:
    return {cell: shown(outputs) for cell, outputs in result.outputs.items()}


def asleep() -> list[str]:
    """The processes that a cell of `test_nothing_outlives_the_run` has started."""
    found = []
    for place in Path("/proc").iterdir():
        if place.name.isdecimal():
            try:
                words = (place / "cmdline").read_text().replace("\0", " ")
            except OSError:
                continue
            if words.startswith("sleep 77"):
                found.append(words)
    return found


# -- what is shown ------------------------------------------------------------------------------------------------------


def test_the_executed_notebook_is_that_of_the_local_engine(two: Machines, tmp_path: Path) -> None:
    """Parameters, states, shared objects and memory, settings, displays, a value that cannot leave its process."""
    subject = compiled(write(tmp_path / "n.ipynb", MANY), None)
    local = RunOptions(order="latest", jobs=2, cwd=str(subject.folder))
    api.run(subject, api.RunRequest(local, {"rate": 3}, output=str(tmp_path / "local.ipynb")))
    result = run(subject, two, tmp_path / "dask.ipynb", parameters={"rate": 3})
    assert result.exit_code == 0, result.outcomes
    assert seen(tmp_path / "dask.ipynb") == seen(tmp_path / "local.ipynb")


@pytest.mark.usefixtures("apart")
def test_so_it_is_where_workers_share_no_folder_with_the_run(two: Machines, tmp_path: Path) -> None:
    subject = compiled(write(tmp_path / "n.ipynb", MANY), None)
    local = RunOptions(order="latest", jobs=2, cwd=str(subject.folder))
    api.run(subject, api.RunRequest(local, {"rate": 3}, output=str(tmp_path / "local.ipynb")))
    result = run(subject, two, tmp_path / "dask.ipynb", parameters={"rate": 3})
    assert result.exit_code == 0, result.outcomes
    assert seen(tmp_path / "dask.ipynb") == seen(tmp_path / "local.ipynb")


SIDES = [
    WORKER + "import numpy as np\nfirst = np.arange(300_000)\nmine = worker\ntime.sleep(1)",
    WORKER + "import numpy as np\nsecond = np.ones(300_000)\nother = worker\ntime.sleep(1)",
    "print(mine == other, int(first.sum() + second.sum()))\nhashed = hash('x')",
    "print(hash('x') == hashed, first[-1], second[0])",
]


@pytest.mark.usefixtures("apart")
def test_values_go_from_worker_to_worker_where_texts_have_the_same_hashes(two: Machines, tmp_path: Path) -> None:
    subject = compiled(write(tmp_path / "n.ipynb", SIDES))
    for _ in range(4):  # until both workers have had a step, which is for Dask to say
        result = run(subject, two)
        assert result.exit_code == 0, result.outcomes
        if texts(result)[2].startswith("False"):
            break
    assert texts(result) == {2: "False 45000150000", 3: "True 299999 1.0"}


def test_all_workers_know_the_place_of_a_run(two: Machines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else steps that could run at the same time wait for the one worker that has it, while the other does nothing."""
    give, known = Steps._give_to_all, []

    def giving(self: Steps, place: Any) -> None:
        give(self, place)
        known.extend(self._client.who_has([place])[place.key])

    monkeypatch.setattr(Steps, "_give_to_all", giving)
    assert run(compiled(write(tmp_path / "n.ipynb", SIDES)), two).exit_code == 0
    assert len({*known}) == 2


# -- what fails ---------------------------------------------------------------------------------------------------------


def test_what_fails_is_told_as_by_the_local_engine(two: Machines, tmp_path: Path) -> None:
    cells = [
        text("# raises"), "a = 1\nprint('before')\n1 / 0",
        text("# dies"), "import os\nb = 1\nprint('so far', flush=True)\nos._exit(3)",
        text("# behind"), "print(a, b)",
        text("# slow"), code("import time\nprint('begun', flush=True)\ntime.sleep(60)", "timeout:1s"),
        text("# aside"), "print('well')",
    ]  # fmt: skip
    result = run(compiled(write(tmp_path / "n.ipynb", cells), None), two)
    assert {n: (o.status, o.detail) for n, o in result.outcomes.items()} == {
        "raises": ("failed", "ZeroDivisionError: division by zero"),
        "dies": ("died", "its process ended by itself with exit code 3"),
        "behind": ("not run", "dies failed"),
        "slow": ("failed", "it was ended after 1 s, the time that it may take"),
        "aside": ("ok", ""),
    }
    assert texts(result)[3] == "so far"
    assert texts(result)[7] == "begun"


def test_a_guard_that_trips_adds_the_edge(two: Machines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NB2PIPE_STORE", str(tmp_path / "store"))
    one = next(c for c in OVERLOOKED if c.name == "a list that a step changed")
    result = run(overlooking(write(tmp_path / "n.ipynb", one.cells), one.overlook), two)
    assert [s.kind for s in result.seen] == [one.kind]
    assert [shown(result.outputs.get(i, [])) for i in range(3)] == list(one.shows)


# -- workers that are lost ----------------------------------------------------------------------------------------------


def test_a_cluster_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A worker of it is lost; steps have the environment of this process, and not what Dask gives its workers."""
    look = "print(sorted(n for n in os.environ if n.startswith(('OMP_', 'PYTHONHASH', 'DASK'))))"
    path = write(
        tmp_path / "n.ipynb", [text("# one"), "xs = [1, 2]\n" + WAITS + look, text("# two"), "xs.append(3)\nxs"]
    )
    thread = meanwhile(tmp_path, kill, lambda _: None)
    assert main(["run", str(path), "--engine", "dask", "--jobs", "2", "-o", str(tmp_path / "out.ipynb")]) == 0
    thread.join()
    cells = json.loads((tmp_path / "out.ipynb").read_text("utf-8"))["cells"]
    mine = sorted(n for n in os.environ if n.startswith(("OMP_", "PYTHONHASH", "DASK")))
    assert [shown(c["outputs"]) for c in cells if c["cell_type"] == "code"] == [str(mine), "[1, 2, 3]"]
    said = capsys.readouterr().err
    assert "was lost; tried again in" in said
    assert "2 steps: 2 ok" in said


def test_a_step_whose_worker_is_lost_runs_again(two: Machines, tmp_path: Path) -> None:
    cells = ["a = 1\n" + WAITS + "print(a)", "print('aside')", "print(a + 1)"]
    thread = meanwhile(tmp_path, kill, lambda _: None)
    result = run(compiled(write(tmp_path / "n.ipynb", cells)), two)
    thread.join()
    assert result.exit_code == 0, result.outcomes
    assert texts(result) == {0: "1", 1: "aside", 2: "2"}
    assert max(o.runs for o in result.outcomes.values()) == 2


def test_a_step_that_has_appended_to_a_file_does_not_run_again(two: Machines, tmp_path: Path) -> None:
    cells = ["with open('log', 'a') as file:\n    print('once', file=file)\n" + WAITS]
    thread = meanwhile(tmp_path, kill)
    result = run(compiled(write(tmp_path / "n.ipynb", cells)), two)
    thread.join()
    (outcome,) = result.outcomes.values()
    assert outcome.status == "died"
    assert outcome.detail.startswith("its Dask worker tcp://")
    assert outcome.detail.endswith(
        "it has touched a file that is appended to, and runs again only where `retries` says so"
    )
    assert (tmp_path / "log").read_text() == "once\n"


@pytest.mark.usefixtures("apart")
def test_values_that_are_lost_are_made_again_with_what_stood_on_them(two: Machines, tmp_path: Path) -> None:
    """Made again they are others, and no step may go on with those of before."""
    cells = [WORKER + "made = os.urandom(8)", "print(made)", "open('here', 'w').write(str(worker))", WAITS.removeprefix(WORKER).replace(
        "open('here', 'w').write(str(worker))\n", "") + "went = 1", "print(made, went)"]  # fmt: skip
    thread = meanwhile(tmp_path, kill)
    result = run(compiled(write(tmp_path / "n.ipynb", cells)), two, order="document", jobs=1)  # so nobody else has them
    thread.join()
    assert result.exit_code == 0, result.outcomes
    assert [n for n in result.notes if n.startswith("the values of")], result.notes
    assert texts(result)[1] + " 1" == texts(result)[4]


def test_no_worker_is_left(two: Machines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nb2pipe.runtime.dask import steps

    monkeypatch.setattr(steps, "PATIENCE", 1)
    two.have(1)
    thread = meanwhile(tmp_path, kill)
    result = run(compiled(write(tmp_path / "n.ipynb", [WAITS])), two)
    thread.join()
    (outcome,) = result.outcomes.values()
    assert (outcome.status, outcome.detail) == (
        "died",
        "no worker of the cluster was left, and none has come within 1 s",
    )


def test_the_scheduler_is_gone(tmp_path: Path) -> None:
    machines = Machines(tmp_path)
    try:
        machines.have(1)
        thread = meanwhile(tmp_path, lambda _: machines.end_scheduler())
        result = run(compiled(write(tmp_path / "n.ipynb", ["a = 1\n" + WAITS, "print(a)"])), machines)
        thread.join()
    finally:
        machines.close()
    first, second = result.outcomes.values()
    assert (first.status, first.detail) == ("died", "the scheduler of the cluster does not answer any more")
    assert second.status == "not run"


@pytest.mark.parametrize(
    ("own", "signal_"),
    [(False, signal.SIGINT), (False, signal.SIGKILL), (True, signal.SIGINT)],
    ids=["interrupted", "killed", "interrupted with a cluster of its own"],
)
def test_nothing_outlives_the_run(signal_: signal.Signals, own: bool, two: Machines, tmp_path: Path) -> None:
    cells = ["import subprocess\nsubprocess.Popen(['sleep', '77'])\n" + WAITS]
    path = write(tmp_path / "n.ipynb", cells)
    words = [
        sys.executable,
        "-m",
        "nb2pipe",
        "run",
        str(path),
        "--engine",
        "dask",
        *([] if own else ["--scheduler", two.address]),
    ]
    run_ = subprocess.Popen(
        words, env={**os.environ, "PYTHONPATH": str(ROOT)}, start_new_session=True, stderr=subprocess.PIPE
    )
    until(lambda: (tmp_path / "here").exists())
    os.killpg(run_.pid, signal_) if own else run_.send_signal(signal_)  # as a terminal does
    _, said = run_.communicate(timeout=60)
    assert run_.returncode == (130 if signal_ == signal.SIGINT else -signal.SIGKILL)
    assert b"Traceback" not in said
    assert b"-1" not in said
    until(lambda: not asleep())


# -- before anything runs -----------------------------------------------------------------------------------------------


def test_nobody_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from distributed import Client

    monkeypatch.setattr(cluster, "ANSWER", 2)
    path = str(write(tmp_path / "n.ipynb", ["1"]))
    begun = time.monotonic()
    assert main(["run", path, "--engine", "dask", "--scheduler", "tcp://127.0.0.1:9"]) == 2
    assert time.monotonic() - begun < 20
    assert "error: no Dask scheduler answers at tcp://127.0.0.1:9" in capsys.readouterr().err
    assert main(["run", path, "--engine", "dask", "--scheduler", "nonsense://x"]) == 2
    assert "error: no Dask scheduler answers at nonsense://x" in capsys.readouterr().err
    assert not [c for c in gc.get_objects() if isinstance(c, Client) and c.status != "closed"]  # else the next waits
    assert main(["run", path, "--scheduler", "tcp://127.0.0.1:9"]) == 2
    assert "--scheduler is Dask's: it goes with --engine dask" in capsys.readouterr().err


def test_a_worker_has_another_nb2pipe(two: Machines, tmp_path: Path) -> None:
    subject = compiled(write(tmp_path / "n.ipynb", ["1"]))
    other = two.worker("--preload", "import nb2pipe; nb2pipe.__version__ = '0.0.9'")
    two.have(3)
    try:
        with pytest.raises(
            UsageError, match=r"worker tcp://\S+ has nb2pipe 0.0.9, and this machine .*: install the same on all"
        ):
            run(subject, two)
    finally:
        other.kill()


class Told:
    """A client that has been told what a cluster says."""

    def __init__(self, python: str = "3.0.1.final.0", **packages: str) -> None:
        self._version = {"host": {"python": python}, "packages": packages}

    def get_versions(self, packages: Any) -> dict[str, Any]:
        mine = {"host": {"python": "3.11.7.final.0"}, "packages": {"pandas": "3.0.1", "numpy": "2.1.0"}}
        return {"client": mine, "scheduler": mine, "workers": {"tcp://one:1": mine, "tcp://two:1": self._version}}

    @staticmethod
    def run_on_scheduler(_: Any, cwd: str, marker: str) -> Any:
        return cluster.look(cwd, marker)

    @staticmethod
    def run(_: Any, cwd: str, marker: str, on_error: str) -> dict[str, Any]:
        mine = cluster.look(cwd, marker)
        return {"tcp://one:1": mine, "tcp://two:1": mine._replace(machine="two 1", folder=None)}


def test_machines_that_cannot_run_the_steps_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"worker tcp://two:1 has Python 3.0, and this machine 3.11"):
        cluster._check_versions(Told())
    with pytest.raises(
        UsageError, match=r"worker tcp://two:1 has pandas 2.9, and the notebook was compiled with 3.0.1"
    ):
        cluster._check_versions(Told("3.11.2.final.0", pandas="2.9"))
    with pytest.raises(UsageError, match=r"the folder .* is not there on worker tcp://two:1.*--cwd names another"):
        cluster._looked_at(Told(), str(tmp_path), print, own=False)


def test_the_cache_goes_with_a_cluster_of_its_own(
    two: Machines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = ["import random\nrandom.seed(1)\na = {'x', 'y'}", "print(a, random.random())"]
    subject = compiled(write(tmp_path / "n.ipynb", sources))
    more: dict[str, Any] = {"cache": True, "store": str(tmp_path / "store")}
    with pytest.raises(UsageError, match="cache and record go with --engine dask without --scheduler"):
        run(subject, two, **more)
    looked = cluster._looked_at
    monkeypatch.setattr(cluster, "_looked_at", lambda *a, **k: dataclasses.replace(looked(*a, **k), own=True))
    first = run(subject, two, **more)
    assert not any(o.cached for o in first.outcomes.values()), first.outcomes
    other = api.run(subject, api.RunRequest(RunOptions(cwd=str(subject.folder)), **more))
    assert all(o.cached for o in other.outcomes.values()), other.outcomes
    assert texts(other) == texts(first)


def test_resources(two: Machines, tmp_path: Path) -> None:
    steps = [code("print(1)"), code("import os\nprint('CUDA_VISIBLE_DEVICES' in os.environ)", "gpus:1")]
    subject = compiled(write(tmp_path / "n.ipynb", steps))
    with pytest.raises(
        UsageError, match=r"step `[^`]+` asks for 1 GPUs, and no worker of the cluster has declared any"
    ):
        run(subject, two)
    two.have(1)
    two.worker("--resources", "GPU=1")
    two.have(2)
    assert run(subject, two).exit_code == 0
    more = compiled(write(tmp_path / "m.ipynb", [code("print(1)", "gpus:2")]))
    with pytest.raises(UsageError, match=r"asks for GPU=2, and no worker of the cluster has declared so much"):
        run(more, two)
