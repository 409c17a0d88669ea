"""A package of several notebooks shows and writes what these do, one after another in fresh kernels."""

from __future__ import annotations

from pathlib import Path

from tests.making import code, text
from tests.package.joined.making import check, handed, order, written


def test_files(tmp_path: Path) -> None:
    """One writes a file that another reads; the names that both have mean something else in each."""
    paths = written(
        tmp_path / "work",
        {
            "a_report": [
                "import pandas as pd",
                "df = pd.read_csv('out/clean.csv')\ndf",
                "def scale(x):\n    return x * 100\ntotal = scale(df['x'].sum())\ntotal",
            ],
            "clean": [
                "import os\nimport pandas as pd\nos.makedirs('out', exist_ok=True)",
                "df = pd.DataFrame({'x': [1.5, None, 3.0]})",
                "def scale(x):\n    return x / 2\ndf['x'] = scale(df['x'])\ntotal = len(df)\nprint(total)",
                "df.dropna().to_csv('out/clean.csv', index=False)",
            ],
        },
    )
    several = check(paths, tmp_path)
    assert order(several) == ["clean", "a_report"]
    assert handed(several) == {}


def test_names(tmp_path: Path) -> None:
    """Names are handed on as they are at the end, changed under another name, and what is shared stays shared."""
    paths = written(
        tmp_path / "work",
        {
            "b": [
                text("# First"),
                "import pandas as pd\nrows = [1, 2]\nsame = rows",
                text("# Second"),
                "same.append(3)\nboth = {'rows': rows}\nprint(rows)",
                "df = pd.DataFrame({'k': list('aab'), 'v': [1, 2, 3]})\nrate = 1.5\ndf",
            ],
            "a": [
                text("# Uses"),
                "both['rows'].append(4)\nprint(rows, both)",
                text("# Changes"),
                "df = df[df.v > 1]\ndf['w'] = df.v * rate",
                text("# Shows"),
                "print(len(rows), rows is both['rows'])\ndf",
            ],
        },
    )
    several = check(paths, tmp_path)
    assert order(several) == ["b", "a"]
    assert set(handed(several)["a"]) == {"both", "df", "rate", "rows"}


def test_what_is_shared_is_changed_under_every_name(tmp_path: Path) -> None:
    """A step that changes a value takes and gives the names that share something with it, also those that it does not mention."""
    paths = written(
        tmp_path / "work",
        {
            "a": ["import numpy as np\narr = np.ones(3)\nalias = {'arr': arr}"],
            "b": [
                text("# Add"),
                "arr += 1",
                text("# Bind"),
                "print(alias['arr'], arr)\narr = arr * 2",
                text("# Take away"),
                "alias['arr'] -= 5\nprint(arr, alias)",
            ],
            "c": ["print(alias)"],
        },
        toml='[notebooks.c]\ntakes = {alias = "b"}\n',
    )
    several = check(paths, tmp_path)
    assert handed(several) == {"b": {"alias": "a.a", "arr": "a.a"}, "c": {"alias": "b.take_away"}}
    assert all(s.form == "function" for p in several.package.plans for s in p.steps)


def test_states_do_not_pass_from_one_to_the_next(tmp_path: Path) -> None:
    """Random states, settings, the environment and the working directory are those of a fresh kernel."""
    paths = written(
        tmp_path / "work",
        {
            "first": [
                "import os, random\nimport numpy as np\nimport pandas as pd",
                "np.random.seed(3)\nrandom.seed(3)\npd.options.display.max_rows = 4\nos.environ['MARK'] = 'set'\nos.makedirs('sub', exist_ok=True)\nos.chdir('sub')",
                "xs = pd.Series(np.random.rand(30))\nopen('here.txt', 'w').write('x')\nxs",
            ],
            "second": [
                "import os\nimport numpy as np\nimport pandas as pd",
                "np.random.seed(3)\nprint(os.environ.get('MARK'), os.path.basename(os.getcwd()) == 'sub', pd.options.display.max_rows)",
                "print((xs == np.random.rand(30)).all())\nxs",
            ],
        },
    )
    check(paths, tmp_path)


def test_chain_folders_modules_and_figures(tmp_path: Path) -> None:
    """Three notebooks in folders of their own, in which they run; a module beside two of them is one module."""
    work = tmp_path / "work"
    paths = written(
        work,
        {
            "etl/load": [
                "from shapes import Shape\nimport pandas as pd",
                "shape = Shape(3)\nframe = pd.DataFrame({'x': range(shape.size)})\nframe.to_csv('../raw.csv', index=False)",
            ],
            "etl/model": [
                "from shapes import Shape\nimport pandas as pd\nprint(isinstance(shape, Shape), shape.area())",
                "frame = pd.read_csv('../raw.csv')\nfit = {'slope': float(frame.x.mean())}\nfit",
            ],
            "show/plots": [
                "import matplotlib.pyplot as plt\nimport os\nprint(os.path.basename(os.getcwd()))",
                "plt.plot([0, fit['slope']])\nplt.title('fit')",
                "open('slope.txt', 'w').write(str(fit['slope']))",
            ],
        },
    )
    (work / "etl" / "shapes.py").write_text(
        "class Shape:\n    def __init__(self, size):\n        self.size = size\n\n    def area(self):\n        return self.size**2\n"
    )
    several = check(paths, tmp_path)
    assert dict(several.package.tree.files)["src/made/shapes.py"].startswith(b"class Shape")
    assert order(several) == ["load", "model", "plots"]
    assert [p.member.folder for p in several.joined.planned] == ["etl", "etl", "show"]


def test_parameters(tmp_path: Path) -> None:
    """What a parameter sets, a notebook hands on; those that are alike are one."""
    paths = written(
        tmp_path / "work",
        {
            "one": [code("month = '2026-03'  # which\nn = 2\nonly = [1]", "parameters"), "only.append(n)\nxs = list(range(n))\nprint(month, xs, only)"],
            "two": [code("month = '2026-03'  # which\nn = 5", "parameters"), "print(month, n, xs)\nxs.append(n)", "print(xs)"],
        },
    )  # fmt: skip
    several = check(paths, tmp_path)
    assert [p.name for p in several.package.draft.record.parameters] == ["month", "one_n", "only", "two_n"]


def test_scripts_and_unknown_values(tmp_path: Path) -> None:
    """Cells that stay scripts, values of which nothing is known, and names that only a function reads."""
    paths = written(
        tmp_path / "work",
        {
            "one": [
                "import json\nthing = json.loads('{\"a\": [1, 2]}')",
                "exec('made = 5')\nmade = made + 1\nprint(made)",
            ],
            "two": [
                "def f(k):\n    return thing[k] + extra",
                "extra = [3]\nprint(f('a'))",
                "global_names = sorted(n for n in globals() if n == 'thing')\nprint(global_names)",
                "thing['b'] = 1",
                "print(thing, made)",
            ],
        },
        toml="[notebooks.two]\nafter = ['one']\n",
    )
    several = check(paths, tmp_path)
    assert any(s.form == "script" for p in several.package.plans for s in p.steps)
