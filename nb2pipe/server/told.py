"""A run told to a page: each step that starts or ends, and what it prints meanwhile, a few times a second."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from nb2pipe.diagnostics import say
from nb2pipe.runtime.outputs import Event
from nb2pipe.runtime.result import Listener, Outcome
from nb2pipe.server.asked import Answer, Say
from nb2pipe.server.said import parts_read

_PAUSE = 0.25  # seconds between two pieces of text
_LONGEST = 20_000  # characters of a piece; of a longer one its end is said


@contextmanager
def told(say: Say) -> Iterator[Listener]:
    """A listener that says what it hears, while the context lasts."""
    found = _Told(say)
    try:
        yield found
    finally:
        found.close()


class _Told(Listener):
    """``say`` is called by one thread at a time."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._running: set[str] = set()
        self._texts: dict[str, list[str]] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._speak, name="nb2pipe-texts", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Say the rest."""
        self._closed.set()
        self._thread.join()
        with self._lock:
            self._say_texts()

    def started(self, step: str) -> None:
        with self._lock:
            self._running.add(step)
            self._say({"event": "started", "step": step})

    def shown(self, step: str, event: Event) -> None:
        # what a cached step once printed is in the executed notebook, and nothing that happens now
        if event["type"] == "stream" and step in self._running:
            with self._lock:
                self._texts.setdefault(step, []).append(event["text"])

    def ended(self, step: str, outcome: Outcome) -> None:
        with self._lock:
            self._say_texts()
            self._running.discard(step)
            self._say({"event": "ended", "step": step, **outcome_of(outcome)})

    def failed_once(self, step: str, why: str, shown: str) -> None:
        with self._lock:
            self._say_texts()
            self._note(say("%1 is tried again: %2", step, why))

    def note(self, text: str) -> None:
        with self._lock:
            self._note(text)

    def _note(self, text: str) -> None:
        self._say({"event": "note", "text": text, "said": parts_read(text)})

    def _speak(self) -> None:
        while not self._closed.wait(_PAUSE):
            with self._lock:
                self._say_texts()

    def _say_texts(self) -> None:
        for step, pieces in self._texts.items():
            self._say({"event": "text", "step": step, "text": "".join(pieces)[-_LONGEST:]})
        self._texts.clear()


def outcome_of(outcome: Outcome) -> Answer:
    """How a step ended, with what it took: seconds, bytes of memory, bytes of its values.

    ``said`` is what its sentences were made of, as `parts_read` has it.
    """
    known = asdict(outcome)
    kept = ("status", "cached", "detail", "cell", "seconds", "reason", "runs", "memory", "taken", "given")
    sizes = {name: file.size for file in outcome.files for name in file.names if not name.startswith("<")}
    said = {"detail": parts_read(outcome.detail), "reason": parts_read(outcome.reason)}
    return {**{key: known[key] for key in kept}, "sizes": sizes, "said": said}
