"""A recorded run, told to MLflow: its parameters, its metrics, how it ended, and what it was made from."""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from nb2pipe.diagnostics import UsageError
from nb2pipe.records.metrics import Series, series
from nb2pipe.store.rooms import Store
from nb2pipe.store.runs import Run, metrics_of, named

_ENDS = {"ok": "FINISHED", "interrupted": "KILLED"}
_LONGEST = 500  # characters of a parameter, of which every MLflow takes as many
_UNKNOWN = re.compile(r"[^\w. /-]")
"""What MLflow has no room for in a name."""
_Item = TypeVar("_Item")


def check_mlflow() -> None:
    """See, before anything runs, that MLflow is there.

    Raises:
        UsageError: It is not installed.
    """
    if importlib.util.find_spec("mlflow") is None:
        raise UsageError("--mlflow needs MLflow: pip install mlflow-skinny")


def forward(store: Store, name: str, uri: str) -> None:
    """Tell the MLflow at ``uri``, a server or a folder, of a run.

    Raises:
        Exception: whatever MLflow raises where it cannot be told.
    """
    from mlflow.entities import Metric, Param, RunTag
    from mlflow.tracking import MlflowClient

    run = named(store.database, name)
    if "://" not in uri or uri.startswith("file:"):
        # newer ones ask for this, so that nobody begins with a folder of files unawares
        os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
    client = MlflowClient(tracking_uri=uri)
    experiment = _experiment(client, str(run.facts.get("pipeline") or Path(run.notebook).stem))
    made = client.create_run(experiment, start_time=_milliseconds(run.started), run_name=run.id).info.run_id
    parameters = [Param(_named(n), str(v)[:_LONGEST]) for n, v in run.facts["parameters"].items()]
    tags = [RunTag(n, v) for n, v in _tags(run).items()]
    points = [Metric(*one) for one in _points(series(metrics_of(store.database, run.id)))]
    for some in _pieces(parameters, 100):
        client.log_batch(made, params=some)
    for some in _pieces(points, 1000):
        client.log_batch(made, metrics=some)
    client.log_batch(made, tags=tags)
    client.set_terminated(made, _ENDS.get(run.status, "FAILED"), _milliseconds(run.ended or run.started))


def _experiment(client: Any, name: str) -> str:
    found = client.get_experiment_by_name(name)
    return str(client.create_experiment(name) if found is None else found.experiment_id)


def _points(found: Series) -> Iterator[tuple[str, float, int, int]]:
    """Each number with its name, the time and the place in its series."""
    for name, points in found.items():
        for point in points:
            yield _named(name), point.value, _milliseconds(point.at), point.place


def _tags(run: Run) -> dict[str, str]:
    """Where the run can be found again, and what it was made from."""
    facts = run.facts
    tags = {
        "nb2pipe.run": run.id,
        "nb2pipe.status": run.status,
        "nb2pipe.code": facts["code"],
        "mlflow.source.name": run.notebook,
        "mlflow.source.type": "NOTEBOOK",
    }
    if facts.get("git"):
        tags["mlflow.source.git.commit"] = facts["git"]["commit"]
    return tags


def _named(name: str) -> str:
    return _UNKNOWN.sub("_", name)[:250]


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def _pieces(items: Sequence[_Item], size: int) -> Iterator[list[_Item]]:
    """As many at once as MLflow takes."""
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some
