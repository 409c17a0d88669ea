"""The cache where each run has a parent of processes of its own: environment, hashes, two runs at once, runs that are killed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.making import code
from tests.runtime import kills
from tests.runtime.caching_bench import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_the_environment(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_RATE", "1")
    bench.edit(
        [
            "import os",
            "os.environ['ADDED'] = 'yes'",
            "print(os.environ['MY_RATE'], os.environ['ADDED'])",
            "print(os.getenv('SSH_TTY'))",
        ]
    )
    bench.ran()
    assert bench.ran() == []
    monkeypatch.setenv("SSH_TTY", "/dev/pts/1")
    assert bench.ran() == [4]
    monkeypatch.setenv("MY_RATE", "2")
    assert 3 in bench.ran()
    assert bench.last is not None
    assert bench.last.outputs[2][0]["text"] == "2 yes\n"


def test_texts_have_one_hash_in_all_runs(bench: Bench) -> None:
    bench.edit(
        [
            "h = hash('a')\norder = list({'a', 'b', 'c', 'd'})",
            "print(h == hash('a'), order == list({'a', 'b', 'c', 'd'}))",
        ]
    )
    bench.ran()
    bench.edit(
        [
            "h = hash('a')\norder = list({'a', 'b', 'c', 'd'})",
            "print(h == hash('a'), order == list({'a', 'b', 'c', 'd'}), 1)",
        ]
    )
    assert bench.ran(full=False) == [2]
    assert bench.last is not None
    assert bench.last.outputs[1][0]["text"] == "True True 1\n"


def test_two_runs_at_once_do_not_disturb_each_other(bench: Bench) -> None:
    bench.edit(["a = list(range(1000))", "b = [n * 2 for n in a]", "print(sum(b))"])
    command = [sys.executable, "-m", "nb2pipe", "run", "nb.ipynb", "--cache", "--split", "cells:1"]
    both = [
        subprocess.Popen(
            [*command, "-o", f"out{n}.ipynb"], cwd=bench.folder, env=kills.environment(), stderr=subprocess.PIPE
        )
        for n in range(2)
    ]
    for process in both:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
    assert [kills.shown(bench.folder / f"out{n}.ipynb") for n in range(2)] == [["", "", "999000\n"]] * 2
    assert kills.damaged(bench.store) == []
    plan = [*command[:3], "plan", "nb.ipynb", "--split", "cells:1", "--format", "json"]
    told = subprocess.run(plan, cwd=bench.folder, env=kills.environment(), capture_output=True, check=True, timeout=60)
    assert [row["action"] for row in json.loads(told.stdout)] == ["cached"] * 3


def test_a_run_that_is_killed_loses_the_step_in_flight_at_most(tmp_path: Path) -> None:
    found = kills.story(tmp_path, seed=1, count=5)
    assert found.problems == []
    assert found.kills == 5


def test_an_estimator_that_draws_no_numbers_is_kept(bench: Bench) -> None:
    fitted = "LogisticRegression().fit([[0], [1]], [0, 1])"
    bench.edit(
        [f"from sklearn.linear_model import LogisticRegression\nmodel = {fitted}", "print(model.predict([[1]]))"]
    )
    bench.ran()
    assert bench.ran() == []


def test_a_caught_error_of_stat_shows_no_frame_of_ours(bench: Bench) -> None:
    bench.edit(["from pathlib import Path", code("Path('nowhere').stat()", "raises-exception")])
    bench.ran()
    bench.ran()
