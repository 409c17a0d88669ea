"""A process that runs combinations of a sweep, one after another, for the process that started it."""

from __future__ import annotations

import contextlib
import copy
import socket
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

from nb2pipe.api.compiling import Compiled, compile_notebook
from nb2pipe.api.interpreting import Home
from nb2pipe.api.running import RunRequest, run
from nb2pipe.diagnostics import Nb2pipeError, Refused, in_turn, say
from nb2pipe.notebook.read import from_document
from nb2pipe.report.full import render_full
from nb2pipe.runtime.channel import Channel
from nb2pipe.runtime.executed import NotWritten
from nb2pipe.runtime.lasting import Lasting
from nb2pipe.runtime.result import Listener, Outcome, RunResult
from nb2pipe.runtime.served import Requests


class Subject(NamedTuple):
    """The notebook of a sweep, as its document was when the sweep began."""

    document: Any
    path: str
    split: str | None
    cwd: str | None
    home: Home


class Ended(NamedTuple):
    """How a combination ended: ``status`` is that of its run, or "stopped" where it could not be run; ``detail`` says why.

    ``reads`` and ``writes`` are the files that its steps touched, ``cached`` how many of its ``steps`` were.
    """

    status: str
    detail: str = ""
    seconds: float = 0.0
    cached: int = 0
    steps: int = 0
    reads: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()


class _Telling(Listener):
    """Tells when what a step gives can be had by others, and what a user should know."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def ended(self, step: str, outcome: Outcome) -> None:
        """A step has ended; where it was run and ended well, its result is yet to be kept."""
        if outcome.cached or outcome.status != "ok":
            self.kept(step)

    def kept(self, step: str) -> None:
        """What a step gave is in the cache."""
        self._channel.send(("kept", step))

    def failed_once(self, step: str, why: str, shown: str) -> None:
        """A step has failed and is tried again."""
        self.note(say("%1: %2", step, why))

    def note(self, text: str) -> None:
        """Something that the user should know."""
        self._channel.send(("note", text))


def _ended(result: RunResult) -> Ended:
    outcomes = result.outcomes.items()
    failed = [say("%1: %2", step, o.detail) for step, o in outcomes if o.status in ("failed", "died")]
    times = [t for _, o in outcomes for t in (o.started, o.ended) if t]
    return Ended(
        "interrupted" if result.interrupted else "failed" if result.exit_code else "ok",
        in_turn(failed),
        max(times, default=0.0) - min(times, default=0.0),
        sum(o.cached for _, o in outcomes),
        sum(o.status != "left out" for _, o in outcomes),
        frozenset(path for _, o in outcomes for path in o.reads),
        frozenset(path for _, o in outcomes for path in o.writes),
    )


def _run(subject: Subject, compiled: Compiled, request: RunRequest, channel: Channel, starter: Lasting) -> Ended:
    """One combination run; whatever ends it is told, and leaves the others."""
    document = copy.deepcopy(subject.document)
    try:
        return _ended(run(compiled, request, _Telling(channel), starter, document=document))
    except Refused as refused:
        return Ended("refused", render_full(refused.diagnostics, compiled.notebook).rstrip())
    except NotWritten as problem:
        ended = Ended("stopped") if problem.result is None else _ended(problem.result)
        return ended._replace(status="stopped", detail=str(problem))
    except Nb2pipeError as error:
        return Ended("stopped", str(error))


def _received(channel: Channel) -> Iterator[Any]:
    with contextlib.suppress(OSError):
        while (message := channel.receive()) is not None:
            yield message


def serve(channel: Channel) -> None:
    """Run what is asked for: a `Subject`, then a `RunRequest` for each combination, each answered by an `Ended`."""
    subject: Subject = channel.receive()
    notebook = from_document(subject.document, subject.path)
    compiled = compile_notebook(notebook, subject.split, subject.cwd, subject.home)
    with Lasting(str(compiled.folder)) as starter:
        channel.send(("ready", ""))
        requests: Requests[RunRequest] = Requests(_received(channel))
        for request in requests:
            channel.send(("ended", _run(subject, compiled, request, channel, starter)))


def main() -> None:
    """Serve the process at the other end of the socket whose number is the argument."""
    with socket.socket(fileno=int(sys.argv[1])) as sock, contextlib.suppress(KeyboardInterrupt, OSError):
        serve(Channel(sock))
