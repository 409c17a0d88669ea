"""The annotations of steps: there where a type is sure, else absent."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.making import write
from tests.package.making import package, run_checked

FRAME = "import pandas as pd\ndf = pd.DataFrame({'a': [1, 2], 'b': [3, 4]})\n"
CASES = {
    "float": ("x = 3 / 4 + 1", "x: float"),
    "numpy scalar": ("import numpy as np\nx = np.quantile([1, 2], 0.5)", "x"),
    "either": ("x = 1 if id(1) else 'a'", "x"),
    "in a loop": ("x = 1\nfor i in range(3):\n    x = x + 0.5", "x"),
    "added to": ("x = 1\nx += 0.5", "x"),
    "own float": ("def float(v):\n    return [v]\nx = float(1)", "x: list"),
    "own class": ("class Model:\n    pass\nx = Model()", "x: Model"),
    "class that makes others": ("class Model:\n    def __new__(cls):\n        return 1\nx = Model()", "x"),
    "own function": ("def f(v):\n    if v:\n        return {}\n    return {1: 2}\nx = f(1)", "x: dict"),
    "function that may give none": ("def f(v):\n    if v:\n        return {}\nx = f(1)", "x"),
    "function whose argument hides": ("def f(dict):\n    return dict()\nx = f(int)", "x"),
    "generator function": ("def f():\n    yield 1\n    return {}\nx = list(f())", "x: list"),
    "frame": (f"{FRAME}x = df[df['a'] > 1].reset_index(drop=True)", "x: pd.DataFrame"),
    "column that may be several": (f"{FRAME}x = df['a']", "x"),
    "changed in place": (f"{FRAME}x = df.dropna(inplace=True)", "x"),
    "key that is a truth value": (f"{FRAME}df[False] = 1\nx = df[df.empty == True]", "x"),
    "in chunks": ("import io\nimport pandas as pd\nx = list(pd.read_csv(io.StringIO('a\\n1'), chunksize=1))", "x: list"),
    "tuple": ("x, y = [1], 'b'", "x: list"),
    "unpacked": ("*y, x = 1, 2, 'a'", "x"),
    "estimator": ("from sklearn.linear_model import Ridge\nx = Ridge().fit([[1], [2]], [1, 2])", "x: Ridge"),
    "pipeline": ("from sklearn.pipeline import make_pipeline\nfrom sklearn.linear_model import Ridge\nx = make_pipeline(Ridge())",
                 "x: Pipeline"),
    "replaced function": ("import math\nmath.sqrt = lambda v: 'no'\nx = math.sqrt(2)", "x"),
    "reduced array": ("import numpy as np\na = np.zeros(3)\nx = a.sum()", "x"),
    "text": ("x = f'{1}'.upper()", "x: str"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_annotations(name: str, tmp_path: Path) -> None:
    first, argument = CASES[name]
    source = package(write(tmp_path / "n.ipynb", [first, "print(type(x))"]), tmp_path / "p", "cells:1")
    assert f"def cell_2({argument}) -> None:" in (source / "made/steps.py").read_text("utf-8")
    done = run_checked(source, tmp_path)
    assert done.returncode == 0, done.stderr
