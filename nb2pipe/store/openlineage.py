"""Recorded runs as events of OpenLineage, the open standard for lineage (openlineage.io, the specification 2-0-2)."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nb2pipe import __version__
from nb2pipe.diagnostics import UsageError
from nb2pipe.store.lineage import CODE, Value, in_order, values_in, values_of
from nb2pipe.store.results import Result
from nb2pipe.store.runs import Run, StepRun

_PRODUCER = f"https://github.com/nb2pipe/nb2pipe/tree/v{__version__}"
_SPEC = "https://openlineage.io/spec"
_NAMESPACE = "nb2pipe"
_ENDS = {"ok": "COMPLETE", "cached": "COMPLETE", "failed": "FAIL", "died": "FAIL"}


def events(
    run: Run, results: Mapping[str, Result | None], steps: frozenset[str] | None = None
) -> tuple[dict[str, Any], ...]:
    """The events of a run's steps, in the order of their times: START, and COMPLETE or FAIL for those that have ended.

    ``results`` say of each step which files it read and wrote, ``steps`` which steps are wanted (None: all).
    """
    given = {(v.step, v.name): v for v in values_of(run) if v.kind not in CODE}
    found = [
        event
        for step in in_order(run)
        if steps is None or step.name in steps
        for event in _events(run, step, results.get(step.name), given)
    ]
    return tuple(sorted(found, key=lambda event: str(event["eventTime"])))


def send(events: Sequence[Mapping[str, Any]], target: str) -> None:
    """Append events to a file, a line each, or post them one after another to an address; a key for it may be in OPENLINEAGE_API_KEY.

    Raises:
        UsageError: The file cannot be written, or the address does not take them.
    """
    import urllib.error
    import urllib.request

    if "://" not in target:
        try:
            with Path(target).open("a", encoding="utf-8") as file:
                file.writelines(json.dumps(event) + "\n" for event in events)
        except OSError as error:
            raise UsageError(f"{target} cannot be written: {error.strerror or error}") from None
        return
    if not target.startswith(("http://", "https://")):
        raise UsageError(f"events go to a file or an http address, and not to {target}")
    headers = {"Content-Type": "application/json"}
    if os.environ.get("OPENLINEAGE_API_KEY"):
        headers["Authorization"] = f"Bearer {os.environ['OPENLINEAGE_API_KEY']}"
    for event in events:
        asked = urllib.request.Request(target, json.dumps(event).encode(), headers, method="POST")  # noqa: S310  http, as was looked at
        try:
            with urllib.request.urlopen(asked, timeout=30):  # noqa: S310  as above
                continue
        except (OSError, ValueError) as error:
            said = (
                f"it answers {error.code}"
                if isinstance(error, urllib.error.HTTPError)
                else str(getattr(error, "reason", error))
            )
            raise UsageError(f"{target} does not take the events: {said}") from None


def _events(
    run: Run, step: StepRun, result: Result | None, given: Mapping[tuple[str, str], Value]
) -> Iterator[dict[str, Any]]:
    """The events of one step; ``given`` are the values of the run, by step and name."""
    pipeline = Path(run.notebook).stem
    facts = step.facts
    read, written = _files(result)
    taken = (given.get((producer, name)) for name, producer in facts.get("inputs", {}).items())
    inputs = [_dataset(v) for v in taken if v is not None]
    outputs = [_output(v) for v in values_in(run.id, run.notebook, step) if v.kind not in CODE]
    common = {
        "job": {
            "namespace": _NAMESPACE,
            "name": f"{pipeline}.{step.name}",
            "facets": {
                "jobType": _facet(
                    "JobTypeJobFacet", "2-0-4", processingType="BATCH", integration="NB2PIPE", jobType="TASK"
                )
            },
        },
        "inputs": inputs + [_file(path) for path in read],
        "producer": _PRODUCER,
        "schemaURL": f"{_SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent",
    }
    facets = _run_facets(run, step, result)
    about = {"runId": _id(run.id, step.name), "facets": facets}
    yield {"eventType": "START", "eventTime": _time(facts["started"]), "run": about, "outputs": [], **common}
    end = _ENDS.get(step.status)
    if end is None or "ended" not in facts:
        return
    if end == "FAIL":
        message = facts.get("detail") or "failed"
        failure = _facet("ErrorMessageRunFacet", "1-0-1", message=message, programmingLanguage="PYTHON")
        about = {**about, "facets": {**facets, "errorMessage": failure}}
    outputs += [_file(path) for path in written]
    yield {"eventType": end, "eventTime": _time(facts["ended"]), "run": about, "outputs": outputs, **common}


def _run_facets(run: Run, step: StepRun, result: Result | None) -> dict[str, Any]:
    parent: dict[str, Any] = {
        "run": {"runId": _id(run.id)},
        "job": {"namespace": _NAMESPACE, "name": Path(run.notebook).stem},
    }
    tags = {"nb2pipe.run": run.id, "code": run.facts.get("code", "")}
    if step.status == "cached":
        tags["cached"] = f"made by {step.facts.get('made', 'an earlier run')}"
    if run.facts.get("git"):
        tags["git"] = run.facts["git"]["commit"]
    parts = {} if result is None else result.facts.get("parts", {})
    tags |= {n.replace(" ", ".", 1): v for n, v in sorted(parts.items()) if n.startswith("parameter ")}
    listed = [{"key": k, "value": str(v), "source": "nb2pipe"} for k, v in tags.items()]
    return {"parent": _facet("ParentRunFacet", "1-2-0", **parent), "tags": _facet("TagsRunFacet", "1-0-0", tags=listed)}


def _files(result: Result | None) -> tuple[list[str], list[str]]:
    """The files that a step read and wrote."""
    facts = {} if result is None else result.facts
    return facts.get("reads", []), facts.get("writes", [])


def _dataset(value: Value) -> dict[str, Any]:
    name = f"{Path(value.notebook).stem}.{value.step}.{value.name}"
    version = _facet("DatasetVersionDatasetFacet", "1-0-1", datasetVersion=value.digest)
    return {"namespace": _NAMESPACE, "name": name, "facets": {"version": version}}


def _output(value: Value) -> dict[str, Any]:
    statistics = _facet("OutputStatisticsOutputDatasetFacet", "1-0-2", size=value.size)
    return {**_dataset(value), "outputFacets": {"outputStatistics": statistics}}


def _file(path: str) -> dict[str, Any]:
    return {"namespace": "file", "name": path, "facets": {}}


def _facet(name: str, version: str, **fields: Any) -> dict[str, Any]:
    return {"_producer": _PRODUCER, "_schemaURL": f"{_SPEC}/facets/{version}/{name}.json#/$defs/{name}", **fields}


def _id(*names: str) -> str:
    """The same for the same run and step, whoever asks."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join((_PRODUCER.partition("/tree/")[0], *names))))


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
