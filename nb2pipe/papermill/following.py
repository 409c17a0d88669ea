"""A run of nb2pipe's, followed in papermill's notebook: each cell's status and outputs, the progress bar, logs, saves."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from typing import TYPE_CHECKING, Any, Self

from papermill.log import logger

from nb2pipe.runtime.outputs import Event, Outputs
from nb2pipe.runtime.result import Listener, Outcome

if TYPE_CHECKING:
    from nb2pipe.pipeline.model import Pipeline


class Follower(Listener):
    """Tells papermill's manager of a notebook of each cell that begins and ends, as its own engine would.

    ``files`` are where the notebook's stdout and stderr go, in the order of the steps. A cell may take ``timeout`` seconds: then
    its process is ended, and ``timed_out`` has step and cell.
    """

    def __init__(self, nb_man: Any, pipeline: Pipeline, files: tuple[Any, Any], timeout: int | None) -> None:
        self.timed_out: tuple[str, int] | None = None
        self.timeout = timeout
        self._nb_man = nb_man
        self._order = [s.name for s in pipeline.steps]
        self._files = {"stdout": files[0], "stderr": files[1]}
        self._texts: dict[str, list[tuple[str, str]]] = {}
        self._ended: set[str] = set()
        self._written = 0
        self._cell: dict[str, tuple[int, Outputs]] = {}
        self._cells: dict[str, list[int]] = {}
        self._timers: dict[str, threading.Timer] = {}

    @property
    def has_begun(self) -> bool:
        """Whether any cell has run."""
        return any(self._cells.values())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for step in list(self._timers):
            self._stop_timer(step)
        self._write_texts(everything=True)

    def started(self, step: str) -> None:
        """A step has started; one that had run before runs again."""
        if self.timed_out and self.timed_out[0] == step:
            self.timed_out = None
        for index in self._cells.pop(step, ()):
            cell = self._nb_man.nb.cells[index]
            cell.outputs = []
            cell.metadata.papermill.update(
                status=self._nb_man.PENDING, start_time=None, end_time=None, duration=None, exception=None
            )
            if self._nb_man.pbar:
                self._nb_man.pbar.n -= 1
        self._cell.pop(step, None)
        self._cells[step], self._texts[step] = [], []

    def begun(self, step: str, cell: int, when: float, pid: int) -> None:
        """The process ``pid`` runs the next cell of its step; of what an earlier run had begun, nothing is saved by and by."""
        if not pid:
            if self._nb_man.pbar:
                self._nb_man.pbar.update(1)
            return
        self._complete(step)
        self._cell[step] = (cell, Outputs())
        self._cells[step].append(cell)
        self._nb_man.cell_start(self._nb_man.nb.cells[cell], cell)
        if self.timeout:
            timer = threading.Timer(self.timeout, self._too_long, (step, cell, pid))
            timer.daemon = True
            self._timers[step] = timer
            timer.start()

    def shown(self, step: str, event: Event) -> None:
        """A cell shows something."""
        if event["type"] == "stream":
            self._texts.setdefault(step, []).append((event["name"], event["text"]))
        if self._nb_man.log_output:
            _log(event)
        running = self._cell.get(step)
        if running is None:
            return
        running[1].add({**event, "cell": running[0]})
        waited = (self._nb_man.now() - self._nb_man.last_save_time).total_seconds()
        if 0 < self._nb_man.autosave_cell_every <= waited:
            self._fill(*running)
            self._nb_man.autosave_cell()

    def ended(self, step: str, outcome: Outcome) -> None:
        """A step has ended."""
        running = self._cell.get(step)
        if outcome.status != "ok" and running is not None and outcome.cell in (-1, running[0]):
            self._nb_man.cell_exception(self._nb_man.nb.cells[running[0]], cell_index=running[0])
        self._complete(step)
        self._ended.add(step)
        self._write_texts()

    def failed_once(self, step: str, why: str, shown: str) -> None:
        """A step has failed and is tried again."""
        self._stop_timer(step)
        logger.warning(f"nb2pipe: step {step}: {why}")

    def note(self, text: str) -> None:
        """Something that the user should know."""
        logger.warning(f"nb2pipe: {text}")

    def _complete(self, step: str) -> None:
        """The cell that the step was running has ended."""
        self._stop_timer(step)
        running = self._cell.pop(step, None)
        if running is not None:
            self._fill(*running)
            self._nb_man.cell_complete(self._nb_man.nb.cells[running[0]], cell_index=running[0])

    def _fill(self, cell: int, outputs: Outputs) -> None:
        import nbformat

        self._nb_man.nb.cells[cell].outputs = [nbformat.from_dict(o) for o in outputs.result().get(cell, ())]

    def _stop_timer(self, step: str) -> None:
        timer = self._timers.pop(step, None)
        if timer is not None:
            timer.cancel()

    def _too_long(self, step: str, cell: int, pid: int) -> None:
        self.timed_out = (step, cell)
        with contextlib.suppress(OSError):
            os.killpg(pid, signal.SIGKILL)

    def _write_texts(self, *, everything: bool = False) -> None:
        """Write what steps have printed to the files that were given, as far as all steps before have ended."""
        while self._written < len(self._order) and (everything or self._order[self._written] in self._ended):
            for name, text in self._texts.get(self._order[self._written], ()):
                if self._files[name]:
                    self._files[name].write(text)
                    self._files[name].flush()
            self._written += 1


def _log(event: Event) -> None:
    """Log what a cell shows, in papermill's way."""
    if event["type"] == "stream":
        (logger.info if event["name"] == "stdout" else logger.warning)(event["text"])
    elif event["type"] == "output" and "text/plain" in event["output"].get("data", {}):
        logger.info(event["output"]["data"]["text/plain"])
