"""Every public case as somebody else has it: installed where nb2pipe is not, it prints what the notebook prints; `verify` says EQUAL."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from nb2pipe import api
from nb2pipe.replay.verify import Settings
from tests.making import code, write
from tests.package.fresh import do, fresh_python, install
from tests.package.making import plain
from tests.package.test_cases import CASES


class Made(NamedTuple):
    """A case's notebook, and its package."""

    notebook: api.Compiled
    package: api.Package


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Made]:
    """The packages of all cases, each under a name of its own."""
    found = {}
    for case in CASES:
        path = write(
            tmp_path_factory.mktemp("work") / "notebook.ipynb", [code(c["source"], *c["tags"]) for c in case["cells"]]
        )
        notebook = api.compile_notebook(api.load(str(path)), None if "deps" in case else "cells:1")
        found[case["name"]] = Made(notebook, api.package(notebook, f"case_{case['name']}"))
    return found


@pytest.fixture(scope="module")
def installed(made: dict[str, Made], once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """The Python of a fresh environment, in which one call of pip has installed them all."""

    def fill(folder: Path) -> None:
        install((m.package.tree for m in made.values()), fresh_python(folder / "venv"), folder)

    return once("cases", fill) / "venv" / "bin" / "python"


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["name"])
def test_a_case(case: dict[str, Any], made: dict[str, Made], installed: Path, tmp_path: Path) -> None:
    notebook, package = made[case["name"]]
    done = do(notebook.folder, installed, "-m", package.name)
    assert done.returncode == 0, done.stderr
    assert plain(done.stdout) == plain("\n".join(text for text in case["outputs"] if text))
    api.write_package(package, tmp_path)
    report = api.verify(notebook, tmp_path, Settings())
    assert report.verdict == "EQUAL", (report.differences, report.unknown)
    assert report.outputs == len(package.plans[0].steps)
