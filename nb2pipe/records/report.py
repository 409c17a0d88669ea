"""The report of a run: one page with its graph, its timeline, its metrics beside those of the last runs, and its notebook."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from nb2pipe.diagnostics import UsageError
from nb2pipe.pipeline.svg import Look, render_svg
from nb2pipe.records.metrics import Point, final, series
from nb2pipe.records.pages import filled
from nb2pipe.records.plots import Dot, plot_svg
from nb2pipe.records.reading import executed_notebook, last_heard, pipeline_of
from nb2pipe.records.timeline import Bar, seconds, timeline_svg
from nb2pipe.store.rooms import Store
from nb2pipe.store.runs import Chosen, Run, StepRun, metrics_of, newest

_LAST = 20  # runs that metrics are drawn over
_KINDS = {"ok": "ok", "cached": "cached", "failed": "failed", "died": "failed", "running": "running"}


class _Metric(NamedTuple):
    """A metric of the report: what it is, and its pictures as SVG, "" where there is nothing to draw."""

    name: str
    value: float
    before: float | None
    runs: str
    series: str


def report_page(store: Store, run: Run) -> str:
    """The page of a run. What the store has no more is left out, and said."""
    graph = notebook = missing = ""
    steps = run.steps
    try:
        pipeline = pipeline_of(store, run)
        order = {s.name: place for place, s in enumerate(pipeline.steps)}
        steps = tuple(sorted(steps, key=lambda s: order.get(s.name, len(order))))
        graph = render_svg(pipeline, {s.name: _look(run, s) for s in steps})
        notebook = _notebook(executed_notebook(store, run))
    except UsageError as error:
        missing = str(error)
    end = run.ended or last_heard(run)
    return filled(
        "report.html",
        run=run,
        name=run.facts.get("pipeline") or run.notebook.rpartition("/")[2],
        began=dt.datetime.fromtimestamp(run.started, dt.UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
        took=seconds(end - run.started),
        kind=_KINDS.get(run.status, "failed" if run.status in ("lost", "refused") else "idle"),
        steps=[(s, _KINDS.get(_status(run, s), "idle"), _status(run, s)) for s in steps],
        graph=graph,
        timeline=_timeline(run, end),
        metrics=_metrics(store, run),
        notebook=notebook,
        missing=missing,
        colours=_colours() if notebook else "",
    )


def _status(run: Run, step: StepRun) -> str:
    """How a step stands: one that was running when its run was lost is lost with it."""
    return run.status if step.status == "running" and run.status != "running" else step.status


def _look(run: Run, step: StepRun) -> Look:
    status = _status(run, step)
    took = f" {seconds(step.facts['seconds'])}" if status == "ok" and "seconds" in step.facts else ""
    return Look(_KINDS.get(status, "idle"), f"{status}{took}")


def _timeline(run: Run, end: float) -> str:
    bars = []
    for step in sorted(run.steps, key=lambda s: s.facts.get("started", 0.0)):
        if "started" not in step.facts:
            continue
        start, stop = step.facts["started"] - run.started, step.facts.get("ended", end) - run.started
        status = _status(run, step)
        told = f"{step.name}: {status}, from {seconds(start)} to {seconds(stop)}"
        bars.append(Bar(step.name, start, max(stop, start), _KINDS.get(status, "idle"), told))
    return timeline_svg(bars, end - run.started) if bars else ""


def _metrics(store: Store, run: Run) -> list[_Metric]:
    """The metrics of a run, each over the last runs of its notebook."""
    found = series(metrics_of(store.database, run.id))
    if not found:
        return []
    runs = newest(store.database, chosen=Chosen(notebook=run.notebook, before=run.started + 1e-6), count=_LAST)
    earlier = [(r, final(store.database, r.id)) for r in reversed(runs)]
    return [_metric(name, points, earlier) for name, points in found.items()]


def _metric(name: str, points: Sequence[Point], runs: Sequence[tuple[Run, Mapping[str, float]]]) -> _Metric:
    over = [(r, values[name]) for r, values in runs if name in values]
    dots = [Dot(number, value, f"{r.id}: {value:.6g}") for number, (r, value) in enumerate(over)]
    along = [Dot(p.place, p.value, f"{p.place}: {p.value:.6g}") for p in points]
    return _Metric(
        name,
        points[-1].value,
        over[-2][1] if len(over) > 1 else None,
        plot_svg(dots, marked=True) if len(dots) > 1 else "",
        plot_svg(along, marked=False) if len(along) > 1 else "",
    )


def _notebook(document: Any) -> str:
    """The cells of the executed notebook, by nbconvert, without a page around them."""
    from nbconvert.exporters import HTMLExporter

    text, _ = HTMLExporter(template_name="basic").from_notebook_node(document)
    return str(text)


def _colours() -> str:
    """The colours of code, in light and dark."""
    from pygments.formatters import HtmlFormatter

    light, dark = (
        HtmlFormatter(style=style, nobackground=True).get_style_defs(".highlight")
        for style in ("default", "github-dark")
    )
    return f"{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}"
