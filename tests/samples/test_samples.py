"""Every sample notebook shows, as a pipeline, what it shows in one fresh kernel."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nb2pipe import api
from nb2pipe.notebook.read import read_document
from nb2pipe.runtime.result import RunOptions
from tests.oracle import comparables, plain_environment, run_in_kernel

SAMPLES = Path(__file__).parents[2] / "sample_notebooks"
TAGGED = ("churn_training.ipynb", "house_prices_kale.ipynb", "ab_test.py")
UNTAGGED = ("monthly_sales_report.ipynb", "monte_carlo_pricing.ipynb", "orders_etl.ipynb", "energy_forecast.ipynb")
RUNS = [
    (name, split, order)
    for name in (*TAGGED, *UNTAGGED)
    for split in ("headings", "cells:1", *(("tags",) if name in TAGGED else ()))
    for order in ("document", "latest")
]


@pytest.fixture(scope="session")
def kernel(once: Callable[[str, Callable[[Path], None]], Path]) -> Callable[[str], list[Any]]:
    """What each notebook shows in a fresh kernel, found once a test run."""

    def of(name: str) -> list[Any]:
        def fill(place: Path) -> None:
            folder = place / "samples"
            shutil.copytree(SAMPLES, folder)
            document = run_in_kernel(_without_skipped(read_document(str(folder / name))), folder)
            shown = [comparables(c.outputs) if c.cell_type == "code" else [] for c in document.cells]
            (place / "shown").write_bytes(pickle.dumps(shown))

        shown: list[Any] = pickle.loads((once(f"kernel-{name}", fill) / "shown").read_bytes())
        return shown

    return of


def _without_skipped(document: Any) -> Any:
    """Cells tagged ``skip`` are not part of the pipeline; in the kernel they are empty."""
    for cell in document.cells:
        if "skip" in cell.metadata.get("tags", []):
            cell.source, cell.outputs = "", []
    return document


@pytest.mark.parametrize(("name", "split", "order"), RUNS, ids=lambda v: v)
def test_shows_what_the_kernel_shows(
    name: str, split: str, order: str, kernel: Callable[[str], list[Any]], tmp_path: Path
) -> None:
    folder = tmp_path / "samples"
    shutil.copytree(SAMPLES, folder)
    with plain_environment():
        compiled = api.compile_notebook(api.load(str(folder / name)), split)
        output = tmp_path / "executed.ipynb"
        options = RunOptions(order=order, cwd=str(folder), jobs=2, guards="strict")  # type: ignore[arg-type]  # one of the orders
        result = api.run(compiled, api.RunRequest(options, output=str(output)))
    assert result.exit_code == 0
    found = read_document(str(output))
    shown = [comparables(c.outputs) if c.cell_type == "code" else [] for c in found.cells]
    assert shown == kernel(name)


def test_every_sample_is_run() -> None:
    names = {p.name for p in SAMPLES.glob("*.ipynb")} | {"ab_test.py"}
    assert names == {*TAGGED, *UNTAGGED, "exploration_mess.ipynb"}


def test_some_run_in_parallel() -> None:
    """The samples that fan out do: their branches stand on one level."""
    from nb2pipe.pipeline.layers import levels

    for name, width in (
        ("churn_training.ipynb", 3),
        ("monte_carlo_pricing.ipynb", 5),
        ("monthly_sales_report.ipynb", 4),
        ("ab_test.py", 3),
    ):
        pipeline = api.compile_notebook(api.load(str(SAMPLES / name))).pipeline
        assert max(len(level) for level in levels(pipeline)) >= width, name
