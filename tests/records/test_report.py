"""The report of a run: whole, by itself, and true to the record."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from nb2pipe.records.plots import Dot, plot_svg
from nb2pipe.records.report import report_page
from nb2pipe.records.timeline import Bar, ticks, timeline_svg
from nb2pipe.store.runs import Run, StepRun, begin, new_id, step
from tests.making import code, text
from tests.records.making import Recorded
from tests.records.test_compare import Tags

CELLS = [code("rate = 1", "parameters"), text("# A title & more"), "print('<shown>', rate)\na = rate",
         code("from nb2pipe import log_metric\nfor n in range(4):\n    log_metric('loss', a / (n + 1), n)\nb = a / 8", "metrics"),
         "import matplotlib.pyplot as plt\nplt.plot([1, b])\nplt.show()", "1 / (rate - 3)", "print('behind')"]  # fmt: skip


def drawings(page: str) -> list[ET.Element]:
    return [ET.fromstring(s) for s in re.findall(r"<svg.*?</svg>", page, re.DOTALL)]


def test_a_report_needs_nothing_else(recorded: Recorded) -> None:
    for rate in (1, 2, 3):
        recorded.run(CELLS if rate == 1 else None, rate=rate)
    with recorded.read() as (store, run):
        page = report_page(store, run)
    tags = Tags(page)
    assert tags.open == tags.loaded == []
    assert "@import" not in page
    assert "url(" not in page
    assert "<shown> 3" in tags.text
    assert "ZeroDivisionError: division by zero" in tags.text
    assert "data:image/png;base64," in page
    graph, timeline, b, loss, along = drawings(page)
    boxes = [e.get("class") for e in graph.iter() if (e.get("class") or "").startswith("box")]
    assert sorted(boxes) == ["box cached", "box failed", *["box ok"] * 3]
    assert len([e for e in timeline.iter() if (e.get("class") or "").startswith("bar")]) == len(boxes)
    for drawing, count in ((b, 3), (loss, 3), (along, 1)):
        assert len([e for e in drawing.iter() if (e.get("class") or "").startswith("dot")]) == count
    assert "0.375" in tags.text  # b, which is a metric too
    assert "was 0.25" in tags.text


def test_a_killed_run_has_a_report(recorded: Recorded) -> None:
    recorded.run(["a = 1", "print(a)"])
    with recorded.read() as (store, run):
        facts = {**run.facts, "pid": 1, "process": "gone"}
        name = new_id(run.started + 5)
        begin(store.database, Run(name, run.notebook, "running", run.started + 5, None, facts))
        step(store.database, name, StepRun("cell_1", "running", {"started": run.started + 6}))
    with recorded.read() as (store, run):
        page = report_page(store, run)
        assert run.status == "lost"
    assert "box idle" in page
    assert "lost" in Tags(page).text


def test_what_the_store_has_no_more_is_left_out_and_said(recorded: Recorded) -> None:
    recorded.run(["a = 1", "print(a)"])
    for file in (recorded.folder / ".nb2pipe" / "results" / "contents").rglob("*"):
        if file.is_file():
            file.unlink()
    with recorded.read() as (store, run):
        page = report_page(store, run)
    assert "no longer in the store" in page
    assert "cell_2" in Tags(page).text
    assert "Notebook" not in re.findall("<h2>(.*?)</h2>", page)


@pytest.mark.parametrize(("whole", "expected"), [(8, 9), (0.03, 7), (100, 6), (7200, 8), (1e-4, 6)])
def test_ticks_are_round(whole: float, expected: int) -> None:
    found = ticks(whole)
    assert len(found) == expected
    assert found[0] == 0
    assert found[-1] <= whole * 1.0001


def test_bars_stand_where_the_steps_ran() -> None:
    bars = [Bar("load", 0, 1, "ok", "a <tip>"), Bar("a_very_long_name_of_a_step_indeed", 1, 4, "failed", "b")]
    rects = [e for e in ET.fromstring(timeline_svg(bars, 4)).iter() if e.tag.endswith("rect")]
    (first, second) = [(float(r.get("x", "")), float(r.get("width", ""))) for r in rects]
    assert second[1] == pytest.approx(3 * first[1], rel=0.01)
    assert first[0] + first[1] == pytest.approx(second[0], abs=0.2)


def test_a_plot_leaves_gaps_and_its_last_number_stands_out() -> None:
    nan, inf = float("nan"), float("inf")
    drawing = ET.fromstring(
        plot_svg([Dot(i, v, "t") for i, v in enumerate((1, 2, nan, 1e308, -1e308, inf))], marked=True)
    )
    lines = [e.get("points", "").split() for e in drawing.iter() if e.tag.endswith("polyline")]
    assert [len(points) for points in lines] == [2, 2]
    assert [e.get("class") for e in drawing.iter() if e.tag.endswith("circle")] == ["dot", "dot", "dot", "dot last"]
    assert plot_svg([Dot(0, nan, "t")], marked=True) == ""
