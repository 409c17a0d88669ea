"""States of a process come to another as they were left, or are refused; each state is taken and put back in real processes."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from nb2pipe.package.support._files import ValueMissing, ValueNotStorable, load, save
from nb2pipe.package.support._settings import STATES, State
from nb2pipe.package.support._states import StateNotCarried, check, restore, saved

HEAD = "from nb2pipe.package.support._states import restore, saved\n"
ROWS: list[tuple[str, str, str, str]] = [
    ("random", "import random; random.seed(1); random.gauss(0, 1)", "random.random()", "import random"),
    ("numpy.random", "import numpy as np; np.random.seed(1); np.random.normal()", "np.random.normal()", "import numpy as np"),
    ("numpy", "import numpy as np; np.set_printoptions(precision=2, suppress=True); np.seterr(divide='raise')",
     "(np.array([1.2345, 1e-9]), np.geterr())", "import numpy as np"),
    ("pandas", "import pandas as pd; pd.set_option('display.precision', 1); pd.options.display.max_rows = 7",
     "(pd.Series([1.25]), pd.options.display.max_rows)", "import pandas as pd"),
    ("pandas", "import pandas as pd, numpy as np; pd.options.display.float_format = '{:,.1f}'.format",
     "pd.Series([12345.6])", "import pandas as pd"),
    ("pandas", "import matplotlib.pyplot, pandas as pd; pd.plotting.register_matplotlib_converters()",
     "type(matplotlib.units.registry.get(pd.Timestamp)).__module__", "import matplotlib.units, pandas as pd"),
    ("matplotlib", "import matplotlib as m; m.rcParams['font.size'] = 7; m.rcParams['axes.prop_cycle'] = m.cycler(color='rgb')",
     "(m.rcParams['font.size'], m.rcParams['axes.prop_cycle'])", "import matplotlib as m"),
    ("matplotlib", "import matplotlib.pyplot as plt; plt.xkcd(); plt.ioff()",
     "(plt.rcParams['path.sketch'], plt.isinteractive())", "import matplotlib.pyplot as plt; plt.ion()"),
    ("matplotlib", "import seaborn; seaborn.set_theme(palette='deep')",
     "(plt.rcParams['image.cmap'], plt.get_cmap()(0.5), m.to_rgb('b'))",
     "import matplotlib.pyplot as plt, matplotlib.colors as m"),
    ("matplotlib", "import matplotlib; matplotlib.use('svg')", "plt.get_backend()", "import matplotlib.pyplot as plt"),
    ("environment", "import os; os.environ['NEW'] = 'é'; del os.environ['GONE']", "(os.environ['NEW'], 'GONE' in os.environ)",
     "import os"),
    ("environment", "import os, time; os.environ['TZ'] = 'Asia/Tokyo'; time.tzset()", "time.tzname", "import time"),
    ("cwd", "import os, tempfile; os.chdir(tempfile.gettempdir())", "os.getcwd()", "import os"),
    ("sys.path", "import sys; sys.path.insert(0, 'lib'); sys.path.append('end')", "(sys.path[0], sys.path[-1])", "import sys"),
    ("recursionlimit", "import sys; sys.setrecursionlimit(4321)", "sys.getrecursionlimit()", "import sys"),
    ("warnings", "import warnings; warnings.filterwarnings('error', 'x.*', UserWarning)", "warnings.filters[0]",
     "import warnings"),
    ("decimal", "import decimal; decimal.getcontext().prec = 5", "decimal.Decimal(1) / 3", "import decimal"),
    ("locale", "import locale; locale.setlocale(locale.LC_ALL, 'C')", "locale.setlocale(locale.LC_ALL)", "import locale"),
    ("logging", "import logging as g, sys; g.basicConfig(level='INFO', stream=sys.stdout, format='%(message)s')",
     "(logging.info('shown'), logging.getLogger().level)", "import logging"),
    ("logging", "import logging as g; g.addLevelName(25, 'NOTE'); g.getLogger('a').setLevel(40); g.captureWarnings(True)",
     "(logging.getLogger('a').level, logging.getLevelName(25), warnings.showwarning.__module__)",
     "import logging, warnings"),
    ("sklearn", "import sklearn; sklearn.set_config(transform_output='pandas')", "sklearn.get_config()", "import sklearn"),
    ("plotly", "import plotly.io; plotly.io.templates.default = 'plotly_dark'", "plotly.io.templates.default",
     "import plotly.io"),
]  # fmt: skip


def python(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    """What a new process prints."""
    environment = {**os.environ, "GONE": "1", "PYTHONPATH": os.getcwd()}
    environment.pop("MPLBACKEND", None)
    return subprocess.run(
        [sys.executable, "-c", text], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(("name", "change", "look", "imports"), ROWS)
def test_a_state_is_as_it_was_left(tmp_path: Path, name: str, change: str, look: str, imports: str) -> None:
    def kept(step: str) -> str:
        return f"with saved({str(tmp_path)!r}, {step!r}, [{name!r}]): pass\n"

    def put(step: str) -> str:
        return "".join(f"restore({str(tmp_path)!r}, 'x', {{{name!r}: {step!r}}}, early={e})\n" for e in (True, False))

    show = f"{imports}\nprint({look})"
    one = python(tmp_path, f"{HEAD}{change}\n{kept('a')}{show}")
    assert one.returncode == 0, one.stderr
    # a second process hands it on, a third one has it
    other = python(tmp_path, f"{HEAD}{put('a')}{kept('b')}")
    assert other.returncode == 0, other.stderr
    last = python(tmp_path, f"{HEAD}{put('b')}{show}")
    assert (last.stdout, last.returncode) == (one.stdout, 0), last.stderr
    assert python(tmp_path, show).stdout != one.stdout, "the test sees nothing"


def test_what_this_run_sets_is_not_carried(tmp_path: Path) -> None:
    text = f"{HEAD}from nb2pipe.package.support import _figures\n_figures.use()\nimport matplotlib.pyplot\n_figures.use()\n"
    done = python(tmp_path, f"{text}with saved({str(tmp_path)!r}, 'a', ['environment', 'matplotlib', 'figures']): pass")
    assert done.returncode == 0, done.stderr
    kept = pickle.loads((tmp_path / "a/process.states").read_bytes())
    assert pickle.loads(kept["environment"])[0] == {}
    settings, _, _, backend = pickle.loads(kept["matplotlib"])
    assert backend is None
    assert "backend" not in settings


def test_secrets_are_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHANGED", "1")
    with saved(tmp_path, "a", ["environment"]):
        pass
    changed = pickle.loads(pickle.loads((tmp_path / "a/process.states").read_bytes())["environment"])[0]
    assert changed["CHANGED"] == "1"
    assert "PATH" not in changed


def test_open_figures_are_refused(tmp_path: Path) -> None:
    done = python(
        tmp_path,
        f"{HEAD}import matplotlib.pyplot as plt\nplt.figure()\nwith saved({str(tmp_path)!r}, 'a', ['figures']): pass",
    )
    assert "step a leaves figures changed, which cannot be carried to another process: figures are open" in done.stderr


@pytest.mark.parametrize("name", ["patch:json.dumps", "module:tools", "joblib", "torch.settings", "anything"])
def test_a_state_without_a_way_is_refused(name: str) -> None:
    words = "cannot be carried to another process; run the pipeline in one process: python -m "
    with pytest.raises(StateNotCarried, match=rf"^step a leaves {name} changed, which {words}"):
        check("a", {}, ["random", name])
    with pytest.raises(StateNotCarried, match=rf"^step b needs {name} as step a leaves it, which {words}"):
        check("b", {name: "a"}, ["random"])
    check("b", {"random": "a"}, STATES)


def test_what_cannot_be_pickled_leaves_the_files_as_they_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tmp_path, "a", {"x": 1})
    with saved(tmp_path, "a", ["random"]):
        pass
    before = (tmp_path / "a/process.states").read_bytes()
    monkeypatch.setitem(STATES, "odd", State(lambda: (i for i in "x"), print))
    with (
        pytest.raises(StateNotCarried, match=r"step a leaves odd changed, .*: .*generator"),
        saved(tmp_path, "a", ["odd"]),
    ):
        pytest.fail("nothing is kept")  # pragma: no cover
    assert (tmp_path / "a/process.states").read_bytes() == before


def test_new_values_never_stand_beside_old_states(tmp_path: Path) -> None:
    with saved(tmp_path, "a", ["random"]):
        save(tmp_path, "a", {"x": 1})
    with pytest.raises(ValueNotStorable), saved(tmp_path, "a", ["random"]):
        save(tmp_path, "a", {"x": (i for i in "x")})
    with pytest.raises(ValueMissing, match=r"the state random is not in .*: step a has to run first"):
        restore(tmp_path, "b", {"random": "a"}, early=False)


def test_values_and_states_leave_each_other_alone(tmp_path: Path) -> None:
    for number in (1, 2):
        with saved(tmp_path, "a", ["random"]):
            save(tmp_path, "a", {"states": number, "process": [number], "random": (number,)})
    assert load(tmp_path, "a", ["states", "process", "random"]) == {"states": 2, "process": [2], "random": (2,)}
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == [
        "process.json", "process.states", "random.pickle", "states.json",
    ]  # fmt: skip
    save(tmp_path, "a", {})
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["process.states"]
    with saved(tmp_path, "a", []):
        pass
    assert not list((tmp_path / "a").iterdir())


def test_what_cannot_be_put_back_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    with saved(tmp_path, "a", ["cwd"]):
        pass
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gone").rmdir()
    with pytest.raises(StateNotCarried, match="step b needs cwd as step a left it, which cannot be put back here"):
        restore(tmp_path, "b", {"cwd": "a"}, early=True)


def test_a_library_that_is_not_in_use_has_no_state(tmp_path: Path) -> None:
    done = python(
        tmp_path,
        f"{HEAD}import sys\nnames = ['pandas', 'numpy.random', 'matplotlib', 'torch', 'sklearn', 'plotly', 'figures']\n"
        f"with saved({str(tmp_path)!r}, 'a', names): pass\n"
        f"restore({str(tmp_path)!r}, 'b', dict.fromkeys(names, 'a'), early=False)\n"
        "print([n for n in names if n in sys.modules])",
    )
    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr


class _Tensor(list[int]):
    def tolist(self) -> list[int]:
        return list(self)


def test_torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    states: dict[str, Any] = {"host": _Tensor([1, 2, 255]), "cards": [_Tensor([3]), _Tensor([4])]}
    torch: Any = types.ModuleType("torch")
    torch.uint8, torch.tensor = "uint8", lambda items, dtype: _Tensor(items)
    torch.get_rng_state = lambda: states["host"]
    torch.set_rng_state = lambda state: states.update(host=state)
    torch.cuda = types.SimpleNamespace(
        is_available=lambda: True,
        get_rng_state_all=lambda: states["cards"],
        set_rng_state_all=lambda found: states.update(cards=found),
    )
    monkeypatch.setitem(sys.modules, "torch", torch)
    expected = dict(states)
    with saved(tmp_path, "a", ["torch"]):
        pass
    states.clear()
    restore(tmp_path, "b", {"torch": "a"}, early=False)
    assert states == expected
