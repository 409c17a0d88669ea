"""Every public dependency case shows what the notebook shows, on the schedule that a missing edge survives least."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.making import code, compiled, run, shown, write

CASES = json.loads((Path(__file__).parents[1] / "cases" / "dependencies.json").read_text("utf-8"))
TIMING = "TIMING"  # what %timeit prints is another number each time


@pytest.mark.parametrize("order", ["latest", "document"])
@pytest.mark.parametrize("case", CASES, ids=lambda c: c["name"])
def test_the_pipeline_shows_what_the_notebook_shows(case: dict[str, Any], order: str, tmp_path: Path) -> None:
    path = write(tmp_path / "notebook.ipynb", [code(c["source"], *c["tags"]) for c in case["cells"]])
    subject = compiled(path, None if "deps" in case else "cells:1")
    result = run(subject, order=order, guards="off")
    found = [shown(result.outputs.get(i, [])) for i in range(len(case["cells"]))]
    wanted = [w.strip() for w in case["outputs"]]
    assert [f for f, w in zip(found, wanted, strict=True) if TIMING not in w] == [w for w in wanted if TIMING not in w]


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["name"])
def test_no_guard_trips(case: dict[str, Any], tmp_path: Path) -> None:
    path = write(tmp_path / "notebook.ipynb", [code(c["source"], *c["tags"]) for c in case["cells"]])
    result = run(compiled(path, None if "deps" in case else "cells:1"), guards="strict")
    assert result.seen == []


@pytest.mark.parametrize("case", [c for c in CASES if "edges" in c], ids=lambda c: c["name"])
def test_the_edges_are_those_that_are_needed(case: dict[str, Any], tmp_path: Path) -> None:
    pipeline = compiled(
        write(tmp_path / "notebook.ipynb", [code(c["source"]) for c in case["cells"]]), "cells:1"
    ).pipeline
    cells = {step.name: step.cells for step in pipeline.steps}
    found = {(a, b) for edge in pipeline.edges for a in cells[edge.source] for b in cells[edge.target]}
    assert found == {(writer, reader) for writer, reader, _ in case["edges"]}
