"""What stores of many runs and many values cost to look at: `runs list`, `store du`, and the memory of `store gc`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Row, alternate, compiled, wall
from nb2pipe.store import results_folder, runs
from nb2pipe.store.digests import digest_of_text
from nb2pipe.store.rooms import Store, opened

_RUNS = 10_000
_VALUES = 100_000
_STEPS = 5
_NB2PIPE = [sys.executable, "-m", "nb2pipe"]
_PACKAGES = "0" * 32


def measure(rounds: int) -> Iterator[Row]:
    """The rows of this file."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with opened(results_folder(folder, None)) as store, store.database:
            store.database.execute("begin")
            _runs(store, folder)
            _values(store, folder)
        (listed,) = alternate(rounds, lambda: wall([*_NB2PIPE, "runs", "list"], name))
        (sized,) = alternate(rounds, lambda: wall([*_NB2PIPE, "store", "du"], name))
        yield Row(f"`runs list` of {_RUNS:,} runs", f"{listed:.2f} s", "<= 0.3 s", listed <= 0.3)
        yield Row(f"`store du` of {_VALUES:,} values", f"{sized:.2f} s", "<= 2 s", sized <= 2)
        started = time.perf_counter()
        most = _memory([*_NB2PIPE, "store", "gc", "--keep", "1"], name)
        taken = time.perf_counter() - started
    yield Row(f"`store gc` of {_VALUES:,} values and {_RUNS:,} runs", f"{most / 2**20:.0f} MiB, {taken:.1f} s", "<= 150 MiB",
              most <= 150 * 2**20)  # fmt: skip


def _runs(store: Store, folder: Path) -> None:
    """Runs as they are recorded, of ten notebooks."""
    facts = {"pipeline": "nb", "parameters": {"rate": 0.1}, "code": _PACKAGES, "options": {"jobs": 2, "guards": "on"}, "packages": _PACKAGES,
             "document": _PACKAGES, "graph": _PACKAGES, "host": "here", "pid": 0, "process": "", "python": "3.11"}  # fmt: skip
    for number in range(_RUNS):
        began = 1.7e9 + 60 * number
        one = runs.Run(f"{number:015}-0000", str(folder / f"nb{number % 10}.ipynb"), "running", began, None, facts)
        runs.begin(store.database, one)
        for place in range(_STEPS):
            values = {f"v{place}": digest_of_text(f"{number % (_VALUES // _STEPS) * _STEPS + place}")}
            said = {
                "started": began,
                "ended": began + 1,
                "seconds": 1.0,
                "key": _PACKAGES,
                "values": values,
                "memory": 10**8,
                "cpu": 1.0,
            }
            runs.step(store.database, one.id, runs.StepRun(f"step_{place}", "ok", said))
        runs.end(store.database, one.id, "ok")


def _values(store: Store, folder: Path) -> None:
    """Values, each a small file, and the results that name them."""
    from nb2pipe.store import results

    row = "insert into results (recipe, notebook, step, made, run, seconds, facts) values (?, ?, ?, ?, ?, ?, ?)"
    text = '{"files": [["", ["v"], 10, "%s", false]], "events": "%s"}'
    for number in range(_VALUES):
        digest = digest_of_text(str(number))
        place = store.contents.path(digest)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(str(number), "ascii")
        named = (
            digest,
            str(folder / "nb0.ipynb"),
            f"step_{number % 1000}",
            1.7e9 + number,
            "r",
            1.0,
            text % (digest, digest),
        )
        store.database.execute(row, named)
    results.note(store.database, _PACKAGES, "")


_MEASURED = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
"""What runs a command and tells the most memory that it had, in KiB: by a process of its own, for Linux counts in what whoever
starts a command had in the moment of starting it, and the benchmarks have held a gigabyte."""


def _memory(command: list[str], cwd: str) -> int:
    """The most memory that a command had, in bytes."""
    told = subprocess.run(
        [sys.executable, "-c", _MEASURED, *command], cwd=cwd, env=compiled(), check=True, capture_output=True, text=True
    )
    return int(told.stdout) * 1024
