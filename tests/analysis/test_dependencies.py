"""The edges of the public dependency cases: all that are needed, and no more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.making import code, compiled, write

CASES = json.loads((Path(__file__).parents[1] / "cases" / "dependencies.json").read_text("utf-8"))
UNTAGGED = [c for c in CASES if "deps" not in c]
TAGGED = [c for c in CASES if "deps" in c]


def pairs(case: dict[str, Any], folder: Path) -> set[tuple[int, int]]:
    """The pairs of cells between which there is an edge."""
    path = write(folder / "notebook.ipynb", [code(c["source"], *c["tags"]) for c in case["cells"]])
    pipeline = compiled(path).pipeline
    cell = {s.name: s.cells[0] for s in pipeline.steps}
    return {(cell[e.source], cell[e.target]) for e in pipeline.edges}


@pytest.mark.parametrize("case", UNTAGGED, ids=lambda c: c["name"])
def test_edges_between_cells(case: dict[str, Any], tmp_path: Path) -> None:
    assert pairs(case, tmp_path) == {(source, target) for source, target, _ in case["edges"]}


@pytest.mark.parametrize("case", TAGGED, ids=lambda c: c["name"])
def test_what_tagged_steps_take_and_leave(case: dict[str, Any], tmp_path: Path) -> None:
    path = write(tmp_path / "notebook.ipynb", [code(c["source"], *c["tags"]) for c in case["cells"]])
    pipeline = compiled(path, None).pipeline
    found = {
        s.name: {
            "ins": sorted(v.name for v in s.inputs if not v.name.startswith("<")),
            "outs": sorted(n for n in s.outputs if not n.startswith("<")),
        }
        for s in pipeline.steps
    }
    wanted = {n: {"ins": sorted(d["ins"]), "outs": sorted(d["outs"])} for n, d in case["deps"].items()}
    assert found == wanted
