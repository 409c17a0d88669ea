"""What does something when it ends lives as long in a package as in the notebook."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.making import write
from tests.package.making import package, run

SEEN = "import os\nprint(os.path.exists(path))"
FOLDER = "import tempfile\ntmp = tempfile.TemporaryDirectory()\npath = tmp.name"
BOUND_BELOW = "def make():\n    return tempfile.TemporaryDirectory()"


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        ([FOLDER, SEEN], "True"),
        (["import tempfile", BOUND_BELOW, "_all = [make()]\npath = _all[0].name", SEEN], "True"),
        ([f"{FOLDER}\ntmp.cleanup()\ndel tmp", SEEN], "False"),
        (["import tempfile\nwith tempfile.TemporaryDirectory() as path:\n    pass", SEEN], "False"),
        (["class Door:\n    def __del__(self):\n        print('closed')", "door = Door()\nx = 'open'", "print(x)"], "open\nclosed"),
        (
            ["import weakref\nclass A:\n    pass", "a = A()\nweakref.finalize(a, print, 'end')\nx = 1", "print(x)"],
            "<finalize object at 0x>\n1\nend",
        ),
    ],
)  # fmt: skip
def test_it_ends_with_the_pipeline(cells: list[str], shown: str, tmp_path: Path) -> None:
    path = write(tmp_path / "notebook.ipynb", cells)
    done = run(package(path, tmp_path / "project", "cells:1"), tmp_path)
    assert done.stdout.strip().endswith(shown.rpartition("0x>")[2].strip()), done.stderr


def test_a_step_by_itself_is_refused_where_it_would_end_with_it(tmp_path: Path) -> None:
    path = write(tmp_path / "notebook.ipynb", [FOLDER, SEEN])
    done = run(package(path, tmp_path / "project", "cells:1"), tmp_path, "--step", "cell_1", "--run-dir", "kept")
    assert done.returncode == 1
    assert "step cell_1 gives tmp (TemporaryDirectory)" in done.stderr
