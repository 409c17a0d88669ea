"""What others have written to a store is compared and opened only where it is harmless."""

from __future__ import annotations

from pathlib import Path

import pytest

from nb2pipe.diagnostics import UsageError
from nb2pipe.records.compare import compared
from nb2pipe.records.taken import take
from nb2pipe.store.runs import newest
from tests.records.making import Recorded

CELLS = "import pandas as pd\ndf = pd.DataFrame({{'a': [1, {0}]}})\ndef f(x):\n    return x + {0}"


@pytest.fixture
def of_another(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Recorded:
    """Two runs in a store whose user is another one now."""
    for number in (2, 3):
        recorded.run([CELLS.format(number), "print(f(df))"])
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("other")))
    return recorded


def test_code_of_others_is_not_run_to_compare(of_another: Recorded) -> None:
    with of_another.read() as (store, _):
        b, a = newest(store.database, 2)
        where = {d.name: d.where for d in compared(store, a, b).differences if d.what == "value"}
        assert where["cell_1.df"] == "row 1, column a"
        assert "was not written by you and needs" in where["cell_1.f"]
        trusted = {d.name: d.where for d in compared(store, a, b, trust=True).differences if d.what == "value"}
    assert trusted["cell_1.f"] == "the code of f"


def test_code_of_others_is_not_run_to_open(
    of_another: Recorded, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [*__import__("sys").path])
    with of_another.read() as (_, run):
        values = run.steps[0].facts["values"]
    asked = {"store": str(of_another.folder / ".nb2pipe" / "results"), "folder": str(of_another.folder)}
    namespace: dict[str, object] = {}
    take(namespace, values={"df": values["df"]}, **asked)  # type: ignore[arg-type]  # texts
    assert list(namespace) == ["df"]
    with pytest.raises(UsageError, match="was not written by you and needs"):
        take(namespace, values=values, **asked)  # type: ignore[arg-type]  # as above
    take(namespace, values=values, trust=True, **asked)  # type: ignore[arg-type]  # as above
    assert namespace["f"](1) == 4  # type: ignore[operator]  # a function
