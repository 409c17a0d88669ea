"""The secrets of a run while it goes on: handed to the steps that ask for them, and taken out of all that these say."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from nb2pipe.diagnostics import say
from nb2pipe.pipeline.model import Step
from nb2pipe.runtime.secrets.asked import names_of
from nb2pipe.runtime.secrets.passed_on import PassedOn
from nb2pipe.runtime.secrets.scrubber import Scrubber
from nb2pipe.runtime.task import CellTask, Report, StepSecrets

Message = tuple[str, Any]


class _Waiting(NamedTuple):
    """The end of what a stream of a cell has said, which may be the beginning of a secret."""

    event: dict[str, Any]
    text: str


class Secrets:
    """The secrets of one run, ``values`` by name; ``named`` are all that the notebook names, wanted in this run or not."""

    def __init__(self, values: Mapping[str, str], named: Iterable[str]) -> None:
        self._values = dict(values)
        self._named = frozenset(named)
        self.scrubber = Scrubber(self._values)
        self._waiting: dict[str, _Waiting] = {}
        self._passed: PassedOn | None = None

    def stderr(self) -> int:
        """Where the processes of steps write what is no output of a cell."""
        self._passed = self._passed or PassedOn(self.scrubber, 2)
        return self._passed.descriptor

    def close(self) -> None:
        """The processes have ended."""
        if self._passed is not None:
            self._passed.close()

    @property
    def values(self) -> Mapping[str, str]:
        """The secrets that were looked up, by name."""
        return self._values

    def of(self, step: Step, tasks: Iterable[CellTask]) -> StepSecrets:
        """What the process of a step has to know."""
        given = {n: self._values[n] for n in names_of(step, tasks) if n in self._values}
        return StepSecrets(given, tuple(sorted(self._named - given.keys())), self._values)

    def heard(self, step: str, message: Message) -> Iterator[Message]:
        """What a step says, without secrets. What may be the beginning of one waits for what comes next."""
        kind, what = message
        if kind != "event" or what["type"] != "stream":
            yield from self.rest(step)
            yield kind, self._clean(kind, what)
            return
        waiting = self._waiting.get(step)
        if waiting is not None and (waiting.event["cell"], waiting.event["name"]) == (what["cell"], what["name"]):
            del self._waiting[step]
            what = {**what, "text": waiting.text + what["text"]}
        yield from self.rest(step)
        text = self.scrubber.text(what["text"])
        waits = self.scrubber.beginning(text)
        if waits:
            self._waiting[step] = _Waiting(what, text[-waits:])
        if len(text) > waits:
            yield kind, {**what, "text": text[: len(text) - waits]}

    def _clean(self, kind: str, what: Any) -> Any:
        if kind == "event":
            return self.scrubber.event(what)
        if kind == "metric":
            return what._replace(name=self.scrubber.text(what.name))
        return self.scrubber.text(what) if isinstance(what, str) else what

    def rest(self, step: str) -> Iterator[Message]:
        """What has waited for more, of which nothing came."""
        waiting = self._waiting.pop(step, None)
        if waiting is not None:
            yield "event", {**waiting.event, "text": waiting.text}

    def clean(self, report: Report) -> None:
        """Take the secrets out of a report. One whose paths had some says nothing of the world that could be looked at again."""
        for part in ("ename", "evalue", "problem", "reads", "writes"):
            setattr(report, part, self.scrubber.tree(getattr(report, part)))
        report.unstorable = [replace(u, why=self.scrubber.text(u.why)) for u in report.unstorable]
        report.metrics = [m._replace(name=self.scrubber.text(m.name)) for m in report.metrics]
        observed = self.scrubber.tree(report.observed)
        if observed is not report.observed:
            observed.torn.append(say("reads or writes what is named by a secret"))
            report.observed = observed


def digests(values: Mapping[str, str], key: bytes) -> dict[str, str]:
    """A digest of each secret, which tells nothing to anybody who has not the user's key; without a key, never the same."""
    key = key or os.urandom(32)
    return {n: hmac.new(key, f"nb2pipe secret {v}".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
            for n, v in values.items()}  # fmt: skip


@contextlib.contextmanager
def withheld(names: Iterable[str]) -> Iterator[None]:
    """Keep variables out of this process's environment meanwhile, so that nothing that it starts has them by default."""
    taken = {n: os.environ.pop(n) for n in names if n in os.environ}
    try:
        yield
    finally:
        os.environ.update(taken)
