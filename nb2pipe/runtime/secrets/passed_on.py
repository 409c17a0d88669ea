"""What the processes of steps write past their cells' outputs, passed on without secrets."""

from __future__ import annotations

import contextlib
import os
import threading
from codecs import getincrementaldecoder

from nb2pipe.runtime.secrets.scrubber import Scrubber

_PATIENCE = (
    1.0  # seconds for what a process says at its end; one that cells have left behind may hold the pipe for ever
)


class PassedOn:
    """A pipe, from ``descriptor`` to the descriptor ``target``."""

    def __init__(self, scrubber: Scrubber, target: int) -> None:
        self._scrubber, self._target = scrubber, target
        self._reader, self.descriptor = os.pipe()
        self._thread = threading.Thread(target=self._pass_on, name="nb2pipe-stderr", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """No process writes any more."""
        os.close(self.descriptor)
        self._thread.join(_PATIENCE)

    def _pass_on(self) -> None:
        decoder = getincrementaldecoder("utf-8")("surrogateescape")
        waiting = ""
        while data := os.read(self._reader, 1 << 16):
            text = self._scrubber.text(waiting + decoder.decode(data))
            waits = self._scrubber.beginning(text)
            waiting = text[len(text) - waits :]
            self._write(text[: len(text) - waits])
        self._write(waiting + decoder.decode(b"", final=True))
        os.close(self._reader)

    def _write(self, text: str) -> None:
        data = text.encode("utf-8", "surrogateescape")
        with contextlib.suppress(OSError):
            while data:
                data = data[os.write(self._target, data) :]
