"""Runs with the cache that are killed at random moments, and what is left of them."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from nb2pipe.store.digests import digest_of_file
from tests.making import code, write

ROOT = Path(__file__).parents[2]
CELLS = [
    code("size = 200_000", "parameters"),
    "import time\na = bytes(range(256)) * (size // 256)\ntime.sleep(0.05)",
    "import hashlib\nb = hashlib.sha256(a).hexdigest()\ntime.sleep(0.05)\nprint(b[:8])",
    "c = a[::-1]\ntime.sleep(0.05)\nprint(len(c))",
    "d = [n for n in c[:1000]]\ntime.sleep(0.05)\nprint(sum(d))",
    "print(b[:8], len(c), sum(d))",
]


@dataclass(slots=True)
class Found:
    """How many kills there were, when, and what was wrong behind them."""

    kills: int = 0
    finished: int = 0
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
    """Run a notebook again and again, with a new parameter each time, and kill it; look at what the next run makes of it."""
    rnd = random.Random(f"kills {seed}")
    found = Found()
    write(folder / "nb.ipynb", CELLS)
    command = [sys.executable, "-m", "nb2pipe", "run", "nb.ipynb", "--split", "cells:1"]
    began = time.monotonic()
    _wait(
        subprocess.Popen(
            [*command, "--cache", "-o", "first.ipynb"], cwd=folder, env=environment(), stderr=subprocess.DEVNULL
        )
    )
    length = time.monotonic() - began
    for number in range(count):
        size = str(256 * rnd.randrange(100, 2000))
        given = [*command, "-p", "size", size]
        process = subprocess.Popen(
            [*given, "--cache", "-o", "out.ipynb"], cwd=folder, env=environment(), stderr=subprocess.DEVNULL
        )
        time.sleep(rnd.uniform(0.2, 1.0) * length)
        found.finished += process.poll() is not None
        _kill(process, rnd)
        found.kills += 1
        if number % 5 == 4 or number == count - 1:
            _look(folder, given, found)
    return found


def _kill(process: subprocess.Popen[bytes], rnd: random.Random) -> None:
    """Kill the run itself, or one of the processes that it has started."""
    started = _below(process.pid)
    victim = process.pid if rnd.random() < 0.6 or not started else rnd.choice(started)
    with contextlib.suppress(ProcessLookupError):
        os.kill(victim, signal.SIGKILL)
    if victim == process.pid:
        process.wait(60)
    else:
        _wait(process)
    end = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() and _is_alive(pid) for pid in started) and time.monotonic() < end:
        time.sleep(0.02)


def _look(folder: Path, given: list[str], found: Found) -> None:
    """Run to the end, with the cache and without, and compare; see that the store is whole and no process is left."""
    for output, more in (("resumed.ipynb", ["--cache"]), ("full.ipynb", [])):
        process = subprocess.Popen([*given, *more, "-o", output], cwd=folder, env=environment(), stderr=subprocess.PIPE)
        _, said = process.communicate(timeout=120)
        if process.returncode:
            found.problems.append(f"{output}: exit code {process.returncode}: {said.decode()[-300:]}")
            return
    if shown(folder / "resumed.ipynb") != shown(folder / "full.ipynb"):
        found.problems.append(f"{given}: {shown(folder / 'resumed.ipynb')} is not {shown(folder / 'full.ipynb')}")
    found.problems += damaged(folder / ".nb2pipe")
    left = list((folder / ".nb2pipe" / "results" / "work").iterdir())
    if left:
        found.problems.append(f"left behind: {left}")


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
