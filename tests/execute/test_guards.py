"""Each guard trips when the analysis overlooked something; the edge is added and the right result reached."""

from __future__ import annotations

import selectors
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from nb2pipe import api
from nb2pipe.analysis.effects import Effects
from nb2pipe.diagnostics import Refused
from nb2pipe.pipeline.build import build
from tests.making import compiled, run, shown, write

Change = Callable[[Effects], Effects]


def without_mutations(effects: Effects) -> Effects:
    return effects._replace(mutations=())


def without_sharing(effects: Effects) -> Effects:
    return effects._replace(sharing=())


def without(kind: str) -> Change:
    return lambda e: e._replace(accesses=tuple(a for a in e.accesses if a.resource.kind != kind))


def without_use(name: str) -> Change:
    return lambda e: e._replace(uses=tuple(u for u in e.uses if u.name != name))


@dataclass(frozen=True)
class Case:
    """A notebook, what the analysis is told to overlook in each of its cells, and what its cells show."""

    name: str
    kind: str
    cells: Sequence[str]
    overlook: Change
    shows: Sequence[str]


CASES = [
    Case(
        "a list that a step changed", "mutation",
        ["xs = [1, 2]", "xs.append(3)", "print(xs)"], without_mutations, ["", "", "[1, 2, 3]"],
    ),
    Case(
        "an array that a step changed", "mutation",
        ["import numpy as np\na = np.zeros(3)", "a[1] = 5", "print(a.sum())"], without_mutations, ["", "", "5.0"],
    ),
    Case(
        "a frame that a step changed", "mutation",
        ["import pandas as pd\ndf = pd.DataFrame({'a': [2, 1]})", "df.insert(0, 'b', 3)", "print(df.columns.tolist())"],
        without_mutations, ["", "", "['b', 'a']"],
    ),
    Case(
        "two names for one object", "sharing",
        ["xs = [1]", "ys = xs", "ys.append(2)", "print(xs, ys)"],
        lambda e: without_sharing(e._replace(mutations=tuple(m for m in e.mutations if m.name != "xs"))),
        ["", "", "", "[1, 2] [1, 2]"],
    ),
    Case(
        "a list in a frame that is given with it", "sharing",
        ["import pandas as pd\ndf = pd.DataFrame({'a': ['x y']})\ndf['b'] = df.a.str.split()\nfirst = df.b[0]",
         "first.append('z')", "print(df.b[0])"],
        lambda e: without_sharing(e._replace(mutations=tuple(m for m in e.mutations if m.name != "df"))),
        ["", "", "['x', 'y', 'z']"],
    ),
    Case(
        "random numbers", "state",
        ["import random", "random.seed(1)", "print(random.random())", "print(random.random())"],
        lambda e: without("random")(e) if e.cell == 2 else e,
        ["", "", "0.13436424411240122", "0.8474337369372327"],
    ),
    Case(
        "a print option", "state",
        ["import numpy as np", "np.set_printoptions(precision=2)", "print(np.array([1.23456]))"],
        without("setting"), ["", "", "[1.23]"],
    ),
    Case(
        "an environment variable", "state",
        ["import os", "os.environ['NB2PIPE_TEST_A'.replace('NB2PIPE_', '')] = 'here'", "print(os.environ.get('TEST_A'))"],
        without("environment"), ["", "", "here"],
    ),
    Case(
        "the working directory", "state",
        ["import os\nos.makedirs('sub', exist_ok=True)", "os.chdir('sub')", "print(os.path.basename(os.getcwd()))"],
        without("cwd"), ["", "", "sub"],
    ),
    Case(
        "a file", "file",
        ["import time", "time.sleep(0.3)\nwith open('a.txt', 'w') as f:\n    print('new', file=f)", "print(open('a.txt').read())"],
        without("file"), ["", "", "new"],
    ),
    Case(
        "a name", "use",
        ["a = 1", "b = a + 1", "print(eval('b' + ''))"], without_use("b"), ["", "", "2"],
    ),
    Case(
        "a name whose lack a function of an earlier step catches", "use",
        ["k = 2", "def f():\n    try:\n        return k\n    except NameError:\n        return 'none'", "print(f())"],
        without_use("k"), ["", "", "2"],
    ),
    Case(
        "a name whose lack a library catches", "use",
        ["k = 2", "def f(x, y=k):\n    return [k for _ in range(1)]", "from functools import partial\ng = partial(f, 1)",
         "try:\n    print(g())\nexcept Exception:\n    print('none')"],
        without_use("k"), ["", "", "", "[2]"],
    ),
    Case(
        "a name whose lack a function of the step catches", "use",
        ["k = 2", "def f():\n    def g():\n        try:\n            return k\n        except NameError:\n            return 'none'\n    return g()\nprint(f())"],
        without_use("k"), ["", "2"],
    ),
    Case(
        "a name of Python's own that an earlier step has hidden", "use",
        ["len = lambda x: 42", "def f():\n    return len([1])", "print(f())"], without_use("len"), ["", "", "42"],
    ),
    Case(
        "a name that a child of the process lacks", "use",
        ["k = 2", "def f(x):\n    try:\n        return k\n    except NameError:\n        return 'none'",
         "import multiprocessing\nwith multiprocessing.get_context('fork').Pool(1) as pool:\n    print(pool.map(f, [1]))"],
        without_use("k"), ["", "", "[2]"],
    ),
    Case(
        "a name that is still being made", "use",
        ["import time\na = 1", "time.sleep(0.5)\nb = a + 1", "print(eval('b' + ''))"], without_use("b"), ["", "", "2"],
    ),
]  # fmt: skip


def overlooking(path: Path, change: Change) -> api.Compiled:
    """The notebook compiled from an analysis that overlooks something."""
    subject = compiled(path)
    effects = tuple(change(e)._replace(opaque=()) for e in subject.analysis.effects)
    analysis = subject.analysis._replace(effects=effects)
    built = build(subject.notebook, subject.codes, analysis, subject.split)
    return subject._replace(analysis=analysis, pipeline=built.pipeline)


def cells(result: object, count: int) -> list[str]:
    return [shown(result.outputs.get(i, [])) for i in range(count)]  # type: ignore[attr-defined]  # a RunResult


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NB2PIPE_STORE", str(tmp_path / "store"))


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_trips_and_reaches_the_right_result(case: Case, tmp_path: Path) -> None:
    path = write(tmp_path / "n.ipynb", case.cells)
    result = run(overlooking(path, case.overlook), guards="on")
    assert case.kind in {s.kind for s in result.seen}
    assert cells(result, len(case.cells)) == list(case.shows)
    assert result.exit_code == 0


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_is_refused_under_strict_guards(case: Case, tmp_path: Path) -> None:
    path = write(tmp_path / "n.ipynb", case.cells)
    with pytest.raises(Refused) as refused:
        run(overlooking(path, case.overlook), guards="strict")
    assert [d.code for d in refused.value.diagnostics] == ["NB901"]
    assert "cell_" in str(refused.value)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_is_needed(case: Case, tmp_path: Path) -> None:
    path = write(tmp_path / "n.ipynb", case.cells)
    result = run(overlooking(path, case.overlook), guards="off")
    assert cells(result, len(case.cells)) != list(case.shows)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_what_was_seen_is_remembered(case: Case, tmp_path: Path) -> None:
    path = write(tmp_path / "n.ipynb", case.cells)
    run(overlooking(path, case.overlook), guards="on")
    (tmp_path / "a.txt").unlink(missing_ok=True)
    again = run(overlooking(path, case.overlook), guards="strict")
    assert cells(again, len(case.cells)) == list(case.shows)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_steps_may_end_together(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one step's end shows may end the process of another whose end is waiting to be heard."""

    class Late(selectors.DefaultSelector):  # type: ignore[misc, valid-type]  # an alias of the platform's best
        def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
            time.sleep(0.2)
            return super().select(timeout)

    monkeypatch.setattr(selectors, "DefaultSelector", Late)
    path = write(tmp_path / "n.ipynb", case.cells)
    result = run(overlooking(path, case.overlook), guards="on")
    assert cells(result, len(case.cells)) == list(case.shows)


@pytest.mark.parametrize("after", ["", "\nimport time; time.sleep(30)"])
def test_a_step_that_reached_outside_is_not_run_again(after: str, tmp_path: Path) -> None:
    """Whether it has ended, or is still running when another step trips the guard."""
    reaches = f"subprocess.run(['true'])\nprint(xs){after}"
    path = write(tmp_path / "n.ipynb", ["import subprocess, time\nxs = [1]", "time.sleep(1)\nxs.append(2)", reaches])
    with pytest.raises(Refused) as refused:
        run(overlooking(path, without_mutations), guards="on")
    assert refused.value.diagnostics[0].code == "NB902"
    assert "a subprocess" in refused.value.diagnostics[0].message


def test_light_guards_leave_large_values_out(tmp_path: Path) -> None:
    large = "import numpy as np\na = np.zeros(10_000_000)"
    path = write(tmp_path / "n.ipynb", [large, "a[1] = 5", "print(a.sum())"])
    assert run(overlooking(path, without_mutations), guards="light").seen == []
    small = write(tmp_path / "m.ipynb", [large.replace("10_000_000", "10"), "a[1] = 5", "print(a.sum())"])
    result = run(overlooking(small, without_mutations), guards="light")
    assert shown(result.outputs[2]) == "5.0"


def test_compiled_code_that_a_library_keeps_for_all_processes_is_no_file_of_a_step(tmp_path: Path) -> None:
    (tmp_path / "library.py").write_text(
        "import os, tempfile\nfolder = os.path.join(tempfile.gettempdir(), 'torchinductor_me')\n"
        "def compiled(n):\n    os.makedirs(folder, exist_ok=True)\n"
        "    with open(os.path.join(folder, 'kernel'), 'w') as file:\n        file.write('x')\n    return n\n"
    )
    path = write(tmp_path / "n.ipynb", ["from library import compiled", "print(compiled(1))", "print(compiled(2))"])
    result = run(overlooking(path, without("file")), guards="strict")
    assert (cells(result, 3), [*result.seen]) == (["", "1", "2"], [])
