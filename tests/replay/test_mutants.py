"""Packages that are changed by one token are told from the notebook; the long run is that of `tools/mutate_package.py`."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
TOOL = ROOT / "tools" / "mutate_package.py"
SOURCE = '''\
"""Steps."""

import math


def price(rows, rate: float = 1.5):
    """Price them."""
    total = sum(rows) * rate  # all
    if total > 10 and rows:
        print("much", total)
    return total
'''


def tool() -> Any:
    spec = importlib.util.spec_from_file_location("mutate_package", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_each_mutant_differs_in_one_line_and_can_be_read() -> None:
    found = list(tool().mutants(SOURCE, "steps.py"))
    lines = SOURCE.splitlines()
    for mutant in found:
        assert ast.dump(ast.parse(mutant.text)) != ast.dump(ast.parse(SOURCE))
        changed = [i for i, (a, b) in enumerate(zip(lines, mutant.text.splitlines(), strict=True), 1) if a != b]
        assert changed == [mutant.line]
    changes = {(m.kind, m.new) for m in found}
    assert ("operator", "total = sum(rows) / rate  # all") in changes
    assert ("operator", "if total >= 10 and rows:") in changes
    assert ("operator", "if total > 10 or rows:") in changes
    assert ("constant", 'print("muchx", total)') in changes
    assert ("constant", "def price(rows, rate: float = 1.51):") in changes
    assert ("name", "return rate") in changes
    assert ("removed line", "") in changes
    assert not any(m.line in (1, 3, 7) for m in found), "docstrings and imports are left alone"


def test_mutants_of_a_sample_are_called_different(tmp_path: Path) -> None:
    result = tmp_path / "judged.json"
    sample = ROOT / "sample_notebooks" / "house_prices_kale.ipynb"
    done = subprocess.run(
        [sys.executable, str(TOOL), str(sample), "--count", "15", "--seed", "1", "--json", str(result)],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    judged = json.loads(result.read_text("utf-8"))
    assert len(judged) == 15
    assert {j["kind"] for j in judged} == {"operator", "constant", "name", "removed line"}
    assert [j for j in judged if j["verdict"] != "DIFFERS"] == []
    assert all(j["first"] for j in judged)
