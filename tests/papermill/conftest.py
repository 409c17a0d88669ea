"""papermill with nb2pipe among its engines, as in an environment where both are installed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
from papermill.engines import papermill_engines

from nb2pipe.papermill import Nb2pipeEngine
from tests.making import write


@pytest.fixture(autouse=True)
def _engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(papermill_engines._engines, "nb2pipe", Nb2pipeEngine)


@pytest.fixture
def execute(tmp_path: Path) -> Callable[..., Any]:
    """Execute cells by papermill in a folder of their own; gives the notebook that was written, also behind an error."""

    def executed(
        cells: Any, parameters: dict[str, Any] | None = None, engine: str | None = "nb2pipe", **options: Any
    ) -> Any:
        path = write(tmp_path / "in.ipynb", cells)
        output = tmp_path / f"{engine}.ipynb"
        papermill.execute_notebook(
            str(path), str(output), parameters, engine_name=engine, progress_bar=False, cwd=str(tmp_path), **options
        )
        return nbformat.read(output, as_version=4)

    return executed
