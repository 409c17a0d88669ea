"""Mermaid and DOT: goldens, and a small parser for each that must give the pipeline back."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from nb2pipe.pipeline.layers import links
from nb2pipe.pipeline.mermaid import render_dot, render_mermaid
from nb2pipe.pipeline.model import Pipeline
from nb2pipe.pipeline.words import printable, shortened
from tests.pipeline.drawn import ALL, tangled

CASES = Path(__file__).parent / "cases"
DRAWN = {**ALL, "tangled": tangled(40, 2)}


@pytest.mark.parametrize("name", ALL)
def test_golden(name: str, golden: Callable[[Path, str], None]) -> None:
    golden(CASES / f"{name}.mmd", render_mermaid(ALL[name]))
    golden(CASES / f"{name}.dot", render_dot(ALL[name]))


def decoded(label: str) -> str:
    """What Mermaid shows for a label; it may hold nothing that its grammar, HTML or Markdown reads."""
    assert re.fullmatch(r"(?:[\w ,.:/()+-]|#\d+;|<br/>)*", label), label
    return re.sub(r"#(\d+);", lambda m: chr(int(m[1])), label)


def expected(pipeline: Pipeline) -> dict[tuple[str, str], str]:
    return {(printable(a), printable(b)): printable(shortened(n, 40)) for (a, b), n in links(pipeline).items()}


@pytest.mark.parametrize("name", DRAWN)
def test_mermaid_gives_the_pipeline_back(name: str) -> None:
    pipeline = DRAWN[name]
    head, *lines = render_mermaid(pipeline).splitlines()
    assert head == "flowchart TB"
    names: dict[str, str] = {}
    found = {}
    for line in lines:
        node = re.fullmatch(r'    (s\d+)\["(.+)"\]', line)
        edge = re.fullmatch(r'    (s\d+) (-->|-\.->)\|"(.+)"\| (s\d+)', line)
        assert node or edge, line
        if node:
            names[node[1]] = decoded(node[2]).split("<br/>")[0]
        else:
            found[names[edge[1]], names[edge[4]]] = decoded(edge[3])
    assert list(names.values()) == [s.name for s in pipeline.steps]
    assert found == expected(pipeline)


STRING = r'"((?:[^"\\]|\\.)*)"'


def unquoted(text: str) -> str:
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], text)


@pytest.mark.parametrize("name", DRAWN)
def test_dot_gives_the_pipeline_back(name: str) -> None:
    pipeline = DRAWN[name]
    first, *lines, last = render_dot(pipeline).splitlines()
    assert re.fullmatch(rf"digraph {STRING} {{", first)
    assert last == "}"
    steps, found = [], {}
    for line in lines[3:]:
        node = re.fullmatch(rf"    {STRING} \[label={STRING}\];", line)
        edge = re.fullmatch(rf"    {STRING} -> {STRING} \[label={STRING}(, style=dashed)?\];", line)
        assert node or edge, line
        if node:
            steps.append(unquoted(node[1]))
            assert unquoted(node[2]).startswith(f"{steps[-1]}\ncell")
        else:
            found[unquoted(edge[1]), unquoted(edge[2])] = unquoted(edge[3])
    assert steps == [s.name for s in pipeline.steps]
    assert found == expected(pipeline)


def test_an_order_without_values_looks_different() -> None:
    text = render_mermaid(ALL["odd"])
    solid, dotted = text.count(" --> ") + text.count(" -->|"), text.count(" -.->|")
    assert (solid, dotted) == (3, 3)
    assert render_dot(ALL["odd"]).count("style=dashed") == 3
