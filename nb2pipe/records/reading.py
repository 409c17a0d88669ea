"""A recorded run as it was: its pipeline, how its steps went, and the executed notebook, also of a run that was killed."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any, get_args

from nb2pipe.diagnostics import UsageError, say
from nb2pipe.pipeline.model import Pipeline
from nb2pipe.pipeline.stored import loaded
from nb2pipe.runtime import executed
from nb2pipe.runtime.outputs import Outputs
from nb2pipe.runtime.result import Outcome, RunResult, Status
from nb2pipe.runtime.script import as_written
from nb2pipe.store.rooms import Store
from nb2pipe.store.runs import LOST, Run, StepRun


def pipeline_of(store: Store, run: Run) -> Pipeline:
    """The pipeline that was run.

    Raises:
        UsageError: The store has it no more.
    """
    return loaded(_content(store, run, "graph").decode("ascii"))


def document_of(store: Store, run: Run) -> Any:
    """The notebook that was run, without outputs, as an `nbformat.NotebookNode`; with the injected cell, if it had one.

    Raises:
        UsageError: The store has it no more.
    """
    import nbformat

    return nbformat.from_dict(json.loads(_content(store, run, "document")))


def result_of(store: Store, run: Run) -> RunResult:
    """How the run went, cells at their places in `document_of`.

    Raises:
        UsageError: The store has it no more.
    """
    pipeline = pipeline_of(store, run)
    steps = {s.name: s for s in run.steps}
    outcomes = {s.name: _outcome(run, steps.get(s.name)) for s in pipeline.steps}
    shown = Outputs()
    times: dict[int, tuple[float, float]] = {}
    for step in pipeline.steps:
        facts = steps[step.name].facts if step.name in steps else {}
        for event in _events(store, run, facts):
            shown.add(event)
        begun = facts.get("begun", ())
        ends = [when for _, when in begun[1:]] + [facts.get("until") or facts.get("ended") or time.time()]
        times |= {cell: (start, end) for (cell, start), end in zip(begun, ends, strict=False)}
    notes = list(run.facts.get("notes", ()))
    result = RunResult(
        pipeline, outcomes, shown.result(), [], (), notes, times, shown.widgets(), run.status == "interrupted"
    )
    place = run.facts.get("place")
    return result if place is None else as_written(result, place)


def executed_notebook(store: Store, run: Run, output: str = "") -> Any:
    """The executed notebook of a run, as a node; of one that was killed, as far as it had come. ``output`` is where it will be.

    Raises:
        UsageError: The store has it no more.
    """
    import nbformat

    document, result = document_of(store, run), result_of(store, run)
    executed.fill(document, result)
    paths = (run.notebook, output or run.facts.get("output") or "")
    executed.describe_run(document, result, run.facts["parameters"], paths, (run.started, run.ended or last_heard(run)))
    return nbformat.from_dict(document)


def last_heard(run: Run) -> float:
    """When a run that did not say its end was heard of last, in seconds since the epoch."""
    times = [float(s.facts.get(name, 0.0)) for s in run.steps for name in ("started", "ended")]
    return max([run.started, *times])


def _outcome(run: Run, step: StepRun | None) -> Outcome:
    if step is None:
        return Outcome("not run", "the run ended before it began")
    facts = step.facts
    cell = facts.get("cell")
    cached = step.status == "cached"
    detail = facts.get("detail", "")
    status: Status = "ok" if cached else step.status if step.status in get_args(Status) else "died"  # type: ignore[assignment]  # as it was written
    if status == "died" and not detail:
        detail = "the run ended before it did" if run.status == LOST else "it runs"
    return Outcome(
        status, detail, -1 if cell is None else cell - 1, facts.get("error", ""), seconds=facts.get("seconds", 0.0),
        started=facts.get("started", 0.0), ended=facts.get("ended", 0.0), cached=cached, reason=facts.get("reason", ""),
    )  # fmt: skip


def _events(store: Store, run: Run, facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    if "shown" not in facts:
        return []
    found: list[dict[str, Any]] = json.loads(_read(store, run, facts["shown"]))
    return found


def _content(store: Store, run: Run, what: str) -> bytes:
    if what not in run.facts:
        raise UsageError(say("run %1 was recorded by an earlier nb2pipe, which kept no %2", run.id, what))
    return _read(store, run, run.facts[what])


def _read(store: Store, run: Run, digest: str) -> bytes:
    data = store.contents.read(digest)
    if data is None:
        raise UsageError(say("what run %1 showed is no longer in the store", run.id))
    return data
