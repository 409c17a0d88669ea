"""The notebooks that are measured, made here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

_IMPORTS = "import numpy as np\nimport pandas as pd\nfrom sklearn.linear_model import LinearRegression"
_KINDS = (
    "df_{i} = pd.DataFrame({{'a': np.arange({i}, {i} + 10), 'b': 2.0}})\ndf_{i}['c'] = df_{i}['a'] * 2",
    "def clean_{i}(frame, limit={i}):\n    kept = frame[frame['a'] > limit]\n    return kept.dropna().reset_index(drop=True)",
    "total_{i} = sum(x * x for x in range({i} % 50))\nprint('total', total_{i})",
    "model_{i} = LinearRegression().fit(df_{b}[['a']], df_{b}['c'])\nscore_{i} = model_{i}.score(df_{b}[['a']], df_{b}['c'])",
    "rows_{i} = [clean_{d}(df_{b}) for _ in range(2)]\nrows_{i}.append(df_{b}.groupby('b').mean())\nlen(rows_{i})",
    "try:\n    value_{i} = float('{i}')\nexcept ValueError:\n    value_{i} = 0.0\nfinally:\n    seen_{i} = True",
)


def mixed(cells: int) -> list[str]:
    """A notebook of ``cells`` cells of the kinds that people write, each resting on some before it."""
    sources = [_IMPORTS]
    for i in range(cells - 1):
        first = i - i % len(_KINDS)
        sources.append(_KINDS[i % len(_KINDS)].format(i=i, b=first, d=first + 1))
    return sources


def trivial(cells: int) -> list[str]:
    """Cells of one short statement."""
    return ["x0 = 0"] + [f"x{i} = x{i - 1} + 1" for i in range(1, cells)]


def ten_steps(imports: str) -> list[str]:
    """A source, eight branches, a sink; every step imports what ``imports`` says."""
    middle = [f"{imports}\nb{i} = a + {i}\nprint(b{i})" for i in range(8)]
    return [f"{imports}\na = 1", *middle, f"{imports}\nprint({' + '.join(f'b{i}' for i in range(8))})"]


def chain(cells: int) -> list[list[str]]:
    """Kale's tags for cells that run one behind the other; the first has the imports."""
    steps = [[f"step:part{i}", *([f"prev:part{i - 1}"] if i > 1 else [])] for i in range(1, cells)]
    return [["imports"], *steps]


def write(path: Path, sources: Sequence[str], tags: Sequence[list[str]] = ()) -> Path:
    """Write a notebook with a Markdown heading before each cell; ``tags`` are those of each."""
    cells: list[dict[str, object]] = []
    for number, source in enumerate(sources):
        metadata = {"tags": tags[number]} if tags else {}
        cells.append({"cell_type": "markdown", "id": f"m{number}", "metadata": {}, "source": f"## part {number}"})
        cells.append({"cell_type": "code", "id": f"c{number}", "metadata": metadata, "source": source, "outputs": [],
                      "execution_count": None})  # fmt: skip
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": kernel, "cells": cells}), "utf-8")
    return path
