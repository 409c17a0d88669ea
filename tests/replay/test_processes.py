"""Processes that are copies of one that has imported a package are as good as fresh ones, or are fresh ones."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nb2pipe.replay.place import Place
from nb2pipe.replay.processes import Done, Start, copies, fresh

WORKS = """
import json, os, random, sys
import numpy

def main():
    what = sys.argv[1]
    if what == "state":
        print(json.dumps([os.getcwd() == sys.path[0], sys.argv[1:], __name__, os.isatty(0), sorted(m for m in sys.modules if "made" in m)]))
    elif what == "draw":
        print(numpy.random.rand(), random.random())
    elif what == "fail":
        raise KeyError("x")
    elif what == "leave":
        sys.exit("no more")
    elif what == "sleep":
        print("asleep", flush=True)
        import subprocess
        print(subprocess.Popen(["sleep", "600"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).pid, flush=True)
        subprocess.run(["sleep", "600"])
    elif what == "late":
        import atexit, threading, time
        atexit.register(lambda: print("at exit"))
        threading.Thread(target=lambda: (time.sleep(0.2), print("thread"))).start()
    elif what == "die":
        os.kill(os.getpid(), 9)
main()
"""


@contextmanager
def copied(source: Path, working: Path) -> Iterator[Start]:
    place = Place(working, working, working)
    with copies("made", source, place) as start:
        yield start


def a_package(folder: Path, pipeline: str = "import numpy, random\n") -> tuple[Path, Path]:
    package, working = folder / "src" / "made", folder / "place" / "work"
    package.mkdir(parents=True)
    working.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "pipeline.py").write_text(pipeline)
    (package / "__main__.py").write_text("from . import pipeline\n" + WORKS)
    return folder / "src", working


@pytest.mark.parametrize("what", ["state", "fail", "leave", "late", "die"])
def test_a_copy_does_what_a_fresh_process_does(what: str, tmp_path: Path) -> None:
    source, working = a_package(tmp_path)
    command = ["-m", "made", what]
    expected = fresh(command, source, working, None)
    with copied(source, working) as start:
        assert start is not fresh
        for _ in range(2):
            found = start(command, source, working, None)
            assert (found.code, found.stdout) == (expected.code, expected.stdout)
            assert found.stderr.splitlines()[-1:] == expected.stderr.splitlines()[-1:]


@pytest.mark.parametrize("times", [0, 1, 3000])
def test_copies_draw_numbers_of_their_own(times: int, tmp_path: Path) -> None:
    drawing = f"import numpy, random\nfor _ in range({times}): numpy.random.rand(), random.random()\n"
    source, working = a_package(tmp_path, drawing)
    with copied(source, working) as start:
        assert start is not fresh
        drawn = [start(["-m", "made", "draw"], source, working, None).stdout.split() for _ in range(3)]
    assert len({numpy for numpy, _ in drawn}) == len({random for _, random in drawn}) == 3


def test_what_takes_too_long_is_ended_with_all_that_it_has_started(tmp_path: Path) -> None:
    source, working = a_package(tmp_path)
    with copied(source, working) as start:
        found = start(["-m", "made", "sleep"], source, working, 3.0)
        assert (found.code, found.stdout.split()[0]) == (-9, "asleep")
        assert found.stderr == "\nit has not ended after 3 s\n"
        assert start(["-m", "made", "state"], source, working, None).code == 0, "others are run as before"
    end = time.monotonic() + 10
    while _lives(int(found.stdout.split()[1])):
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize(
    "pipeline",
    [
        "print('loading')", "import warnings; warnings.warn('old')", "import random; random.seed(1)",
        "import numpy; numpy.random.seed(1)",
        "import threading, time; threading.Thread(target=time.sleep, args=(1,), daemon=True).start()", "import helper",
        "raise ImportError('absent')",
    ],
)  # fmt: skip
def test_what_is_not_as_good_as_fresh_is_not_copied(pipeline: str, tmp_path: Path) -> None:
    source, working = a_package(tmp_path, pipeline)
    (working / "helper.py").touch()
    with copied(source, working) as start:
        assert start is fresh


def test_a_process_to_copy_that_is_gone_is_said(tmp_path: Path) -> None:
    source, working = a_package(tmp_path, "import os\nabove = os.getpid()\n")
    (source / "made" / "__main__.py").write_text("import os\nfrom .pipeline import above\nos.kill(above, 9)\n")
    with copied(source, working) as start:
        start(["-m", "made"], source, working, None)
        assert start(["-m", "made"], source, working, None) == Done(
            1, "", "the process that was to be copied has ended\n"
        )


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z" and os.path.exists(f"/proc/{pid}")
