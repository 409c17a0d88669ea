"""Steps that run in processes of their own, one after another, print what all of them print in one process."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from tests.making import code, write
from tests.package.making import package, run
from tests.package.test_samples import SAMPLES


def steps(source: Path, cwd: Path) -> list[dict[str, Any]]:
    """What ``--list`` says of the steps."""
    found: list[dict[str, Any]] = json.loads(run(source, cwd, "--list").stdout)["steps"]
    return found


def one_by_one(source: Path, cwd: Path) -> list[CompletedProcess[str]]:
    """Run the steps in processes of their own, up to the first that fails; the run's folder is given as it often is."""
    done = []
    for step in steps(source, cwd):
        done.append(run(source, cwd, "--step", step["name"], "--run-dir", "values"))
        if done[-1].returncode:
            break
    return done


def made(folder: Path, cells: list[dict[str, Any] | str], split: str | None = "cells:1") -> tuple[Path, Path]:
    """The package of a notebook, and the folder of the notebook."""
    work = folder / "work"
    work.mkdir()
    return package(write(work / "notebook.ipynb", cells), folder / "project", split), work


NOTEBOOKS: dict[str, list[str]] = {
    "random": [
        "import random\nimport numpy as np\nrandom.seed(3)\nnp.random.seed(4)\nprint(random.random(), np.random.rand())",
        "print(random.gauss(0, 1), np.random.normal(size=3))",
        "x = np.random.permutation(5)\nx",
        "print(random.sample(range(100), 5), np.random.normal(), x)",
    ],
    "hooks that make instances": [
        """
class Noted(dict):
    def __setitem__(self, key, value):
        super().__setitem__(key, value * 2)
class Louder(str):
    def __new__(cls, text):
        return super().__new__(cls, text + "!")
class Slotted:
    __slots__ = ("size",)
    def __setattr__(self, name, value):
        object.__setattr__(self, name, value + 1)
noted, loud, slotted = Noted(), Louder("x"), Slotted()
noted["a"] = slotted.size = 1
noted.kept = noted""",
        "print(noted, loud, slotted.size, noted.kept is noted)",
        "noted['b'] = 1",
        "print(noted, loud, slotted.size, noted.kept is noted, type(loud).__name__)",
    ],
    "environment": [
        "import os\nos.environ['KEPT'] = '1'\nos.environ['GONE'] = '2'",
        "del os.environ['GONE']\nprint(os.environ['KEPT'])",
        "print(os.environ.get('GONE'))\n!echo $KEPT",
    ],
    "zone": [
        "import os, time\nos.environ['TZ'] = 'Asia/Tokyo'\ntime.tzset()",
        "import os, datetime\nprint(os.environ['TZ'], datetime.datetime.fromtimestamp(0))",
    ],
    "directory": [
        "import os\nos.makedirs('sub', exist_ok=True)\nos.chdir('sub')",
        "open('here.txt', 'w').write('text')",
        "print(os.path.basename(os.getcwd()), os.listdir())",
        "%cd ..\nprint(os.path.exists('sub/here.txt'))",
        "print(os.path.basename(os.getcwd()))",
    ],
    "pandas": [
        "import pandas as pd\npd.set_option('display.precision', 2)\npd.options.display.max_rows = 4",
        "table = pd.DataFrame({'a': [1.23456] * 9})\ntable",
        "pd.options.display.float_format = lambda x: f'{x:,.1f}'",
        "table * 1000",
        "pd.reset_option('display.float_format')\ntable",
        "table",
    ],
    "numpy": [
        "import numpy as np\nnp.set_printoptions(precision=3, suppress=True)\nnp.seterr(divide='raise')",
        "np.array([1.23456, 1e-7])",
        "try:\n    np.array([1.0]) / 0\nexcept FloatingPointError as error:\n    print(error)",
    ],
    "matplotlib": [
        "import matplotlib.pyplot as plt\n%matplotlib inline\nplt.style.use('ggplot')\nplt.rcParams['figure.figsize'] = (3, 2)",
        "plt.plot([1, 2])\nplt.show()\nprint(plt.rcParams['axes.facecolor'])",
        "plt.rcParams['lines.linewidth'] = 7",
        "lines = plt.plot([1, 2])\nprint(lines[0].get_linewidth(), lines[0].get_color())",
    ],
    "seaborn": [
        "import seaborn as sns\nsns.set_theme(style='whitegrid', palette='deep')",
        "import matplotlib.pyplot as plt\nprint(plt.rcParams['axes.facecolor'], plt.get_cmap().name, plt.plot([1])[0].get_color())",
        "import matplotlib.colors\nfig, ax = plt.subplots()\nprint(matplotlib.colors.to_hex(ax.plot([1], 'b')[0].get_color()))",
    ],
    "backend": [
        "import matplotlib\nmatplotlib.use('svg')",
        "import matplotlib.pyplot as plt\nprint(matplotlib.rcParams['backend'], plt.rcParams['font.size'])",
    ],
    "warnings": [
        "import warnings\nwarnings.filterwarnings('error', 'bad')",
        "try:\n    warnings.warn('bad thing')\nexcept UserWarning as error:\n    print('caught', error)",
        "warnings.simplefilter('ignore')",
        "warnings.warn('bad thing')\nprint('ignored')",
    ],
    "path": [
        "import pathlib, shutil\nshutil.rmtree('lib', ignore_errors=True)\npathlib.Path('lib').mkdir()",
        "%%writefile lib/thing_of_lib.py\nclass Thing:\n    size = 3\n",
        "import sys\nsys.path.insert(0, 'lib')",
        "from thing_of_lib import Thing\nthing = Thing()",
        "print(thing.size, sys.path[0])",
    ],
    "recursion": ["import sys\nsys.setrecursionlimit(5000)", "def down(n):\n    return n and down(n - 1)\nprint(down(4000))"],
    "decimal": ["import decimal\ndecimal.getcontext().prec = 5", "print(decimal.Decimal(1) / 3)"],
    "logging": [
        "import logging, sys\nlogging.basicConfig(level=logging.INFO, stream=sys.stdout, format='%(levelname)s %(message)s')",
        "logging.info('first')",
        "logging.getLogger('quiet').setLevel(logging.ERROR)",
        "logging.getLogger('quiet').info('no')\nlogging.info('second')",
    ],
    "dropped": [  # cells of which nothing is left stand between
        "import matplotlib.pyplot as plt\nplt.rcParams['font.size'] = 7",
        "%matplotlib inline",
        "%config InlineBackend.figure_format = 'retina'",
        "%load_ext autoreload\n%autoreload 2",
        "import numpy as np",
        "print(plt.rcParams['font.size'])",
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_steps_one_by_one_print_what_one_process_prints(name: str, tmp_path: Path) -> None:
    source, work = made(tmp_path, list(NOTEBOOKS[name]))
    whole = run(source, work)
    assert whole.returncode == 0, whole.stderr
    assert whole.stdout
    done = one_by_one(source, work)
    assert [d.returncode for d in done] == [0] * len(done), done[-1].stderr
    assert "".join(d.stdout for d in done) == whole.stdout


def test_nothing_is_carried_without_need(tmp_path: Path) -> None:
    cells: list[dict[str, Any] | str] = [
        "import random\nimport pandas as pd\nx = random.random()",
        "print(x, random.random())",
    ]
    source, work = made(tmp_path, cells)
    assert [(s["needs"], s["leaves"]) for s in steps(source, work)] == [([], []), ([], [])]
    assert "leaves" not in (source / "made/pipeline.py").read_text("utf-8")


def test_what_is_needed_and_left_is_told(tmp_path: Path) -> None:
    source, work = made(tmp_path, list(NOTEBOOKS["dropped"]))
    assert [(s["needs"], s["leaves"]) for s in steps(source, work)] == [([], ["matplotlib"]), (["matplotlib"], [])]
    assert 'needs=("matplotlib",)' in (source / "made/pipeline.py").read_text("utf-8")


UNCARRIED = {
    "patch:json.dumps": ["import json\njson.dumps = lambda value: 'mine'", "print(json.dumps([1]))"],
    "patch:math.tau": ["x = 1", "import math\nmath.tau = 6", "print(math.tau, x)"],
    "pandas": ["import pandas as pd\nseen = []\npd.options.display.float_format = lambda x: seen.append(x) or 'x'",
               "print(pd.Series([1.5]), seen)"],
    "logging": ["import logging\nlogging.getLogger('a').addFilter(logging.Filter('b'))\nlogging.getLogger('c').setLevel(10)",
                "logging.getLogger('a').warning('not heard')"],
    "figures": ["import matplotlib.pyplot as plt\nplt.switch_backend('agg')", "plt.plot([1])", "print(plt.gca().lines)"],
}  # fmt: skip


@pytest.mark.parametrize("name", UNCARRIED)
def test_what_cannot_be_carried_fails(name: str, tmp_path: Path) -> None:
    source, work = made(tmp_path, list(UNCARRIED[name]))
    assert run(source, work).returncode == 0
    last = one_by_one(source, work)[-1]
    assert last.returncode == 1
    (line,) = last.stderr.splitlines()
    assert line.startswith("made: step cell_")
    assert f" leaves {name} changed, which cannot be carried to another process" in line
    assert line.endswith("; run the pipeline in one process: python -m made")


def test_a_module_whose_state_changes(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work/counter.py").write_text("seen = []\ndef note(x):\n    seen.append(x)\n")
    cells: list[dict[str, Any] | str] = ["import counter\nx = 1", "counter.note(x)", "print(counter.seen)"]
    source = package(write(tmp_path / "work/notebook.ipynb", cells), tmp_path / "project", "cells:1")
    assert run(source, tmp_path / "work").stdout == "[1]\n"
    *before, last = one_by_one(source, tmp_path / "work")
    assert [d.returncode for d in before] == [0]  # who only imports it leaves it as any other process has it
    assert "step cell_2 leaves module:counter changed" in last.stderr


REOPENED = {
    "values": (["x = 1", "print(x)", "x = 2\nv = 5", "print(v)", "print(x)"], "1\n5\n2\n"),
    "states": (
        ["import os\nos.environ['Q'] = '1'", "print(os.environ['Q'])", "os.environ['Q'] = '2'\nv = 5", "print(v)",
         "print(os.environ['Q'])"], "1\n5\n2\n"),
    "replaced_behind": (["x = 1", "y = 3", "print(x)", "x = 7", "print(x, y)"], "1\n7 3\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", REOPENED)
def test_a_reopened_step_has_the_versions_of_its_place(name: str, tmp_path: Path) -> None:
    sources, expected = REOPENED[name]
    tags = ("a", "c", "b", "c", "d")
    source, work = made(tmp_path, [code(s, f"step:{t}") for s, t in zip(sources, tags, strict=True)], None)
    assert run(source, work).stdout == expected
    assert "".join(d.stdout for d in one_by_one(source, work)) == expected


def test_a_sample_one_by_one(tmp_path: Path) -> None:
    shutil.copytree(SAMPLES, tmp_path / "work")
    source = package(SAMPLES / "monte_carlo_pricing.ipynb", tmp_path / "project")
    whole = run(source, tmp_path / "work")
    done = one_by_one(source, tmp_path / "work")
    assert [d.returncode for d in done] == [0] * len(done), done[-1].stderr
    assert "".join(d.stdout for d in done) == whole.stdout


def test_pickle_finds_the_classes_of_scripts(tmp_path: Path) -> None:
    cells = [
        "import pickle\nclass Kept:\n    size = 2\n",
        "globals()['more'] = Kept()\nmore.size = 3\nwith open('kept.pkl', 'wb') as f:\n    pickle.dump(more, f)",
        "with open('kept.pkl', 'rb') as f:\n    print(pickle.load(f).size, Kept.size)",
    ]
    source, work = made(tmp_path, cells, None)
    assert list((source / "made" / "scripts").glob("*.py"))
    done = run(source, work)
    assert (done.stdout, done.returncode) == ("3 2\n", 0), done.stderr
