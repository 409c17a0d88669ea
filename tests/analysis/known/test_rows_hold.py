"""Every row of the tables of known calls that can be tried is tried, and none claims less than the call does."""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")
HERE = Path(__file__).parent
Outcomes = dict[str, dict[str, Any]]
CHUNK = 400  # rows of one test
LIBRARIES = {
    "builtins": "numpy", "stdlib": "numpy", "numpy": "numpy", "pandas": "pandas", "sklearn": "sklearn", "scipy": "scipy", "matplotlib": "matplotlib",
    "seaborn": "seaborn", "statsmodels": "statsmodels", "torch": "torch", "plotly": "plotly", "joblib": "joblib", "lightgbm": "lightgbm",
    "xgboost": "xgboost", "sympy": "sympy",
}  # fmt: skip
PRELOADED = {
    "pandas": ["matplotlib.pyplot", "pandas.plotting", "scipy.stats"], "sklearn": ["sklearn.ensemble", "lightgbm"], "seaborn": ["seaborn"], "matplotlib": ["matplotlib.pyplot"],
    "statsmodels": ["statsmodels.api", "statsmodels.formula.api", "statsmodels.tsa.api"], "scipy": ["scipy.stats", "scipy.signal", "scipy.optimize"],
    "plotly": ["plotly.express", "plotly.graph_objects", "plotly.io"], "stdlib": ["IPython.display"], "lightgbm": ["lightgbm", "sklearn.naive_bayes"], "joblib": ["joblib"], "torch": ["torch"],
    "xgboost": ["xgboost"], "sympy": ["sympy"],
}  # fmt: skip
TORCH = ("torch", "xgboost")
"""The libraries that `make test-torch` installs."""
REACHED: dict[str, float] = json.loads((HERE / "reached.json").read_text("utf-8"))


def _case(library: str, *more: int) -> Any:
    return pytest.param(library, *more, marks=[pytest.mark.torch] if library in TORCH else [])


def _chunks(library: str) -> list[list[str]]:
    from tests.analysis.known import children

    names = children.rows(library)
    return [names[i : i + CHUNK] for i in range(0, len(names), CHUNK)]


@pytest.fixture
def tried(once: Callable[[str, Callable[[Path], None]], Path]) -> Callable[[str, int], Outcomes]:
    """What trying a chunk of a library's rows shows; it is tried once a test run."""

    def outcomes(library: str, chunk: int) -> Outcomes:
        def fill(folder: Path) -> None:
            (folder / "outcomes.json").write_text(json.dumps(_try(library, chunk)), "utf-8")

        found: Outcomes = json.loads((once(f"rows-{library}-{chunk}", fill) / "outcomes.json").read_text("utf-8"))
        return found

    return outcomes


def _try(library: str, chunk: int) -> Outcomes:
    from tests.analysis.known import children

    for name in PRELOADED.get(library, []):
        importlib.import_module(name)  # once, in the parent: the children are forked
    return children.try_rows(library, _chunks(library)[chunk])


def _gaps() -> list[tuple[str, str]]:
    """What the rows are known not to say: a pattern of names, a pattern of faults."""
    found = []
    for line in (HERE / "gaps.txt").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            _, fault, names = line.split(" | ")
            found += [(name, fault.strip()) for name in names.split()]
    return found


def _count(library: str) -> int:
    return len(_chunks(library))


@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("library", "chunk"), [_case(lib, i) for lib in LIBRARIES for i in range(_count(lib))])
def test_no_call_does_more_than_its_row_says(library: str, chunk: int, tried: Callable[[str, int], Outcomes]) -> None:
    gaps = _gaps()
    wrong = [
        f"{name}: {fault}, as in {example}"
        for name, outcome in tried(library, chunk).items()
        for fault, example in outcome["faults"].items()
        if not any(fnmatch(name, n) and fnmatch(fault, f) for n, f in gaps)
    ]
    assert wrong == []


@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("library", [_case(lib) for lib in LIBRARIES])
def test_as_many_rows_are_tried_as_ever(library: str, tried: Callable[[str, int], Outcomes]) -> None:
    outcomes: Outcomes = {}
    for chunk in range(len(_chunks(library))):
        outcomes.update(tried(library, chunk))
    untried = sorted(n for n, o in outcomes.items() if not o["calls"])
    if os.environ.get("NB2PIPE_REACHED"):  # to write the numbers anew
        Path(os.environ["NB2PIPE_REACHED"], library).write_text(
            json.dumps(sorted(n for n, o in outcomes.items() if o["calls"]))
        )
    share = 1 - len(untried) / len(outcomes)
    assert share >= REACHED[library], f"{share:.3f} of {len(outcomes)} rows; not tried: {untried[:200]}"
