"""The packages of the sample notebooks: they print what a kernel shows, and are well made."""

from __future__ import annotations

import compileall
import shutil
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest
from nbclient import NotebookClient

from nb2pipe import api
from tests.package.fresh import do, install
from tests.package.making import package, plain, run

SAMPLES = Path(__file__).parents[2] / "sample_notebooks"
NAMES = ("ab_test.py", "churn_training.ipynb", "energy_forecast.ipynb", "house_prices_kale.ipynb",
         "monte_carlo_pricing.ipynb", "monthly_sales_report.ipynb", "orders_etl.ipynb")  # fmt: skip


def _shown(path: Path) -> str:
    """What one fresh kernel shows as text, top to bottom, on stdout and as results."""
    notebook = nbformat.read(path, 4) if path.suffix == ".ipynb" else jupytext.read(path)
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
    ).execute()
    found = []
    for cell in notebook.cells:
        if cell.cell_type != "code" or "skip" in cell.metadata.get("tags", []):
            continue
        for output in cell.outputs:
            if output.output_type == "stream" and output.name == "stdout":
                found.append(output.text)
            elif output.output_type in ("execute_result", "display_data"):
                found.append(output.data.get("text/plain", "") + "\n")
    return "".join(found)


@pytest.mark.parametrize("name", NAMES)
def test_sample(name: str, fresh: Path, tmp_path: Path) -> None:
    for copy in ("kernel", "package", "installed"):
        shutil.copytree(SAMPLES, tmp_path / copy)
    made = api.package(api.compile_notebook(api.load(str(tmp_path / "package" / name))), f"{Path(name).stem}_sample")
    assert not any("/scripts/" in path for path, _ in made.tree.files), "every step of a sample is a function"
    shown = plain(_shown(tmp_path / "kernel" / name))
    install([made.tree], fresh, tmp_path)
    for folder, command in (("installed", ["-m"]), ("package", [str(Path(__file__).with_name("annotated.py"))])):
        done = do(tmp_path / folder, fresh, *command, made.name)
        assert done.returncode == 0, done.stderr
        assert plain(done.stdout) == shown


@pytest.mark.parametrize("name", NAMES)
def test_well_made(name: str, tmp_path: Path) -> None:
    package(SAMPLES / name, tmp_path / "project")
    ruff = Path(sys.executable).with_name("ruff")
    checked = subprocess.run(
        [ruff, "check", "--no-cache", "."], cwd=tmp_path / "project", capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout
    formatted = subprocess.run(
        [ruff, "format", "--no-cache", "--diff", *_glue(tmp_path / "project")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert formatted.returncode == 0, formatted.stdout
    assert compileall.compile_dir(tmp_path / "project", quiet=1, force=True)


def _glue(project: Path) -> list[Path]:
    """The files that hold no lines of the notebook."""
    (package,) = (project / "src").iterdir()
    return [package / f"{module}.py" for module in ("__init__", "__main__", "parameters", "pipeline")]


def test_parameters_on_the_command_line(tmp_path: Path) -> None:
    shutil.copytree(SAMPLES, tmp_path / "work")
    source = package(SAMPLES / "monthly_sales_report.ipynb", tmp_path / "project")
    done = run(source, tmp_path / "work", "--month", "2026-03")
    assert "rows in 2026-03" in done.stdout
    wrong = run(source, tmp_path / "work", "--mnth", "2026-03")
    assert wrong.returncode == 2
    assert "--month" in wrong.stderr
