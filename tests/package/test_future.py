"""What a notebook imports from ``__future__`` holds in its package, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.making import write
from tests.package.making import package, run


@pytest.mark.parametrize("more", ["", "exec('')"], ids=["function", "script"])
def test_annotations_are_what_they_are_in_the_notebook(more: str, tmp_path: Path) -> None:
    shown = "print(f.__annotations__)\ndef g(y: int) -> None:\n    pass\nprint(g.__annotations__)"
    cells = [f"def f(x: int) -> None: ...\n{more}", f"{shown}\n{more}"]
    (tmp_path / "with").mkdir()
    now = write(tmp_path / "notebook.ipynb", cells)
    later = write(tmp_path / "with/notebook.ipynb", ["from __future__ import annotations", *cells])
    told = run(package(now, tmp_path / "project", "cells:1"), tmp_path)
    assert told.stdout == "{'x': <class 'int'>, 'return': None}\n{'y': <class 'int'>, 'return': None}\n", told.stderr
    told = run(package(later, tmp_path / "with/project", "cells:1"), tmp_path)
    assert told.stdout == "{'x': 'int', 'return': 'None'}\n{'y': 'int', 'return': 'None'}\n", told.stderr
