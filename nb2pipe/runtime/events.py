"""A run told to programs: one JSON object a line, as it goes on. docs/running.md lists the events and their fields."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any, TextIO

from nb2pipe.runtime.progress import status_of
from nb2pipe.runtime.result import Listener, Outcome, RunResult
from nb2pipe.runtime.task import Metric


class Events(Listener):
    """Writes what happens to ``stream``; an event has all of its fields each time, null where there is nothing to say."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._begun = time.time()
        self._attempts: Counter[str] = Counter()

    def say(self, event: str, **fields: Any) -> None:
        """Write one event."""
        line = json.dumps({"event": event, "time": _moment(time.time()), **fields}, allow_nan=False)
        print(line, file=self._stream, flush=True)

    def run_started(self, notebook: str, pipeline: str, steps: Sequence[str], python: str | None) -> None:
        """The notebook is compiled, and its steps are going to be run by ``python``, where nb2pipe decides on that."""
        self.say("run-started", notebook=notebook, pipeline=pipeline, steps=list(steps), python=python)

    def started(self, step: str) -> None:
        """A step has started."""
        self._attempts[step] += 1
        self.say("step-started", step=step, attempt=self._attempts[step])

    def ended(self, step: str, outcome: Outcome) -> None:
        """A step has ended, or is not run."""
        self.say(
            "step-ended",
            step=step,
            status=status_of(outcome),
            seconds=round(outcome.seconds, 6) if outcome.runs or outcome.cached else None,
            started=_moment(outcome.started),
            ended=_moment(outcome.ended),
            cpu=round(outcome.cpu, 6) if outcome.runs else None,
            memory=outcome.memory or None,
            cell=outcome.cell if outcome.cell >= 0 else None,
            error=outcome.ename or None,
            message=outcome.detail or None,
            reason=outcome.reason or None,
        )

    def failed_once(self, step: str, why: str, shown: str) -> None:
        """A step has failed and is tried again."""
        self.say("step-retried", step=step, message=why, output=shown)

    def metric(self, step: str, metric: Metric) -> None:
        """A step has said a metric."""
        value = metric.value if abs(metric.value) < float("inf") else repr(metric.value)  # JSON has no other numbers
        self.say("metric", step=step, name=metric.name, value=value, place=metric.place)

    def note(self, text: str) -> None:
        """Something that the user should know."""
        self.say("note", message=text)

    def diagnostics(self, found: Sequence[dict[str, Any]]) -> None:
        """Findings: why a run is refused, or what is known of a cell that failed."""
        for finding in found:
            self.say("diagnostic", **finding)

    def run_ended(self, status: str, code: int, message: str | None = None, output: str | None = None) -> None:
        """The run has ended without a step, or was refused."""
        self._ended(status, code, {}, message, output)

    def run_result(self, result: RunResult, code: int, message: str | None, output: str | None) -> None:
        """The run has ended with a result."""
        status = "interrupted" if result.interrupted else "failed" if result.exit_code else "error" if message else "ok"
        counts = Counter(status_of(outcome) for outcome in result.outcomes.values())
        self._ended(status, code, dict(sorted(counts.items())), message, output)

    def _ended(self, status: str, code: int, steps: dict[str, int], message: str | None, output: str | None) -> None:
        seconds = round(time.time() - self._begun, 6)
        self.say(
            "run-ended", status=status, exit_code=code, seconds=seconds, steps=steps, output=output, message=message
        )


def _moment(seconds: float) -> str | None:
    """A time in UTC, as ISO 8601 has it; None where there is none."""
    if not seconds:
        return None
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
