"""Every public case as somebody else has it: installed where nb2pipe is not, it prints what the notebook prints; `verify` says EQUAL."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from nb2pipe import api
from nb2pipe.replay.verify import Settings
from tests.making import code, write
from tests.package.fresh import do, install
from tests.package.making import plain
from tests.package.test_cases import CASES


class Made(NamedTuple):
    """A case's notebook, and its package."""

    notebook: api.Compiled
    package: api.Package


@pytest.fixture(scope="module")
def made(fresh: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Made]:
    """The packages of all cases, each under a name of its own; they are installed by one call of pip."""
    found = {}
    for case in CASES:
        folder = tmp_path_factory.mktemp("work")
        path = write(folder / "notebook.ipynb", [code(c["source"], *c["tags"]) for c in case["cells"]])
        notebook = api.compile_notebook(api.load(str(path)), None if "deps" in case else "cells:1")
        found[case["name"]] = Made(notebook, api.package(notebook, f"case_{case['name']}"))
    install((m.package.tree for m in found.values()), fresh, tmp_path_factory.mktemp("wheels"))
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["name"])
def test_a_case(case: dict[str, Any], made: dict[str, Made], fresh: Path, tmp_path: Path) -> None:
    notebook, package = made[case["name"]]
    done = do(notebook.folder, fresh, "-m", package.name)
    assert done.returncode == 0, done.stderr
    assert plain(done.stdout) == plain("\n".join(text for text in case["outputs"] if text))
    api.write_package(package, tmp_path)
    report = api.verify(notebook, tmp_path, Settings())
    assert report.verdict == "EQUAL", (report.differences, report.unknown)
    assert report.outputs == len(package.plans[0].steps)
