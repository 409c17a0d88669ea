"""The requests of another process, so that its end is noticed while one of them is worked on."""

from __future__ import annotations

import queue
import signal
import threading
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

_Request = TypeVar("_Request")


class Requests(Generic[_Request]):
    """What a stream gives, read by a thread, so that its end is noticed while work goes on: then that is interrupted."""

    def __init__(self, stream: Iterable[_Request]) -> None:
        self._waiting: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._main = threading.get_ident()
        self._works = False
        threading.Thread(target=self._read, args=(stream,), daemon=True).start()

    def _read(self, stream: Iterable[_Request]) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # it is for the thread that works
        for request in stream:
            self._waiting.put(request)
        self._waiting.put(None)
        if self._works:
            signal.pthread_kill(self._main, signal.SIGINT)

    def __iter__(self) -> Iterator[_Request]:
        while (request := self._waiting.get()) is not None:
            self._works = True
            yield request
            self._works = False
