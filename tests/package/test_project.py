"""The project of each sample: it is built as a wheel, passes its own tests where it is installed, and these find changes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nb2pipe import api
from nb2pipe.package.recording import RecordingFailed
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
    record = (project / "tests/data/use.json").read_text("utf-8")
    assert '"mean"' in record
    assert "has no form that is safe to read" in record
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
