"""A notebook that is edited and run again and again with the cache, each time held against its plan and a full run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nb2pipe import api
from nb2pipe.runtime.result import RunOptions, RunResult
from tests.making import write

_VOLATILE = re.compile(r"0x[0-9a-f]+|ipykernel_\d+")


class Bench:
    """A folder with one notebook ``nb.ipynb``, a step for every cell, and a store."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = folder / ".nb2pipe"
        self.last: RunResult | None = None
        self.planned: dict[str, Any] = {}
        self.told: dict[int, tuple[str, str]] = {}

    def edit(self, cells: Sequence[Any]) -> None:
        """Write the notebook."""
        write(self.folder / "nb.ipynb", cells)

    def request(self, *, cache: bool, **parameters: Any) -> api.RunRequest:
        return api.RunRequest(RunOptions(cwd=str(self.folder), jobs=2), parameters, cache=cache)

    def run(self, *, cache: bool = True, **parameters: Any) -> RunResult:
        """Run it."""
        subject = api.compile_notebook(api.load(str(self.folder / "nb.ipynb")), "cells:1")
        return api.run(subject, self.request(cache=cache, **parameters))

    def ran(self, *, full: bool = True, **parameters: Any) -> list[int]:
        """Plan it, run it with the cache and in full, and compare; the numbers of the cells (from 1) that were run."""
        subject = api.compile_notebook(api.load(str(self.folder / "nb.ipynb")), "cells:1")
        self.planned = {p.step: p for p in api.plan(subject, self.request(cache=True, **parameters))}
        result = self.last = self.run(**parameters)
        for name, outcome in result.outcomes.items():
            assert outcome.status in ("ok", "failed", "not run"), outcome.detail
            action = self.planned[name].action
            assert action == "depends" or (action == "cached") == outcome.cached, (name, self.planned[name], outcome)
        if full:
            assert shown(result) == shown(self.run(cache=False, **parameters))
        self.told = {
            s.cells[0] + 1: (result.outcomes[s.name].reason, result.outcomes[s.name].unkept)
            for s in result.pipeline.steps
        }
        return [s.cells[0] + 1 for s in result.pipeline.steps if not result.outcomes[s.name].cached]

    def reason(self, cell: int) -> str:
        """Why the step of a cell was run, or is."""
        assert self.last is not None
        return next(self.last.outcomes[s.name].reason for s in self.last.pipeline.steps if s.cells[0] + 1 == cell)

    def unkept(self, cell: int) -> str:
        """Why what the step of a cell gave was not kept."""
        assert self.last is not None
        return next(self.last.outcomes[s.name].unkept for s in self.last.pipeline.steps if s.cells[0] + 1 == cell)


def shown(result: RunResult) -> dict[int, list[Any]]:
    """What all cells showed, without what differs from process to process."""
    return {cell: [_plain(o) for o in found] for cell, found in result.outputs.items() if found}


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return _VOLATILE.sub("N", value)
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, list) else value
