"""What is written of each sample notebook, word for word; the files are compared, parsed here, and run by `test_samples`."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from nb2pipe import api
from tests.package.test_samples import NAMES, SAMPLES

GOLDEN = Path(__file__).parent / "golden"
_VERSION = re.compile(rb'(?<=>=)[^"]+(?=",)')


def _files(name: str) -> dict[str, str]:
    """The files of a sample's project that are written from the notebook, without the versions of this environment."""
    made = api.package(api.compile_notebook(api.load(str(SAMPLES / name))))
    kept = {}
    for path, content in made.tree.files:
        if path.startswith(("src/", "tests/")) and "/_runtime/" not in path and content:
            kept[path.removeprefix(f"src/{made.name}/")] = content.decode()
        elif path in ("README.md", "pyproject.toml"):
            kept[path] = _VERSION.sub(b"X", content).decode()
    return kept


@pytest.mark.parametrize("name", NAMES)
def test_golden(name: str, golden: Callable[[Path, str], None], request: pytest.FixtureRequest) -> None:
    folder = GOLDEN / Path(name).stem
    files = _files(name)
    for path, text in files.items():
        golden(folder / path, text)
        if path.endswith(".py"):
            compile(text, path, "exec", dont_inherit=True)
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    if request.config.getoption("--update-golden"):
        for path in there - files.keys():
            (folder / path).unlink()
    else:
        assert there == files.keys()
