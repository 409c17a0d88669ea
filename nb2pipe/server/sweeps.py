"""A sweep that a page asks for: a run for each combination of the values in its form, and the table of what came of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nb2pipe import api
from nb2pipe.server.asked import Answer, Request, Say
from nb2pipe.server.said import parts_of, parts_read

if TYPE_CHECKING:
    from nb2pipe.api.sweeping import Sweep
    from nb2pipe.runtime.result import RunOptions

_MOST = 100
"""The combinations of a sweep from a form."""


def sweep(request: Request, say: Say) -> Answer:
    """Run a notebook for each combination of its parameters, whose values stand between commas.

    Raises:
        Refused, UsageError: as `api.prepare_sweep` and `api.sweep`.
    """
    from nb2pipe.records.sweeps import as_data

    prepared, options = _prepared(request)
    say({"event": "combinations", **_combinations(prepared)})
    cache = bool(request.get("cache"))
    asked = api.RunRequest(options, cache=cache, record=not cache)
    swept = api.sweep(prepared, asked, lambda line: say({"event": "line", "text": line, "said": parts_read(line)}))
    return {**table_shown(as_data(swept.table)), "interrupted": swept.interrupted}


def table_shown(data: dict[str, Any]) -> Answer:
    """A table of a sweep as a page can show it: its numbers as JSON has them, and its errors with what they were made of."""
    from nb2pipe.records.text import finite

    answer: Answer = finite(data)
    for row in answer["runs"]:
        row["said"] = parts_read(row["error"] or "")
    return answer


def plan(request: Request, say: Say) -> Answer:
    """How often each step of a sweep would run, and why, as `nb2pipe plan --sweep --format json` has it.

    Raises:
        Refused, UsageError: as `api.prepare_sweep`.
    """
    prepared, _ = _prepared(request)
    rows = [
        {"step": r.step, "runs": r.runs, "reason": r.reason, "said": parts_read(r.reason)}
        for r in api.plan_sweep(prepared)
    ]
    return {**_combinations(prepared), "steps": rows}


def _combinations(prepared: Sweep) -> Answer:
    """How many there are, how many run at once, and why it is one."""
    why = prepared.why
    return {"count": len(prepared.runs), "at_once": prepared.at_once, "why": why, "said": parts_of(why)}


def _prepared(request: Request) -> tuple[Sweep, RunOptions]:
    from nb2pipe.notebook.read import from_document, read_document
    from nb2pipe.runtime.result import RunOptions

    path = request["path"]
    document = read_document(path)
    compiled = api.compile_notebook(from_document(document, path), request.get("split"))
    options = RunOptions(cwd=str(compiled.folder))
    said = list((request.get("parameters") or {}).items())
    return api.prepare_sweep(compiled, document, {}, said, _MOST, options), options
