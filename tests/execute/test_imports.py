"""Imports that do more than bind names: parts of packages, what they put into other libraries, what they read of the environment."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from nb2pipe import api
from nb2pipe.analysis.registering import registers
from nb2pipe.replay.verify import Settings
from tests.making import compiled, run, shown, write

PACKAGES = {
    "frames_counted/__init__.py": "import pandas as pd\n\n\n@pd.api.extensions.register_dataframe_accessor('counted')\n"
    "class Counted:\n    def __init__(self, frame):\n        self.frame = frame\n\n    def rows(self):\n        return len(self.frame)\n",
    "drawn/__init__.py": "def patch(name):\n    import pandas as pd\n\n    setattr(pd.DataFrame, name, lambda self: len(self))\n",
    "drawn/frames.py": "from . import patch\n\npatch('drawn')\nSIZE = 4\n",
    "deep/__init__.py": "from .inner import work\n",
    "deep/inner/__init__.py": "from deep.inner.parts import work\n",
    "deep/inner/parts.py": "import matplotlib as mpl\n\n\ndef work():\n    return 1\n\n\nmpl.colormaps.register(mpl.colormaps['viridis'], name='deep_map')\n",
    "models/__init__.py": "from .numbers import draw, seed\nfrom .settings import config\n\n\ndef width():\n    return config.values.get('width', 32)\n",
    "models/settings.py": "class Config:\n    def __init__(self):\n        self.values = {}\n\n    def update(self, name, value):\n"
    "        self.values[name] = value\n\n\nconfig = Config()\n",
    "models/numbers.py": "import random\n\n_own = random.Random()\n\n\ndef seed(n):\n    _own.seed(n)\n\n\ndef draw():\n    return _own.random()\n",
    "hiding/__init__.py": "import importlib\n\n\ndef __getattr__(name):\n    return getattr(importlib.import_module('hiding.all'), name)\n",
    "hiding/all.py": "def seed_everything(n):\n    import random\n\n    import numpy as np\n\n    for module in (random, np.random):\n"
    "        module.seed(n)\n",
    "quiet/__init__.py": "def register(name):\n    return name\n\n\nVALUE = register('a')\n",
}


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Installed packages, here and for the steps' processes."""
    for name, text in PACKAGES.items():
        file = tmp_path / "lib" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path / "lib"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "lib"))
    return tmp_path


@pytest.mark.parametrize(
    ("module", "answer"),
    [("frames_counted", True), ("drawn", True), ("drawn.frames", True), ("deep", True), ("quiet", False), ("json", False),
     ("not_there", False), ("sklearn.experimental", True), ("seaborn", True)],
)  # fmt: skip
def test_registers(packages: Path, module: str, answer: bool) -> None:
    assert registers(module) is answer


CASES: list[tuple[str, Sequence[str], str]] = [
    ("an accessor", ("import pandas as pd\nimport frames_counted", "df = pd.DataFrame({'a': [1, 2]})", "print(df.counted.rows())"), "2"),
    ("a method", ("import drawn.frames", "import pandas as pd\ndf = pd.DataFrame({'a': [1, 2]})", "print(df.drawn())"), "2"),
    ("a color map", ("import deep", "import matplotlib as mpl", "print(mpl.colormaps['deep_map'].name)"), "deep_map"),
    ("seaborn's color maps", ("import seaborn as sns", "import matplotlib as mpl", "print(mpl.colormaps['mako'].name)"), "mako"),
    ("what is experimental", ("from sklearn.experimental import enable_iterative_imputer",
                              "from sklearn.impute import IterativeImputer\nprint(IterativeImputer.__name__)"), "IterativeImputer"),
    ("a part of a package", ("import drawn.frames", "x = 1", "print(drawn.frames.SIZE, x)"), "4 1"),
    ("a part of a package of Python's own", ("import xml.dom.minidom", "print(xml.dom.minidom.parseString('<a/>').toxml())"),
     '<?xml version="1.0" ?><a/>'),
    ("a command line", ("import sys\nsys.argv = ['prog', '--n', '3']", "import argparse\np = argparse.ArgumentParser()",
                        "p.add_argument('--n', type=int);\nprint(p.parse_args().n)"), "3"),
    ("a command line that is changed in place", ("import sys\nsys.argv[1:] = []", "import argparse",
                                                 "print(argparse.ArgumentParser().parse_args())"), "Namespace()"),
    ("a backend", ("import os\nos.environ['MPLBACKEND'] = 'svg'", "import matplotlib\nprint(matplotlib.get_backend())"), "svg"),
    ("a library's switch", ("import os\nos.environ['SCIPY_ARRAY_API'] = '1'", "import scipy.special\nimport scipy._lib._array_api as api",
                            "print(api.SCIPY_ARRAY_API)"), "1"),
    ("a library's own settings", ("import models", "models.config.update('width', 64)", "print(models.width())"), "64"),
    ("a library's own random numbers", ("from models import draw, seed", "seed(3)", "a = [draw() for _ in range(3)]", "b = draw()",
                                        "print(b == __import__('random').Random(3).random(), len(a))"), "False 3"),
    ("a function that seeds, and hides it", ("from hiding import seed_everything\nimport numpy as np", "seed_everything(3)",
                                             "x = np.random.rand()", "print(x == np.random.RandomState(3).rand())"), "True"),
    ("a zone", ("import os, time\nos.environ['TZ'] = 'Asia/Tokyo'", "time.tzset()", "print(time.localtime(0).tm_hour)"), "9"),
]  # fmt: skip


@pytest.mark.parametrize(("cells", "last"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_steps_find_what_imports_did(packages: Path, cells: Sequence[str], last: str) -> None:
    result = run(compiled(write(packages / "nb.ipynb", list(cells))))
    assert result.exit_code == 0
    assert not result.facts
    assert shown(result.outputs[len(cells) - 1]) == last


@pytest.mark.parametrize(
    "cells", [c[1] for c in CASES if c[0] != "a backend"], ids=[c[0] for c in CASES if c[0] != "a backend"]
)
def test_packages_do_so_too(packages: Path, cells: Sequence[str]) -> None:
    subject = compiled(write(packages / "nb.ipynb", list(cells)))
    api.write_package(api.package(subject, "made"), packages / "made")
    report = api.verify(subject, packages / "made", Settings())
    assert report.verdict == "EQUAL", report.differences
