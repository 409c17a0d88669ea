"""What steps gave in earlier runs stands for them only where a run of them would give the same."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nb2pipe.store.database import NAME
from tests.making import code
from tests.random_notebooks import running
from tests.runtime.caching_bench import Bench


@pytest.fixture(scope="module")
def zygote() -> Iterator[running.SharedZygote]:
    with running.shared_zygote(same_hashes=True) as shared:
        yield shared


@pytest.fixture
def bench(tmp_path: Path, zygote: running.SharedZygote, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setenv("COLUMNS", "80")  # as the shared parent of processes has it
    return Bench(tmp_path)


# -- code --------------------------------------------------------------------------------------------------------------

CHAIN = ["a = 1\nprint('a', a)", "b = a % 2\nprint('b', b)", "print('c', b + 1)"]


def test_nothing_changed_nothing_runs(bench: Bench) -> None:
    bench.edit(CHAIN)
    assert bench.ran() == [1, 2, 3]
    assert bench.ran() == []
    assert {p.reason for p in bench.planned.values()} == {"nothing changed"}


def test_a_comment_and_another_layout_change_nothing(bench: Bench) -> None:
    bench.edit(CHAIN)
    bench.ran()
    bench.edit(["# one\na  =  1\nprint('a',\n      a)  # yes", CHAIN[1], CHAIN[2] + "\n"])
    assert bench.ran() == []
    assert bench.reason(1) == "comments only"


def test_what_changed_runs_and_what_gets_the_same_does_not(bench: Bench) -> None:
    bench.edit(CHAIN)
    bench.ran()
    bench.edit(["a = 3\nprint('a', a)", *CHAIN[1:]])
    assert bench.ran() == [1, 2]
    assert (bench.reason(1), bench.reason(2)) == ("cell 1 changed", "a changed")
    assert bench.planned["cell_3"].reason == "runs if what cell_2 gives changes"


def test_a_semicolon_at_the_end_is_no_layout(bench: Bench) -> None:
    bench.edit(["a = 1", "a + 1"])
    bench.ran()
    bench.edit(["a = 1", "a + 1;  # quiet"])
    assert bench.ran() == [2]


def test_the_text_counts_where_functions_leave_the_step(bench: Bench) -> None:
    bench.edit(["def f(x):\n    return 1 / x", code("f(0)", "raises-exception")])
    assert bench.ran() == [1, 2]
    assert bench.ran() == []
    bench.edit(["# by\n# x\ndef f(x):\n    return 1 / x", code("f(0)", "raises-exception")])
    assert bench.ran() == [1, 2]
    assert "with their lines" in bench.reason(1)


def test_the_text_counts_where_lines_are_shown(bench: Bench) -> None:
    bench.edit(["import warnings", "warnings.warn('look')"])
    bench.ran()
    assert bench.ran() == []
    bench.edit(["import warnings", "\n# here\nwarnings.warn('look')"])
    assert bench.ran() == [2]


def test_the_number_of_a_cell_counts_where_it_is_shown(bench: Bench) -> None:
    bench.edit(["a = 1", "a", code("1 / 0", "raises-exception")])
    bench.ran()
    bench.edit(["new = 1", "a = 1", "a", code("1 / 0", "raises-exception")])
    assert bench.ran() == [1, 4]


def test_another_step_that_needs_another_name(bench: Bench) -> None:
    bench.edit(["a = 1\nb = 2", "print(a)"])
    bench.ran()
    bench.edit(["a = 1\nb = 2", "print(a)", "print(b)"])
    assert bench.ran() == [1, 3]
    assert bench.reason(1) == "`b` is needed now, and was not kept"
    bench.edit(["a = 1\nb = 2", "print(a)"])
    assert bench.ran() == []


def test_shared_objects_are_shared_behind_the_cache(bench: Bench) -> None:
    cells = ["xs = []\nheld = {'xs': xs}", "xs.append(1)", "print(held, held['xs'] is xs)"]
    bench.edit(cells)
    bench.ran()
    bench.edit([*cells[:2], "print(held, held['xs'] is xs, 1)"])
    assert bench.ran() == [3]


def test_what_a_guard_has_seen_is_not_forgotten_with_a_comment(bench: Bench) -> None:
    (bench.folder / "helper.py").write_text("def touch(xs):\n    exec('xs.' + 'append(4)')\n")
    cells = ["xs = [1]", "import helper\ntouch = getattr(helper, 'to' + 'uch')\ntouch(xs)", "print(xs)"]
    bench.edit(cells)
    bench.ran()
    bench.ran()
    bench.edit([cells[0], f"# once more\n{cells[1]}", cells[2]])
    bench.ran()
    bench.edit([cells[0], f"# and again\n{cells[1]}", f"{cells[2]}\nprint(len(xs))"])
    bench.ran()


def test_a_value_that_cannot_be_stored_is_made_again(bench: Bench) -> None:
    bench.edit(["g = (n for n in range(3))", "print(next(g))"])
    bench.ran()
    assert bench.ran() == [1, 2]


# -- parameters --------------------------------------------------------------------------------------------------------

PARAMETERS = [code("rate = 0.1\nmonth = 'may'", "parameters"), "a = rate * 2\nprint(a)", "print(month)", "print(a, 1)"]


def test_a_parameter_counts_for_the_steps_that_use_it(bench: Bench) -> None:
    bench.edit(PARAMETERS)
    assert bench.ran() == [2, 3, 4]
    assert bench.ran(rate=0.2) == [2, 4]
    assert bench.reason(2) == "parameter rate changed: 0.1 -> 0.2"
    assert bench.ran() == []
    assert bench.ran(rate=0.1) == []
    assert bench.ran(month="june") == [3]


def test_a_default_that_is_edited_is_another_parameter(bench: Bench) -> None:
    bench.edit(PARAMETERS)
    bench.ran()
    bench.edit([code("rate = 0.2  # more\nmonth = 'may'", "parameters"), *PARAMETERS[1:]])
    assert bench.ran() == [2, 4]


def test_a_parameter_that_is_computed_from_another(bench: Bench) -> None:
    bench.edit([code("rate = 1\ntwice = rate * 2", "parameters"), "print(twice)"])
    bench.ran()
    assert bench.ran(rate=5) == [2]


def test_a_parameter_that_only_a_function_reads(bench: Bench) -> None:
    cells = [code("rate = 1", "parameters"), "def f():\n    return rate", "table = {'f': f}", "print(table['f']())"]
    bench.edit(cells)
    bench.ran()
    bench.ran(rate=2)
    bench.ran()


# -- the world ---------------------------------------------------------------------------------------------------------


def touch(path: Path, text: str) -> None:
    """Write a file whose time tells that it was written."""
    path.write_text(text)
    os.utime(path, ns=(time.time_ns() - 5 * 10**9, time.time_ns() - 5 * 10**9))


@pytest.mark.parametrize(
    "reading",
    [
        "print(open('a.txt').read())",
        "name = 'a' + '.' + 'txt'\nprint(open(name).read())",
        "import pandas as pd\nprint(len(pd.read_csv('a.txt')))",
        "from pathlib import Path\nprint(sorted(p.read_text() for p in Path().glob('*.txt')))",
        "import numpy as np\nprint(np.loadtxt('a.txt', dtype=str))",
    ],
)
def test_a_file_that_is_read(bench: Bench, reading: str) -> None:
    touch(bench.folder / "a.txt", "one\n")
    bench.edit([reading])
    assert bench.ran() == [1]
    touch(bench.folder / "a.txt", "one\n")
    assert bench.ran() == []
    touch(bench.folder / "a.txt", "two\nthree\n")
    assert bench.ran() == [1]
    assert bench.reason(1) == "a.txt has new content"


@pytest.mark.parametrize(
    "asking",
    [
        "import os\nprint(os.path.exists('b.txt'))",
        "import os\nname = 'b.' + 'txt'\nprint(os.path.isfile(name))",
        "from pathlib import Path\nprint(Path('b.txt').exists())",
        "import os\nprint(sorted(n for n in os.listdir('.') if n.endswith('.txt')))",
        "import glob\nprint(glob.glob('*.t' + 'xt'))",
        "try:\n    print(open('b.txt').read())\nexcept OSError:\n    print('none')",
        "import os\nprint(os.access('b.txt', os.R_OK))",
    ],
)
def test_a_file_that_is_not_there_yet(bench: Bench, asking: str) -> None:
    bench.edit([asking])
    assert bench.ran() == [1]
    assert bench.ran() == []
    touch(bench.folder / "b.txt", "b")
    assert bench.ran() == [1]
    (bench.folder / "b.txt").unlink()
    bench.ran()


def test_a_module_beside_the_notebook(bench: Bench) -> None:
    touch(bench.folder / "helper.py", "import deeper\nrate = deeper.rate\n")
    touch(bench.folder / "deeper.py", "rate = 1\n")
    bench.edit(["import helper", "print(helper.rate)"])
    bench.ran()
    assert bench.ran() == []
    touch(bench.folder / "deeper.py", "rate = 22\n")
    assert 2 in bench.ran()


def test_a_module_that_comes_before_another_of_its_name(bench: Bench) -> None:
    bench.edit(["import statistics\nprint(statistics.mean([1, 3]))"])
    bench.ran()
    assert bench.ran() == []
    touch(bench.folder / "statistics.py", "def mean(xs):\n    return 'mine'\n")
    bench.ran()
    assert bench.last is not None
    assert bench.last.outputs[0][0]["text"] == "mine\n"


def test_a_step_that_writes_a_file_is_run_and_who_reads_it_is_not(bench: Bench) -> None:
    bench.edit(["open('out.txt', 'w').write('x');", "print(open('out.txt').read())"])
    bench.ran()
    time.sleep(0.1)
    assert bench.ran() == [1]
    assert bench.reason(1) == "writes out.txt: never cached"
    assert bench.planned["cell_2"].action == "depends"


def test_a_file_that_is_written_unseen_is_seen_by_the_run(bench: Bench) -> None:
    bench.edit(["import pathlib\nwrite = getattr(pathlib.Path('u.txt'), 'write_' + 'text')\nwrite('x');"])
    bench.ran()
    assert bench.ran() == [1]


# -- what nobody sees again --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("import time\nt = time.time()", "reads the clock"),
        ("import pandas as pd\nt = pd.Timestamp.now()", "reads the clock"),
        ("import numpy as np\nt = np.datetime64('now')", "reads the clock"),
        ("import datetime as dt\nt = dt.date.today()", "reads the clock"),
        ("import random\nt = random.random()", "random"),
        ("import numpy as np\nt = np.random.rand()", "random"),
        ("import numpy as np\nt = np.random.default_rng().random()", "random"),
        ("import numpy as np\nt = np.random.RandomState().rand()", "random"),
        ("import random\nt = random.Random().random()", "random"),
        ("import random\nmake = getattr(random, 'ran' + 'dom')\nt = make()", "random"),
        ("import uuid\nt = uuid.uuid4()", "random"),
        ("import secrets\nt = secrets.token_hex()", "random"),
        ("import os\nt = os.urandom(4)", "random"),
        ("import os\nt = os.getpid()", "process"),
        ("import subprocess\nt = subprocess.run(['true']).returncode", "writes files"),
        ("t = open('/proc/self/stat').read()", "/proc/self/stat"),
        ("!true", ""),
        (code("t = 1", "cache:off"), "cache:off"),
    ],
)
def test_what_nobody_sees_again_is_not_kept(bench: Bench, cell: str, reason: str) -> None:
    bench.edit([cell])
    bench.ran(full=False)
    assert bench.ran(full=False) == [1]
    assert reason in bench.reason(1)


@pytest.mark.parametrize(
    "cell",
    [
        "import random\nrandom.seed(1)\nprint(random.random())",
        "import numpy as np\nnp.random.seed(1)\nprint(np.random.rand())",
        "import numpy as np\nprint(np.random.default_rng(1).random())",
        "import numpy as np\nprint(np.random.RandomState(1).rand())",
        "import pandas as pd\nprint(pd.DataFrame({'a': [1, 2, 3]}).sample(1, random_state=1))",
        "%time x = 1",
        "print({'a', 'b', 'c', 'd', 'e'})",
        "import pickle\nprint(pickle.dumps([1]))",
    ],
)
def test_what_is_decided_is_kept(bench: Bench, cell: str) -> None:
    bench.edit([cell])
    bench.ran(full=False)
    assert bench.ran(full=not cell.startswith("%")) == []


def test_a_tag_lets_what_reads_the_clock_be_kept(bench: Bench) -> None:
    bench.edit([code("import time\nt = time.time()", "cache:on"), "print(t)"])
    bench.ran(full=False)
    assert bench.ran(full=False) == []


def test_a_function_that_reads_the_clock_taints_who_calls_it(bench: Bench) -> None:
    bench.edit(
        ["import pandas as pd\ndef stamp():\n    return pd.Timestamp.now()", "t = {'s': stamp}", "made = t['s']()"]
    )
    bench.ran(full=False)
    assert 3 in bench.ran(full=False)


# -- states ------------------------------------------------------------------------------------------------------------


def test_random_numbers_go_on_behind_a_cached_step(bench: Bench) -> None:
    cells = ["import random\nrandom.seed(3)", "print(random.random())", "print(random.random())"]
    bench.edit(cells)
    bench.ran()
    bench.edit([*cells[:2], "print(random.random(), 'again')"])
    assert bench.ran() == [3]


def test_settings_hold_behind_a_cached_step(bench: Bench) -> None:
    cells = ["import numpy as np\nnp.set_printoptions(precision=2)", "print(np.array([1 / 3]))"]
    bench.edit(cells)
    bench.ran()
    bench.edit([cells[0], "print(np.array([1 / 3, 2 / 3]))"])
    assert bench.ran() == [2]


# -- the store ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["cut", "changed", "gone"])
def test_a_damaged_value_is_made_again(bench: Bench, damage: str) -> None:
    bench.edit(["import numpy as np\na = np.arange(400_000)", "print(a.sum())", "print(a[-1])"])
    bench.ran()
    bench.edit(["import numpy as np\na = np.arange(400_000)", "print(a.sum(), 1)", "print(a[-1])"])
    for file in (bench.store / "results" / "contents").rglob("*"):
        if file.is_file() and file.stat().st_size > 1_000_000:
            data = bytearray(file.read_bytes())
            file.unlink()
            data[5000] ^= 1
            if damage != "gone":
                file.write_bytes(data[:-7] if damage == "cut" else data)
    assert bench.ran() == [1, 2]
    assert bench.reason(1) == "its stored result was damaged or is gone"
    assert bench.ran() == []


def test_a_failed_step_is_run_again(bench: Bench) -> None:
    bench.edit(["a = 0", "b = 1 / a", "print(b)"])
    bench.ran()
    assert bench.ran() == [2, 3]
    bench.edit(["a = 1", "b = 1 / a", "print(b)"])
    assert bench.ran() == [1, 2, 3]


def test_a_store_of_another_program_is_told_of(bench: Bench) -> None:
    from nb2pipe.diagnostics import UsageError

    folder = bench.store / "results"
    folder.mkdir(parents=True)
    (folder / NAME).write_bytes(b"no database" * 100)
    bench.edit(["a = 1"])
    with pytest.raises(UsageError, match="cannot be used"):
        bench.run()


def test_nobody_watches_nothing_is_kept(bench: Bench) -> None:
    from nb2pipe import api
    from nb2pipe.runtime.result import RunOptions

    bench.edit(["a = 1"])
    subject = api.compile_notebook(api.load(str(bench.folder / "nb.ipynb")), "cells:1")
    for _ in range(2):
        result = api.run(subject, api.RunRequest(RunOptions(cwd=str(bench.folder), guards="off"), cache=True))
        assert not any(o.cached for o in result.outcomes.values())


def test_what_is_stored_is_stored_once(bench: Bench) -> None:
    bench.edit(["a = bytes(200_000)", "b = a", "print(len(a), len(b))"])
    bench.ran()
    bench.edit(["a = bytes(100_000 * 2)", "b = a", "print(len(a), len(b))"])
    assert bench.ran() == [1]
    rows = sqlite3.connect(bench.store / "results" / NAME).execute("select count(*) from results").fetchone()
    assert rows == (4,)


def test_functions_of_os_are_what_they_were_behind_the_step(bench: Bench) -> None:
    cells = [
        "import os\nfrom os import stat, urandom\nkept = [os.lstat]",
        "print(stat is os.stat or stat, kept, urandom)",
    ]
    bench.edit(cells)
    bench.ran(full=False)
    assert bench.last is not None
    assert "Observer" not in str(bench.last.outputs)
    assert "built-in function lstat" in str(bench.last.outputs)


def test_the_entries_of_a_folder_are_asked_for_their_size(bench: Bench) -> None:
    bench.edit(["import os\nprint(sum(e.stat().st_size for e in os.scandir('.') if e.name == 'a.txt'))"])
    touch(bench.folder / "a.txt", "one")
    bench.ran()
    touch(bench.folder / "a.txt", "three")
    assert bench.ran() == [1]


def test_a_subfolder_is_walked(bench: Bench) -> None:
    (bench.folder / "data").mkdir()
    touch(bench.folder / "data" / "a.csv", "1")
    bench.edit(["import os\nprint([f for _, _, names in os.walk('data') for f in names])"])
    bench.ran()
    assert bench.ran() == []
    touch(bench.folder / "data" / "b.csv", "1")
    assert bench.ran() == [1]


@pytest.mark.parametrize("tag", ["cache:on", "other"])
def test_a_file_that_changes_while_it_is_read_is_not_kept(bench: Bench, tag: str) -> None:
    touch(bench.folder / "a.txt", "one")
    writer = (
        f"import ctypes\nlibc = ctypes.CDLL(None)\nnumber = libc.creat({str(bench.folder / 'a.txt')!r}.encode(), 0o644)"
    )
    bench.edit(
        [code(f"print(open('a.txt').read())\n{writer}\nlibc.write(number, b'two', 3)\nlibc.close(number);", tag)]
    )
    bench.ran(full=False)
    assert "meanwhile" in bench.unkept(1)
    assert bench.ran(full=False) == [1]


def test_a_full_disk_ends_the_keeping_and_not_the_run(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from nb2pipe.store.contents import Folder

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Folder, "keep", full)
    bench.edit(CHAIN)
    assert bench.ran() == [1, 2, 3]
    assert bench.last is not None
    assert [n for n in bench.last.notes if "No space left" in n] == bench.last.notes != []
    assert len(bench.last.notes) == 1
    monkeypatch.undo()
    bench.ran()
    assert bench.ran() == []
