"""The project of several notebooks: the same bytes each time, well made, installable; its values, and its versions."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from nb2pipe import api
from tests.making import code, text
from tests.package.joined.making import Cells, joined, written
from tests.package.making import run

NOTEBOOKS: dict[str, Cells] = {
    "clean": [
        text("# Clean\n\nTakes out what is wrong."),
        code("month = '2026-03'  # which month\nrows = 4", "parameters"),
        text("## Load"),
        "import pandas as pd\nraw = pd.DataFrame({'x': range(rows)})",
        text("## Tidy"),
        'def half(x):\n    """Half of it."""\n    return x / 2\n\norders = raw.assign(y=half(raw.x))',
    ],
    "report": [
        text("# Report"),
        code("month = '2026-03'  # which month\nrows = 2", "parameters"),
        text("## Total"),
        "total = float(orders.y.sum())\nprint(month, total)",
        text("## Shown"),
        "print(orders.head(rows))",
    ],
}


def test_same_bytes_whatever_the_order_of_the_arguments(tmp_path: Path) -> None:
    trees = []
    for place in ("one", "two"):
        paths = written(tmp_path / place, NOTEBOOKS)
        trees += [joined(paths).package.tree, joined(paths[::-1]).package.tree]
    assert len(set(trees)) == 1
    assert not any(str(tmp_path).encode() in content for _, content in trees[0].files)


def test_well_made(tmp_path: Path) -> None:
    several = joined(written(tmp_path / "work", NOTEBOOKS))
    project = tmp_path / "project"
    api.write_package(several.package, project)
    ruff = Path(sys.executable).with_name("ruff")
    glue = [
        project / "src/made" / name
        for name in ("__init__.py", "__main__.py", "pipeline.py", "clean/pipeline.py", "report/pipeline.py")
    ]
    for command in (["check", "--no-cache", "."], ["format", "--no-cache", "--diff", *map(str, glue)]):
        done = subprocess.run([ruff, *command], cwd=project, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
    readme = (project / "README.md").read_text("utf-8")
    assert readme.count("```mermaid") == 1
    assert '-->|"orders"|' in readme
    assert (project / "notebooks" / "clean.ipynb").is_file()


def test_installed_in_an_environment_of_its_own(tmp_path: Path) -> None:
    """The wheel is built, its tests pass where it is installed, and its command runs."""
    several = joined(written(tmp_path / "work", NOTEBOOKS))
    project = tmp_path / "project"
    api.write_package(several.package, project)
    folder = tmp_path / "venv"
    venv.create(folder, symlinks=True, with_pip=False)
    (site,) = folder.glob("lib/*/site-packages")
    (site / "libraries.pth").write_text("".join(f"{p}\n" for p in sys.path if p.endswith("site-packages")))
    python = str(folder / "bin" / "python")
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}

    def do(*command: str, cwd: Path = project) -> str:
        done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    pip = (python, "-m", "pip", "--disable-pip-version-check", "-q")
    do(*pip, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", str(tmp_path / "wheels"), ".")
    (wheel,) = (tmp_path / "wheels").iterdir()
    do(*pip, "install", "--no-deps", "--no-index", str(wheel))
    (project / "src").rename(tmp_path / "away")
    assert "passed" in do(python, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert "q 3.0" in do(str(folder / "bin" / "made"), "--month", "q", cwd=tmp_path)


def test_values_from_python(tmp_path: Path) -> None:
    """`run` gives what the steps gave, by notebook, and what is printed goes where the caller prints."""
    several = joined(
        written(tmp_path / "work", {**NOTEBOOKS, "zero": ["made = (i for i in [1])\nnumbers = [1]", "numbers"]})
    )
    api.write_package(several.package, tmp_path / "project")
    script = (
        "import contextlib, io, sys\nsys.path.insert(0, sys.argv.pop())\nfrom made import pipeline\n"
        "out = io.StringIO()\nwith contextlib.redirect_stdout(out):\n    values = pipeline.run(clean_rows=6, month='m')\n"
        "print([*values], values['report'], values['clean']['orders'].shape, values['zero'], out.getvalue().splitlines()[:1])\n"
        "try:\n    pipeline.run(rows=1)\nexcept ValueError as error:\n    print(error)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "project" / "src")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "['clean', 'report', 'zero'] {} (6, 2) {'numbers': [1]} ['m 7.5']",
        "there is no parameter rows; known: month, clean_rows, report_rows",
    ]
    assert "made (generator)" in done.stderr


def test_what_cannot_be_handed_on_is_told_before_it_is_kept(tmp_path: Path) -> None:
    cells: dict[str, Cells] = {
        "a": [
            "class Point:\n    def __init__(self):\n        self.x = 1\n\nkind = Point",
            "point = Point()\nfun = [lambda: 1]",
        ],
        "b": ["print(point.x)"],
        "c": ["print(len(fun))"],
    }
    for names, words in ((("a", "b"), "class Point is of that notebook"), (("a", "c"), "gives fun (list)")):
        folder = tmp_path / names[1]
        folder.mkdir()
        several = joined(written(folder / "work", {n: cells[n] for n in names}))
        api.write_package(several.package, folder / "project")
        whole = run(folder / "project" / "src", folder)
        assert whole.returncode == 1
        assert words in whole.stderr
        assert whole.stderr.splitlines()[-1] == "made: notebook a has failed"
        step = dict(several.joined.planned[1].takes).popitem()[1]
        for name in [s.name for s in several.package.draft.record.steps if s.name <= step]:
            done = run(folder / "project" / "src", folder, "--step", name, "--run-dir", "run")
        assert done.returncode == 1
        assert words in done.stderr
        assert not [p for p in (folder / "run").rglob("*") if p.is_file() and step.rpartition(".")[2] in p.parts]


def test_a_failure_ends_the_run(tmp_path: Path) -> None:
    several = joined(written(tmp_path / "work", {"a": ["x = 1\nprint(1 / 0)"], "b": ["print(x)"]}))
    api.write_package(several.package, tmp_path / "project")
    done = run(tmp_path / "project" / "src", tmp_path)
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert "_runtime" not in done.stderr
    assert not done.stdout


def test_a_folder_that_is_not_here(tmp_path: Path) -> None:
    several = joined(written(tmp_path / "work", {"p/a": ["x = 1"], "q/b": ["print(x)"]}))
    api.write_package(several.package, tmp_path / "project")
    done = run(tmp_path / "project" / "src", tmp_path)
    assert done.returncode == 1
    assert "notebook a runs in p, which is not in" in done.stderr


def test_modules_of_one_name_and_another_text_stay_apart(tmp_path: Path) -> None:
    work = tmp_path / "work"
    paths = written(
        work, {"p/a": ["import tool\nx = tool.f()\nprint(x)"], "q/b": ["from tool import f\nprint(f(), x)"]}
    )
    (work / "p" / "tool.py").write_text("def f():\n    return 1\n")
    (work / "q" / "tool.py").write_text("def f():\n    return 2\n")
    several = joined(paths)
    names = [path for path, _ in several.package.tree.files if path.endswith("tool.py")]
    assert names == ["src/made/a/tool.py", "src/made/b/tool.py"]
    api.write_package(several.package, tmp_path / "project")
    assert run(tmp_path / "project" / "src", work).stdout == "1\n2 1\n"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("NB2PIPE_STORE", str(tmp_path / "store"))
    return str(tmp_path / "store")


def test_versions(tmp_path: Path, store: str) -> None:
    """A change in one notebook makes a version that says so, under names with the notebook's."""
    work, project = tmp_path / "work", tmp_path / "project"

    def kept(notebooks: dict[str, Cells]) -> tuple[str, tuple[str, ...]]:
        several = joined(written(work, notebooks))
        package, found = api.keep_version(several.package, several.folder, project, api.Keeping(store))
        api.write_package(package, project)
        return str(found.number), found.change.lines if found.change else ()

    assert kept(NOTEBOOKS)[0] == "1.0.0"
    assert kept(NOTEBOOKS) == ("1.0.0", ())
    other = [*NOTEBOOKS["report"][:3], "total = float(orders.y.mean())\nprint(month, total)", *NOTEBOOKS["report"][4:]]
    number, lines = kept({**NOTEBOOKS, "report": other})
    assert (number, lines) == ("1.1.0", ("`report.total` computes otherwise",))
    number, lines = kept({**NOTEBOOKS, "report": [*other, text("## More"), "more = total + 1"]})
    assert number == "1.2.0"
    assert "new step `report.more`: takes `report.total`, gives `report.more`" in lines
    number, lines = kept({**NOTEBOOKS, "report": other})
    assert number == "2.0.0"
    assert "result `report.more` is gone" in lines
    found = api.difference("made", "1.0.0", "1.1.0", store)
    assert [(c.name, c.what) for c in found.code] == [("report.total", "changed")]
    assert not api.attest(str(project)).problems
    steps = project / "src" / "made" / "clean" / "functions.py"
    steps.write_text(steps.read_text("utf-8").replace("/ 2", "/ 3"), "utf-8")
    assert api.attest(str(project)).problems == (
        "src/made/clean/functions.py: function clean.half was changed by hand (cell 6)",
    )


def test_lock_file_ties_the_cells_of_each_notebook(tmp_path: Path) -> None:
    several = joined(written(tmp_path / "work", NOTEBOOKS))
    lock = json.loads(dict(several.package.tree.files)["nb2pipe.lock.json"])
    assert [n["name"] for n in lock["notebooks"]] == ["clean", "report"]
    assert lock["notebooks"][1]["after"] == ["clean"]
    assert {c["notebook"] for c in lock["cells"]} == {"clean", "report"}
    assert [s["takes"] for s in lock["steps"] if s["name"] == "report.total"] == [["clean.orders"]]


def test_a_text_notebook_and_a_notebook_with_the_name_of_a_module(tmp_path: Path) -> None:
    work = tmp_path / "work"
    paths = written(work, {"pandas": ["import pandas as pd\nframe = pd.DataFrame({'x': [1]})"], "run": ["1"]})
    (work / "pipeline.py").write_text("# %%\nprint(frame.x.sum())\n", "utf-8")
    several = joined([*paths, work / "pipeline.py"])
    api.write_package(several.package, tmp_path / "project")
    assert run(tmp_path / "project" / "src", work).stdout == "1\n1\n"
