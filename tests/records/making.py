"""A notebook that is run and recorded, and the store that it is recorded in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nb2pipe import api
from nb2pipe.runtime.result import RunOptions, RunResult
from nb2pipe.store.rooms import Store, opened
from nb2pipe.store.runs import Run, named
from tests.making import write


class Recorded:
    """A folder with a notebook ``nb.ipynb``, a step for every cell, and a store."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "nb.ipynb"
        (folder / ".nb2pipe").mkdir(exist_ok=True)

    def run(
        self,
        cells: Sequence[Any] | None = None,
        *,
        split: str = "cells:1",
        output: str | None = None,
        **parameters: Any,
    ) -> RunResult:
        """Write the notebook, if its cells are given, and run it with the cache."""
        if cells is not None:
            write(self.path, cells)
        subject = api.compile_notebook(api.load(str(self.path)), split)
        options = RunOptions(cwd=str(self.folder), jobs=2)
        written = None if output is None else str(self.folder / output)
        return api.run(subject, api.RunRequest(options, parameters, output=written, cache=True))

    @contextmanager
    def read(self, name: str = "last") -> Iterator[tuple[Store, Run]]:
        """A run, and the store."""
        with opened(self.folder / ".nb2pipe" / "results") as store:
            yield store, named(store.database, name)
