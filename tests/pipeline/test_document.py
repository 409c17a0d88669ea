"""The JSON form, which programs rely on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from nb2pipe.diagnostics import Span
from nb2pipe.pipeline.document import render_json
from nb2pipe.pipeline.model import Edge, Evidence
from tests.pipeline.drawn import ALL, CHAIN, ODD, made, tangled

CASES = Path(__file__).parent / "cases"


def fails(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")


@pytest.mark.parametrize("name", ["empty", "one", "chain", "odd"])
def test_golden(name: str, golden: Callable[[Path, str], None]) -> None:
    golden(CASES / f"{name}.json", render_json(ALL[name]))


@pytest.mark.parametrize("pipeline", [*ALL.values(), tangled(40, 3)], ids=[*ALL, "tangled"])
def test_form(pipeline) -> None:
    text = render_json(pipeline)
    assert text.isascii()
    document = json.loads(text, parse_constant=fails)
    assert list(document) == ["name", "parameters", "steps", "edges"]
    for parameter in document["parameters"]:
        assert list(parameter) == ["name", "type", "default", "help"]
    steps = {s["name"]: s for s in document["steps"]}
    assert list(steps) == [s.name for s in pipeline.steps]
    for step in steps.values():
        assert list(step) == ["name", "cells", "inputs", "outputs", "parameters"]
    joined = set()
    for edge in document["edges"]:
        assert list(edge) == ["source", "target", "kind", "values", "resources", "evidence"]
        assert {e["name"] for e in edge["evidence"]} >= {*edge["values"], *edge["resources"]}
        for evidence in edge["evidence"]:
            for side, end in (("write", "source"), ("read", "target")):
                assert evidence[side]["cell"] in steps[edge[end]]["cells"]
                assert evidence[side]["line"] >= 1
        for value in edge["values"]:
            assert value in steps[edge["source"]]["outputs"]
            joined.add((edge["target"], value))
    assert joined == {(s["name"], n) for s in steps.values() for n in s["inputs"]}
    assert len(document["edges"]) == len({(e["source"], e["target"], e["kind"]) for e in document["edges"]})


def test_states_stand_on_edges_only() -> None:
    document = json.loads(render_json(CHAIN))
    assert document["steps"][2]["inputs"] == ["df_clean", "summary"]
    assert [e["resources"] for e in document["edges"] if e["kind"] == "resource"] == [["<numpy.random>"]]


def test_defaults_that_json_cannot_say_are_python() -> None:
    defaults = {p["name"]: p["default"] for p in json.loads(render_json(ODD))["parameters"]}
    assert defaults == {"nan": "nan", "names": "{'x'}", "text": '<"&'}


def test_a_value_passed_through_shares_the_edge() -> None:
    base = made("p", ["a", "b", "c"], [("a", "b", ["x"]), ("b", "c", ["x"]), ("a", "c", ["y"])])
    through = Edge("a", "c", "data", ("x",), (), (Evidence("x", Span(0), Span(2)),), through=True)
    edges = json.loads(render_json(base._replace(edges=(*base.edges, through))))["edges"]
    assert [(e["source"], e["target"], e["values"], len(e["evidence"])) for e in edges] == [
        ("a", "b", ["x"], 1), ("a", "c", ["x", "y"], 2), ("b", "c", ["x"], 1),
    ]  # fmt: skip
