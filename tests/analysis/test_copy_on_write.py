"""What a frame shares with its columns and arrays depends on pandas: since version 3 frames copy on write."""

from __future__ import annotations

import pytest

from nb2pipe.analysis.analyze import analyze
from nb2pipe.analysis.effects import Effects
from nb2pipe.analysis.known.table import Table
from nb2pipe.notebook.ipython import parse_cells
from nb2pipe.notebook.model import Cell, Notebook

FRAME = "import pandas as pd\ndf = pd.DataFrame({'a': [1.0, 2.0], 'b': [3.0, 4.0]})"


def changed(monkeypatch: pytest.MonkeyPatch, version: int, *sources: str) -> set[str]:
    """The names that the last of the cells changes, with a pandas of this version."""
    monkeypatch.setattr(Table, "copy_on_write", property(lambda _: version >= 3))
    cells = tuple(Cell(f"c{i}", i, "code", s) for i, s in enumerate(sources))
    effects: Effects = analyze(Notebook("nb.ipynb", "python3", cells), parse_cells(cells)).effects[-1]
    return {m.name for m in effects.mutations} - {"_"}


@pytest.mark.parametrize(("version", "names"), [(2, {"s", "df"}), (3, {"s"})])
def test_a_column_is_part_of_its_frame_before_pandas_3(
    monkeypatch: pytest.MonkeyPatch, version: int, names: set[str]
) -> None:
    assert changed(monkeypatch, version, FRAME, "s = df['a']", "s[0] = 9") == names


@pytest.mark.parametrize(("version", "names"), [(2, {"df"}), (3, set())])
def test_a_chained_change_reaches_the_frame_before_pandas_3(
    monkeypatch: pytest.MonkeyPatch, version: int, names: set[str]
) -> None:
    assert changed(monkeypatch, version, FRAME, "df['a'].fillna(0, inplace=True);") == names


@pytest.mark.parametrize("version", [2, 3])
def test_arrays_of_a_frame_share_its_memory(monkeypatch: pytest.MonkeyPatch, version: int) -> None:
    assert changed(monkeypatch, version, FRAME, "v = df['a'].values", "df.loc[0, 'a'] = 9") == {"df", "v"}


@pytest.mark.parametrize("version", [2, 3])
def test_a_new_column_leaves_arrays_alone(monkeypatch: pytest.MonkeyPatch, version: int) -> None:
    assert changed(monkeypatch, version, FRAME, "v = df['a'].values", "df['c'] = 1") == {"df"}


@pytest.mark.parametrize(("version", "names"), [(2, {"a", "df"}), (3, {"a"})])
def test_a_frame_is_made_on_an_array_before_pandas_3(
    monkeypatch: pytest.MonkeyPatch, version: int, names: set[str]
) -> None:
    cells = ("import numpy as np, pandas as pd\na = np.ones((2, 2))", "df = pd.DataFrame(a)", "a[0] = 9")
    assert changed(monkeypatch, version, *cells) == names
