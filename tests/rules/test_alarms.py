"""What rules once said wrongly of real notebooks, and what they once missed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from nb2pipe import api
from nb2pipe.diagnostics import Diagnostic
from tests.making import compiled, write


@dataclass(frozen=True)
class Case:
    """A notebook with a step for each cell, a code, and a part of what it says; none where it is to say nothing."""

    name: str
    cells: tuple[str, ...]
    code: str
    says: str | None = None


FETCHING = """
import os, urllib.request
def load():
    if not os.path.exists('d.csv'):
        urllib.request.urlretrieve('http://localhost/d.csv', 'd.csv')
    return open('d.csv').read()
load()
"""
CASES = [
    Case("bound in a branch above, in the same cell", ("if 1 > 0:\n    a = 1\nprint(a)",), "NB103"),
    Case("bound in a loop above, in the same cell", ("while not globals().get('b'):\n    b = 1\nprint(b)",), "NB103"),
    Case("still said of a name that comes below", ("print(a)\nif 1 > 0:\n    a = 1",), "NB103", "`a`"),
    Case("only asked for", ("import os\nif os.path.exists('/opt/lab/version'):\n    print(1)",), "NB503"),
    Case("only asked for, and not there", ("from pathlib import Path\nprint(Path('none').is_file())",), "NB504"),
    Case("a module that is not installed is no missing file", ("import not_there",), "NB504"),
    Case("nor is an extension", ("%load_ext not_there",), "NB504"),
    Case("an extension that is not installed", ("%load_ext not_there",), "NB702", "not_there"),
    Case("IPython's own extension", ("%load_ext autoreload",), "NB504"),
    Case("IPython's own extension is there", ("%load_ext autoreload",), "NB702"),
    Case("numpy adds the suffix", ("import numpy as np\nnp.save('a', np.ones(2))", "np.load('a.npy')"), "NB504"),
    Case("out of an archive", ("import zipfile\nzipfile.ZipFile('a.zip').extractall()", "print(open('inside.txt').read())"),
         "NB504"),
    Case("fetched by the same function",
         (FETCHING,), "NB504"),
    Case("an installation is told once", ("%pip install nothing",), "NB505"),
    Case("by whom the network is used", ("import requests\nrequests.get('http://localhost')",), "NB505", "by requests.get"),
    Case("seeded in a branch", ("import numpy as np\nif 1 > 0:\n    np.random.seed(0)\n    np.random.rand()",), "NB501"),
    Case("a loss draws nothing", ("import torch\nloss = torch.nn.BCELoss()",), "NB501"),
    Case("a layer draws its weights", ("import torch\nloss = torch.nn.BCELoss()\nlayer = torch.nn.Linear(2, 2)",), "NB501", "`torch`"),
    Case("a list's append", ("import pandas as pd\na = []\na.append(1)\na = pd.DataFrame(a)",), "NB703"),
    Case("a list in a function of the name of a frame",
         ("import pandas as pd\na = pd.DataFrame()", "def f():\n    a = []\n    a.append(1)\n    return a\nf()"), "NB703"),
    Case("a frame's append to itself", ("import pandas as pd\na = pd.DataFrame()\na = a.append([1])",), "NB703", "DataFrame.append"),
    Case("in a loop as well", ("import pandas as pd\na = pd.DataFrame()", "for i in range(2):\n    a = a.append([i])"), "NB703",
         "DataFrame.append"),
    Case("a module of Python 2", ("import StringIO",), "NB702", "module of Python 2"),
    Case("Colab's own module", ("from google.colab import drive",), "NB702", "google.colab"),
    Case("a part of google", ("from google.cloud import storage_v1beta1 as storage",), "NB702", "google.cloud.storage"),
    Case("installed by the notebook itself", ("!pip install -q not_a_module==1", "import not_a_module"), "NB702"),
    Case("installed is another", ("!pip install -q not_a_module_of_mine", "import not_a_module"), "NB702", "not_a_module"),
    Case("objects of which nothing is known", ("import not_there\na = not_there.A()\nb = not_there.B(a)", "a.f(b)\nb.f(a)", "print(a, b)"),
         "NB402"),
    Case("an instance's own number, which its address is", ("class A:\n    def __init__(self):\n        self.key = id(self)\na = A()",
                                                            "print(type(a))"), "NB404"),
    Case("addresses that are shown", ("a = []\nprint(id(a))", "print(id(a))"), "NB404"),
    Case("addresses by which objects are found", ("a = []\nseen = {id(a): 'a'}", "print(seen[id(a)])"), "NB404", "address"),
    Case("an object that refers to another weakly",
         ("import weakref\nclass Node:\n    pass\nroot = Node()\nleaf = Node()\nleaf.up = weakref.ref(root)", "print(leaf.up() is root)"),
         "NB404", "weak reference"),
    Case("a cache that keeps nothing alive", ("import weakref\ncache = weakref.WeakValueDictionary()",
                                              "class A:\n    pass\na = A()\ncache['a'] = a", "del a", "print(list(cache))"),
         "NB404", "weak reference"),
]  # fmt: skip


def found(case: Case, folder: Path) -> list[Diagnostic]:
    subject = compiled(write(folder / "nb.ipynb", case.cells))
    return [d for d in api.check(subject) if d.code == case.code]


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_alarm(case: Case, tmp_path: Path) -> None:
    said = [d.message for d in found(case, tmp_path)]
    if case.says is None:
        assert said == []
    else:
        assert len(said) == 1
        assert case.says in said[0]


def test_the_distribution_of_a_part_of_google(tmp_path: Path) -> None:
    case = Case(
        "", ("from google.cloud import automl_v1beta1 as automl", "import google.protobuf.none", "import grpc"), "NB702"
    )
    assert [d.hint for d in found(case, tmp_path)] == [
        f"pip install {name}" for name in ("google-cloud-automl", "protobuf", "grpcio")
    ]


def test_a_module_where_sys_path_may_point(tmp_path: Path) -> None:
    (tmp_path / "beside").mkdir()
    (tmp_path / "my_tools.py").write_text("a = 1")
    case = Case("", ("import sys\nsys.path.insert(0, '..')", "import my_tools", "import my_other_tools"), "NB702")
    [said] = found(case, tmp_path / "beside")
    assert "my_other_tools" in said.message
    assert said.severity.value == "warning"


def test_headings_of_one_name_are_told_once(tmp_path: Path) -> None:
    from tests.making import text

    cells = [x for i in range(5) for x in (text("# Call"), f"a{i} = {i}")]
    subject = compiled(write(tmp_path / "nb.ipynb", cells), None)
    [said] = [d for d in api.check(subject) if d.code == "NB308"]
    assert (
        said.message
        == "5 headings give the step name `call`: the later steps are called `call_2`, `call_3`, `call_4`, ..."
    )


def test_a_star_import_may_bring_the_name(tmp_path: Path) -> None:
    """What a compiled module holds no text shows: it is a warning then, and names the import."""
    subject = compiled(write(tmp_path / "nb.ipynb", ["from os.path import *", "print(not_known_at_all)"]))
    [said] = [d for d in api.check(subject) if d.code == "NB102"]
    assert said.severity.value == "warning"
    assert said.sites[0].label == "unless it comes from here"
