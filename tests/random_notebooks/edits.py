"""Random edits of random notebooks, each planned, run with the cache, and held against a full run."""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nb2pipe import api
from nb2pipe.diagnostics import Refused
from nb2pipe.runtime.result import RunOptions
from tests.random_notebooks import running
from tests.random_notebooks.generate import generate
from tests.random_notebooks.notebooks import RandomCell, RandomNotebook


@dataclass(frozen=True, slots=True)
class Verdict:
    """How an edit came out: ``verdict`` is equal, wrong, unplanned, crashed or none; ``cached`` of ``steps`` were not run."""

    verdict: str
    detail: str = ""
    cached: int = 0
    steps: int = 0


class Bench:
    """A folder in which one notebook is edited and run again and again, with a store of its own."""

    def __init__(self, cwd: Path, store: Path, zygote: Any) -> None:
        self.cwd, self.store, self.zygote = cwd, store, zygote

    def try_out(self, notebook: RandomNotebook) -> Verdict:
        """Plan the notebook, run it with the cache, and compare with a run of all its cells in one process."""
        try:
            with running.patience():
                truth = running.as_notebook(notebook, self.zygote)
                again = running.as_notebook(notebook, self.zygote)
        except (RuntimeError, TimeoutError) as error:
            return Verdict("none", str(error))
        if truth != again or any(o.get("ename") == "RecursionError" for found in truth.outputs.values() for o in found):
            return Verdict("none", "it differs from run to run")
        for left in self.cwd.iterdir():
            _remove(left)
        path = self.cwd / "nb.ipynb"
        path.write_text(json.dumps(notebook.document()), encoding="utf-8")
        try:
            with running.patience():
                return self._judge(notebook, path, truth)
        except Refused as error:
            return Verdict("none", "; ".join(f"{d.code} {d.message}" for d in error.diagnostics))
        except Exception as error:
            import traceback

            return Verdict("crashed", f"{type(error).__name__}: {error}\n{traceback.format_exc()}")

    def _judge(self, notebook: RandomNotebook, path: Path, truth: running.Shown) -> Verdict:
        compiled = api.compile_notebook(api.load(str(path)), notebook.split)
        options = RunOptions(jobs=2, order="latest", guards="on", cwd=str(self.cwd))
        request = api.RunRequest(options, cache=True, store=str(self.store))
        planned = {p.step: p for p in api.plan(compiled, request)}
        result = api.run(compiled, request)
        outcomes = result.outcomes
        died = [f"{n} {o.status}: {o.detail}" for n, o in outcomes.items() if o.status == "died"]
        if died:
            return Verdict("crashed", "; ".join(died))
        broken = [o.cell for o in outcomes.values() if o.status == "failed"]
        waiting = {c for s in result.pipeline.steps if outcomes[s.name].status == "not run" for c in s.cells}
        shown = running.Shown(
            running.normal(result.outputs), running.left(self.cwd), min(broken, default=-1), frozenset(waiting)
        )
        cached = sum(o.cached for o in outcomes.values())
        reasons = {n: (o.cached, o.reason, o.unkept) for n, o in outcomes.items()}
        different = running.difference(truth, shown, len(notebook.cells))
        if different:
            return Verdict("wrong", f"{different}\n{reasons}", cached, len(outcomes))
        if not result.seen:  # else the pipeline is another one by now
            for name, outcome in outcomes.items():
                action = planned[name].action
                if (action == "cached" and not outcome.cached) or (action == "run" and outcome.cached):
                    return Verdict("unplanned", f"{name}: {planned[name]} and {reasons[name]}", cached, len(outcomes))
        return Verdict("equal", "", cached, len(outcomes))


@contextmanager
def bench(zygote: Any) -> Iterator[Bench]:
    """A bench that is gone afterwards."""
    with running.folder() as cwd:
        yield Bench(cwd, cwd.parent / ".nb2pipe", zygote)


def _remove(path: Path) -> None:
    import shutil

    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def edited(rnd: random.Random, notebook: RandomNotebook) -> RandomNotebook:
    """The notebook with one edit, such as a person would make."""
    cells = list(notebook.cells)
    place = rnd.randrange(len(cells))
    cell = cells[place]
    kind = rnd.choice(
        ("comment", "number", "number", "drop line", "drop cell", "new cell", "layout", "semicolon", "twice", "move")
    )
    if kind == "comment":
        at = rnd.randrange(len(cell.pieces))
        pieces = list(cell.pieces)
        if not pieces[at].startswith("%"):
            pieces[at] = f"# {rnd.randrange(1000)}\n{pieces[at]}" if rnd.random() < 0.5 else f"{pieces[at]}\n# end"
        cells[place] = replace(cell, pieces=tuple(pieces))
    elif kind == "number":
        numbers = [(i, m) for i, p in enumerate(cell.pieces) for m in re.finditer(r"(?<![\w.])\d(?![\w.])", p)]
        if numbers:
            at, match = rnd.choice(numbers)
            pieces = list(cell.pieces)
            pieces[at] = f"{pieces[at][: match.start()]}{rnd.randrange(10)}{pieces[at][match.end() :]}"
            cells[place] = replace(cell, pieces=tuple(pieces))
    elif kind == "drop line" and len(cell.pieces) > 1:
        at = rnd.randrange(len(cell.pieces))
        cells[place] = replace(cell, pieces=cell.pieces[:at] + cell.pieces[at + 1 :])
    elif kind == "drop cell" and len(cells) > 1:
        del cells[place]
    elif kind == "new cell":
        cells.insert(
            place, RandomCell((rnd.choice(("fresh = 1", "print('new')", "import math", "fresh = [1]\nfresh")),))
        )
    elif kind == "layout":
        cells[place] = replace(cell, pieces=tuple(re.sub(r"\n(?=\S)", "\n\n", p) for p in cell.pieces))
    elif kind == "semicolon":
        last = cell.pieces[-1]
        cells[place] = replace(cell, pieces=(*cell.pieces[:-1], last[:-1] if last.endswith(";") else f"{last};"))
    elif kind == "twice":
        cells.insert(place, cell)
    elif kind == "move" and len(cells) > 1:
        cells.insert(rnd.randrange(len(cells)), cells.pop(place))
    return replace(notebook, cells=tuple(cells))


def story(seed: int, zygote: Any, count: int = 3) -> Iterator[tuple[RandomNotebook, Verdict]]:
    """A notebook, and ``count`` edits of it one after the other, each as it comes out; the notebook itself is run twice."""
    rnd = random.Random(f"edits {seed}")
    notebook = generate(random.Random(seed))
    if notebook.split is None:
        notebook = replace(notebook, split="cells:1") if rnd.random() < 0.5 else notebook
    os.environ["NB2PIPE_DEBUG"] = "1"
    with bench(zygote) as place:
        first = place.try_out(notebook)
        yield notebook, first
        if first.verdict == "none":
            return
        yield notebook, place.try_out(notebook)
        for _ in range(count):
            changed = edited(rnd, notebook)
            found = place.try_out(changed)
            yield changed, found
            if found.verdict != "none":  # a notebook that is no notebook is not gone on from
                notebook = changed
