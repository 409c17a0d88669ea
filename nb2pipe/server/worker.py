"""The process that works for the server: a line of JSON is a request, and so are the events and the answer to it.

The event loop of the server never waits for it, and whatever a notebook does to the analysis, the server goes on.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable
from typing import TextIO

from nb2pipe.runtime.served import Requests
from nb2pipe.server.asked import Answer
from nb2pipe.server.failures import failure
from nb2pipe.server.work import WORK


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


def main() -> None:
    """Serve the parent process on its two pipes; what others read and print on the standard streams stays out of them."""
    requests, answers = os.fdopen(os.dup(0), encoding="utf-8"), os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    with contextlib.suppress(KeyboardInterrupt):
        serve(Requests(requests), answers)


if __name__ == "__main__":
    main()
