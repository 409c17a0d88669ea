"""What steps ask for is obeyed: attempts, time, memory, CPUs and GPUs; and what a failure leaves to run."""

from __future__ import annotations

import io
import json
import os
import re
import time
from pathlib import Path
from typing import Any

import pytest

from nb2pipe.diagnostics import UsageError
from nb2pipe.runtime import attempts, machine
from nb2pipe.runtime.progress import Lines, summary
from nb2pipe.runtime.result import Outcome, RunResult
from tests.execute.test_guards import overlooking, without
from tests.making import code, compiled, run, shown, write

COUNTS = "import os\nn = len(os.listdir('tries'))\nopen(f'tries/{n}', 'w').close()\nprint('attempt', n)\n"
"""Counts the attempts at a step: each leaves a file."""


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(attempts, "FIRST", 0.02)
    monkeypatch.setenv("NB2PIPE_STORE", str(tmp_path / "store"))
    (tmp_path / "tries").mkdir()


def tried(tmp_path: Path) -> int:
    return len(os.listdir(tmp_path / "tries"))


def of(result: RunResult, name: str) -> Outcome:
    return result.outcomes[name]


def is_alive(pid: int) -> bool:
    """Whether a process runs: one that has ended and was not waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def made(tmp_path: Path, *cells: Any) -> Any:
    return compiled(write(tmp_path / "n.ipynb", cells), "tags")


# -- attempts ----------------------------------------------------------------------------------------------------------


def test_a_step_is_tried_again_from_the_same_inputs(tmp_path: Path) -> None:
    subject = made(
        tmp_path,
        code("import random\nrandom.seed(3)\nxs = [1]", "step:a"),
        code(
            f"xs.append(2)\nrandom.random()\n{COUNTS}assert n == 2\nprint(xs, random.random())", "step:b", "retries:2"
        ),
        code("print(xs, random.random())", "step:c"),
    )
    listener = io.StringIO()
    from nb2pipe import api
    from nb2pipe.runtime.result import RunOptions

    request = api.RunRequest(RunOptions(jobs=2, cwd=str(tmp_path)), output=str(tmp_path / "out.ipynb"))
    result = api.run(subject, request, Lines(subject.pipeline, listener))
    assert result.exit_code == 0
    assert tried(tmp_path) == 3
    assert of(result, "b").runs == 3
    # the executed notebook has the attempt that ended well, as the notebook would have run
    assert shown(result.outputs[1]) == "attempt 2\n[1, 2] 0.5442292252959519"
    assert shown(result.outputs[2]) == "[1, 2] 0.36995516654807925"
    assert "attempt 0" not in (tmp_path / "out.ipynb").read_text()
    # what the others had printed is told
    said = listener.getvalue()
    assert re.search(
        r"again    b  attempt 1 of 3: AssertionError.* tried again in 0\.0 s\n         \| attempt 0\n", said
    )
    assert "         | AssertionError" in said
    assert "attempt 2 of 3" in said


def test_attempts_come_to_an_end(tmp_path: Path) -> None:
    subject = made(tmp_path, code(f"{COUNTS}1 / 0", "step:a", "retries:1"), code("print(n)", "step:b"))
    result = run(subject)
    assert tried(tmp_path) == 2
    assert (of(result, "a").status, of(result, "a").detail) == ("failed", "ZeroDivisionError: division by zero")
    assert shown(result.outputs[0]).startswith("attempt 1\nERROR")
    assert of(result, "b").detail == "a failed"
    assert "not run: a failed (b)" in summary(result, None)


def test_a_step_whose_process_ends_is_tried_again(tmp_path: Path) -> None:
    subject = made(tmp_path, code(f"{COUNTS}if n == 0: os._exit(3)", "step:a"))
    assert run(subject).exit_code == 1
    result = run(subject, retries=1)
    assert (result.exit_code, tried(tmp_path)) == (0, 2)
    (tmp_path / "tries" / "0").unlink()
    (tmp_path / "tries" / "1").unlink()
    result = run(subject, retries=1)
    assert (result.exit_code, tried(tmp_path)) == (0, 2)
    assert shown(result.outputs[0]) == "attempt 1"


def test_a_tag_wins_over_the_run(tmp_path: Path) -> None:
    subject = made(tmp_path, code(f"{COUNTS}1 / 0", "step:a", "retries:0"))
    assert of(run(subject, retries=5), "a").runs == 1


REWRITES = {
    "reads and writes": "text = open('total').read()\nopen('total', 'w').write(text + 'x')\n1 / 0",
    "opens for both": "with open('total', 'r+') as f:\n    f.write('x')\n1 / 0",
    "appends": "with open('total', 'a') as f:\n    f.write('x')\n1 / 0",
}


@pytest.mark.parametrize("source", REWRITES.values(), ids=REWRITES)
def test_what_has_changed_its_own_inputs_is_tried_again_by_its_tag_only(tmp_path: Path, source: str) -> None:
    (tmp_path / "total").write_text("")
    result = run(made(tmp_path, code(source, "step:a")), retries=2)
    assert of(result, "a").runs == 1
    assert re.search("not tried again: it has .*; a tag `retries:2` allows that", of(result, "a").detail)
    assert of(run(made(tmp_path, code(source, "step:a", "retries:2"))), "a").runs == 3


def test_what_runs_in_the_process_of_another_is_not_tried_again(tmp_path: Path) -> None:
    subject = made(
        tmp_path,
        code("g = iter([1, 2, 3])\ng = (x for x in g)", "step:a"),
        code("next(g)\n1 / 0", "step:b", "retries:3"),
        code("print(next(g))", "step:c"),
    )
    result = run(subject)
    assert of(result, "b").runs == 1
    assert of(result, "b").detail.endswith("not tried again: it ran in the process of a, for what cannot leave it")
    assert of(result, "c").detail == "b failed"


def test_who_needs_a_process_that_has_ended_is_told(tmp_path: Path) -> None:
    subject = made(
        tmp_path,
        code("import os\nh = open('a.txt', 'w')\nk = h", "step:a"),
        code("h.name\nos._exit(1)", "step:b"),
        code("print(k.name)", "step:c"),
    )
    result = run(subject, order="document")
    assert of(result, "b").status == "died"
    assert (of(result, "c").status, of(result, "c").detail) == ("not run", "b failed, in whose process it would run")


def test_what_a_failed_attempt_has_written_is_not_forgotten(tmp_path: Path) -> None:
    """A guard sees that a step beside it reads the file, though the attempt that ended well has not written it."""
    cells = [
        "import os, time",
        code("if not os.path.exists('a.txt'):\n    open('a.txt', 'w').close()\n    1 / 0", "retries:1"),
        "time.sleep(2)\nprint(open('a.txt').read() == '')",
    ]
    result = run(overlooking(write(tmp_path / "n.ipynb", cells), without("file")))
    assert [o.status for o in result.outcomes.values()] == ["ok"] * 3
    assert {s.kind for s in result.seen} == {"file"}
    assert shown(result.outputs[2]) == "True"


def test_the_wait_doubles_and_differs() -> None:
    from nb2pipe.runtime.limits import Limits

    tries = attempts.Attempts()
    limits = Limits(20, tagged=True, timeout=None, cpus=1, gpus=0, memory=None)
    waits = [tries.failed("a")[1] for _ in range(15)]
    for number, wait in enumerate(waits):
        most = min(60.0, attempts.FIRST * 2**number)
        assert most / 2 <= wait <= most
    assert len(set(waits)) == len(waits)
    assert tries.are_left("a", limits)
    assert tries.waits("a")
    assert 0 < (tries.pause([]) or 0) <= 60


def test_who_has_waited_long_enough_keeps_nobody_awake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "FIRST", 0.001)
    tries = attempts.Attempts()
    tries.failed("a")
    time.sleep(0.01)
    assert tries.waits("a")
    assert tries.pause([]) == 0  # the clock was not looked at yet
    tries.ripen()
    assert not tries.waits("a")
    assert tries.pause([]) is None
    assert tries.waiting == ("a",)
    tries.forget("a")
    assert tries.waiting == ()


def test_a_step_that_waits_is_given_up_with_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it waits, a guard finds that what it took was made too early; that runs again, and fails."""
    monkeypatch.setattr(attempts, "FIRST", 60.0)
    (tmp_path / "a.txt").write_text("")
    cells = [
        "import time",
        "time.sleep(1.5)\nwith open('a.txt', 'w') as f:\n    print('new', file=f)",
        "d = open('a.txt').read()\nassert not d",
        code("print('tried', d)\n1 / 0", "retries:1"),
    ]
    began = time.monotonic()
    result = run(overlooking(write(tmp_path / "n.ipynb", cells), without("file")))
    assert time.monotonic() - began < 25, "at once, and not when it would have been tried again"
    assert [o.status for o in result.outcomes.values()] == ["ok", "ok", "failed", "not run"]
    assert result.outcomes["cell_4"].detail == "cell_3 failed"
    assert result.outputs.get(3, []) == []


# -- time --------------------------------------------------------------------------------------------------------------


def test_a_step_is_ended_with_all_that_it_has_started(tmp_path: Path) -> None:
    source = (
        "import subprocess, time\nprint('on', flush=True)\n"
        "one = subprocess.Popen(['sleep', '60'])\ntwo = subprocess.Popen(['sleep', '60'], start_new_session=True)\n"
        "open('pids', 'w').write(f'{one.pid} {two.pid}')\ntime.sleep(60)"
    )
    subject = made(tmp_path, code(source, "step:slow", "timeout:1s"), code("print('other')", "step:other"))
    began = time.monotonic()
    result = run(subject, timeout=50.0)
    assert time.monotonic() - began < 30
    outcome = of(result, "slow")
    assert (outcome.status, outcome.cell) == ("failed", 0)
    assert "step slow failed in cell 1: it was ended after 1 s, the time that it may take" in summary(result, None)
    assert shown(result.outputs[0]) == "on"
    assert of(result, "other").status == "ok"
    pids = [int(p) for p in (tmp_path / "pids").read_text().split()]
    end = time.monotonic() + 10
    while any(map(is_alive, pids)) and time.monotonic() < end:
        time.sleep(0.02)
    assert not any(map(is_alive, pids))


def test_the_time_of_each_attempt_counts_for_itself(tmp_path: Path) -> None:
    subject = made(tmp_path, code(f"{COUNTS}import time\nif n == 0: time.sleep(60)", "step:a"))
    result = run(subject, timeout=1.5, retries=1)
    assert (result.exit_code, tried(tmp_path)) == (0, 2)


# -- memory ------------------------------------------------------------------------------------------------------------

HUNGRY = {
    "at once": "x = bytearray(10**9)",
    "bit by bit": "xs = []\nwhile len(xs) < 10**8: xs.append('abc' * 50 + str(len(xs)))",
    "an array": "import numpy as np\nx = np.ones(10**9)",
}


@pytest.mark.parametrize("source", HUNGRY.values(), ids=HUNGRY)
def test_memory_is_limited(tmp_path: Path, source: str) -> None:
    subject = made(tmp_path, code(source, "step:hungry", "memory:200MB"), code("print(1)", "step:other"))
    result = run(subject)
    outcome = of(result, "hungry")
    assert (outcome.status, outcome.cell) == ("failed", 0)
    assert re.search(r"MemoryError.*; its memory is limited to 200 MB", outcome.detail)
    assert "step hungry failed in cell 1" in summary(result, None)
    assert of(result, "other").status == "ok"


def test_inputs_are_mapped_and_do_not_count(tmp_path: Path) -> None:
    subject = made(
        tmp_path,
        code("import numpy as np\nbig = np.ones(25_000_000)", "step:make"),
        code("print(big[:10].sum(), len(bytearray(20_000_000)))", "step:look", "memory:50MB"),
    )
    result = run(subject)
    assert result.exit_code == 0, result.outcomes
    assert shown(result.outputs[1]) == "10.0 20000000"


def test_a_process_that_is_killed_has_its_limit_said(tmp_path: Path) -> None:
    subject = made(tmp_path, code("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "step:a", "memory:1Gi"))
    assert of(run(subject), "a").detail.endswith("(out of memory?); its memory is limited to 1 GiB")


# -- CPUs and GPUs -----------------------------------------------------------------------------------------------------


def overlaps(result: RunResult) -> set[tuple[str, str]]:
    """The pairs of steps that ran at the same time."""
    names = list(result.outcomes)
    spans = {n: (of(result, n).started, of(result, n).ended) for n in names}
    return {
        (a, b)
        for i, a in enumerate(names)
        for b in names[i + 1 :]
        if spans[a][0] < spans[b][1] and spans[b][0] < spans[a][1]
    }


def test_cpus_are_shared(tmp_path: Path) -> None:
    nap = "import time\ntime.sleep(1)"
    tags = {"one": "cpus:1", "two": "cpus:2", "half": "cpus:0.5", "also": "cpus:500m"}
    subject = made(tmp_path, *(code(f"{name} = 1\n{nap}", f"step:{name}", tag) for name, tag in tags.items()))
    result = run(subject, jobs=4, cpus=2.0, order="document")
    assert result.exit_code == 0
    assert overlaps(result) == {("one", "half"), ("one", "also"), ("half", "also")}
    assert overlaps(run(subject, jobs=1, cpus=8.0)) == set()


def test_who_asks_for_more_than_there_is_has_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from nb2pipe.cli.main import main

    write(tmp_path / "n.ipynb", [code("a = 1", "step:a", "cpus:16"), code("b = 1", "step:b")])
    assert main(["run", str(tmp_path / "n.ipynb"), "--cpus", "2"]) == 0
    assert "note     a asks for 16 CPUs; it has all 2 to itself" in capsys.readouterr().err


def test_gpus_are_shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nap = "import os, time\ntime.sleep(0.5)\nprint(os.environ.get('CUDA_VISIBLE_DEVICES'))"
    tags = {"one": "gpus:1", "other": "gpus:1", "both": "gpus:2", "none": "cpus:1"}
    subject = made(tmp_path, *(code(f"{name} = 1\n{nap}", f"step:{name}", tag) for name, tag in tags.items()))
    monkeypatch.setenv(machine.DEVICES, "3,GPU-7")
    result = run(subject, jobs=4, cpus=8.0, order="document")
    texts = [shown(result.outputs[i]) for i in range(4)]
    assert sorted(texts[:2]) == ["3", "GPU-7"]
    assert texts[2:] == ["3,GPU-7"] * 2  # who has all, or asks for none, sees what the run sees
    pairs = overlaps(result)
    assert ("one", "other") in pairs
    assert not {("one", "both"), ("other", "both")} & pairs


def test_more_gpus_than_there_are_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = made(tmp_path, code("a = 1", "step:a", "gpus:2"))
    monkeypatch.setenv(machine.DEVICES, "0")
    with pytest.raises(UsageError, match="step `a` asks for 2 GPUs, and this machine has 1 GPU; `--gpus 2`"):
        run(subject)
    assert run(subject, gpus=2).exit_code == 0
    monkeypatch.setenv(machine.DEVICES, "-1")
    with pytest.raises(UsageError, match="no GPU"):
        run(subject)


def test_the_gpus_of_a_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(machine.DEVICES, raising=False)
    monkeypatch.setattr(machine, "_DRIVER", tmp_path)
    for name in ("0000:01:00.0", "0000:02:00.0"):
        (tmp_path / "gpus" / name).mkdir(parents=True)
    monkeypatch.setattr(machine, "_DRIVER", tmp_path / "gpus")
    assert machine.devices(None) == ("0", "1")
    assert machine.devices(1) == ("0",)
    assert machine.devices(3) == ("0", "1", "2")
    monkeypatch.setattr(machine, "_DRIVER", tmp_path / "nothing")
    assert machine.devices(None) == ()


# -- failures ----------------------------------------------------------------------------------------------------------


def test_what_does_not_need_a_failed_step_goes_on(tmp_path: Path) -> None:
    subject = made(
        tmp_path,
        code("a = 1\n1 / 0", "step:a"),
        code("b = a", "step:b"),
        code("print(b)", "step:c"),
        code("print('on')", "step:d"),
    )
    result = run(subject, order="document", jobs=1)
    assert {n: (o.status, o.detail) for n, o in result.outcomes.items() if n != "a"} == {
        "b": ("not run", "a failed"), "c": ("not run", "a failed"), "d": ("ok", ""),
    }  # fmt: skip
    assert "not run: a failed (b, c)" in summary(result, None)


def test_fail_fast_lets_end_what_runs_and_starts_nothing_more(tmp_path: Path) -> None:
    subject = made(
        tmp_path,
        code("a = 1\nimport time\ntime.sleep(0.3)\n1 / 0", "step:a"),
        code("b = 1\nimport time\ntime.sleep(1)\nprint('ended')", "step:b"),
        code("print('on')", "step:c"),
        code("c = b", "step:d"),
        code(f"{COUNTS}1 / 0", "step:e", "retries:9"),
    )
    result = run(subject, order="document", jobs=2, fail_fast=True)
    assert {n: (o.status, o.detail) for n, o in result.outcomes.items() if n != "a"} == {
        "b": ("ok", ""), "c": ("not run", "a failed"), "d": ("not run", "a failed"), "e": ("not run", "a failed"),
    }  # fmt: skip
    assert shown(result.outputs[1]) == "ended"
    assert tried(tmp_path) == 0


def test_fail_fast_ends_the_waiting_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "FIRST", 60.0)
    subject = made(
        tmp_path,
        code("1 / 0", "step:a", "retries:3"),
        code("import time\ntime.sleep(0.5)\nimport nobody_has_this", "step:b"),
    )
    result = run(subject, order="document", jobs=2, fail_fast=True)
    assert (of(result, "a").status, of(result, "a").detail) == ("failed", "ZeroDivisionError: division by zero")
    assert of(result, "b").status == "failed"


def test_the_command_line_takes_limits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from nb2pipe.cli.main import main

    write(
        tmp_path / "n.ipynb",
        [code(f"{COUNTS}import time\nif n == 0: time.sleep(60)\n1 / 0", "step:a"), code("b = 1", "step:b")],
    )
    words = ["run", str(tmp_path / "n.ipynb"), "--retries", "1", "--timeout", "1.5s", "--jobs", "1", "--fail-fast"]
    assert main([*words, "-o", str(tmp_path / "out.ipynb")]) == 1
    said = capsys.readouterr().err
    assert "attempt 1 of 2: it was ended after 1.5 s" in said
    assert "failed   a  ZeroDivisionError" in said
    written = json.loads((tmp_path / "out.ipynb").read_text())
    assert [s["status"] for s in written["metadata"]["nb2pipe"]["steps"]] == ["failed", "ok"]
