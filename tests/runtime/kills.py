"""Runs with the cache that are killed at random moments, and what is left of them."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from nb2pipe.store.database import connect
from nb2pipe.store.digests import digest_of_file
from nb2pipe.store.runs import Run, newest
from tests.making import code, write

ROOT = Path(__file__).parents[2]
CELLS = [
    code("size = 200_000", "parameters"),
    "import time\na = bytes(range(256)) * (size // 256)\ntime.sleep(0.05)",
    "import hashlib\nb = hashlib.sha256(a).hexdigest()\ntime.sleep(0.05)\nprint(b[:8])",
    "c = a[::-1]\ntime.sleep(0.05)\nprint(len(c))",
    "moment = time.time_ns()\ntime.sleep(0.05)\nprint(moment)",
    "d = [n for n in c[:1000]]\ntime.sleep(0.05)\nprint(sum(d))",
    "later = moment + len(c)\ntime.sleep(0.05)\nprint(later)",
    "print(b[:8], len(c), sum(d), moment, later)",
]
MOMENT, LATER = 4, 6
"""The cells that show when the run was, and what was made of that."""


@dataclass(slots=True)
class Found:
    """How many kills there were, when, how many runs went on with one that was killed, and what was wrong behind them.

    ``taken_over`` are those that took over the step that reads the clock.
    """

    kills: int = 0
    finished: int = 0
    resumed: int = 0
    taken_over: int = 0
    problems: list[str] = field(default_factory=list)


def environment() -> dict[str, str]:
    """For a process that runs this very nb2pipe."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def shown(path: Path) -> list[str]:
    """What the cells of an executed notebook printed."""
    cells = json.loads(path.read_text())["cells"]
    return ["".join(t for o in c["outputs"] for t in o.get("text", "")) for c in cells if c["cell_type"] == "code"]


def damaged(store: Path) -> list[str]:
    """The contents of a store that are not what their names say."""
    contents = store / "results" / "contents"
    files = [f for f in contents.rglob("*") if f.is_file()] if contents.exists() else []
    return [str(f) for f in files if not f.name.startswith(".") and digest_of_file(f) != f.parent.name + f.name]


def story(folder: Path, seed: int, count: int) -> Found:
    """Run a notebook again and again and kill it, with a new parameter or as the run that goes on with the one that was killed.

    Now and then such a run is let end, and held against a full one.
    """
    rnd = random.Random(f"kills {seed}")
    found = Found()
    write(folder / "nb.ipynb", CELLS)
    command = [sys.executable, "-m", "nb2pipe", "run", "nb.ipynb", "--split", "cells:1"]
    began = time.monotonic()
    process = _started([*command, "--cache", "-o", "first.ipynb"], folder)
    _until_a_step_starts(process)
    first = time.monotonic() - began
    _wait(process)
    rest = time.monotonic() - began - first
    for number in range(count):
        before = interrupted(folder) if rnd.random() < 0.5 else None
        size = str(256 * rnd.randrange(100, 2000))
        more = ["--resume", "last"] if before else ["--cache", "-p", "size", size]
        process = _started([*command, *more, "-o", "out.ipynb"], folder)
        if rnd.random() < 0.2:
            time.sleep(rnd.uniform(0, first))
        else:
            _until_a_step_starts(process)
            time.sleep(rnd.uniform(0, rest))
        found.finished += process.poll() is not None
        _kill(process, rnd)
        found.kills += 1
        if number % 4 == 3 or number == count - 1:
            _look(folder, command, found)
    return found


def interrupted(folder: Path) -> Run | None:
    """The last run, if it can be gone on with."""
    database = connect(folder / ".nb2pipe" / "results")
    try:
        run = newest(database, 1)[0]
    finally:
        database.close()
    return None if run.status in ("ok", "running") else run


def _started(command: list[str], folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, cwd=folder, env=environment(), stderr=subprocess.PIPE)


def _until_a_step_starts(process: subprocess.Popen[bytes]) -> None:
    assert process.stderr is not None
    while (line := process.stderr.readline()) and not line.startswith((b"start", b"cached")):
        pass


def _kill(process: subprocess.Popen[bytes], rnd: random.Random) -> None:
    """Kill the run itself, or one of the processes that it has started."""
    started = _below(process.pid)
    victim = process.pid if rnd.random() < 0.6 or not started else rnd.choice(started)
    with contextlib.suppress(ProcessLookupError):
        os.kill(victim, signal.SIGKILL)
    _wait(process)
    end = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() and _is_alive(pid) for pid in started) and time.monotonic() < end:
        time.sleep(0.02)


def _look(folder: Path, command: list[str], found: Found) -> None:
    """Go on to the end, run in full, and compare; see that the store is whole and no process is left."""
    before = interrupted(folder)
    given = ["-p", "size", str(before.facts["parameters"].get("size", 200_000))] if before else []
    runs = {"resumed.ipynb": ["--resume", "last"] if before else ["--cache"], "full.ipynb": given}
    said = b""
    for output, more in runs.items():
        process = subprocess.Popen(
            [*command, *more, "-o", output], cwd=folder, env=environment(), stderr=subprocess.PIPE
        )
        _, errors = process.communicate(timeout=120)
        said += errors
        if process.returncode:
            found.problems.append(f"{output}: exit code {process.returncode}: {errors.decode()[-300:]}")
            return
    found.resumed += before is not None
    found.taken_over += b"is taken over" in said
    resumed, full = (shown(folder / name) for name in runs)
    moment, later = int(resumed[MOMENT]), int(resumed[LATER])
    if (
        str(moment) not in resumed[-1]
        or str(later) not in resumed[-1]
        or later - moment != int(full[LATER]) - int(full[MOMENT])
    ):
        found.problems.append(f"not of one run: {resumed}")
    if [_timeless(text) for text in resumed] != [_timeless(text) for text in full]:
        found.problems.append(f"{given}: {resumed} is not {full}")
    found.problems += damaged(folder / ".nb2pipe")
    left = list((folder / ".nb2pipe" / "results" / "work").iterdir())
    if left:
        found.problems.append(f"left behind: {left}")


def _timeless(text: str) -> str:
    return re.sub(r"\d{19}", "then", text)


def _wait(process: subprocess.Popen[bytes]) -> None:
    process.communicate(timeout=120)


def _below(pid: int) -> list[int]:
    """The processes that one has started, and theirs."""
    found = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            for child in Path(f"/proc/{pid}/task/{task}/children").read_text().split():
                found += [int(child), *_below(int(child))]
    except OSError:
        pass
    return found


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
