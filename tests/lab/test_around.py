"""What stands around the panel: fixes that reach over cells, the table of contents, the launcher, another language, axe."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import nb2pipe
from nb2pipe.server.said import parts_read
from tests.lab.conftest import TOKEN, Server, code
from tests.lab.test_notebook import PANEL, Open, saved, show, sources, step
from tests.lab.test_runs import write

pytestmark = [pytest.mark.lab, pytest.mark.timeout(400)]
ITALIAN = json.loads((Path(nb2pipe.__file__).parent / "locale/it_IT/LC_MESSAGES/nb2pipe.json").read_text("utf-8"))
SAID = """panel => {
    const found = [];
    const walker = document.createTreeWalker(panel, NodeFilter.SHOW_ALL);
    for (let node = walker.currentNode; node; node = walker.nextNode()) {
        if (node.nodeType === Node.TEXT_NODE) {
            const code = node.parentElement.closest('code, pre:not([role="log"])');
            found.push(code ? '' : node.data);
        } else if (node.getAttribute) {
            found.push(node.getAttribute('title') ?? '', node.getAttribute('aria-label') ?? '');
        }
    }
    return found;
}"""
AXE = Path(__file__).parents[2] / "extension" / "node_modules" / "axe-core" / "axe.min.js"


def text(source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "source": source}


@contextmanager
def language(page: Any, server: Server, locale: str) -> Iterator[None]:
    """JupyterLab in a language."""
    address = f"{server.url}/lab/api/settings/@jupyterlab/translation-extension:plugin?token={TOKEN}"
    headers = {"Content-Type": "application/json"}
    try:
        page.request.put(address, data=json.dumps({"raw": json.dumps({"locale": locale})}), headers=headers)
        yield
    finally:
        page.request.put(address, data=json.dumps({"raw": "{}"}), headers=headers)


def told(command: str, notebook: Path) -> Any:
    """What the command line says of a notebook."""
    line = [sys.executable, "-m", "nb2pipe", command, notebook.name, "--format", "json"]
    said = subprocess.run(line, cwd=notebook.parent, capture_output=True, text=True, check=False)
    return json.loads(said.stdout)


def test_a_path_becomes_a_parameter_and_a_step_is_folded(
    page: Any, opened: Open, picture: Callable[[str], None]
) -> None:
    before = [
        "# Sales",
        "import json\nrate = 2",
        "## Load",
        "x = open('/home/m/sales.csv').read()",
        "y = rate",
        "print(y)",
    ]
    tags = ["", "parameters", "", "step:load", "step:load", "step:rest"]
    cells = [code(s, t) if t else text(s) for s, t in zip(before, tags, strict=True)]
    path = opened("around.ipynb", cells)
    show(page)
    page.locator('.lm-TabBar-tab[data-id="table-of-contents"]').click()
    page.locator('.jp-tocItem-content[data-nb2pipe-steps="load, rest"]', has_text="Load").wait_for()
    finding = page.locator(f"{PANEL} .jp-nb2pipe-finding", has_text="NB503")
    finding.get_by_role("button", name="Make sales_path a parameter").click()
    finding.wait_for(state="detached")
    page.locator(f"{PANEL} .jp-nb2pipe-field", has_text="sales_path").wait_for()
    after = [*before]
    after[1], after[3] = f"{before[1]}\nsales_path = '/home/m/sales.csv'", "x = open(sales_path).read()"
    assert sources(saved(page, path)) == after
    page.get_by_role("button", name="Undo").first.click()
    finding.wait_for()
    assert sources(saved(page, path)) == before
    # folded, and shown again
    page.locator(".jp-Cell .jp-InputPrompt").nth(3).click(button="right")
    page.locator(".lm-Menu-item", has_text="Collapse the Cells of This Step").click()
    page.locator(".jp-Cell .jp-InputPlaceholder").nth(1).wait_for()
    picture("folded")
    assert [c["metadata"].get("jupyter", {}).get("source_hidden", False) for c in saved(page, path)["cells"]] == [
        False, False, False, True, True, False,
    ]  # fmt: skip
    page.locator(".jp-Cell .jp-InputPlaceholder").first.click(button="right")
    page.locator(".lm-Menu-item", has_text="Expand the Cells of This Step").click()
    page.locator(".jp-Cell .jp-InputPlaceholder").first.wait_for(state="detached")


def test_steps_are_the_contents_of_a_notebook_without_headings(
    page: Any, opened: Open, picture: Callable[[str], None]
) -> None:
    cells = [code("x = 1", "step:load"), *(code(f"y{i} = x") for i in range(30)), code("print(x)", "step:tell")]
    path = opened("plain.ipynb", cells)
    show(page)
    page.locator('.lm-TabBar-tab[data-id="table-of-contents"]').click()
    entries = page.locator(".jp-tocItem-content[data-nb2pipe-step]")
    entries.nth(1).wait_for()
    assert entries.all_inner_texts() == ["load", "tell"]
    entries.nth(1).click()
    page.locator(".jp-Cell.jp-mod-active", has_text="print(x)").wait_for()
    picture("contents")
    # headings take their place as soon as there are some
    page.keyboard.press("Escape")
    for key in ("a", "m", "Enter"):
        page.keyboard.press(key)
    page.keyboard.type("# Telling")
    page.keyboard.press("Shift+Enter")
    page.locator('.jp-tocItem-content[data-nb2pipe-steps="tell"]', has_text="Telling").wait_for()
    assert entries.count() == 0
    assert sources(saved(page, path))[-2:] == ["# Telling", "print(x)"]


def test_a_pipeline_notebook_begins_in_the_launcher(
    page: Any, opened: Open, server: Server, picture: Callable[[str], None]
) -> None:
    folder = opened("monthly_sales_report.ipynb", kernel=False).parent
    page.keyboard.press("Control+Shift+l")
    page.locator(".jp-LauncherCard", has_text="Pipeline notebook").click()
    step(page, "report").wait_for()
    picture("starter")
    assert page.locator(f"{PANEL} .jp-nb2pipe-finding").count() == 0
    # without jupyter-scheduler there is no word of it
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.locator(".lm-Menu-item:visible", has_text="Run as Pipeline").wait_for()
    assert page.locator(".lm-Menu-item:visible", has_text="Schedule the Notebook").count() == 0
    ran = subprocess.run(
        [sys.executable, "-m", "nb2pipe", "run", "Untitled.ipynb", "-p", "rows=10"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr


def test_it_speaks_italian_and_leaves_axe_nothing_to_say(
    page: Any, opened: Open, server: Server, picture: Callable[[str], None]
) -> None:
    with language(page, server, "it_IT"):
        opened("exploration_mess.ipynb", kernel=False)
        page.locator('.lm-TabBar-tab[data-id="nb2pipe-panel"]').click()
        page.locator(f"{PANEL} .jp-nb2pipe-finding").first.wait_for()
        assert page.locator(f"{PANEL} .jp-nb2pipe-buttons button").all_inner_texts() == [
            "Compila",
            "Verifica",
            "Piano",
            "Esegui",
        ]
        notebook = server.folder / "exploration_mess.ipynb"
        pipeline, findings = told("graph", notebook), told("check", notebook)
        status = f"{len(pipeline['steps'])} passi, {len(pipeline['edges'])} archi, {len(findings)} segnalazioni"
        page.locator(f"{PANEL} .jp-nb2pipe-status", has_text=status).wait_for()
        page.get_by_role("button", name="Trasforma sensors_path in un parametro").wait_for()
        page.locator(
            f"{PANEL} .jp-nb2pipe-finding", has_text="un percorso assoluto: /home/maria/data/"
        ).first.wait_for()
        button = page.locator('[data-jp-item-name="nb2pipe-compile"]', has_text="Compila in una pipeline")
        button.wait_for(state="attached")  # a narrow toolbar has it in its menu
        for summary in page.locator(f"{PANEL} summary").all():
            summary.evaluate("node => { node.parentElement.open = true; }")
        page.locator(f"{PANEL} .jp-nb2pipe-edge").first.focus()
        page.keyboard.press("Enter")
        page.locator(f"{PANEL} .jp-nb2pipe-evidence", has_text="impostazioni di IPython").wait_for()
        picture("italian")
        page.evaluate(AXE.read_text())
        found = page.evaluate(f"axe.run('{PANEL}')")["violations"]
        assert [(f["id"], f["nodes"][0]["html"]) for f in found] == []


def english(page: Any) -> list[str]:
    """What the panel says in English that the Italian catalogue has."""
    lines = {line.strip() for text in page.locator(PANEL).evaluate(SAID) for line in text.splitlines()}
    found = []
    for line in sorted(lines - {""}):
        parts = parts_read(line)
        template = line if parts is None else parts[0]
        if ITALIAN.get(template, [template]) != [template]:
            found.append(line)
    return found


def test_what_is_read_back_from_records_is_said_in_italian(
    page: Any, opened: Open, server: Server, picture: Callable[[str], None]
) -> None:
    def button(name: str) -> Any:
        return page.get_by_role("button", name=ITALIAN[name][0], exact=True)

    cells = [
        code("rate = 3", "parameters"),
        code("import time as clock\nbegun = clock.time()", "step:begin"),
        code("import os, signal\nif rate == 3: os.kill(os.getpid(), signal.SIGTERM)", "step:stop"),
        code("print(rate)", "step:tell", "after:stop"),
    ]
    with language(page, server, "it_IT"):
        opened("italian.ipynb", cells)
        show(page)
        assert english(page) == []
        button("Run").click()
        page.locator(f"{PANEL} .jp-nb2pipe-failure", has_text="SIGTERM").wait_for(timeout=60_000)
        assert english(page) == []
        button("Compile").click()
        page.locator(f"{PANEL} .jp-nb2pipe-versions", has_text="1.0.0").wait_for(timeout=60_000, state="attached")
        write(page, 3, "print(rate, 'more')")
        page.locator(f"{PANEL} .jp-nb2pipe-sweepForm input").check()
        page.get_by_label("rate int").fill("2, 4")
        button("Plan the sweep").click()
        page.locator(f"{PANEL} .jp-nb2pipe-plan li").first.wait_for(timeout=60_000)
        assert english(page) == []
        button("Run the sweep").click()
        page.locator(f"{PANEL} .jp-nb2pipe-sweep table").wait_for(timeout=90_000)
        button("Compile").click()
        for summary in page.locator(f"{PANEL} summary").all():
            summary.evaluate("node => { node.parentElement.open = true; }")
        versions = page.locator(f"{PANEL} .jp-nb2pipe-versions li li")
        versions.first.wait_for()
        button("List the runs").click()
        runs = page.locator(f"{PANEL} .jp-nb2pipe-runs > li")
        runs.nth(2).wait_for()
        for summary in runs.locator("summary").all():
            summary.click()
        page.locator(f"{PANEL} .jp-nb2pipe-runs li li").nth(8).wait_for()
        versions.first.scroll_into_view_if_needed()
        picture("italian-records")
        assert english(page) == []
