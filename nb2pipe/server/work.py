"""What a page may ask for, each a function from a request to an answer; it is called in a process of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from nb2pipe import api
from nb2pipe.diagnostics import Refused
from nb2pipe.notebook.read import from_document
from nb2pipe.server import answers, recorded, sweeps
from nb2pipe.server.asked import Answer, Request, Say, compiled
from nb2pipe.server.said import all_parts, all_read, parts_of, parts_read

if TYPE_CHECKING:
    from nb2pipe.package.versions.keep import Kept
    from nb2pipe.runtime.result import RunResult

_LARGEST = 200_000
"""The bytes of a file of a package that is shown; a larger one is only named."""


def analyse(request: Request, say: Say) -> Answer:
    """The pipeline and the findings of a notebook that is sent as its document; nothing of it is executed, or written."""
    try:
        found = api.compile_notebook(from_document(request["document"], request["path"]), request.get("split"))
    except Refused as refused:
        return answers.refused(refused.diagnostics)
    return answers.analysed(found, api.check(found))


def compile_(request: Request, say: Say) -> Answer:
    """The package of a notebook, written beside it, as `nb2pipe compile` writes it.

    Raises:
        Refused, UsageError: as `api.package`, `api.keep_version` and `api.write_package`.
    """
    found = compiled(request)
    made = api.package(found, request.get("name"))
    # Relative, so that all that is said of it names it as the page does.
    folder = Path(request["path"]).parent / made.name
    force = api.edits_are_in_the_notebook(found, folder)
    made, kept = api.keep_version(made, found.folder, folder, api.Keeping(force=force))
    written = api.write_package(made, folder, force=force)
    cells = found.notebook.cells
    return {
        "name": made.name,
        "folder": folder.as_posix(),
        "summary": made.summary,
        "said": parts_of(made.summary),
        "written": written,
        "version": _version(kept),
        "findings": [answers.finding(d, cells) for d in made.findings],
        "files": [_file(path, content) for path, content in made.tree.files],
    }


def _version(kept: Kept) -> Answer:
    change = kept.change
    return {
        "number": str(kept.number),
        "kind": None if change is None else change.kind,
        "since": (change.since or None) if change else None,
        "changes": [] if change is None else list(change.lines),
        "said": [] if change is None else all_parts(change.lines),
    }


def _file(path: str, content: bytes) -> Answer:
    """A file of a package; its text where it has one that can be shown."""
    text = None
    if len(content) <= _LARGEST:
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            text = None
    return {"path": path, "size": len(content), "text": text}


def verify(request: Request, say: Say) -> Answer:
    """Replay a notebook and the package that it compiles to, and compare them.

    Raises:
        NotebookFails, Refused, UsageError: as `api.verify` and `api.package`.
    """
    from tempfile import TemporaryDirectory

    from nb2pipe.replay.text import as_data
    from nb2pipe.replay.verify import Settings

    found = compiled(request)
    made = api.package(found, request.get("name"))
    with TemporaryDirectory(prefix="nb2pipe-package-") as scratch:
        folder = Path(scratch) / made.name
        api.write_package(made, folder)
        report = api.verify(found, folder, Settings())
    data = as_data(report)
    for shown, difference in zip(data["differences"], report.differences, strict=True):
        shown["said"] = {key: parts_of(getattr(difference, key)) for key in ("where", "expected", "actual")}
    for shown, unknown in zip(data["unknown"], report.unknown, strict=True):
        shown["said"] = parts_of(unknown.reason)
    return {**data, "said": all_parts(report.notes)}


def run(request: Request, say: Say) -> Answer:
    """Run a notebook as a pipeline, or go on with a run; each step that starts or ends is said, and so is what its user should know.

    The run is recorded, so that it can be looked at and gone on with.

    Raises:
        Refused, UsageError: as `api.run` and `api.interrupted`.
    """
    from nb2pipe.runtime.parameters import parse_value
    from nb2pipe.runtime.result import RunOptions
    from nb2pipe.runtime.secrets.asked import file_may_name
    from nb2pipe.runtime.zygote import Zygote
    from nb2pipe.server.told import told

    cache = bool(request.get("cache"))
    folder = Path(request["path"]).resolve().parent
    resume = api.interrupted(request["path"], request["resume"]) if request.get("resume") else None
    with contextlib.ExitStack() as stack:
        zygote = None
        if not file_may_name(request["path"]):  # it would have them all
            zygote = stack.enter_context(Zygote(None, str(folder), same_hashes=True))
        found = compiled(request, resume.split if resume else None)
        say({"event": "steps", "steps": [s.name for s in found.pipeline.steps]})
        texts = dict(request.get("parameters") or {})
        given = {name: parse_value(text) for name, text in texts.items()}
        options = RunOptions(cwd=str(found.folder))
        output = request.get("output")
        asked = api.RunRequest(options, given, texts, output, cache, record=not cache, resume=resume)
        listener = stack.enter_context(told(say))
        return _ran(api.run(found, asked, listener, zygote), output)


def _ran(result: RunResult, output: str | None) -> Answer:
    """How a run ended, with the tracebacks of the cells that failed."""
    from nb2pipe.server.told import outcome_of

    failures = []
    for name, outcome in result.outcomes.items():
        if outcome.status not in ("failed", "died"):
            continue
        shown = [o for o in result.outputs.get(outcome.cell, ()) if o["output_type"] == "error"]
        failures.append({
            "step": name, "cell": outcome.cell, "detail": outcome.detail,
            "said": parts_read(outcome.detail), "traceback": [line for o in shown for line in o["traceback"]],
        })  # fmt: skip
    return {
        "ok": result.exit_code == 0,
        "run": result.run,
        "interrupted": result.interrupted,
        "steps": {name: outcome_of(outcome) for name, outcome in result.outcomes.items()},
        "notes": list(result.notes),
        "said": all_read(result.notes),
        "failures": failures,
        "output": output,
    }


def versions(request: Request, say: Say) -> Answer:
    """The versions of the package of a notebook, the newest first; none where it was never compiled."""
    from nb2pipe.package.naming import package_name
    from nb2pipe.package.versions.history import history, row
    from nb2pipe.store import store_folder

    folder = Path(request["path"]).resolve().parent
    name = package_name(api.load(request["path"]), None, (), folder)
    if not history(store_folder(folder), name).numbers:
        return {"name": name, "versions": []}
    found, records = api.versions(request["path"])
    return {"name": found.name, "versions": [{**row(found, r), "said": all_read(r.change.lines)} for r in records]}


def difference(request: Request, say: Say) -> Answer:
    """What is different between two versions, as `nb2pipe diff --format json` has it.

    Raises:
        UsageError: as `api.difference`.
    """
    from nb2pipe.package.versions.difference import to_document

    found = api.difference(request["path"], request["old"], request.get("new"))
    document = to_document(found)
    for shown, line in zip(document["changes"], found.lines, strict=True):
        shown["said"] = parts_of(line.text)
    return document


def rollback(request: Request, say: Say) -> Answer:
    """Let an earlier version be the current one.

    Raises:
        UsageError: as `api.rollback`.
    """
    before, after = api.rollback(request["path"], request["version"])
    return {"name": after.name, "before": str(before.current), "current": str(after.current)}


WORK: dict[str, Callable[[Request, Say], Answer]] = {
    "analyse": analyse,
    "compile": compile_,
    "verify": verify,
    "run": run,
    "sweep": sweeps.sweep,
    "plan-sweep": sweeps.plan,
    "versions": versions,
    "difference": difference,
    "rollback": rollback,
    **recorded.WORK,
}
