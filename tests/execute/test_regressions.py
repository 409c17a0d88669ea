"""What random notebooks once got wrong: the pipeline shows what the notebook shows, and no guard has to help."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.random_notebooks import running
from tests.random_notebooks.notebooks import RandomCell, RandomNotebook

CASES = [
    case
    for path in sorted((Path(__file__).parent / "regressions").glob("*.json"))
    for case in json.loads(path.read_text(encoding="utf-8"))
]


@pytest.fixture(scope="module")
def zygote() -> Iterator[running.SharedZygote]:
    with running.shared_zygote() as shared:
        yield shared


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
@pytest.mark.usefixtures("zygote")
def test_regression(case: dict[str, Any]) -> None:
    cells = tuple(RandomCell((c["source"],), tuple(c["tags"])) for c in case["cells"])
    notebook = RandomNotebook(cells, case.get("split", "cells:1"))
    shown, tripped, _ = running.as_pipeline(notebook, "on")
    assert [text_of(shown.outputs.get(i, ())) for i in range(len(cells))] == case["outputs"]
    assert not tripped


def text_of(outputs: Any) -> str:
    """What a cell shows, as one text."""
    found = ""
    for output in outputs:
        if output["output_type"] == "stream":
            found += output["text"]
        elif output["output_type"] == "error":
            found += f"ERROR {output['ename']}: {output['evalue']}"
        else:
            found += output["data"].get("text/plain", "")
    return found.strip()
