"""Run every public case and every sample by another engine, and compare with what one fresh kernel shows.

    python tools/engine_cases.py papermill              all
    python tools/engine_cases.py dask alias ab_         those whose names begin so, on one cluster
    python tools/engine_cases.py dask --apart           its workers do not see this process's temporary files, as on other machines

Each case runs with the last ready step first and strict guards. By papermill a step takes a kernel, and so a second or two.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from nb2pipe import api  # noqa: E402  found beside this file
from nb2pipe.notebook.read import read_document  # noqa: E402
from nb2pipe.runtime.dask.asked import DaskOptions  # noqa: E402
from nb2pipe.runtime.papermill.asked import PapermillOptions  # noqa: E402
from nb2pipe.runtime.result import RunOptions  # noqa: E402
from tests.making import code, shown, write  # noqa: E402
from tests.oracle import comparables, run_in_kernel  # noqa: E402

TIMING = "TIMING"  # what %timeit prints is another number each time
SAMPLES = ROOT / "sample_notebooks"


Engine = dict[str, Any]
"""What `RunRequest` is told of an engine."""


def ran(path: Path, split: str | None, folder: Path, engine: Engine) -> tuple[Any, int]:
    """The executed notebook, and how many steps it had."""
    compiled = api.compile_notebook(api.load(str(path)), split)
    options = RunOptions(order="latest", jobs=2, cwd=str(compiled.folder), guards="strict")
    output = folder / "executed.ipynb"
    api.run(compiled, api.RunRequest(options, output=str(output), **engine))
    return read_document(str(output)), len(compiled.pipeline.steps)


def case(one: dict[str, Any], folder: Path, engine: Engine) -> tuple[int, list[str]]:
    path = write(folder / "notebook.ipynb", [code(c["source"], *c["tags"]) for c in one["cells"]])
    document, steps = ran(path, None if "deps" in one else "cells:1", folder, engine)
    pairs = [(shown(c.outputs), w.strip()) for c, w in zip(document.cells, one["outputs"], strict=True)]
    return steps, [f"{found!r}, not {wanted!r}" for found, wanted in pairs if found != wanted and TIMING not in wanted]


def sample(name: str, split: str | None, folder: Path, engine: Engine) -> tuple[int, list[str]]:
    here, kernels = folder / "here", folder / "kernel"
    shutil.copytree(SAMPLES, here)
    shutil.copytree(SAMPLES, kernels)
    document, steps = ran(here / name, split, folder, engine)
    source = read_document(str(kernels / name))
    for cell in source.cells:
        if "skip" in cell.metadata.get("tags", []):
            cell.source, cell.outputs = "", []
    wanted = run_in_kernel(source, kernels)
    found = []
    for index, (mine, its) in enumerate(zip(document.cells, wanted.cells, strict=True)):
        if mine.cell_type != "code" or not its.source.strip():
            continue
        if comparables(mine.outputs) != comparables(its.outputs) or mine.execution_count != its.execution_count:
            found.append(f"cell {index + 1}: {comparables(mine.outputs)}, not {comparables(its.outputs)}"[:500])
    return steps, found


def _end(started: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in reversed(started):
        process.terminate()
        process.wait(20)


@contextlib.contextmanager
def cluster(*, apart: bool) -> Iterator[str]:
    """A scheduler and two workers, as processes of their own; its address. Those that are apart do not see what this one has in its temporary folder."""
    program = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", "0", "--no-dashboard"]
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder, contextlib.ExitStack() as stack:
        place = Path(folder) / "scheduler.json"
        started = [subprocess.Popen([*program, "--scheduler-file", str(place)], stderr=subprocess.DEVNULL)]
        stack.callback(_end, started)
        while not place.exists():
            time.sleep(0.1)
        address = json.loads(place.read_text("utf-8"))["address"]
        worker = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "2", "--no-dashboard",
                  "--no-nanny", "--local-directory"]  # fmt: skip
        tempfile.tempdir = f"{folder}/temporary"
        Path(tempfile.tempdir).mkdir()
        alone = 'mount -t tmpfs tmpfs "$0" && exec "$@"'
        hidden = ["unshare", "--mount", "sh", "-c", alone, tempfile.tempdir] if apart else []
        for number in range(2):
            words = [*hidden, *worker, f"{folder}/{number}"]
            started.append(subprocess.Popen(words, stderr=subprocess.DEVNULL, cwd="/"))
        yield address


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine", choices=("papermill", "dask"))
    parser.add_argument("prefixes", nargs="*")
    parser.add_argument("--apart", action="store_true")
    options = parser.parse_intermixed_args(words)
    if options.engine == "papermill":
        return run_all({"papermill": PapermillOptions()}, options.prefixes)
    with cluster(apart=options.apart) as address:
        return run_all({"dask": DaskOptions(address, 2)}, options.prefixes)


def run_all(engine: Engine, prefixes: list[str]) -> int:
    cases = json.loads((ROOT / "tests" / "cases" / "dependencies.json").read_text("utf-8"))
    names = sorted(p.name for p in SAMPLES.iterdir() if p.suffix == ".ipynb" and p.name != "exploration_mess.ipynb")
    todo: list[tuple[str, Any]] = [(c["name"], lambda folder, c=c: case(c, folder, engine)) for c in cases]
    for name in (*names, "ab_test.py"):
        for split in (None, "cells:1"):
            todo.append((f"{name} {split or ''}".strip(), lambda folder, n=name, s=split: sample(n, s, folder, engine)))
    todo = [(n, f) for n, f in todo if not prefixes or n.startswith(tuple(prefixes))]
    steps = differing = 0
    start = time.monotonic()
    for name, work in todo:
        with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:  # where workers that are apart see it as well
            try:
                count, found = work(Path(folder))
            except Exception as error:
                count, found = 0, [f"{type(error).__name__}: {error}"]
        steps += count
        differing += bool(found)
        print(f"{'differs' if found else 'equal'}  {name}", *(f"    {f}" for f in found), sep="\n", flush=True)
    took = time.monotonic() - start
    print(
        f"{len(todo)} notebooks, {steps} steps, {differing} differ; {took:.0f} s, {took / max(steps, 1):.1f} s a step"
    )
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
