"""The samples, run twice with the cache: the second time nothing runs that need not, and the notebook is the same."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from nb2pipe import api
from nb2pipe.runtime.result import RunOptions

SAMPLES = Path(__file__).parents[2] / "sample_notebooks"
RUN_AGAIN = {
    "churn_training.ipynb": set(), "house_prices_kale.ipynb": set(), "monte_carlo_pricing.ipynb": set(),
    "monthly_sales_report.ipynb": set(), "energy_forecast.ipynb": set(),
    "orders_etl.ipynb": {"load_into_the_database", "transform", "write_the_result"},
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(RUN_AGAIN))
def test_the_second_run_is_cached_and_equal(name: str, tmp_path: Path) -> None:
    shutil.copytree(SAMPLES, tmp_path / "samples")
    shown, ran = [], []
    for number in range(2):
        subject = api.compile_notebook(api.load(str(tmp_path / "samples" / name)))
        output = tmp_path / f"{number}.ipynb"
        request = api.RunRequest(
            RunOptions(cwd=str(subject.folder), jobs=2), output=str(output), cache=True, store=str(tmp_path / "store")
        )
        result = api.run(subject, request)
        assert {o.status for o in result.outcomes.values()} == {"ok"}
        ran.append({n for n, o in result.outcomes.items() if not o.cached})
        shown.append([_shown(c) for c in json.loads(output.read_text("utf-8"))["cells"]])
    assert ran[1] == RUN_AGAIN[name]
    assert shown[0] == shown[1]


def _shown(cell: dict[str, Any]) -> Any:
    """A cell as it is executed, without when that was."""
    return {k: v for k, v in cell.items() if k != "metadata"}
