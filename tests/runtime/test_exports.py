"""Values go into the kinds of files that take them as they are; of all others it is said what they can be."""

from __future__ import annotations

import json
import pickle
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nb2pipe.diagnostics import UsageError
from nb2pipe.runtime.exports import export

np = pytest.importorskip("numpy")
pd = pytest.importorskip("pandas")
joblib = pytest.importorskip("joblib")

FRAME = pd.DataFrame({"n": [1, 2], "x": [0.1, 1 / 3], "t": ["a", "b,c"]})


def read_csv(path: Path) -> Any:
    return pd.read_csv(path)


@pytest.mark.parametrize(
    ("value", "name", "read"),
    [
        (FRAME, "a.csv", read_csv),
        (FRAME.set_index("t"), "a.csv", lambda p: pd.read_csv(p, index_col="t")),
        (FRAME["x"], "a.csv", lambda p: pd.read_csv(p)["x"]),
        (np.arange(6.0).reshape(2, 3), "a.npy", np.load),
        ({"a": [1, None, True, 2.5, "ä"], "b": {}}, "a.json", lambda p: json.loads(p.read_text("utf-8"))),
        (FRAME, "a.joblib", joblib.load),
        ({1: (2, {3})}, "a.pkl", lambda p: pickle.loads(p.read_bytes())),
    ],
    ids=["csv", "csv-index", "csv-series", "npy", "json", "joblib", "pkl"],
)  # fmt: skip
def test_what_is_read_back_is_the_value(value: Any, name: str, read: Callable[[Path], Any], tmp_path: Path) -> None:
    export(value, "value", tmp_path / name)
    found = read(tmp_path / name)
    if isinstance(value, (pd.DataFrame, pd.Series)):
        (pd.testing.assert_frame_equal if value.ndim == 2 else pd.testing.assert_series_equal)(found, value)
    else:
        assert np.array_equal(found, value) if isinstance(value, np.ndarray) else found == value
    assert [p.name for p in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("value", "name", "said"),
    [
        ([1], "a.csv", r"a list cannot be a \.csv file: it takes frames; it can be \.json, \.joblib or \.pkl"),
        (FRAME, "a.npy", r"it takes arrays; it can be \.csv, \.parquet, \.joblib or \.pkl"),
        (np.array([None]), "a.npy", r"it takes arrays \(this one holds objects\)"),
        (np.ma.array([1, 2], mask=[0, 1]), "a.npy", "it takes arrays"),
        ({"a": [{1}]}, "a.json", r"it takes plain data \(\['a'\]\[0\] is a set\)"),
        ({1: 2}, "a.json", r"it has the key 1"),
        ([float("nan")], "a.json", r"\[0\] is nan"),
        ([np.float64(1)], "a.json", r"\[0\] is a numpy\.float64"),
        (lambda: 1, "a.joblib", "it holds what the notebook itself defines"),
        (FRAME, "a.xyz", r"a\.xyz says no kind of file that values are exported to: \.csv, "),
        (FRAME, "nowhere/a.csv", "cannot be written"),
    ],
    ids=lambda part: "lambda" if callable(part) else str(part),
)  # fmt: skip
def test_what_does_not_fit_is_told(value: Any, name: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=said):
        export(value, type(value).__name__, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_what_is_not_installed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("joblib", "skops"):
        monkeypatch.setitem(__import__("sys").modules, name, None)
        with pytest.raises(UsageError, match=f"a .{name} file needs {name}, which is not installed"):
            export([1], "list", tmp_path / f"a.{name}")


def test_a_function_of_the_notebook_goes_by_value(tmp_path: Path) -> None:
    made: dict[str, Any] = {"__name__": "__main__"}
    exec("def f(x):\n    return x + 1", made)
    export(made["f"], "function", tmp_path / "f.pkl")
    found = pickle.loads((tmp_path / "f.pkl").read_bytes())
    assert isinstance(found, types.FunctionType)
    assert found(1) == 2
