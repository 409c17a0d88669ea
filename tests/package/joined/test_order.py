"""In which order notebooks run, who hands on what, and what is refused because nobody can know."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from nb2pipe.package.joined.model import NotJoined
from tests.making import code
from tests.package.joined.making import Cells, handed, joined, order, written

PANDAS = "import pandas as pd"


def _order(folder: Path, notebooks: Mapping[str, Cells], toml: str = "", **metadata: Any) -> list[str]:
    return order(joined(written(folder, notebooks, toml, **metadata)))


ORDERS: dict[str, tuple[dict[str, Cells], list[str]]] = {
    "a file": ({"a": ["open('x.txt').read()"], "b": ["open('x.txt', 'w').write('1')"]}, ["b", "a"]),
    "a file in a folder that one makes": (
        {"a": [PANDAS, "pd.read_csv('out/x.csv')"], "b": ["import os\nos.makedirs('out')"]},
        ["b", "a"],
    ),
    "a file whose name is in part computed": (
        {"a": [PANDAS, "import glob\n[pd.read_csv(f) for f in glob.glob('parts/*.csv')]"],
         "b": [PANDAS, code("m = 3", "parameters"), "pd.DataFrame({'x': [1]}).to_csv(f'parts/{m}.csv')"]},
        ["b", "a"],
    ),
    "a file that is written in a way that nobody knows": (
        {"a": [PANDAS, "pd.read_csv('x.csv')"], "b": ["import some_library", "some_library.keep(3, 'x.csv')"]},
        ["b", "a"],
    ),
    "a file in another folder": (
        {"a/read": [PANDAS, "pd.read_csv('../b/x.csv')"], "b/write": ["open('x.csv', 'w').write('x')"]},
        ["write", "read"],
    ),
    "a name": ({"a": ["print(x)"], "b": ["x = 1"]}, ["b", "a"]),
    "a name that is bound anew from itself": ({"a": ["x = x + 1"], "b": ["x = 1"]}, ["b", "a"]),
    "a name that a later cell binds anew from itself": ({"a": ["print(x)", "x = x + 1"], "b": ["x = 1"]}, ["b", "a"]),
    "a name that only a function reads": ({"a": ["def f():\n    return x", "f()"], "b": ["x = 1"]}, ["b", "a"]),
    "what a name lets a notebook read": (
        {"a": ["y = x\nz = y"], "b": ["x = 1"], "c": ["print(z)"]},
        ["b", "a", "c"],
    ),
    "nothing": ({"b": ["x = 1"], "a": ["x = 2"]}, ["a", "b"]),
    "files that both only read": ({"b": ["open('x.txt').read()"], "a": ["open('x.txt').read()"]}, ["a", "b"]),
    "folders that both want to be there": (
        {"a": ["import os\nos.makedirs('out', exist_ok=True)\nopen('out/a', 'w').write('1')"],
         "b": ["from pathlib import Path\nPath('out').mkdir(exist_ok=True)\nopen('out/b', 'w').write('1')"]},
        ["a", "b"],
    ),
    "a name for which a notebook is prepared": (
        {"a": ["try:\n    x\nexcept NameError:\n    x = 2"], "b": ["x = 1"]},
        ["a", "b"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", ORDERS)
def test_order(what: str, tmp_path: Path) -> None:
    notebooks, expected = ORDERS[what]
    assert _order(tmp_path / "work", notebooks) == expected


REFUSED: dict[str, tuple[dict[str, Cells], list[str]]] = {
    "both write": (
        {"a": ["x = 1", "open('x.txt', 'w').write('1')"], "b": ["open('x.txt', 'w').write('2')"]},
        ["a.ipynb and b.ipynb could each come first", "x.txt", "a.ipynb cell 2, line 1", "b.ipynb cell 1, line 1",
         '[notebooks.b] after = ["a"]'],
    ),
    "a circle of files": (
        {"a": ["open('x.txt', 'w').write(open('y.txt').read())"], "b": ["open('y.txt', 'w').write(open('x.txt').read())"]},
        ["wait for one another: a -> b -> a", "x.txt: a.ipynb cell 1, line 1; b.ipynb cell 1, line 1", "y.txt"],
    ),
    "a circle of names": (
        {"a": ["x = 1\nprint(y)"], "b": ["y = 1", "print(x)"]},
        ["wait for one another: a -> b -> a", "`x`: a.ipynb cell 1, line 1; b.ipynb cell 2, line 1", "`y`"],
    ),
    "a circle of three by names and files": (
        {"a": ["x = open('z.txt').read()"], "b": ["y = x"], "c": ["open('z.txt', 'w').write(str(y))"]},
        ["wait for one another", "z.txt", "`x`", "`y`"],
    ),
    "two have the name": (
        {"a": ["x = 1"], "b": ["x = 2"], "c": ["print(x)"]},
        ["nothing says which", "a.ipynb cell 1", "b.ipynb cell 1", "c.ipynb cell 1", '[notebooks.c] takes = {x = "b"}'],
    ),
    "one has it, another has changed it": (
        {"a": ["xs = [1]"], "b": ["xs.append(2)"], "c": ["print(xs)"]},
        ["c.ipynb reads `xs`, which a.ipynb binds and b.ipynb may have changed", "a.ipynb cell 1", "b.ipynb cell 1"],
    ),
    "two change what one has": (
        {"a": ["xs = [1]"], "b": ["xs.append(2)"], "c": ["xs.append(3)"]},
        ["which a.ipynb binds and c.ipynb may have changed", "b.ipynb cell 1"],
    ),
    "it may be its own": (
        {"a": ["df = 1"], "b": ["print(df)", "df = 2"]},
        ["b.ipynb reads `df` before it binds it", "b.ipynb cell 2"],
    ),
    "it may be of a star": (
        {"a": ["width = 1"], "b": ["from math import *", "print(width)"]},
        ["is that of `import *`", "b.ipynb cell 1"],
    ),
    "a module": ({"a": ["import math"], "b": ["math.pi"]}, ["which a.ipynb imports", "fix: import `math` in b.ipynb"]),
    "a function": ({"a": ["def f():\n    pass"], "b": ["f()"]}, ["which a.ipynb defines", "functions are not"]),
    "a class": ({"a": ["class C:\n    pass"], "b": ["C()"]}, ["which a.ipynb defines", "classes are not"]),
    "a parameter": ({"a": [code("n = 1", "parameters"), "print(n)"], "b": ["print(n)"]}, ["is a parameter of a.ipynb"]),
    "a generator": ({"a": ["g = (x for x in [1])"], "b": ["next(g)"]}, ["is a generator in a.ipynb"]),
    "perhaps no value": (
        {"a": ["import random\nif random.random() > 0.5:\n    x = 1"], "b": ["print(x)"]},
        ["may leave without a value", "a.ipynb cell 1, line 3"],
    ),
    "files that may be any": (
        {"a": ["import os\nopen(os.environ['A'], 'w').write('1')"], "b": ["import os\nopen(os.environ['B'], 'w').write('1')"]},
        ["could each come first", "a file that may be any"],
    ),
    "a file that both hand to who knows what": (
        {"a": ["import some_library", "some_library.do('x.csv')"], "b": ["import some_library", "some_library.do('x.csv')"]},
        ["could each come first", "a.ipynb writes x.csv, and b.ipynb writes it"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what: str, tmp_path: Path) -> None:
    notebooks, words = REFUSED[what]
    with pytest.raises(NotJoined) as refused:
        _order(tmp_path / "work", notebooks)
    for word in words:
        assert word in str(refused.value)


def test_what_is_said_goes_before_all_else(tmp_path: Path) -> None:
    both = {"a": ["open('x.txt', 'w').write('1')"], "b": ["open('x.txt', 'w').write('2')"]}
    assert _order(tmp_path / "toml", both, '[notebooks."a.ipynb"]\nafter = ["b"]\n') == ["b", "a"]
    assert _order(tmp_path / "metadata", both, a={"after": ["b.ipynb"], "run": "what a run has left"}) == ["b", "a"]
    against = {"a": ["open('x.txt', 'w').write('1')"], "b": ["open('x.txt').read()"]}
    assert _order(tmp_path / "against", against, '[notebooks.a]\nafter = ["b"]\n') == ["b", "a"]
    with pytest.raises(NotJoined, match=r"is said to come after"):
        _order(tmp_path / "circle", {"a": ["x = 1"], "b": ["print(x)"]}, '[notebooks.a]\nafter = ["b"]\n')


def test_who_hands_on_a_name_can_be_said(tmp_path: Path) -> None:
    three = {"a": ["xs = [1]"], "b": ["xs.append(2)"], "c": ["print(xs)"]}
    made = joined(written(tmp_path / "b", three, '[notebooks.c]\ntakes = {xs = "b"}\n'))
    assert handed(made) == {"b": {"xs": "a.a"}, "c": {"xs": "b.b"}}
    made = joined(written(tmp_path / "a", three, '[notebooks.c]\ntakes = {xs = "a"}\n'))
    assert handed(made) == {"b": {"xs": "a.a"}, "c": {"xs": "a.a"}}
    own = {"a": ["df = 1"], "b": ["print(df)", "df = 2"]}
    assert handed(joined(written(tmp_path / "own", own, '[notebooks.b]\ntakes = {df = "a"}\n'))) == {"b": {"df": "a.a"}}
    perhaps = {"a": ["x = 1"], "b": ["if input:\n    x = x + 1\nprint(x)"]}
    assert handed(joined(written(tmp_path / "perhaps", perhaps, '[notebooks.b]\ntakes = {x = "a"}\n'))) == {
        "b": {"x": "a.a"}
    }
    with pytest.raises(NotJoined, match="does not read it"):
        joined(written(tmp_path / "no", {"a": ["x = 1"], "b": ["y = 1"]}, '[notebooks.b]\ntakes = {x = "a"}\n'))
    with pytest.raises(NotJoined, match="has not bound it at its end"):
        joined(written(tmp_path / "deleted", {"a": ["x = 1\ndel x"], "b": ["x"]}, '[notebooks.b]\ntakes = {x = "a"}\n'))


def test_what_is_told(tmp_path: Path) -> None:
    notes = joined(written(tmp_path / "work", {"a": ["x = 1"], "b": ["print(x, nobody)"], "c": ["1"]})).joined.notes
    assert notes == (
        "a runs before b: `x`: a.ipynb cell 1, line 1; b.ipynb cell 1, line 1",
        "either may run first: a and c, b and c",
        "b.ipynb cell 1, line 1 reads `nobody`, which no notebook hands on: it stops there",
    )
