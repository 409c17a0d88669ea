"""What a person sees on stderr while a run goes on: a live table on a terminal, lines elsewhere."""

from __future__ import annotations

import re
import shutil
import textwrap
import threading
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from nb2pipe.pipeline.model import Pipeline
from nb2pipe.runtime.result import Listener, Outcome, RunResult

_REFRESH = 0.12  # seconds between two pictures of the table
_BESIDE = 14  # columns of the table beside names: a mark, a time
_MARKS = {"ok": "✓", "failed": "✗", "died": "✗", "not run": "-", "left out": "-"}
_COLORS = {"ok": "32", "failed": "31", "died": "31", "not run": "2", "left out": "2", "running": "36", "waiting": "2"}
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@contextmanager
def progress(pipeline: Pipeline, stream: TextIO) -> Iterator[Listener]:
    """A listener that shows the run on ``stream`` while the context lasts."""
    if not stream.isatty():
        yield Lines(pipeline, stream)
        return
    table = Table(pipeline, stream)
    try:
        yield table
    finally:
        table.close()


class Lines(Listener):
    """One line when a step starts, one when it has ended."""

    def __init__(self, pipeline: Pipeline, stream: TextIO) -> None:
        self._stream = stream
        self._width = max((len(s.name) for s in pipeline.steps), default=0)

    def started(self, step: str) -> None:
        """Say that the step has started."""
        self._say(f"start    {step}")

    def ended(self, step: str, outcome: Outcome) -> None:
        """Say how the step has ended."""
        if outcome.status == "left out":
            return
        time_taken = f"  {outcome.seconds:.2f} s" if outcome.status == "ok" and not outcome.cached else ""
        detail = f"  {_line(outcome.detail)}" if outcome.detail else ""
        self._say(f"{status_of(outcome):<8} {step:<{self._width}}{time_taken}{detail}".rstrip())

    def failed_once(self, step: str, why: str, shown: str) -> None:
        """Say why the step is tried again, and what its cells had shown."""
        self._say(f"again    {step:<{self._width}}  {why}")
        if shown:
            self._say(_indented(shown))

    def note(self, text: str) -> None:
        """Say what the user should know."""
        self._say(f"note     {text}")

    def _say(self, text: str) -> None:
        print(text, file=self._stream, flush=True)


class Table(Listener):
    """A table of the steps that is drawn again and again in its place."""

    def __init__(self, pipeline: Pipeline, stream: TextIO) -> None:
        self._stream = stream
        self._names = [s.name for s in pipeline.steps]
        self._widest = max((len(n) for n in self._names), default=0)
        self._since: dict[str, float] = {}
        self._outcomes: dict[str, Outcome] = {}
        self._drawn = 0
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._refresh, name="nb2pipe-progress", daemon=True)
        self._thread.start()

    def started(self, step: str) -> None:
        """Show the step as running."""
        with self._lock:
            self._since[step] = time.monotonic()
            self._outcomes.pop(step, None)

    def ended(self, step: str, outcome: Outcome) -> None:
        """Show how the step has ended."""
        with self._lock:
            self._since.pop(step, None)
            self._outcomes[step] = outcome

    def failed_once(self, step: str, why: str, shown: str) -> None:
        """Print above the table why the step is tried again, and what its cells had shown."""
        with self._lock:
            self._since.pop(step, None)
        self._print(f"again: {step}: {why}\n" + (f"{_indented(shown)}\n" if shown else ""))

    def note(self, text: str) -> None:
        """Print the note above the table."""
        self._print(f"note: {text}\n")

    def _print(self, text: str) -> None:
        with self._lock:
            self._clear()
            self._stream.write(text)
            self._draw()

    def close(self) -> None:
        """Draw the table for the last time."""
        self._closed.set()
        self._thread.join()
        with self._lock:
            self._clear()
            self._draw()
            self._drawn = 0

    def _refresh(self) -> None:
        while not self._closed.wait(_REFRESH):
            with self._lock:
                self._clear()
                self._draw()

    def _clear(self) -> None:
        if self._drawn:
            self._stream.write(f"\x1b[{self._drawn}A\x1b[J")

    def _draw(self) -> None:
        size = shutil.get_terminal_size()
        width = max(min(self._widest, size.columns - _BESIDE), 1)
        names = self._names
        most = max(size.lines - 2, 1)
        if len(names) > most:  # those that run come first, then those that failed
            some = [n for n in names if n in self._since][: most - 1]
            some += [n for n in names if self._failed(n)][: most - 1 - len(some)]
            names = [n for n in names if n in some]
        rows = [self._row(n, width) for n in names]
        if len(names) < len(self._names):
            ended = sum(n in self._outcomes for n in self._names)
            rows.append((f"  {ended} of {len(self._names)} steps have ended", "waiting"))
        for text, state in rows:
            self._stream.write(f"\x1b[{_COLORS[state]}m{_cut(text, size.columns - 1)}\x1b[0m\n")
        self._stream.flush()
        self._drawn = len(rows)

    def _failed(self, name: str) -> bool:
        return name in self._outcomes and self._outcomes[name].status in ("failed", "died")

    def _row(self, name: str, width: int) -> tuple[str, str]:
        shown = name if len(name) <= width else f"{name[: width - 1]}…"
        outcome = self._outcomes.get(name)
        if outcome is not None:
            taken = (
                "   cached" if outcome.cached else f"{outcome.seconds:7.2f} s" if outcome.status == "ok" else " " * 9
            )
            text = f"{_MARKS[outcome.status]} {shown:<{width}}  {taken}  {_line(outcome.detail)}"
            return text.rstrip(), outcome.status
        if name in self._since:
            return f"● {shown:<{width}}  {time.monotonic() - self._since[name]:7.1f} s", "running"
        return f"· {shown:<{width}}", "waiting"


def status_of(outcome: Outcome) -> str:
    """How a step has ended, in a word: cached counts as one."""
    return "cached" if outcome.cached else outcome.status


def summary(result: RunResult, output: str | None, *, color: bool = False) -> str:
    """How the run ended, with the traceback of each cell that failed, as the cell showed it."""
    lines = []
    for name, outcome in result.outcomes.items():
        if outcome.status not in ("failed", "died"):
            continue
        where = f" in cell {outcome.cell + 1}" if outcome.cell >= 0 else ""
        lines += ["", f"step {name} {outcome.status}{where}: {outcome.detail}"]
        for shown in result.outputs.get(outcome.cell, ()):
            if shown["output_type"] == "error":
                text = "\n".join(shown["traceback"])
                lines += ["", *(text if color else _ANSI.sub("", text)).splitlines(), ""]
    outcomes = result.outcomes.values()
    for why in dict.fromkeys(o.detail for o in outcomes if o.status == "not run" and o.detail):
        names = [n for n, o in result.outcomes.items() if o.status == "not run" and o.detail == why]
        lines.append(f"not run: {why} ({', '.join(names)})")
    counts = {
        s: sum(o.status == s and not o.cached for o in outcomes)
        for s in ("ok", "failed", "died", "not run", "left out")
    }
    counts = {"cached": sum(o.cached for o in outcomes), **counts}
    started = [o.started for o in outcomes if o.started]
    taken = max((o.ended for o in outcomes), default=0.0) - min(started) if started else 0.0
    work = sum(o.seconds for o in outcomes)
    parts = [f"{count} {status}" for status, count in counts.items() if count]
    head = "interrupted: " if result.interrupted else ""
    lines.append(
        f"{head}{_plural(len(result.outcomes), 'step')}: {', '.join(parts) or 'nothing to run'}; {taken:.2f} s for {work:.2f} s of work"
    )
    if output is not None:
        lines.append(f"wrote {output}")
    return "\n".join(lines) + "\n"


def _line(text: str) -> str:
    """The first line of a text, without colours."""
    return next(iter(_ANSI.sub("", text).splitlines()), "")


def _cut(text: str, columns: int) -> str:
    """As much of a text as there is room for; some signs of East Asia take two columns."""
    if text.isascii() and len(text) <= columns:
        return text
    taken = 0
    for place, sign in enumerate(text):
        taken += 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        if taken > columns:
            return text[:place]
    return text


def _indented(text: str) -> str:
    return textwrap.indent(_ANSI.sub("", text).rstrip("\n"), "         | ", lambda _: True)


def _plural(number: int, word: str) -> str:
    return f"{number} {word}" + ("" if number == 1 else "s")
