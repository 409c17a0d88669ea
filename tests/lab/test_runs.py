"""What a person does with runs: planned, followed, opened where one failed, mended, gone on with, compared, swept."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.lab.conftest import code
from tests.lab.test_notebook import PANEL, SCRIPT, Open, show, step

pytestmark = [pytest.mark.lab, pytest.mark.timeout(400)]
FRONT = ".jp-NotebookPanel:not(.lm-mod-hidden)"
LOAD = f"""import time
for i in range(4):
    print('row', i, flush=True)
    time.sleep(0.4)
print({SCRIPT!r})
rows = list(range(100_000))"""


def outcomes(page: Any) -> dict[str, str]:
    """How the steps stand, by their names."""
    rows = page.locator(f"{PANEL} .jp-nb2pipe-section > .jp-nb2pipe-inside > .jp-nb2pipe-outcomes > li").all()
    return {row.locator("span").nth(1).inner_text(): row.get_attribute("class") for row in rows}


def write(page: Any, cell: int, text: str) -> None:
    """Let a cell of the notebook in front have another text."""
    page.locator(f"{FRONT} .jp-Cell .cm-content").nth(cell).click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def run_all(page: Any, shown: Any) -> None:
    """Run all cells of the notebook in front, until something is shown: a menu that has just opened may miss a click."""
    from playwright.sync_api import TimeoutError as TooLate

    for _ in range(4):
        page.locator(".lm-MenuBar-itemLabel", has_text="Run").click()
        page.locator(".lm-Menu-itemLabel", has_text="Run All Cells").first.click()
        with contextlib.suppress(TooLate):
            shown.wait_for(timeout=20_000)
            return
    shown.wait_for()


def test_a_step_that_fails_is_opened_mended_and_the_run_gone_on_with(
    page: Any, opened: Open, picture: Callable[[str], None]
) -> None:
    html = f"from IPython.display import HTML\ndisplay(HTML({SCRIPT!r}))\nprint(share, len(rows))"
    path = opened(
        "fails.ipynb",
        [
            code("rate = 2", "parameters"),
            code(LOAD, "step:load"),
            code("share = len(rows) / (rate - 3)", "step:divide"),
            code(html, "step:tell"),
        ],
    )
    show(page)
    # a run with another value, of which a step fails; what another one prints is seen while it runs
    page.get_by_label("rate int").fill("3")
    page.get_by_role("button", name="Run", exact=True).click()
    page.locator(f"{PANEL} .jp-nb2pipe-outcomes .jp-mod-running").first.wait_for(timeout=60_000)
    page.locator(f"{PANEL} .jp-nb2pipe-log pre", has_text="row 2").wait_for()
    assert "jp-mod-running" in outcomes(page)["load"]
    picture("log")
    page.locator(f"{PANEL} .jp-nb2pipe-failure pre", has_text="ZeroDivisionError").wait_for(timeout=60_000)
    assert SCRIPT in page.locator(f"{PANEL} .jp-nb2pipe-log pre").text_content()
    page.get_by_role("button", name="Resume").scroll_into_view_if_needed()
    picture("step-failed")
    # it opens as a notebook that has what it took
    page.get_by_role("button", name="Open divide with its inputs").click()
    tab = page.locator(".lm-DockPanel-tabBar .lm-TabBar-tab", has_text="divide-")
    tab.wait_for()
    page.locator(f"{FRONT} .jp-MarkdownOutput", has_text="ZeroDivisionError").first.wait_for()
    page.locator("#jp-main-statusbar").get_by_text("| Idle").wait_for()  # a narrow toolbar has no room for its sign
    run_all(page, page.locator(f"{FRONT} .jp-Cell.jp-mod-selected .jp-OutputArea-output", has_text="ZeroDivisionError"))
    page.keyboard.press("b")
    page.keyboard.press("Enter")
    page.keyboard.insert_text("print('has', rate, len(rows))")
    page.keyboard.press("Shift+Enter")
    page.locator(f"{FRONT} .jp-OutputArea-output", has_text="has 3 100000").wait_for()
    page.locator(f"{PANEL} .jp-nb2pipe-openedStep", has_text="Step divide of run").wait_for()
    picture("step-opened")
    # it is mended in the notebook, and the run goes on: what had ended is taken from it, and so is its parameter
    page.get_by_role("button", name="Go to fails.ipynb").click()
    page.locator(".lm-DockPanel-tabBar .lm-TabBar-tab.lm-mod-current", has_text="fails.ipynb").wait_for()
    write(page, 2, "share = len(rows) / (rate - 1)")
    page.get_by_role("button", name="Resume").click()
    page.locator(f"{PANEL} .jp-nb2pipe-outcomes .jp-mod-ok").nth(1).wait_for(timeout=60_000)
    page.get_by_text("Open the executed notebook").wait_for()
    assert {n: c.removeprefix("jp-mod-") for n, c in outcomes(page).items()} == {
        "load": "cached",
        "divide": "ok",
        "tell": "ok",
    }
    assert "50000.0 100000" in path.with_name("fails_executed.ipynb").read_text()
    picture("resumed")
    # its outputs come into the cells, and Undo takes them back
    page.get_by_role("button", name="Show outputs in the notebook").click()
    shown = page.locator(f"{FRONT} .jp-OutputArea-output", has_text="50000.0 100000")
    shown.wait_for()
    page.get_by_text("4 cells show their outputs. They are those of a run with rate = 3.").wait_for()
    picture("outputs")
    page.get_by_role("button", name="Undo").first.click()
    shown.wait_for(state="detached")
    assert page.evaluate("window.hacked") is None


def test_runs_are_planned_listed_compared_and_swept(page: Any, opened: Open, picture: Callable[[str], None]) -> None:
    path = opened(
        "runs.ipynb",
        [
            code("rate = 2\nname = 'a'", "parameters"),
            code("rows = list(range(100_000))", "step:load"),
            code("score = rate * 1.5\nprint(name)", "step:train", "metrics"),
            code("print(score, len(rows))", "step:tell"),
        ],
    )
    show(page)
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_text("Open the executed notebook").wait_for(timeout=60_000)
    # sizes and times stand at the steps
    page.locator(f"{PANEL} summary", has_text="Steps").click()
    load = page.locator(f"{PANEL} .jp-nb2pipe-step", has_text="load")
    load.locator(".jp-nb2pipe-help", has_text="of memory").wait_for()
    assert "rows" in load.locator("code", has_text="kB").inner_text()
    # what another value costs
    page.get_by_label("rate int").fill("3")
    page.get_by_role("button", name="Plan", exact=True).click()
    plan = page.locator(f"{PANEL} .jp-nb2pipe-plan")
    plan.get_by_text("1 to run, 1 cached").wait_for()
    assert "rate" in plan.locator(".jp-mod-planned-run").inner_text()
    badges = page.locator(".jp-nb2pipe-badge").all_inner_texts()
    assert badges[1:] == ["load · cached", "train · stale · metrics", "tell · perhaps stale"]
    plan.scroll_into_view_if_needed()
    picture("planned")
    write(page, 1, "rows = list(range(100))")
    plan.get_by_role("button", name="Plan anew").wait_for()
    assert page.locator(".jp-nb2pipe-badge").nth(1).inner_text() == "load"
    page.get_by_role("button", name="Run", exact=True).click()
    plan.wait_for(state="detached")
    page.get_by_text("Open the executed notebook").wait_for(timeout=60_000)
    # both are listed, and compared
    page.locator(f"{PANEL} summary", has_text="Runs").click()
    page.get_by_role("button", name="List the runs").click()
    rows = page.locator(f"{PANEL} .jp-nb2pipe-runs > li")
    rows.nth(1).wait_for()
    assert rows.count() == 2
    for i in range(2):
        rows.nth(i).locator("input").check()
    page.get_by_role("button", name="Compare two runs").click()
    comparison = page.locator(f"{PANEL} .jp-nb2pipe-comparison")
    comparison.get_by_text("rows = list(range(100))").wait_for()
    assert "rate - → 3" in comparison.inner_text()
    rows.first.locator("summary").click()
    rows.first.locator(".jp-nb2pipe-metrics", has_text="score").wait_for()
    comparison.scroll_into_view_if_needed()
    picture("history")
    rows.first.get_by_role("button", name="Report").click()
    page.frame_locator(".jp-HTMLViewer iframe").locator("body", has_text="train").wait_for()
    picture("report")
    page.locator(".lm-DockPanel-tabBar .lm-TabBar-tab", has_text="runs.ipynb").first.click()
    # several values: a run for each, and a table
    page.get_by_label("Several values: a sweep").check()
    page.get_by_label("rate int").fill("1, 4")
    page.get_by_role("button", name="Plan the sweep").click()
    plan.get_by_text("2 combinations").wait_for()
    assert "once" in plan.locator("li", has_text="load").inner_text()
    page.get_by_role("button", name="Run the sweep").click()
    table = page.locator(f"{PANEL} .jp-nb2pipe-sweep table")
    table.wait_for(timeout=90_000)
    values = [r.split("\t")[:3] for r in table.locator("tbody").inner_text().splitlines()]
    assert values == [["1", "1.5", "ok"], ["4", "6", "ok"]]
    table.scroll_into_view_if_needed()
    picture("sweep")
    overflow = page.locator(PANEL).evaluate("node => node.scrollWidth - node.clientWidth")
    assert overflow <= 0
    assert json.loads(path.read_text())["cells"][1]["source"]
    assert step(page, "load").count() == 1
