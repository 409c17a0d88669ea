"""The difference between two versions, as data, text and Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from nb2pipe import api
from nb2pipe.package.versions.difference import Difference, to_document
from nb2pipe.package.versions.show import as_markdown, as_text
from tests.making import text
from tests.package.versions.making import BEFORE, changed, keep

AFTER = (
    *changed(
        "[3, 4, 5]",
        "[3, 4]",
        changed("country = 'NL'", "country = 'DE'", changed("price * (1 + rate)", "price + rate", changed("## Load", "## Read"))),
    ),
    text("## Last"),
    "double = total * 2",
)  # fmt: skip


@pytest.fixture
def found(tmp_path: Path) -> Difference:
    keep(tmp_path, BEFORE)
    keep(tmp_path, AFTER)
    return api.difference("sales", "1.0.0", None, str(tmp_path / "store"))


def test_as_data(found: Difference) -> None:
    document = to_document(found)
    assert (document["name"], document["from"], document["to"], document["kind"]) == (
        "sales",
        "1.0.0",
        "1.1.0",
        "minor",
    )
    assert document["edges"]["new"] == [
        {"source": "read", "target": "total", "values": ["rows"]},
        {"source": "total", "target": "last", "values": ["total"]},
    ]
    assert document["edges"]["gone"] == [{"source": "load", "target": "total", "values": ["rows"]}]
    assert [(p["name"], p["old"]["default"], p["new"]["default"]) for p in document["parameters"]] == [
        ("country", "'NL'", "'DE'")
    ]
    code = {(c["of"], c["name"]): (c["change"], c["diff"]) for c in document["code"]}
    assert code.keys() == {
        ("step", "read"),
        ("step", "load"),
        ("step", "summary"),
        ("step", "last"),
        ("function", "taxed"),
    }
    assert "-    return price * (1 + rate)" in code["function", "taxed"][1]
    assert "+    return price + rate" in code["function", "taxed"][1]
    assert [line for line in code["step", "last"][1] if not line.startswith("+")] == []
    assert code["step", "load"][0] == "gone"
    assert document["environment"] == []


def test_backwards_it_is_the_other_way_round(tmp_path: Path) -> None:
    keep(tmp_path, BEFORE)
    keep(tmp_path, AFTER)
    there = api.difference("sales", "1.0.0", "1.1.0", str(tmp_path / "store"))
    back = api.difference("sales", "1.1.0", "1.0.0", str(tmp_path / "store"))
    assert (back.new_edges, back.gone_edges) == (there.gone_edges, there.new_edges)
    assert back.kind == "major", "its result is gone again"
    assert {c.name: c.what for c in back.code}["last"] == "gone"


def test_the_same_version_twice(tmp_path: Path) -> None:
    keep(tmp_path, BEFORE)
    same = api.difference("sales", "1.0.0", None, str(tmp_path / "store"))
    assert as_text(same) == "sales 1.0.0 → 1.0.0: nothing has changed\n"
    assert to_document(same)["kind"] == "none"


def test_two_versions_of_one_content(tmp_path: Path) -> None:
    keep(tmp_path, BEFORE)
    keep(tmp_path, AFTER)
    keep(tmp_path, BEFORE)
    same = api.difference("sales", "1.0.0", "2.0.0", str(tmp_path / "store"))
    assert (same.kind, same.lines, same.code) == ("none", (), ())


def test_as_text(found: Difference, golden: Callable[[Path, str], None]) -> None:
    golden(Path(__file__).with_name("difference.txt"), as_text(found))
    painted = as_text(found, color=True)
    assert re.sub(r"\033\[\d+m", "", painted) == as_text(found)
    assert "\033[32m+ total → last: total\033[0m" in painted
    assert "\033[31m-    return price * (1 + rate)\033[0m" in painted


def test_as_markdown(found: Difference, golden: Callable[[Path, str], None]) -> None:
    golden(Path(__file__).with_name("difference.md"), as_markdown(found))
    assert as_markdown(found).count("```") % 2 == 0


def test_a_fence_in_the_code_does_not_end_the_block(tmp_path: Path) -> None:
    keep(tmp_path, BEFORE)
    keep(tmp_path, changed("rows = [3, 4, 5]", "rows = [3, 4, 5]\nnote = '''\n```\nx\n```\n'''"))
    assert "````diff" in as_markdown(api.difference("sales", "1.0.0", None, str(tmp_path / "store")))
