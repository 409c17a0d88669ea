"""What takes its time, a run, a sweep or a verification: it goes on whether a page listens or not, can be heard again, and cancelled."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from nb2pipe.diagnostics import say
from nb2pipe.server.said import failed
from nb2pipe.server.workers import Worker, WorkFails

_GRACE = 15.0  # seconds that a job may take to end once it is cancelled
_KEPT = 20  # jobs that are over and can still be heard
_TEXT = 20_000  # characters of what a step printed that can still be heard


class TooMany(Exception):
    """As many jobs go on as may."""


@dataclass(slots=True, eq=False)
class Job:
    """One job: ``events`` are all that was said of it, the last one of which is its end; of what steps print, the last of it."""

    id: str
    what: str
    path: str
    worker: Worker
    events: list[dict[str, Any] | None] = field(default_factory=list)
    texts: dict[str, deque[tuple[int, int]]] = field(default_factory=dict)
    over: bool = False
    cancelled: bool = False
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def say(self, event: dict[str, Any]) -> None:
        """Add an event, and wake all who listen."""
        if event["event"] == "text":
            self._forget(event)
        self.events.append(event)
        self.news.set()
        self.news = asyncio.Event()

    def _forget(self, event: dict[str, Any]) -> None:
        """Let the first pieces of what a step printed go, where there is more than is kept: it may print for days."""
        pieces = self.texts.setdefault(event["step"], deque())
        pieces.append((len(self.events), len(event["text"])))
        kept = sum(length for _, length in pieces)
        while kept > _TEXT and len(pieces) > 1:
            place, length = pieces.popleft()
            self.events[place] = None
            kept -= length

    async def listen(self) -> AsyncIterator[dict[str, Any]]:
        """All events, from the first to the last."""
        heard = 0
        while True:
            news = self.news
            while heard < len(self.events):
                event = self.events[heard]
                heard += 1
                if event is not None:
                    yield event
            if self.over:
                return
            await news.wait()


class Jobs:
    """The jobs of a server, of which ``most`` go on at once."""

    def __init__(self, root: str, most: int = 2) -> None:
        self._root, self._most = root, most
        self._jobs: dict[str, Job] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, what: str, request: dict[str, Any]) -> Job:
        """Begin a job.

        Raises:
            TooMany: As many go on as may.
        """
        if sum(not job.over for job in self._jobs.values()) >= self._most:
            raise TooMany
        job = Job(secrets.token_hex(8), what, request["path"], Worker(self._root))
        self._jobs[job.id] = job
        over = [j.id for j in self._jobs.values() if j.over]
        for old in over[: max(0, len(over) - _KEPT)]:
            del self._jobs[old]
        task = asyncio.get_running_loop().create_task(self._work(job, request))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return job

    async def _work(self, job: Job, request: dict[str, Any]) -> None:
        try:
            answer = await job.worker.ask(job.what, request, job.say)
            end = {"event": "answer", "answer": answer}
        except WorkFails as error:
            cancelled = failed("cancelled", say("cancelled"))
            end = {"event": "failure", "failure": cancelled if job.cancelled else error.failure}
        job.over = True
        job.say(end)
        await job.worker.close()

    def find(self, job: str) -> Job | None:
        """The job of that id, as long as it is known."""
        return self._jobs.get(job)

    def of(self, path: str | None = None) -> list[Job]:
        """The jobs about a notebook, or all; the oldest first."""
        return [job for job in self._jobs.values() if path is None or job.path == path]

    def cancel(self, job: Job) -> None:
        """End a job: it is interrupted, and killed where it does not heed that."""
        if job.over or job.cancelled:
            return
        job.cancelled = True
        job.worker.interrupt()
        asyncio.get_running_loop().call_later(_GRACE, _end, job)


def _end(job: Job) -> None:
    if not job.over:
        job.worker.kill()
