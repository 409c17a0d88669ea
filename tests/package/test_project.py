"""The project of each sample: it is built as a wheel, passes its own tests where it is installed, and these find changes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from nb2pipe import api
from nb2pipe.cli.main import main
from nb2pipe.package.recording import RecordingFailed
from nb2pipe.package.testing import record, recorded
from tests.making import code, write
from tests.package.fresh import do
from tests.package.test_samples import NAMES, SAMPLES


def _compiled(path: Path, folder: Path, *, record: bool = False) -> str:
    made = api.package(api.compile_notebook(api.load(str(path))), record=record)
    api.write_package(made, folder)
    return made.name


def _tests(project: Path, python: str | Path = sys.executable) -> subprocess.CompletedProcess[str]:
    return do(project, python, "-m", "pytest", "-q", "-p", "no:cacheprovider")


@pytest.mark.parametrize("name", NAMES)
def test_wheel_and_tests_of_a_sample(name: str, fresh: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    package = _compiled(SAMPLES / name, project)
    pip = (fresh, "-m", "pip", "--disable-pip-version-check", "-q")
    built = do(
        project, *pip, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", tmp_path / "wheels", "."
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = (tmp_path / "wheels").iterdir()
    installed = do(project, *pip, "install", "--no-deps", "--no-index", "--force-reinstall", wheel)
    assert installed.returncode == 0, installed.stderr
    shutil.rmtree(project / "src")
    done = _tests(project, fresh)
    assert done.returncode == 0, done.stdout
    assert "warning" not in done.stdout
    found = do(tmp_path, fresh, "-c", f"import {package}; print({package}.__file__)").stdout
    assert found.startswith(str(fresh.parents[1]))


CELLS = [
    code("n = 3  # how many", "parameters"),
    code("import numpy as np\nimport pandas as pd\nxs = np.arange(n) / 7\nnames = ('a', float('nan'), np.float64(0.5))", "step:make"),
    code("df = pd.DataFrame({'x': xs, 'day': pd.date_range('2026-01-01', periods=n)}).set_index('day')", "step:frame"),
    code("total = df['x'].sum() * 2\nlong = np.zeros((300, 300)) + total\nodd = object()\nprint(total)", "step:use"),
]  # fmt: skip


def test_recorded_tests_find_changes(tmp_path: Path) -> None:
    project = tmp_path / "project"
    package = _compiled(write(tmp_path / "n.ipynb", CELLS), project, record=True)
    done = _tests(project)
    assert done.returncode == 0, done.stdout
    assert "skipped" not in done.stdout
    text = (project / "tests/data/use.json").read_text("utf-8")
    assert '"mean"' in text
    assert "has no form that is safe to read" in text
    steps = project / "src" / package / "steps.py"
    text = steps.read_text("utf-8")
    for old, new in (
        ("/ 7", "/ 8"),
        ("* 2", "* 3"),
        ("0.5", "0.6"),
        ("'2026-01-01'", "'2026-01-02'"),
        ("+ total", "- total"),
    ):
        assert old in text
        steps.write_text(text.replace(old, new), "utf-8")
        assert " failed" in _tests(project).stdout, old


def test_records_are_the_same_each_time(tmp_path: Path) -> None:
    path = write(tmp_path / "n.ipynb", [*CELLS, code("import time\nnow = time.time_ns()", "step:clock")])
    for folder in ("one", "two"):
        _compiled(path, tmp_path / folder, record=True)
    files = {p.relative_to(tmp_path / "one") for p in (tmp_path / "one").rglob("*") if p.is_file()}
    assert {f for f in files if (tmp_path / "one" / f).read_bytes() != (tmp_path / "two" / f).read_bytes()} == set()
    assert "differs from run to run" in (tmp_path / "one/tests/data/clock.json").read_text("utf-8")
    assert (
        api.write_package(api.package(api.compile_notebook(api.load(str(path))), record=True), tmp_path / "one")
        is False
    )


DAYS = pd.date_range("2026-01-01", periods=3)
SIZES = pd.Categorical(["S", "L", None], ["L", "S", "XL"], ordered=True)


@pytest.mark.parametrize(
    ("value", "other"),
    [
        (pd.Series([1, 2, 3], DAYS), pd.Series([1, 2, 3], pd.DatetimeIndex(DAYS, freq=None))),
        (pd.Series([1, 2], pd.Index([1, 2], dtype="int32", name="month")), pd.Series([1, 2], pd.Index([1, 2], name="month"))),
        (pd.DataFrame({"size": SIZES}), pd.DataFrame({"size": SIZES.as_unordered()})),
        (pd.DataFrame({"size": SIZES}), pd.DataFrame({"size": SIZES.remove_unused_categories()})),
        (pd.DataFrame({"mixed": [1, "a", None]}), pd.DataFrame({"mixed": [1, "a", "None"]})),
        (pd.DataFrame({"lists": [[1], []]}), pd.DataFrame({"lists": [[1], [2]]})),
        (pd.DataFrame({"known": pd.array([True, None], "boolean")}), pd.DataFrame({"known": pd.array([None, True], "boolean")})),
    ],
)  # fmt: skip
def test_frames_are_recorded_as_they_are(
    value: Any, other: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorded, "DATA", tmp_path)
    entry = json.loads(json.dumps(record._kept(value, "value", tmp_path / "step", [0], recorded)))
    assert entry["frame"] == "value.csv"
    found = recorded.load(recorded.Kept("step", entry))
    assert recorded.same(found, value)
    assert not recorded.same(found, other)


def test_what_is_not_recorded_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cells = [*CELLS, code("import time\nnow = time.time_ns()\nopen('n.txt', 'w').write('1')", "step:clock"),
             code("again = open('n.txt').read()", "step:again", "after:clock")]  # fmt: skip
    path = write(tmp_path / "n.ipynb", cells)
    assert main(["compile", str(path), "-o", str(tmp_path / "project"), "--record"]) == 0
    assert [line for line in capsys.readouterr().err.splitlines() if line.startswith("note: ")] == [
        "note: long of step use is long: its shape, types and a digest are compared",
        "note: odd of step use is not compared: the type object has no form that is safe to read and gives it back",
        "note: now of step clock is not compared: it differs from run to run",
        "note: the test of step again is skipped: it reads n.txt, which another step writes",
    ]
    assert main(["compile", str(path), "-o", str(tmp_path / "project"), "--record"]) == 0
    assert "note: " not in capsys.readouterr().err, "it was told when it was written"


def test_files_that_steps_read(tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("4")
    cells = [code("x = int(open('in.txt').read())\nopen('out.txt', 'w').write(str(x))", "step:read"),
             code("y = int(open('out.txt').read())", "step:again", "after:read")]  # fmt: skip
    _compiled(write(tmp_path / "n.ipynb", cells), tmp_path / "project", record=True)
    data = tmp_path / "project/tests/data"
    assert [p.name for p in (data / "files").iterdir()] == ["in.txt"]
    assert "reads out.txt, which another step writes" in (data / "again.json").read_text("utf-8")
    (tmp_path / "in.txt").unlink()
    done = _tests(tmp_path / "project")
    assert done.returncode == 0, done.stdout
    assert "1 skipped" in done.stdout


def test_a_run_that_fails_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecordingFailed, match="ZeroDivisionError"):
        _compiled(write(tmp_path / "n.ipynb", ["x = 1 / 0"]), tmp_path / "project", record=True)
    assert not (tmp_path / "project").exists()
