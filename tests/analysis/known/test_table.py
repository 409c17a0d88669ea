"""The tables of known calls: they are what would be generated, they say the right thing of everyday calls, and the analysis keeps to them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from nb2pipe import api
from nb2pipe.analysis.known import table as table_module
from nb2pipe.analysis.known.table import Call, Table
from nb2pipe.notebook.read import from_document

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
TABLE = Table()


def row_of(name: str) -> Call | None:
    """A row by its name, methods along the bases of their class."""
    found = TABLE.call(TABLE.canonical(name))
    if found is None:
        owner, _, method = name.rpartition(".")
        found = TABLE.method(owner, method)
    return found


def everyday() -> list[tuple[str, str]]:
    pairs = []
    for line in (HERE / "everyday.txt").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            effect, _, names = line.partition(" | ")
            pairs += [(effect, name) for name in names.split()]
    return pairs


def effect_faults(effect: str, row: Call) -> str:
    """What in a row speaks against an everyday call's effect; "" where nothing does."""
    modes = {(t[0], t[2]) for t in row.touches}
    always = [
        m
        for m in row.mutates
        if "?" not in m
        and m.rstrip("*")
        not in ("out", "ax", "filepath_or_buffer", "buf", "path_or_buf", "path_or_buffer", "cax", "generator")
    ]
    shares = row.alias.partition("?")[2] == "" and row.alias not in ("fresh", "arg:out", "arg:ax")
    if (
        effect in ("pure", "part", "inplace", "draws", "reads", "writes", "setting", "seeds")
        and always
        and row.touches == ()
        and effect != "writes"
    ):
        return f"changes {always}"
    if effect == "pure" and (shares or modes & {("random", "write"), ("file", "write"), ("setting", "write")}):
        return f"shares {row.alias}, touches {row.touches}"
    wanted = {
        "part": shares or bool(row.keeps) or row.returns == "iterator", "changes": bool(always), "inplace": any(m.endswith("?inplace") for m in row.mutates),
        "draws": ("random", "write") in modes, "seeds": ("random", "set") in modes, "reads": ("file", "read") in modes, "writes": ("file", "write") in modes,
        "setting": bool(modes & {("setting", "write"), ("cwd", "write"), ("environment", "write")}),
    }  # fmt: skip
    return "" if wanted.get(effect, True) else f"is not {effect}: {row}"


@pytest.mark.parametrize("effect", sorted({e for e, _ in everyday()}))
def test_everyday_calls_have_the_right_row(effect: str) -> None:
    wrong = {}
    for named, name in everyday():
        if named == effect:
            row = row_of(name)
            fault = "has no row" if row is None else effect_faults(effect, row)
            if fault:
                wrong[name] = fault
    assert wrong == {}


def test_three_hundred_calls_are_looked_at() -> None:
    assert len({name for _, name in everyday()}) >= 300


@pytest.mark.parametrize("path", sorted(Path(table_module.__file__).parent.glob("*.json")), ids=lambda p: p.stem)
def test_tables_are_well_formed(path: Path) -> None:
    data = json.loads(path.read_text("utf-8"))
    names = (
        [n for group in data.get("calls", data.get("names")) for n in group.split()] if path.stem != "consensus" else []
    )
    assert len(names) == len(set(names))
    for shape in data["shapes"]:
        row = Call(**{k: tuple(v) if isinstance(v, list) else v for k, v in shape.items()})
        if path.stem == "consensus":
            continue
        for target in row.mutates:
            base = target.partition("?")[0].rstrip("*")
            assert (
                base in ("", "self", *row.params)
                or "*" in row.params
                or base in ("out", "ax", "file", "generator", "rng", "random_state", "seed")
            ), (target, shape)


def test_lookup_follows_the_bases() -> None:
    assert TABLE.method("sklearn.svm.SVC", "fit") == TABLE.call("sklearn.base.BaseEstimator.fit")
    assert TABLE.method("collections.OrderedDict", "update") == TABLE.call("dict.update")
    assert TABLE.method("torch.nn.Linear", "train") == TABLE.call("torch.nn.Module.train")
    assert TABLE.method("pandas.DataFrame", "no_such_method") is None
    assert TABLE.call("no_such_library.function") is None


def test_own_row_comes_before_that_of_the_base() -> None:
    row = TABLE.method("sklearn.manifold.TSNE", "fit_transform")
    assert row is not None
    assert row.alias == "view"


def test_generator_makes_what_is_stored() -> None:
    """One small library in full: the whole of it takes the time that importing torch takes."""
    code = (
        "import sys, json; sys.path.insert(0, 'tools/known_calls'); import generate; from pathlib import Path\n"
        "for n in ('builtins', 'stdlib', 'joblib', 'requests', 'numpy'):\n"
        "    made = generate.encode(generate.read(Path('tools/known_calls') / f'{n}.txt'))\n"
        "    held = json.loads((generate.TARGET / f'{n}.json').read_text('utf-8'))\n"
        "    assert held['version'] != made['version'] or held == made, n\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr


def edges(*cells: str) -> set[tuple[int, int]]:
    """The edges between the cells of a notebook, as positions."""
    document = {"cells": [{"cell_type": "code", "source": c, "metadata": {}} for c in cells], "metadata": {}}
    pipeline = api.compile_notebook(from_document(document, "sample.ipynb"), "cells:1").pipeline
    home = {s.name: s.cells[0] for s in pipeline.steps}
    return {(home[e.source], home[e.target]) for e in pipeline.edges}


FRAME = "import pandas as pd\ndf = pd.DataFrame({'a': [1, 1], 'b': [3, 4]})"
MODEL = "import numpy as np\nfrom sklearn.linear_model import LinearRegression\nX = np.ones((3, 2))\ny = np.ones(3)\nmodel = LinearRegression().fit(X, y)"
ARRAY = "import numpy as np\nX = np.ones((4, 1))\ny = [0, 1, 0, 1]"
SEEDED = ARRAY + "\nnp.random.seed(0)\n"
QUIET = {
    "seeded-search": (
        SEEDED
        + "from sklearn.model_selection import GridSearchCV\nfrom sklearn.ensemble import RandomForestClassifier",
        "GridSearchCV(RandomForestClassifier(random_state=0), {'max_depth': [1, 2]}, cv=2).fit(X, y)",
        "print(np.random.rand())",
    ),
    "seedless-pipeline": (
        SEEDED + "from sklearn.pipeline import make_pipeline\nfrom sklearn.preprocessing import StandardScaler\n"
        "from sklearn.linear_model import LinearRegression",
        "make_pipeline(StandardScaler(), LinearRegression()).fit(X, y)",
        "print(np.random.rand())",
    ),
    "folds": (
        SEEDED
        + "from sklearn.model_selection import KFold, cross_val_score\nfrom sklearn.linear_model import LinearRegression",
        "cross_val_score(LinearRegression(), X, y, cv=KFold(2))",
        "print(np.random.rand())",
    ),
    "rvs-with-a-state": (
        SEEDED + "from scipy import stats",
        "stats.norm.rvs(size=3, random_state=1)",
        "print(np.random.rand())",
    ),
    "copy-true": (ARRAY, "y = np.nan_to_num(X)", "print(X)"),
    "split": ("x = open('a.txt').read()", "y = x.split(',')", "print(x)"),
    "groupby": (FRAME, "df.groupby('a').mean()", "print(df)"),
    "predict": (MODEL, "p = model.predict(X)", "print(model.coef_, X)"),
    "print": ("x = [1]", "print(x)", "print(len(x))"),
    "plot": ("import matplotlib.pyplot as plt\nx = [1, 2]", "plt.plot(x)", "print(x)"),
    "heatmap": (FRAME, "import seaborn as sns\nsns.heatmap(df.corr())", "print(df)"),
    "drop": (FRAME, "other = df.drop(columns='a')", "print(df)"),
    "sort_values": (FRAME, "other = df.sort_values('a')", "print(df)"),
    "out": ("import numpy as np\na = np.ones(3)", "b = np.add(a, a)", "print(a)"),
    "overwrite": ("import numpy as np\nfrom scipy import linalg\na = np.eye(3)", "b = linalg.inv(a)", "print(a)"),
    "torch": ("import torch\nx = torch.ones(3)", "y = torch.cos(x)", "print(x)"),
    "sub": ("import re\nx = ['a']", "y = re.sub('a', 'b', x[0])", "print(x)"),
}
LOUD = {
    "drop": (FRAME, "df.drop(columns='a', inplace=True)", "print(df)"),
    "fit": (MODEL, "model.fit(X, y)", "print(model.coef_)"),
    "shuffle": ("import random\nrng = random.Random(1)\nxs = [1, 2, 3]", "rng.shuffle(xs)", "print(xs)"),
    "shuffle-state": (
        "import random\nrng = random.Random(1)\nxs = [1, 2, 3]",
        "rng.shuffle(xs)",
        "print(rng.random())",
    ),
    "next": ("it = iter([1, 2, 3])", "next(it)", "print(next(it))"),
    "out": ("import numpy as np\na = np.ones(3)", "np.add(a, a, out=a)", "print(a)"),
    "overwrite": (
        "import numpy as np\nfrom scipy import linalg\na = np.eye(3)",
        "b = linalg.inv(a, overwrite_a=True)",
        "print(a)",
    ),
    "torch": ("import torch\nx = torch.ones(3)", "torch.cos_(x)", "print(x)"),
    "make_pipeline": (
        "from sklearn.pipeline import make_pipeline\nfrom sklearn.preprocessing import StandardScaler\nscaler = StandardScaler()",
        "pipe = make_pipeline(scaler)\npipe.fit([[1.0], [2.0]])",
        "print(scaler.mean_)",
    ),
    "repl": (
        "import re\nseen = []\ndef note(m):\n    seen.append(m.group())\n    return ''",
        "re.sub('a', note, 'banana')",
        "print(seen)",
    ),
    "assign-reads": (FRAME + "\nrate = 2\ndef f(d):\n    return d.a * rate", "rate = 3", "other = df.assign(c=f)"),
    "copy-false": (ARRAY, "y = np.nan_to_num(X, copy=False)", "print(X)"),
    "scale-copy-false": (
        ARRAY + "\nfrom sklearn.preprocessing import scale",
        "y = scale(X, copy=False)",
        "print(X)",
    ),
    "out-in-keywords": (ARRAY + "\nopts = {'out': X}", "np.add(1, 2, **opts)", "print(X)"),
    "out-in-arguments": (ARRAY + "\nopts = (X, X, X)", "np.add(*opts)", "print(X)"),
    "given-back": (ARRAY + "\nfrom sklearn.utils import check_array\nx = check_array(X)", "x[0] = 5", "print(X)"),
    "ax-or-none": (
        ARRAY
        + "\nimport pandas as pd\ndef plot(s, ax=None):\n    ax = s.plot(ax=ax)\n    return ax\nax = plot(pd.Series([1]))",
        "ax.set_title('a')",
        "ax.figure.savefig('a.png')",
    ),
    "iterrows": (FRAME + "\nrows = df.iterrows()", "df.loc[0, 'a'] = 5", "print(next(rows))"),
    "state-as-argument": (
        ARRAY + "\nrs = np.random.RandomState(0)\nfrom sklearn.model_selection import train_test_split",
        "a, b = train_test_split(X, random_state=rs)",
        "print(rs.rand())",
    ),
    "shuffled-folds": (
        SEEDED + "from sklearn.model_selection import KFold",
        "for a, b in KFold(2, shuffle=True).split(X):\n    print(a)",
        "print(np.random.rand())",
    ),
    "shuffled-folds-score": (
        SEEDED
        + "from sklearn.model_selection import KFold, cross_val_score\nfrom sklearn.linear_model import LinearRegression",
        "cross_val_score(LinearRegression(), X, y, cv=KFold(2, shuffle=True))",
        "print(np.random.rand())",
    ),
    "seed-of-the-search-alone": (
        SEEDED
        + "from sklearn.model_selection import RandomizedSearchCV\nfrom sklearn.ensemble import RandomForestClassifier",
        "RandomizedSearchCV(RandomForestClassifier(), {'max_depth': [1, 2]}, random_state=0).fit(X, y)",
        "print(np.random.rand())",
    ),
    "frozen-draws": (SEEDED + "from scipy import stats\nd = stats.norm(0, 1)", "d.rvs(3)", "print(np.random.rand())"),
    "kmeans2": (SEEDED + "from scipy.cluster.vq import kmeans2", "kmeans2(X, 2)", "print(np.random.rand())"),
    "key": ("seen = []\ndef key(x):\n    seen.append(x)\n    return x", "sorted([2, 1], key=key)", "print(seen)"),
    "search-draws": (
        "import numpy as np\nnp.random.seed(0)\nX = np.ones((8, 2))\ny = [0, 1] * 4",
        "from sklearn.ensemble import RandomForestClassifier\nfrom sklearn.model_selection import GridSearchCV\n"
        "search = GridSearchCV(RandomForestClassifier(), {'max_depth': [1, 2]}, cv=2).fit(X, y)",
        "print(np.random.rand())",
    ),
}


@pytest.mark.parametrize("name", list(QUIET))
def test_a_call_that_only_looks_does_not_serialise_what_follows(name: str) -> None:
    assert (1, 2) not in edges(*QUIET[name])


@pytest.mark.parametrize("name", list(LOUD))
def test_a_call_that_changes_is_an_edge(name: str) -> None:
    assert (1, 2) in edges(*LOUD[name])


def test_what_is_not_known_keeps_what_it_is_given() -> None:
    assert (2, 3) in edges("import nolib\nx = nolib.get()\ny = [1]", "x.append(y)", "y.append(2)", "print(x)")


def test_view_of_a_frame_travels_with_it() -> None:
    """pandas gives a read-only view, which shows what is written to the frame later."""
    assert (1, 2) in edges("import pandas as pd\ns = pd.Series([1, 2])\nv = s.to_numpy()", "s.iloc[0] = 9", "print(v)")
