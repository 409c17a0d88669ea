"""Modules beside the notebook, which change while a server or a watch stays."""

from __future__ import annotations

from pathlib import Path

from nb2pipe import api
from tests.making import write


def edges(path: Path) -> set[tuple[str, str]]:
    found = api.compile_notebook(api.load(str(path)), "cells:1").pipeline
    return {(e.source, e.target) for e in found.edges}


def test_a_module_is_analysed_as_it_is_now(tmp_path: Path) -> None:
    path = write(tmp_path / "nb.ipynb", ["values = [1]", "import helper\nhelper.use(values)", "print(values)"])
    helper = tmp_path / "helper.py"
    first, second, third = (s.name for s in api.compile_notebook(api.load(str(path)), "cells:1").pipeline.steps)
    helper.write_text("def use(values):\n    print(len(values))\n")
    assert (second, third) not in edges(path)
    helper.write_text("def use(values):\n    values.append(1)\n")
    assert (second, third) in edges(path)
    helper.write_text("def use(values):\n    return len(values)\n")
    assert edges(path) == {(first, second), (first, third)}
