"""What a cell writes: through Python's streams, and past them to the file descriptors.

The order of the two streams is ipykernel's: a stream is sent 0.2 s after the first text that waits in it, before
anything displayed, and at the end of the cell, stdout first. No thread is needed for that: whether a stream is due is
looked at when something else is written, and file descriptors 1 and 2 are files in memory that are looked at then too,
so that what a subprocess wrote stands where it was written.
"""

from __future__ import annotations

import ctypes
import io
import os
import sys
import tempfile
import threading
import time
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

Send = Callable[[str, str], None]
"""Takes the name of a stream, "stdout" or "stderr", and text."""

INTERVAL = 0.2
"""Seconds that text may wait for more: ipykernel's ``OutStream.flush_interval``."""
_EAGER = 1 << 16
_PUNCH_HOLE = 3  # FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE


class OutStream(io.TextIOBase):
    """``sys.stdout`` or ``sys.stderr`` of a shell.

    Until `Streams.attach`, and in a process forked by a cell, text goes to the file descriptor, line by line.
    """

    # click, rich and others know by these names that they write into a notebook
    __module__ = "ipykernel.iostream"
    encoding = "UTF-8"

    def __init__(self, streams: Streams, name: str) -> None:
        super().__init__()
        self.name = name
        self._streams = streams
        self._number = 1 if name == "stdout" else 2

    def write(self, string: str) -> int:
        """Take in text; it is sent later."""
        if not isinstance(string, str):
            raise TypeError(f"write() argument must be str, not {type(string)}")
        self._streams.write(self._number, string)
        return len(string)

    def writelines(self, sequence: Iterable[str]) -> None:  # type: ignore[override]  # text, as in io.TextIOBase
        """Write each text of ``sequence``."""
        for string in sequence:
            self.write(string)

    def flush(self) -> None:
        """Send what waits in this stream."""
        self._streams.flush(self._number)

    def isatty(self) -> bool:
        """A notebook is no terminal."""
        return False

    def writable(self) -> bool:
        """Always."""
        return True

    def fileno(self) -> int:
        """The descriptor that was there before: what is written to it is no output of a cell, as in Jupyter."""
        return self._streams.original(self._number)


class Streams:
    """Both streams of one process and both of its file descriptors."""

    def __init__(self) -> None:
        self.stdout = OutStream(self, "stdout")
        self.stderr = OutStream(self, "stderr")
        self._lock = threading.RLock()
        self._send: Send | None = None
        self._wanted: Callable[[], bool] = lambda: True
        self._pid = os.getpid()
        self._parts: dict[int, list[str]] = {1: [], 2: []}
        self._size = {1: 0, 2: 0}
        self._due = {1: 0.0, 2: 0.0}
        self._files: dict[int, int] = {}
        self._read = {1: 0, 2: 0}
        self._decoders = {n: getincrementaldecoder("utf-8")("replace") for n in (1, 2)}
        self._originals: dict[int, int] = {}

    def install(self) -> None:
        """Make these the streams of Python; they still write straight to the file descriptors."""
        sys.stdout, sys.stderr = self.stdout, self.stderr

    def attach(self, send: Send, wanted: Callable[[], bool] = lambda: True) -> None:
        """From now on, send what is written, through Python or to descriptors 1 and 2, to ``send``.

        Text written while ``wanted`` says False is dropped.
        """
        self.flush(1)
        self.flush(2)
        self.install()
        self._send, self._wanted, self._pid = send, wanted, os.getpid()
        for number in (1, 2):
            if number not in self._originals:
                self._originals[number] = os.dup(number)
            file = _memory_file(f"nb2pipe-{number}")
            os.dup2(file, number)
            self._files[number], self._read[number] = file, 0

    def original(self, number: int) -> int:
        """The descriptor that stood at ``number`` before `attach`."""
        return self._originals.get(number, number)

    def write(self, number: int, text: str) -> None:
        """Take in ``text`` for descriptor ``number``'s stream."""
        with self._lock:
            if self._send is None or os.getpid() != self._pid:
                self._write_through(number, text)
                return
            self._collect()
            if self._wanted():
                self._add(number, text, time.time())
            # stdout would be sent before stderr anyhow, so it may go early; stderr only where stdout is empty
            if self._size[number] > _EAGER and (number == 1 or not self._parts[1]):
                self._emit(number)

    def flush(self, number: int) -> None:
        """Send what waits in one stream."""
        with self._lock:
            if self._send is None or os.getpid() != self._pid:
                self._write_through(number, "", everything=True)
                return
            self._collect()
            self._emit(number)

    def flush_all(self) -> None:
        """Send what waits in both, in ipykernel's order."""
        with self._lock:
            self.flush(1)
            self._emit(2)

    def _add(self, number: int, text: str, when: float) -> None:
        if not self._parts[number]:
            self._due[number] = when + INTERVAL
        self._parts[number].append(text)
        self._size[number] += len(text)

    def _collect(self) -> None:
        """Send what is due, then take in what was written to the descriptors."""
        now = time.time()
        self._emit_due(now)
        for number, file in self._files.items():
            status = os.fstat(file)
            if status.st_size <= self._read[number]:
                continue
            parts = []
            while data := os.pread(file, 1 << 20, self._read[number]):
                self._read[number] += len(data)
                parts.append(self._decoders[number].decode(data))
            if self._read[number] > 1 << 24:
                _release(file, self._read[number])
            self._add(number, "".join(parts), status.st_mtime)
        self._emit_due(now)

    def _emit_due(self, now: float) -> None:
        for number in sorted((1, 2), key=self._due.__getitem__):
            if self._parts[number] and self._due[number] <= now:
                self._emit(number)

    def _emit(self, number: int) -> None:
        if self._parts[number] and self._send is not None:
            text = "".join(self._parts[number])
            self._parts[number].clear()
            self._size[number] = 0
            self._send("stdout" if number == 1 else "stderr", text)

    def _write_through(self, number: int, text: str, *, everything: bool = False) -> None:
        if self._send is not None and os.getpid() != self._pid:
            # forked by a cell: what waited belongs to the parent
            self._parts, self._size = {1: [], 2: []}, {1: 0, 2: 0}
            self._send = None
        if text:
            self._parts[number].append(text)
        if self._parts[number] and (everything or "\n" in text or "\r" in text):
            data = "".join(self._parts[number]).encode("utf-8", "backslashreplace")
            self._parts[number].clear()
            while data:
                data = data[os.write(number, data) :]


def _memory_file(name: str) -> int:
    """A file that nobody else sees, opened for appending: processes that share it do not overwrite each other."""
    if hasattr(os, "memfd_create"):
        file = os.memfd_create(name, os.MFD_CLOEXEC)
    else:
        file, path = tempfile.mkstemp(prefix=name)
        Path(path).unlink()
    import fcntl

    fcntl.fcntl(file, fcntl.F_SETFL, os.O_APPEND)
    return file


def _release(file: int, size: int) -> None:
    """Give back the memory of what has been read (fallocate(2)); where that cannot be done it is kept."""
    libc: Any = ctypes.CDLL(None)
    if hasattr(libc, "fallocate64"):
        libc.fallocate64(file, _PUNCH_HOLE, ctypes.c_int64(0), ctypes.c_int64(size))
