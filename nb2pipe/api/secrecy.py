"""The secrets of a run or a plan: which are asked for, looked up, and kept out of this process's environment meanwhile."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from nb2pipe.diagnostics import UsageError, say
from nb2pipe.pipeline.model import Pipeline

if TYPE_CHECKING:
    from nb2pipe.runtime.result import Listener
    from nb2pipe.runtime.script import Script
    from nb2pipe.runtime.secrets.held import Secrets


@contextlib.contextmanager
def secrets_of(
    pipeline: Pipeline, todo: Script, wanted: Collection[str], given: Sequence[str], listener: Listener | None = None,
    *, local: bool = True,
) -> Iterator[Secrets | None]:  # fmt: skip
    """The secrets of the steps that are ``wanted``, looked up in ``given`` and where they are by custom; None where none is named.

    Raises:
        UsageError: A secret is not found or cannot be one, or the engine is not the ``local`` one.
    """
    from nb2pipe.runtime.secrets.asked import asked_by

    asked = asked_by(pipeline, todo)
    named = {name for names in asked.values() for name in names}
    if not named:
        yield None
        return
    if not local:
        raise UsageError(
            "secrets go with the local engine: papermill writes what a kernel shows before anybody can look at it, "
            "and a cluster would have to carry them"
        )
    from nb2pipe.runtime.secrets.held import Secrets, withheld
    from nb2pipe.runtime.secrets.places import SHORT, look_up

    who: dict[str, str] = {}
    for step, names in asked.items():
        if step in wanted:
            who = {**names, **who}
    values, notes = look_up(who, given)
    for name, value in values.items():
        cells = [str(i + 1) for i, t in sorted(todo.tasks.items()) if len(value) >= SHORT and value in t.source]
        if cells:
            where = ", ".join(cells)
            notes.append(
                say("secret %1 stands in the text of cell %2, which is copied as it is: see NB507", name, where)
            )
    if listener is not None:
        for note in notes:
            listener.note(note)
    with withheld(named), contextlib.closing(Secrets(values, named)) as secrets:
        yield secrets
