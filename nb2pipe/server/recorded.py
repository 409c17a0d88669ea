"""What a page may ask of the runs of its notebook: what a next one would do, how earlier ones went, and what is made of them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nb2pipe import api
from nb2pipe.diagnostics import UsageError, say
from nb2pipe.server.asked import Answer, Request, Say, compiled
from nb2pipe.server.said import all_read, parts_of, parts_read

if TYPE_CHECKING:
    from nb2pipe.store.rooms import Store
    from nb2pipe.store.runs import Run

_MOST = 50
"""The runs that are listed, the newest."""
_LONGEST = 200
"""The characters of a value, or of a reason, that are shown in a list."""


def plan(request: Request, say: Say) -> Answer:
    """What a run would do, step by step, as `nb2pipe plan --format json` has it.

    Raises:
        Refused, UsageError: as `api.plan` and `api.interrupted`.
    """
    from nb2pipe.runtime.parameters import parse_value
    from nb2pipe.runtime.result import RunOptions

    texts = dict(request.get("parameters") or {})
    resume = api.interrupted(request["path"], request["resume"]) if request.get("resume") else None
    found = compiled(request, resume.split if resume else None)
    given = {name: parse_value(text) for name, text in texts.items()}
    asked = api.RunRequest(RunOptions(cwd=str(found.folder)), given, texts, resume=resume)
    steps = api.plan(found, asked)
    rows = [
        {
            "step": s.step, "action": s.action, "reason": s.reason, "said": parts_read(s.reason), "seconds": s.seconds,
        }
        for s in steps
    ]  # fmt: skip
    return {"steps": rows}


def runs(request: Request, say: Say) -> Answer:
    """The recorded runs of a notebook, the newest first."""
    from nb2pipe.store.runs import Chosen, newest

    with _store(request) as store:
        if store is None:
            return {"runs": []}
        return {"runs": [_listed(r) for r in newest(store.database, _MOST, Chosen(os.path.abspath(request["path"])))]}


def one(request: Request, say: Say) -> Answer:
    """One of these runs, with its steps, its metrics and its notes.

    Raises:
        UsageError: There is none of that name.
    """
    from nb2pipe.records.metrics import final
    from nb2pipe.records.text import finite

    with _run(request) as (store, run):
        steps = [
            {
                "name": s.name, "status": s.status, **_why(s.facts), "seconds": s.facts.get("seconds", 0.0),
                "memory": s.facts.get("memory", 0), "taken": s.facts.get("bytes_in", 0), "given": s.facts.get("bytes_out", 0),
            }
            for s in sorted(run.steps, key=lambda s: s.facts.get("started", float("inf")))
        ]  # fmt: skip
        metrics: Answer = finite(final(store.database, run.id))
        notes = list(run.facts.get("notes", ()))
        return {**_listed(run), "steps": steps, "metrics": metrics, "notes": notes, "said": all_read(notes)}


def _why(facts: Mapping[str, Any]) -> Answer:
    """Why a step ended as it did, and why it ran."""
    found = {name: str(facts.get(name, "")) for name in ("reason", "detail")}
    return {**found, "said": {name: parts_read(text) for name, text in found.items()}}


def comparison(request: Request, say: Say) -> Answer:
    """What is different between two runs; values that differ are loaded for that.

    Raises:
        UsageError: There is none of that name.
    """
    from nb2pipe.records.compare import compared
    from nb2pipe.records.text import short

    with _run(request, "old") as (store, old), _run(request, "new") as (_, new):
        found = compared(store, old, new)
    return {
        "old": old.id,
        "new": new.id,
        "missing": found.missing,
        "said": parts_of(found.missing),
        "differences": [
            _with_parts({"name": d.name, "old": short(d.a), "new": short(d.b), "where": d.where}) | {"what": d.what}
            for d in found.differences
            if d.what != "code" or not found.code
        ],
        "code": [{"name": name, "said": parts_of(name), "diff": list(lines)} for name, lines in found.code],
    }


def _with_parts(texts: dict[str, str]) -> Answer:
    """Texts, with what those were made of that are sentences."""
    return {**texts, "said": {key: parts_of(text) for key, text in texts.items()}}


def sweep_table(request: Request, say: Say) -> Answer:
    """The runs of a sweep side by side, as `nb2pipe runs compare --format json` has them.

    Raises:
        UsageError: There is no such sweep of the notebook.
    """
    from nb2pipe.records.sweeps import as_data, table_of
    from nb2pipe.server.sweeps import table_shown

    with _store(request) as store:
        table = None if store is None else table_of(store, request["sweep"])
    if table is None or table.notebook != os.path.abspath(request["path"]):
        raise _no_sweep(request)
    return table_shown(as_data(table))


def opened(request: Request, say: Say) -> Answer:
    """A file made of a run and written beside its notebook, named as the command line names it; ``path`` says where it is.

    ``what`` is the executed ``notebook``, the ``report``, a ``step`` as a notebook with what it took, or the ``comparison`` with
    an ``other`` run.

    Raises:
        UsageError: There is none of that name, what it needs is no longer in the store, or the file cannot be written.
    """
    from nb2pipe.records.opened import opened_step
    from nb2pipe.records.pages import comparison_page
    from nb2pipe.records.reading import executed_notebook
    from nb2pipe.records.report import report_page
    from nb2pipe.runtime import executed

    folder = Path(request["path"]).parent
    with _run(request) as (store, run):
        match request["what"]:
            case "step":
                step, document = opened_step(store, run, request.get("step"))
                # a step may have been named by a tag, and so as nothing that a file can be called
                path = folder / f"{step if step.isidentifier() else 'step'}-{run.id}.ipynb"
            case "notebook":
                path = folder / f"{Path(request['path']).stem}-{run.id}.ipynb"
                document = executed_notebook(store, run, str(path))
            case "report":
                path, document = folder / f"run-{run.id}.html", report_page(store, run)
            case _:
                from nb2pipe.records.compare import compared

                with _run(request, "other") as (_, other):
                    path = folder / f"run-{run.id}-{other.id}.html"
                    document = comparison_page(run, other, compared(store, run, other))
    executed.check_output(str(path), request["path"])
    if isinstance(document, str):
        executed.put(str(path), document.encode("utf-8", "replace"))
    else:
        executed.write(str(path), document)
    return {"path": path.as_posix()}


def _no_sweep(request: Request) -> UsageError:
    return UsageError(say("%1 is no sweep of %2", request["sweep"], request["path"]))


@contextlib.contextmanager
def _store(request: Request) -> Iterator[Store | None]:
    """The store of a notebook's runs; None where there is none yet."""
    from nb2pipe.store import results_folder
    from nb2pipe.store.database import NAME
    from nb2pipe.store.rooms import opened as opened_store

    folder = results_folder(Path(request["path"]).resolve().parent)
    if not (folder / NAME).exists():
        yield None
        return
    with opened_store(folder) as store:
        yield store


@contextlib.contextmanager
def _run(request: Request, field: str = "run") -> Iterator[tuple[Store, Run]]:
    """The run that a request names, with the store; a store has the runs of other notebooks too, which are none of the page's.

    Raises:
        UsageError: There is none, or it is of another notebook.
    """
    from nb2pipe.store.runs import named

    name = request[field]
    with _store(request) as store:
        found = None if store is None else named(store.database, name)
        if store is None or found is None or found.notebook != os.path.abspath(request["path"]):
            raise UsageError(say("%1 is no run of %2", name, request["path"]))
        yield store, found


def _listed(run: Run) -> Answer:
    from nb2pipe.runtime.grid import text_of

    sweep = run.facts.get("options", {}).get("sweep")
    steps = [s for s in run.steps if s.status != "left out"]
    return {
        "id": run.id,
        "status": run.status,
        "started": run.started,
        "seconds": None if run.ended is None else round(run.ended - run.started, 3),
        "parameters": {name: text_of(value)[:_LONGEST] for name, value in run.facts["parameters"].items()},
        "count": len(steps),
        "cached": sum(s.status == "cached" for s in steps),
        "failed": [
            {"step": s.name, "detail": detail[:_LONGEST], "said": parts_read(detail)}
            for s in steps
            if s.status in ("failed", "died")
            for detail in (str(s.facts.get("detail", "")),)
        ],
        "sweep": None if sweep is None else str(sweep["id"]),
    }


WORK: dict[str, Any] = {
    "plan": plan,
    "runs": runs,
    "run-of": one,
    "comparison": comparison,
    "sweep-of": sweep_table,
    "opened": opened,
}
