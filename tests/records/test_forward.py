"""A recorded run in MLflow's own files."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path

import pytest

from nb2pipe.cli.main import main
from tests.making import code, write

CELLS = [
    code("rate = 1\nname = 'x'", "parameters"),
    "import nb2pipe\nfor n in range(3):\n    nb2pipe.log_metric('train loss', rate / (n + 1), n)",
    code("a = 0.5\nb = float('nan')\nc = float('inf')\n1 / (rate - 3)", "metrics"),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".nb2pipe").mkdir()
    write(tmp_path / "nb.ipynb", CELLS)
    return tmp_path


def run(*options: str) -> int:
    return main(["run", "nb.ipynb", "--split", "cells:1", *options])


@pytest.mark.parametrize("options", [("--record",), ("--cache",)])
def test_parameters_metrics_and_the_end_arrive(
    folder: Path, options: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("mlflow", reason="needs mlflow-skinny, which is large: pip install 'nb2pipe[mlflow]'")
    from mlflow.tracking import MlflowClient

    monkeypatch.delenv("MLFLOW_ALLOW_FILE_STORE", raising=False)
    uri = (folder / "mlruns").as_uri()
    assert run(*options, "--mlflow", uri, "-p", "rate", "2") == 0
    assert run(*options, "--mlflow", uri, "-p", "rate", "3") == 1
    client = MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name("nb")
    failed, done = client.search_runs([experiment.experiment_id])
    assert (done.info.status, failed.info.status) == ("FINISHED", "FAILED")
    assert done.data.params == {"rate": "2"}
    assert done.data.metrics["a"] == 0.5
    assert math.isnan(done.data.metrics["b"])
    assert done.data.metrics["c"] > 1e300
    loss = client.get_metric_history(done.info.run_id, "train loss")
    assert [(m.step, m.value) for m in loss] == [(0, 2.0), (1, 1.0), (2, 2 / 3)]
    assert "a" not in failed.data.metrics
    assert done.data.tags["mlflow.source.name"] == str(folder / "nb.ipynb")
    assert main(["runs", "show", done.data.tags["nb2pipe.run"]]) == 0


def test_an_mlflow_that_cannot_be_told_is_no_end_of_the_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("mlflow", reason="needs mlflow-skinny, which is large: pip install 'nb2pipe[mlflow]'")
    (folder / "file").write_text("no folder")
    assert run("--mlflow", str(folder / "file")) == 0
    assert "was not sent to MLflow" in capsys.readouterr().err


@pytest.mark.skipif(importlib.util.find_spec("mlflow") is not None, reason="it is there")
def test_without_mlflow_nothing_runs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--mlflow", "mlruns") == 2
    assert "pip install mlflow-skinny" in capsys.readouterr().err
    assert not (folder / ".nb2pipe" / "results").exists()
