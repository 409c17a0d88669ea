"""The process that works for the server: a line of JSON is a request, and so are the events and the answer to it.

The event loop of the server never waits for it, and whatever a notebook does to the analysis, the server goes on.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import threading
from collections.abc import Iterable, Iterator
from typing import TextIO

from nb2pipe.server.work import WORK, Answer, failure


def serve(requests: Iterable[str], answers: TextIO) -> None:
    """Answer requests one by one, in order, until there are no more.

    {"what", "request"}  ->  {"event": …}, … and then one of  {"answer": …}  {"failure": …}
    """

    def say(message: Answer) -> None:
        answers.write(json.dumps(message, allow_nan=False, default=str) + "\n")
        answers.flush()

    for line in requests:
        try:
            asked = json.loads(line)
            answer = WORK[asked["what"]](asked["request"], lambda event: say({"event": event}))
            say({"answer": answer})
        except (Exception, KeyboardInterrupt) as error:
            say({"failure": failure(error)})


class _Requests:
    """The lines of a stream, read by a thread, so that its end is noticed while work goes on: then that is interrupted."""

    def __init__(self, stream: TextIO) -> None:
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._main = threading.get_ident()
        self._works = False
        threading.Thread(target=self._read, args=(stream,), daemon=True).start()

    def _read(self, stream: TextIO) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # it is for the thread that works
        for line in stream:
            self._lines.put(line)
        self._lines.put(None)
        if self._works:
            signal.pthread_kill(self._main, signal.SIGINT)

    def __iter__(self) -> Iterator[str]:
        while (line := self._lines.get()) is not None:
            self._works = True
            yield line
            self._works = False


def main() -> None:
    """Serve the parent process on its two pipes; what others read and print on the standard streams stays out of them."""
    requests, answers = os.fdopen(os.dup(0), encoding="utf-8"), os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    with contextlib.suppress(KeyboardInterrupt):
        serve(_Requests(requests), answers)


if __name__ == "__main__":
    main()
