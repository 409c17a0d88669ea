"""The parent of the steps' processes: what it imports, what it forks, how that ends."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nb2pipe.interpreters import Interpreter
from nb2pipe.runtime.zygote import Zygote, ZygoteError, preloadable

Start = Callable[..., Zygote]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts zygotes in an empty folder; ends them."""
    started: list[Zygote] = []

    def start(*modules: str, **keywords: Any) -> Zygote:
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(tmp_path / "site"), str(Path(__file__).parents[2])]),
        }
        environment.update(keywords.pop("environment", {}))
        started.append(Zygote(modules, str(tmp_path), env=environment, **keywords))
        return started[-1]

    yield start
    for zygote in started:
        zygote.close()


def _read(zygote: Zygote, function: str, *payload: Any) -> Any:
    child = zygote.fork(f"tests.runtime.shell_children:{function}", payload)
    with child.channel, child.channel.makefile() as file:
        text = file.read()
    zygote.wait(child.pid)
    return json.loads(text)


def _shown(zygote: Zygote, *cells: str) -> list[str]:
    outputs = _read(zygote, "run_cells", cells)["outputs"]
    return ["".join(o.get("text") or o.get("evalue") or o["data"]["text/plain"] for o in cell) for cell in outputs]


def _module(tmp_path: Path, name: str, source: str) -> None:
    site = tmp_path / "site"
    site.mkdir(exist_ok=True)
    (site / f"{name}.py").write_text(source)


def _interpreter(program: str) -> Interpreter:
    return Interpreter(program, (), (), "", "", (), "", (), frozenset(), frozenset())


def _gone(pid: int) -> bool:
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.05)
    return False


def test_a_step_has_one_thread_and_a_group_of_its_own(start: Start, tmp_path: Path) -> None:
    zygote = start("numpy", "pandas", "sklearn.linear_model", "matplotlib.pyplot")
    found = _read(zygote, "describe")
    assert found["group"] == found["pid"]
    assert found["session"] != os.getsid(0)
    assert found["threads"] <= 2  # pyarrow's allocator starts its own again
    assert found["cwd"] == str(tmp_path)
    assert {"numpy", "pandas", "sklearn", "matplotlib"} <= set(found["ready"])
    assert not {"numpy", "pandas", "sklearn", "matplotlib"} & set(found["modules"])
    assert zygote.left_out == {}


def test_steps_share_the_hash_seed_and_not_the_entropy(start: Start) -> None:
    zygote = start("numpy")
    assert _read(zygote, "describe")["hash"] == _read(zygote, "describe")["hash"]
    first, second = _read(zygote, "draw"), _read(zygote, "draw")
    assert first[0] != second[0]
    assert first[1] != second[1]


def test_an_import_brings_what_it_would_have_loaded_and_no_more(start: Start) -> None:
    zygote = start("pandas", "sklearn.linear_model")
    cells = (
        (
            "import sys\nnames = 'numpy', 'pandas', 'pandas.core.frame', 'scipy', 'sklearn', 'sklearn.linear_model'\n"
            "here = lambda: [n for n in names if n in sys.modules]\nhere()"
        ),
        "import numpy\nhere()",
        "import pandas as pd\nhere()",
        "from sklearn.linear_model import LinearRegression\nhere(), numpy is sys.modules['numpy']",
        (
            "import importlib, pandas.core.frame\nspec = pandas.__spec__\n"
            "spec.name, type(spec.loader).__name__, pd is pandas, importlib.util.find_spec('scipy').origin[-11:]"
        ),
        (
            "import pickle, inspect\n"
            "pickle.loads(pickle.dumps(pd.DataFrame({'a': [1]}))).a[0], len(inspect.getsource(LinearRegression.fit)) > 100"
        ),
        "import not_installed_anywhere",
    )
    shown = _shown(zygote, *cells)
    assert shown[0] == "[]"
    assert shown[1] == "['numpy']"
    assert shown[2] == "['numpy', 'pandas', 'pandas.core.frame']"
    assert "'scipy', 'sklearn', 'sklearn.linear_model'], True)" in " ".join(shown[3].split())
    assert shown[4] == "('pandas', 'SourceFileLoader', True, '__init__.py')"
    assert shown[5] == "(np.int64(1), True)"
    assert shown[6] == "No module named 'not_installed_anywhere'"


def test_filters_of_an_import_come_when_it_is_imported(start: Start) -> None:
    cells = (
        "import warnings\nwarnings.filterwarnings('ignore')\ncount = len(warnings.filters)\nwarnings.filters[0][0]",
        "import statsmodels.api\nlen(warnings.filters) - count, [f[0] for f in warnings.filters[:3]]",
    )
    preloaded, fresh = _shown(start("numpy", "pandas", "statsmodels.api"), *cells), _shown(start(), *cells)
    assert preloaded == fresh
    assert preloaded[0] == "'ignore'"


def test_parts_that_a_package_loads_when_asked_are_imported_then(start: Start) -> None:
    cells = (
        "import sys, numpy\n'numpy.random' in sys.modules, 'random' in vars(numpy)",
        "from numpy import random\nsys.modules['numpy.random'] is random, numpy.random is random",
        "import sklearn\n'sklearn.linear_model' in sys.modules",
        "sklearn.linear_model.Ridge.__name__, 'sklearn.linear_model' in sys.modules",
        "numpy.nothing",
    )
    preloaded, fresh = _shown(start("numpy", "sklearn.linear_model"), *cells), _shown(start(), *cells)
    assert preloaded == fresh
    assert preloaded[:3] == ["(False, False)", "(True, True)", "False"]


def test_numbers_drawn_by_an_import_are_drawn_when_it_is_imported(start: Start, tmp_path: Path) -> None:
    _module(tmp_path, "draws", "import random\nfirst = random.randint(0, 10**9)\n")
    cells = ("import random; random.seed(5)", "import draws", "random.random()")
    assert _shown(start("random", "draws"), *cells) == _shown(start(), *cells)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("print('hello')", "writes something"),
        ("import os; os.write(2, b'hello')", "writes something"),
        ("import warnings; warnings.warn('hello')", "writes something"),
        ("import os; os.environ['NB2PIPE_TEST'] = '1'", "changes the environment"),
        ("import os; os.chdir('/')", "changes the working directory"),
        ("import sys; sys.path.append('/nowhere')", "changes sys.path"),
        ("import numpy; numpy.random.seed(0)", "changes numpy's random state"),
        ("import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)", "changes signal handlers"),
        ("import sys; sys.excepthook = print", "changes the standard streams"),
        ("import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()", "starts threads"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("1 / 0", "ZeroDivisionError"),
    ],
)
def test_module_with_effects_is_left_to_the_cells(start: Start, tmp_path: Path, source: str, reason: str) -> None:
    _module(tmp_path, "effects", source)
    zygote = start("numpy", "effects", "json")
    found = _read(zygote, "describe")
    assert reason in zygote.left_out["effects"]
    assert "numpy" in found["ready"]
    assert "effects" not in found["modules"] + found["ready"]
    assert found["threads"] == 1


def test_what_the_folder_hides_is_left_to_the_cells(start: Start, tmp_path: Path) -> None:
    (tmp_path / "pandas.py").write_text("mine = 1\n")
    (tmp_path / "numpy.py").write_text("mine = 2\n")
    zygote = start("numpy", "pandas", "scipy.stats")
    assert _shown(zygote, "import pandas; pandas.mine") == ["1"]
    assert set(zygote.left_out) == {"numpy", "pandas", "scipy.stats"}


def test_missing_module_is_left_to_the_cells(start: Start) -> None:
    zygote = start("not_installed_anywhere")
    assert _shown(zygote, "1 + 1") == ["2"]
    assert zygote.left_out == {"not_installed_anywhere": "not installed"}


@pytest.mark.parametrize("spawn", [False, True])
@pytest.mark.parametrize(("how", "code"), [("0", 0), ("7", 7), ("kill", -9), ("raise", 1)])
def test_ends_are_reported(start: Start, how: str, code: int, spawn: bool) -> None:
    zygote = start(spawn=spawn)
    child = zygote.fork("tests.runtime.shell_children:leave", (how,))
    assert os.waitstatus_to_exitcode(zygote.wait(child.pid)) == code
    child.channel.close()


def test_spawned_steps_do_the_same(start: Start) -> None:
    zygote = start("numpy", spawn=True)
    assert _shown(zygote, "print('a'); import os; os.system('echo b'); None", "1 / 0") == ["a\nb\n", "division by zero"]
    found = _read(zygote, "describe")
    assert found["group"] == found["pid"]


def test_poll_tells_of_every_end_once(start: Start) -> None:
    zygote = start()
    pids = {zygote.fork("tests.runtime.shell_children:leave", (str(n),)).pid: n for n in range(5)}
    ended: dict[int, int] = {}
    deadline = time.monotonic() + 10
    while len(ended) < 5 and time.monotonic() < deadline:
        ended |= zygote.poll()
        time.sleep(0.01)
    assert {pid: os.waitstatus_to_exitcode(status) for pid, status in ended.items()} == pids
    assert zygote.poll() == {}


@pytest.mark.parametrize("ends", ["closed", "killed"])
def test_steps_end_with_their_parent(start: Start, ends: str) -> None:
    zygote = start()
    child = zygote.fork("tests.runtime.shell_children:leave", ("wait",))
    assert child.channel.recv(8) == b"waiting\n"
    if ends == "closed":
        zygote.close()
    else:
        assert zygote.process is not None
        os.kill(zygote.process.pid, signal.SIGKILL)
        assert zygote.wait(child.pid) == signal.SIGKILL
        with pytest.raises(ZygoteError, match="has ended"):
            zygote.fork("tests.runtime.shell_children:describe")
    assert _gone(child.pid)


def test_interpreter_without_ipython_is_told_of(start: Start, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    _module(tmp_path, "IPython", "raise ImportError('no IPython here')")
    with pytest.raises(ZygoteError, match="cannot run cells: no IPython here"):
        start(environment={"PYTHONPATH": str(tmp_path / "site")}).fork("tests.runtime.shell_children:describe")


def test_missing_interpreter_is_told_of(start: Start) -> None:
    with pytest.raises(ZygoteError, match="cannot start /nowhere/python"):
        start(python=_interpreter("/nowhere/python"))


def test_only_known_libraries_are_worth_it() -> None:
    assert preloadable(["pandas", "utils", "json", "this", "sklearn.linear_model"]) == (
        "pandas",
        "json",
        "sklearn.linear_model",
    )


def test_a_trivial_step_takes_some_milliseconds(start: Start) -> None:
    zygote = start()
    _shown(zygote, "1")
    started = time.perf_counter()
    for _ in range(10):
        _shown(zygote, "print(1)")
    assert time.perf_counter() - started < 1.0


def test_the_interpreter_is_the_one_asked_for(start: Start) -> None:
    assert _shown(start(python=_interpreter(sys.executable)), "import sys; print(sys.executable)") == [
        sys.executable + "\n"
    ]


def test_modules_may_be_told_later(tmp_path: Path) -> None:
    with Zygote(None, str(tmp_path)) as zygote:
        zygote.prepare(("this_is_no_module",))
        child = zygote.fork("nb2pipe.runtime.worker:main")
        child.channel.close()
        zygote.wait(child.pid)
        assert set(zygote.left_out) == {"this_is_no_module"}


def test_closed_before_it_is_ready(tmp_path: Path) -> None:
    with Zygote(None, str(tmp_path)) as zygote:
        pass
    assert zygote.process is not None
    assert zygote.process.returncode is not None
