"""The values of recorded runs: listed, shown with their lineage, written to files, handed on as events of lineage."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nb2pipe.diagnostics import UsageError

if TYPE_CHECKING:
    from nb2pipe.runtime.portraits import Portrait
    from nb2pipe.store.lineage import Lineage, Value
    from nb2pipe.store.rooms import Store
    from nb2pipe.store.runs import Run


@dataclass(frozen=True, slots=True)
class Where:
    """Which store, and of which notebook: its path or name, None for any; with ``trust`` what others have written is loaded as it is."""

    store: str | None = None
    notebook: str | None = None
    trust: bool = False


@contextlib.contextmanager
def _opened(where: Where) -> Iterator[Store]:
    from nb2pipe.store import results_folder
    from nb2pipe.store.rooms import opened

    folder = results_folder(Path.cwd(), where.store)
    if not folder.is_dir():
        raise UsageError(f"no runs are recorded in {folder}; `nb2pipe run --cache` does that")
    with opened(folder) as store:
        yield store


def values(
    where: Where, run: str | None = None, count: int | None = None, *, everything: bool = False
) -> list[tuple[Value, bool]]:
    """The values of one run, or the versions of those of all; each with whether the store has it still.

    Modules, functions and classes are left out, but for ``everything``.

    Raises:
        UsageError: There is no such run, or the store cannot be used.
    """
    from nb2pipe.store.lineage import CODE, values_of, versions
    from nb2pipe.store.runs import named

    with _opened(where) as store:
        found = versions(store.database, where.notebook) if run is None else values_of(named(store.database, run))
        wanted = (v for v in found if everything or v.kind not in CODE)
        return [
            (v, store.contents.is_there(v.digest))
            for v in islice(wanted, None if count is None or count < 0 else count)
        ]


def show_value(name: str, where: Where) -> tuple[Lineage, Portrait | str]:
    """Where a value comes from, what became of it, and what it looks like, or why nobody knows that.

    ``name`` is as `nb2pipe.store.lineage.find` takes it.

    Raises:
        UsageError: There is no such value, or the store cannot be used.
    """
    from nb2pipe.store.lineage import find, lineage

    with _opened(where) as store:
        run, value = find(store.database, name, where.notebook)
        found = lineage(store.database, run, value)
        try:
            return found, _loaded(store, found, where, "") or ""
        except UsageError as error:
            return found, str(error)


def export_value(name: str, output: Path, where: Where) -> Value:
    """Write a value to a file, whose suffix says what it is to be; gives the value.

    Raises:
        UsageError: There is no such value, it was not kept, or it cannot be such a file.
    """
    from nb2pipe.store.lineage import find, lineage

    with _opened(where) as store:
        run, value = find(store.database, name, where.notebook)
        _loaded(store, lineage(store.database, run, value), where, str(output.absolute()))
        return value


def lineage_events(where: Where, run: str | None = None, name: str | None = None) -> tuple[dict[str, Any], ...]:
    """The events of OpenLineage of a run (the last where none is given), or of the steps that the value ``name`` was made by.

    Raises:
        UsageError: There is no such run or value, or the store cannot be used.
    """
    from nb2pipe.store.lineage import find, is_of, lineage
    from nb2pipe.store.openlineage import events
    from nb2pipe.store.runs import named, newest

    with _opened(where) as store:
        steps = None
        if name is not None:
            of, value = find(store.database, name, where.notebook)
            steps = frozenset({value.step, *(v.step for v in lineage(store.database, of, value).above)})
        elif run is not None:
            of = named(store.database, run)
        else:
            fitting = [r for r in newest(store.database) if is_of(r.notebook, where.notebook)]
            if not fitting:
                raise UsageError("there are no runs; `nb2pipe runs list` names them")
            of = fitting[0]
        return events(of, _results(store, of), steps)


def send_lineage(events: Sequence[Mapping[str, Any]], target: str) -> None:
    """Hand events of lineage on: to a file, or to an http address.

    Raises:
        UsageError: The file cannot be written, or the address does not take them.
    """
    from nb2pipe.store.openlineage import send

    send(events, target)


def _results(store: Store, run: Run) -> dict[str, Any]:
    """What the store has of each step of a run."""
    from nb2pipe.store.results import made_by

    return {s.name: made_by(store.database, run.notebook, s.name, s.facts.get("made", run.id)) for s in run.steps}


def _loaded(store: Store, found: Lineage, where: Where, output: str) -> Portrait | None:
    """Have a value loaded in a process of its own: its portrait, or None where it is written to ``output``."""
    from nb2pipe.runtime.portraits import Request, ask
    from nb2pipe.runtime.task import files_of
    from nb2pipe.store.keys import is_own, user_key

    value, result = found.value, found.result
    if not store.contents.has(value.digest):
        why = found.record.facts.get("unkept") or found.record.facts.get("reason", "")
        raise UsageError(f"`{value.name}` of run {value.run} is not in the store any more, or was not kept ({why})")
    known: str | None = ""
    own = result is not None and (where.trust or is_own(user_key(), result))
    if where.trust:
        known = None
    elif result is not None and own:
        known = next((f.proof for f in files_of(result.facts) if f.digest == value.digest), "")
    folder = str(Path(value.notebook).parent)
    python = result.facts.get("interpreter", ()) if result is not None and own else ()
    return ask(Request(str(store.contents.file(value.digest).absolute()), value.name, known, folder, output), python)
