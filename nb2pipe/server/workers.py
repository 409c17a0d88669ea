"""The server's hold on the processes that work for it: started when they are needed, bounded in number and time, ended."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nb2pipe.diagnostics import Sentence, say
from nb2pipe.server.said import failed

_LINE = 2**28  # bytes of the longest answer
_GRACE = 10.0  # seconds that interrupted work may take to clean up behind it


class WorkFails(Exception):
    """Work has ended with an error, which ``failure`` says as `nb2pipe.server.failures.failure` does."""

    def __init__(self, failure: dict[str, Any]) -> None:
        super().__init__(failure["message"])
        self.failure = failure


class Worker:
    """One process that answers requests one by one; it runs in the server's folder, so that paths are those of the page."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._process: asyncio.subprocess.Process | None = None

    async def ask(
        self, what: str, request: dict[str, Any], hear: Callable[[dict[str, Any]], None] | None = None
    ) -> Any:
        """The answer to one request; ``hear`` is told of what happens meanwhile.

        Raises:
            WorkFails: It has ended with an error.
        """
        process = await self._started()
        if process.stdin is None or process.stdout is None:  # they are pipes, says the call that started it
            raise RuntimeError("no pipes")
        try:
            process.stdin.write(json.dumps({"what": what, "request": request}).encode() + b"\n")
            await process.stdin.drain()
            while line := await process.stdout.readline():
                message = json.loads(line)
                if "answer" in message:
                    return message["answer"]
                if "failure" in message:
                    raise WorkFails(message["failure"])
                if hear is not None:
                    hear(message["event"])
        except OSError:
            pass  # said below, as any other end
        await self.close()
        raise WorkFails(failed("fault", say("the process that worked on this has ended (%1)", _end(process))))

    async def _started(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            # -P: no module of the notebook's folder is imported in place of one of ours
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", "-m", "nb2pipe.server.worker", cwd=self._root, start_new_session=True,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=_LINE,
            )  # fmt: skip
        return self._process

    def interrupt(self) -> None:
        """Let it end what it does, as Ctrl-C would."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGINT)

    async def close(self) -> None:
        """End the process: it is interrupted, and killed where that does not end it."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()  # that ends it where it waits, and interrupts it where it works
        try:
            await asyncio.wait_for(process.wait(), _GRACE)
        except TimeoutError:
            _kill(process)
            await process.wait()

    def kill(self) -> None:
        """End the process at once."""
        process, self._process = self._process, None
        if process is not None:
            _kill(process)


def _kill(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _end(process: asyncio.subprocess.Process) -> Sentence:
    code = process.returncode
    if code is None:
        return say("no answer")
    return say("signal %1", -code) if code < 0 else say("exit code %1", code)


class Stale(Exception):
    """A newer request of the same page has taken the place of this one, or the page is no longer there."""


@dataclass(slots=True, eq=False)
class Waiting:
    """A request for an analysis, as long as ``page`` waits for it."""

    page: str
    gone: bool = False


class Analyses:
    """The analyses of what pages show, one at a time in a process that stays; of what waits, only the newest of a page is done.

    One that takes longer than ``limit`` seconds is ended, with its process.
    """

    def __init__(self, root: str, limit: float = 60.0) -> None:
        self._worker = Worker(root)
        self._limit = limit
        self._free = asyncio.Lock()
        self._newest: dict[str, Waiting] = {}

    async def ask(self, waiting: Waiting, request: dict[str, Any]) -> Any:
        """The analysis of a notebook, for the page that shows it.

        Raises:
            Stale: The page has asked again, or is no longer there.
            WorkFails: It has ended with an error, or took too long.
        """
        self._newest[waiting.page] = waiting
        try:
            async with self._free:
                if waiting.gone or self._newest.get(waiting.page) is not waiting:
                    raise Stale
                return await self._analysed(request)
        finally:
            if self._newest.get(waiting.page) is waiting:
                del self._newest[waiting.page]

    async def _analysed(self, request: dict[str, Any]) -> Any:
        try:
            return await asyncio.wait_for(self._worker.ask("analyse", request), self._limit)
        except WorkFails:
            raise
        except BaseException as error:
            self._worker.kill()  # its answer would be taken for that to the next request
            if not isinstance(error, TimeoutError):
                raise
            message = say("the analysis took longer than %1 s and was ended", f"{self._limit:g}")
            raise WorkFails(failed("failed", message)) from None
