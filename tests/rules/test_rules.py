"""Every code has a class, a page, a notebook that has the finding and one that has not."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from nb2pipe import api
from nb2pipe.rules.registry import all_rules, codes, page
from tests.making import code, compiled, write

PACKAGE = Path(__file__).parents[2] / "nb2pipe"
CASES = json.loads((Path(__file__).parent / "cases.json").read_text("utf-8"))
ELSEWHERE = {"NB204", "NB403", "NB701", "NB801", "NB802", "NB803", "NB901", "NB902"}
"""What only a fault of nb2pipe, a run, or a notebook in another language brings about: tested where these are."""


def findings(cells: list[dict[str, Any]], folder: Path) -> set[str]:
    made = [{**code(c["source"], *c["tags"]), "execution_count": c.get("count")} for c in cells]
    path = write(folder / "nb.ipynb", made)
    tagged = any(t.startswith("step:") for c in cells for t in c["tags"])
    return {d.code for d in api.check(compiled(path, None if tagged else "cells:1"))}


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["code"])
def test_is_found_where_it_is(case: dict[str, Any], tmp_path: Path) -> None:
    assert case["code"] in findings(case["bad"], tmp_path)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["code"])
def test_is_not_found_where_it_is_not(case: dict[str, Any], tmp_path: Path) -> None:
    assert case["code"] not in findings(case["good"], tmp_path)


def test_each_code_has_its_cases() -> None:
    assert {c["code"] for c in CASES} | ELSEWHERE == set(codes())


def test_each_code_of_the_source_has_a_class() -> None:
    used = {c for f in PACKAGE.rglob("*.py") for c in re.findall(r'"(NB\d{3})"', f.read_text("utf-8"))}
    assert used == set(codes())
    assert len({r.code for r in all_rules()}) == len(all_rules())


@pytest.mark.parametrize("known", codes())
def test_each_code_has_a_page(known: str) -> None:
    text = page(known)
    assert text.startswith(f"# {known} ")
    assert "## Why" in text
    assert "## Remedy" in text


def test_no_page_without_a_code() -> None:
    assert {p.stem for p in (PACKAGE / "rules" / "pages").glob("*.md")} == set(codes())
    with pytest.raises(KeyError):
        page("NB000")


def test_select_and_ignore(tmp_path: Path) -> None:
    path = write(tmp_path / "nb.ipynb", ["import numpy as np\nprint(np.random.rand())\nprint(list({1, 2}))"])
    subject = compiled(path)
    assert {d.code for d in api.check(subject)} == {"NB501", "NB502"}
    assert {d.code for d in api.check(subject, ["NB501"])} == {"NB501"}
    assert {d.code for d in api.check(subject, ["NB5"], ["NB501"])} == {"NB502"}


@pytest.mark.parametrize(
    ("cell", "left"),
    [
        (code("import random\nprint(random.random())", "nb2pipe:ignore=NB501"), set()),
        (code("# nb2pipe: ignore[NB501]\nimport random\nprint(random.random())"), set()),
        (code("import random\nprint(random.random())  # nb2pipe: ignore"), set()),
        (code("# nb2pipe: ignore[NB502]\nimport random\nprint(random.random())"), {"NB501"}),
    ],
)
def test_a_cell_silences_a_code(cell: dict[str, Any], left: set[str], tmp_path: Path) -> None:
    assert {d.code for d in api.check(compiled(write(tmp_path / "nb.ipynb", [cell])))} == left


def test_a_tidy_notebook_has_no_findings(tmp_path: Path) -> None:
    cells = ["import numpy as np\nimport pandas as pd", "rng = np.random.default_rng(1)\ndf = pd.DataFrame({'a': rng.normal(size=5)})",
             "def top(frame, n=3):\n    return frame.nlargest(n, 'a')", "top(df)"]  # fmt: skip
    assert api.check(compiled(write(tmp_path / "nb.ipynb", cells))) == ()
