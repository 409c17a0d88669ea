"""Keeps what a block prints, as the `%%capture` of a notebook does."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout


class Captured:
    """What was printed: `stdout` and `stderr`."""

    def __init__(self) -> None:
        self._stdout, self._stderr = io.StringIO(), io.StringIO()

    @property
    def stdout(self) -> str:
        """What went to the standard output."""
        return self._stdout.getvalue()

    @property
    def stderr(self) -> str:
        """What went to the standard error."""
        return self._stderr.getvalue()

    def show(self) -> None:
        """Print it after all."""
        sys.stdout.write(self.stdout)
        sys.stderr.write(self.stderr)

    __call__ = show

    def __str__(self) -> str:
        return self.stdout


@contextmanager
def captured() -> Iterator[Captured]:
    """Keep what is printed inside."""
    kept = Captured()
    with redirect_stdout(kept._stdout), redirect_stderr(kept._stderr):
        yield kept
