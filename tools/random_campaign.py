"""A long campaign of random notebooks against their pipelines: finds, shrinks and keeps what differs.

    python tools/random_campaign.py --count 5000 --seed 1 --guards on --jobs 2 --out campaign

Notebook number i is the one of seed ``seed + i``. The folder ``--out`` holds a line of JSON a notebook
(``results.jsonl``: run again with the same folder and what is there is not done again) and a file for each failure:
the notebook, its split, the difference, and the smallest form found that still fails in the same way.
"""

from __future__ import annotations

import argparse
import collections
import json
import multiprocessing
import random
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.random_notebooks import running  # noqa: E402  behind the path
from tests.random_notebooks.generate import generate  # noqa: E402
from tests.random_notebooks.notebooks import RandomNotebook, smaller  # noqa: E402

KEPT = ("wrong", "crashed", "tripped", "refused")


def main() -> int:
    """Run the campaign; 1 where a notebook was wrong or crashed."""
    options = arguments()
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    log = out / "results.jsonl"
    done = {json.loads(line)["seed"] for line in log.read_text().splitlines()} if log.exists() else set()
    seeds = [s for s in range(options.seed, options.seed + options.count) if s not in done]
    started = time.monotonic()
    counts: collections.Counter[str] = collections.Counter()
    context = multiprocessing.get_context("spawn")
    waiting, results = context.Queue(), context.Queue()
    for seed in seeds:
        waiting.put(seed)
    for _ in range(options.jobs):
        waiting.put(None)
    workers = [context.Process(target=work, args=(waiting, results, options)) for _ in range(options.jobs)]
    for worker in workers:
        worker.start()
    with log.open("a", encoding="utf-8") as file:
        for number in range(len(seeds)):
            if options.minutes and time.monotonic() - started > options.minutes * 60:
                break
            found = results.get(timeout=900)
            counts[found["verdict"]] += 1
            file.write(json.dumps({k: found[k] for k in ("seed", "verdict", "kernel", "cells")}) + "\n")
            file.flush()
            if "failure" in found:
                name = f"{found['verdict']}-{options.guards}-{found['seed']}"
                (out / f"{name}.json").write_text(json.dumps(found["failure"], indent=1), encoding="utf-8")
                (out / f"{name}.ipynb").write_text(json.dumps(found["document"], indent=1), encoding="utf-8")
                print(f"{name}: {found['failure']['detail'].splitlines()[0][:200]}", flush=True)
            if number % 100 == 99:
                say(counts, time.monotonic() - started)
    for worker in workers:
        worker.terminate()
    say(counts, time.monotonic() - started)
    return 1 if counts["wrong"] or counts["crashed"] else 0


def say(counts: collections.Counter[str], seconds: float) -> None:
    total = sum(counts.values())
    print(f"{total} notebooks, {total / seconds:.1f}/s: {dict(counts)}", flush=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000, help="how many notebooks")
    parser.add_argument("--seed", type=int, default=0, help="the seed of the first")
    parser.add_argument("--guards", choices=("on", "off"), default="on")
    parser.add_argument("--jobs", type=int, default=2, help="worker processes")
    parser.add_argument("--out", default="random-campaign", help="where results and failures go")
    parser.add_argument("--kernel", type=float, default=0.02, help="the share that is held against a true kernel")
    parser.add_argument("--minutes", type=float, default=0, help="stop after so many minutes")
    parser.add_argument("--shrink", type=int, default=60, help="seconds to spend on making one failure smaller")
    return parser.parse_args()


def work(waiting: Any, results: Any, options: argparse.Namespace) -> None:
    """A worker: judge notebooks until there are no more."""
    with running.shared_zygote() as zygote:
        for seed in iter(waiting.get, None):
            results.put(one(seed, zygote, options))


def one(seed: int, zygote: Any, options: argparse.Namespace) -> dict[str, Any]:
    """Judge the notebook of one seed, and make it smaller if it fails."""
    notebook = generate(random.Random(seed))
    kernel = random.Random(f"kernel {seed}").random() < options.kernel
    found: dict[str, Any] = {"seed": seed, "kernel": kernel, "cells": len(notebook.cells)}
    if kernel:
        truth = running.streams_apart(running.in_kernel(notebook))
        fast = running.streams_apart(running.as_notebook(notebook, zygote))
        oracle = running.difference(truth, fast, len(notebook.cells)) or running.difference(
            fast, truth, len(notebook.cells)
        )
        if oracle:
            judged = running.Judged("wrong", f"the oracle differs from a kernel: {oracle}")
            return {**found, "verdict": "wrong", **failure(seed, notebook, notebook, judged, options.guards)}
    judged = running.judge(notebook, zygote, options.guards)
    found["verdict"] = judged.verdict
    if judged.verdict in KEPT:
        small = shrink(notebook, zygote, options, judged) if judged.verdict != "refused" else notebook
        found.update(failure(seed, notebook, small, judged, options.guards))
    return found


def failure(
    seed: int, notebook: RandomNotebook, small: RandomNotebook, judged: running.Judged, guards: str
) -> dict[str, Any]:
    """What is written of a failure."""
    return {
        "document": notebook.document(),
        "failure": {
            "seed": seed, "verdict": judged.verdict, "guards": guards, "order": "latest", "split": notebook.split, "detail": judged.detail,
            "smallest": {"split": small.split, "cells": [{"tags": list(c.tags), "source": c.source} for c in small.cells]},
        },
    }  # fmt: skip


def shrink(
    notebook: RandomNotebook, zygote: Any, options: argparse.Namespace, judged: running.Judged
) -> RandomNotebook:
    """The smallest form found in the time given that fails in the same way, and runs as a notebook."""
    end = time.monotonic() + options.shrink
    may_fail = running.as_notebook(notebook, zygote).failed >= 0
    current, better = notebook, True
    while better and time.monotonic() < end:
        better = False
        for trial in smaller(current):
            if time.monotonic() > end:
                break
            if fails(trial, zygote, options, judged, may_fail=may_fail):
                current, better = trial, True
                break
    return current


def fails(
    trial: RandomNotebook, zygote: Any, options: argparse.Namespace, judged: running.Judged, *, may_fail: bool
) -> bool:
    """Whether a smaller notebook fails as the whole one did."""
    try:
        truth = running.as_notebook(trial, zygote)
        if truth.failed >= 0 and not may_fail:
            return False
        if judged.verdict == "wrong" and running.as_notebook(trial, zygote) != truth:
            return False  # a seed is gone: it differs from run to run
    except RuntimeError:
        return False
    return running.judge(trial, zygote, options.guards, truth).verdict == judged.verdict


if __name__ == "__main__":
    sys.exit(main())
