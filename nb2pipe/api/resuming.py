"""A run that was interrupted, for one that goes on with it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from nb2pipe.diagnostics import UsageError, say

if TYPE_CHECKING:
    from nb2pipe.pipeline.model import Parameter


class Interrupted(NamedTuple):
    """A run to go on with: its name, the runs that it went on with itself (the last first), its parameters, its split."""

    id: str
    before: tuple[str, ...]
    parameters: Mapping[str, Any]
    split: str | None

    @property
    def runs(self) -> tuple[str, ...]:
        """All that is one run now, the last first."""
        return (self.id, *self.before)


def interrupted(notebook: str, name: str, store: str | None = None) -> Interrupted:
    """The run of a notebook with that name, or its ``last``, to go on with.

    Raises:
        UsageError: There is none, it is of another notebook, it still goes on, or it has ended well.
    """
    from nb2pipe.store import is_made, results_folder
    from nb2pipe.store.rooms import opened
    from nb2pipe.store.runs import Chosen, named, newest

    path = os.path.abspath(notebook)
    folder = results_folder(Path(path).resolve().parent, store)
    if not is_made(folder):
        raise UsageError(say("no runs are recorded in %1; `nb2pipe run --cache` does that", str(folder)))
    with opened(folder) as kept:
        if name == "last":
            found = newest(kept.database, 1, Chosen(path))
            if not found:
                raise UsageError(
                    say("no runs of %1 are recorded in %2; `nb2pipe run --cache` does that", notebook, str(folder))
                )
            run = found[0]
        else:
            run = named(kept.database, name)
    if run.notebook != path:
        raise UsageError(say("run %1 is one of %2, not of %3", run.id, run.notebook, notebook))
    if run.status == "running":
        raise UsageError(say("run %1 goes on still", run.id))
    if run.status == "ok" and not any(s.status == "left out" for s in run.steps):
        raise UsageError(
            say("run %1 has ended well: nothing is left to do; `--cache` takes from it what holds still", run.id)
        )
    options, given = run.facts.get("options", {}), run.facts["parameters"]
    ordered = {n: given[n] for n in options.get("given", given)}
    return Interrupted(run.id, tuple(options.get("resumes", ())), ordered, options.get("split"))


def parameters_with(
    declared: tuple[Parameter, ...], run: Interrupted | None, given: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """The parameters of a run that goes on with another: that one's where none are given; and what there is to say of them."""
    if run is None:
        return dict(given), []
    known = {p.name for p in declared}
    taken = {n: v for n, v in run.parameters.items() if n not in given and n in known}
    values = ", ".join(f"{n} = {v!r}" for n, v in taken.items())
    said: list[str] = [say("goes on with run %1, %2", run.id, values) if values else say("goes on with run %1", run.id)]
    said += [
        say("parameter %1 of run %2 is none of the notebook's any more", n, run.id)
        for n in run.parameters
        if n not in known
    ]
    return {**taken, **given}, said
