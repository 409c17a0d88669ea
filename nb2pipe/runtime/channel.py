"""How the scheduler and a step's process speak with each other."""

from __future__ import annotations

import io
import pickle
import socket
import struct
import threading
from typing import Any

from nb2pipe.diagnostics import Nb2pipeError, Sentence

_LENGTH = struct.Struct("<Q")


class NotPlainError(Nb2pipeError):
    """A message holds something of the notebook's: a fault of ours, for what a step says is plain."""


class _Plain(pickle.Unpickler):
    """Makes nothing but what the two sides say to each other."""

    def find_class(self, module: str, name: str) -> Any:
        spoken = module in ("nb2pipe.runtime.task", "nb2pipe.runtime.observed")
        if not spoken and (module, name) != (Sentence.__module__, Sentence.__name__):
            raise NotPlainError(f"a step in another interpreter says a `{module}.{name}`; please report")
        return super().find_class(module, name)


class Channel:
    """Pickled messages over a socket, each behind its length.

    With ``plain`` no object of the other side is made on this one, which may not have what it takes.
    """

    def __init__(self, sock: socket.socket, *, plain: bool = False) -> None:
        self.sock = sock
        self._plain = plain
        self._lock = threading.RLock()

    def send(self, message: Any) -> None:
        """Send one message."""
        data = pickle.dumps(message, protocol=5)
        with self._lock:
            self.sock.sendall(_LENGTH.pack(len(data)) + data)

    def receive(self) -> Any:
        """The next message; None at the end.

        Raises:
            NotPlainError: It should be plain, and is not.
        """
        head = self._read(_LENGTH.size)
        if head is None:
            return None
        data = self._read(_LENGTH.unpack(head)[0])
        if data is None:
            return None
        return _Plain(io.BytesIO(data)).load() if self._plain else pickle.loads(data)

    def _read(self, size: int) -> bytes | None:
        parts = []
        while size:
            part = self.sock.recv(min(size, 1 << 20))
            if not part:
                return None
            parts.append(part)
            size -= len(part)
        return b"".join(parts)
