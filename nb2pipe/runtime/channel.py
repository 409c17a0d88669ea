"""How the scheduler and a step's process speak with each other."""

from __future__ import annotations

import pickle
import socket
import struct
import threading
from typing import Any

_LENGTH = struct.Struct("<Q")


class Channel:
    """Pickled messages over a socket, each behind its length."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._lock = threading.RLock()

    def send(self, message: Any) -> None:
        """Send one message."""
        data = pickle.dumps(message, protocol=5)
        with self._lock:
            self.sock.sendall(_LENGTH.pack(len(data)) + data)

    def receive(self) -> Any:
        """The next message; None at the end."""
        head = self._read(_LENGTH.size)
        if head is None:
            return None
        data = self._read(_LENGTH.unpack(head)[0])
        return None if data is None else pickle.loads(data)

    def _read(self, size: int) -> bytes | None:
        parts = []
        while size:
            part = self.sock.recv(min(size, 1 << 20))
            if not part:
                return None
            parts.append(part)
            size -= len(part)
        return b"".join(parts)
