"""The processes that run the combinations of a sweep, seen from the one that started them."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from typing import Any

from nb2pipe.api.running import RunRequest
from nb2pipe.api.sweeper import Subject
from nb2pipe.runtime.channel import Channel

_MAIN = "from nb2pipe.api.sweeper import main; main()"
_GRACE = 10.0  # seconds that one may take to end


class Sweeper:
    """One process; ``place`` is the combination that it runs, None between two."""

    def __init__(self, subject: Subject) -> None:
        self.place: int | None = None
        self.sock, theirs = socket.socketpair()
        self._channel = Channel(self.sock)
        self._ready = False
        with theirs:
            # -P: no module of the notebook's folder is imported in place of one of ours. It leads a session of its own: Ctrl-C
            # reaches it once, from us.
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _MAIN, str(theirs.fileno())], pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL, stdout=2, start_new_session=True,
            )  # fmt: skip
        self._send(subject)

    def ask(self, place: int, request: RunRequest) -> None:
        """Have it run a combination."""
        self.place = place
        self._send(request)

    def _send(self, message: Any) -> None:
        with contextlib.suppress(OSError):  # that it has ended is heard
            self._channel.send(message)

    def hear(self) -> Any:
        """What it says next, as (kind, what); None when it has ended."""
        try:
            message = self._channel.receive()
        except OSError:
            return None
        self._ready = self._ready or message is not None
        return message

    def interrupt(self) -> None:
        """Have it end what it runs, as Ctrl-C would; one that has not come so far yet runs nothing, and ends at once."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGINT if self._ready else signal.SIGKILL)

    def close(self) -> str:
        """End it, with all that it has started; how it ended, in words."""
        self.sock.close()  # that ends it where it waits, and interrupts it where it works
        try:
            code = self._process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            code = self._process.wait()
        return f"its process was ended by signal {-code}" if code < 0 else f"its process ended with exit code {code}"
