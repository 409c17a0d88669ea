"""Notebooks that become versions of one package, in a store of the test's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nb2pipe import api
from nb2pipe.package.versions.keep import Kept
from tests.making import code, text, write

Cells = Sequence[dict[str, Any] | str]

BEFORE: Cells = (
    text("# Sales\n\nWhat was sold."),
    code("rate = 0.1  # of the tax\ncountry = 'NL'", "parameters"),
    "import math\nfrom statistics import mean",
    text("## Prices"),
    'def taxed(price):\n    """With tax."""\n    return price * (1 + rate)',
    text("## Load\n\nFrom the shop."),
    "rows = [3, 4, 5]  # in euros",
    text("## Total"),
    "prices = [taxed(r) for r in rows]\ntotal = math.fsum(prices)",
    text("## Summary"),
    "average = mean(prices)\nnames = [country]",
)
"""Steps load, total, summary; function taxed; results total, average, names."""


def changed(old: str, new: str, cells: Cells = BEFORE) -> Cells:
    """The cells with a piece of text replaced, wherever it stands."""
    made = [
        {**c, "source": c["source"].replace(old, new)} if isinstance(c, dict) else c.replace(old, new) for c in cells
    ]
    assert [c if isinstance(c, str) else c["source"] for c in made] != [
        c if isinstance(c, str) else c["source"] for c in cells
    ], f"no {old!r}"
    return made


def draft(folder: Path, cells: Cells) -> api.Package:
    """The project of a notebook with these cells."""
    folder.mkdir(exist_ok=True)
    return api.package(api.compile_notebook(api.load(str(write(folder / "sales.ipynb", cells)))))


def keep(folder: Path, cells: Cells, **keeping: Any) -> Kept:
    """Keep a notebook with these cells as a version, in the store of ``folder``."""
    made = draft(folder, cells)
    chosen = api.Keeping(**{"store": str(folder / "store"), **keeping})
    package, kept = api.keep_version(made, folder, folder / "project", chosen)
    api.write_package(package, folder / "project", force=chosen.force)
    return kept


def files_in(folder: Path) -> dict[str, bytes]:
    """Every file in a folder, by its path from there."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
