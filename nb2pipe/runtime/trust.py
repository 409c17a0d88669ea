"""Whose results are taken: the user's own as they are, those of others where they are harmless, or all of them where the user says so."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from nb2pipe.diagnostics import all_of, say
from nb2pipe.runtime.task import ValueFile
from nb2pipe.store.keys import Key, is_own, sealed
from nb2pipe.store.results import Result

_MANY = 3


class Trust:
    """What one run takes from the store; with ``lifted`` all is taken as it is.

    ``checks`` has what the processes of steps hold the files to that were taken, and ``notes`` what the user should know.
    """

    def __init__(self, key: Key, *, lifted: bool = False) -> None:
        self._key = key
        self._lifted = lifted
        self.checks: dict[str, str] = {}
        self.notes: list[str] = [] if key.secret else [say("what this run keeps is not signed: %1", key.why)]

    def sealed(self, result: Result) -> Result:
        """A result of this run, signed."""
        return sealed(self._key, result)

    def is_own(self, result: Result) -> bool:
        """Whether the user has kept a result, and nobody has changed it since."""
        return is_own(self._key, result)

    def refused(self, result: Result, files: Iterable[ValueFile], place: Callable[[ValueFile], Path]) -> str:
        """Why a result is not taken, whose files are in their places; "" where it is."""
        if self._lifted:
            return ""
        own = self.is_own(result)
        for file in files:
            if not own:
                why = refusal(file.names, place(file))
                if why:
                    note = say("%1 is run again, because %2; --trust takes what others have written", result.step, why)
                    self.notes.append(note)
                    return why
            self.checks[file.name] = file.proof if own else ""
        return ""

    def of(self, files: Iterable[str]) -> tuple[tuple[str, str], ...]:
        """What is to be held against these files, of those that came from the store."""
        return tuple((name, self.checks[name]) for name in files if name in self.checks)

    def told(self) -> list[str]:
        """The notes since this was asked last."""
        notes, self.notes = self.notes, []
        return notes


def refusal(names: Iterable[str], path: Path) -> str:
    """Why a file that a stranger may have written is not loaded; "" where it is harmless."""
    from nb2pipe.runtime.values import needs

    which = all_of([f"`{n}`" for n in names])
    try:
        found = needs(path)
    except Exception as error:  # whatever a wrong pickle raises
        return say("%1 was not written by you and cannot be read: %2", which, str(error) or type(error).__name__)
    if not found:
        return ""
    wanted = ", ".join(f"`{n}`" for n in found[:_MANY])
    if len(found) > _MANY:
        wanted = say("%1 and %2 more", wanted, len(found) - _MANY)
    return say("%1 was not written by you and needs %2, which may do harm", which, wanted)
