"""Faults that real notebooks have shown, each as the smallest notebook that shows it; the outputs are a kernel's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.making import code, compiled, run, shown, write

CASES = json.loads(Path(__file__).with_name("real_regressions.json").read_text("utf-8"))


@pytest.mark.parametrize("guards", ["strict", "off"])
@pytest.mark.parametrize("case", CASES, ids=lambda c: c["name"])
def test_the_pipeline_shows_what_the_kernel_shows(case: dict[str, Any], guards: str, tmp_path: Path) -> None:
    path = write(tmp_path / "notebook.ipynb", [code(c["source"], *c["tags"]) for c in case["cells"]])
    result = run(compiled(path), guards=guards)
    found = [shown(result.outputs.get(i, [])).replace("\r\n", "\n") for i in range(len(case["cells"]))]
    assert found == case["outputs"]
    assert result.seen == []
