"""What a page may ask for, each a function from a request to an answer; it is called in a process of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nb2pipe import api
from nb2pipe.diagnostics import Refused, UsageError
from nb2pipe.notebook.read import from_document
from nb2pipe.server import answers

if TYPE_CHECKING:
    from nb2pipe.package.versions.keep import Kept
    from nb2pipe.runtime.result import Listener, Outcome, RunResult

Request = Mapping[str, Any]
Answer = dict[str, Any]
Say = Callable[[Answer], None]
"""What is told of while the work goes on."""
_LARGEST = 200_000
"""The bytes of a file of a package that is shown; a larger one is only named."""


def analyse(request: Request, say: Say) -> Answer:
    """The pipeline and the findings of a notebook that is sent as its document; nothing of it is executed, or written."""
    try:
        compiled = api.compile_notebook(from_document(request["document"], request["path"]), request.get("split"))
    except Refused as refused:
        return answers.refused(refused.diagnostics)
    return answers.analysed(compiled, api.check(compiled))


def compile_(request: Request, say: Say) -> Answer:
    """The package of a notebook, written beside it, as `nb2pipe compile` writes it.

    Raises:
        Refused, UsageError: as `api.package`, `api.keep_version` and `api.write_package`.
    """
    compiled = _compiled(request)
    made = api.package(compiled, request.get("name"))
    # Relative, so that all that is said of it names it as the page does.
    folder = Path(request["path"]).parent / made.name
    force = api.edits_are_in_the_notebook(compiled, folder)
    made, kept = api.keep_version(made, compiled.folder, folder, api.Keeping(force=force))
    written = api.write_package(made, folder, force=force)
    cells = compiled.notebook.cells
    return {
        "name": made.name,
        "folder": folder.as_posix(),
        "summary": made.summary,
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

    compiled = _compiled(request)
    made = api.package(compiled, request.get("name"))
    with TemporaryDirectory(prefix="nb2pipe-package-") as scratch:
        folder = Path(scratch) / made.name
        api.write_package(made, folder)
        report = api.verify(compiled, folder, Settings())
    return as_data(report)


def run(request: Request, say: Say) -> Answer:
    """Run a notebook as a pipeline; each step that starts or ends is said, and so is what its user should know.

    Raises:
        Refused, UsageError: as `api.run`.
    """
    from nb2pipe.runtime.parameters import parse_value
    from nb2pipe.runtime.result import RunOptions
    from nb2pipe.runtime.secrets.asked import file_may_name
    from nb2pipe.runtime.zygote import Zygote

    cache = bool(request.get("cache"))
    folder = Path(request["path"]).resolve().parent
    with contextlib.ExitStack() as stack:
        zygote = None
        if not file_may_name(request["path"]):  # it would have them all
            zygote = stack.enter_context(Zygote(None, str(folder), same_hashes=cache))
        compiled = _compiled(request)
        say({"event": "steps", "steps": [s.name for s in compiled.pipeline.steps]})
        texts = dict(request.get("parameters") or {})
        given = {name: parse_value(text) for name, text in texts.items()}
        asked = api.RunRequest(RunOptions(cwd=str(compiled.folder)), given, texts, request.get("output"), cache)
        return _ran(api.run(compiled, asked, _told(say), zygote), request.get("output"))


def _told(say: Say) -> Listener:
    """A listener that says what it hears."""
    from nb2pipe.runtime.result import Listener

    class Told(Listener):
        def started(self, step: str) -> None:
            say({"event": "started", "step": step})

        def ended(self, step: str, outcome: Outcome) -> None:
            say({"event": "ended", "step": step, **_outcome(outcome)})

        def note(self, text: str) -> None:
            say({"event": "note", "text": text})

    return Told()


def _outcome(outcome: Outcome) -> Answer:
    known = asdict(outcome)
    kept = ("status", "cached", "detail", "cell", "seconds", "reason", "runs", "memory", "taken", "given")
    return {key: known[key] for key in kept}


def _ran(result: RunResult, output: str | None) -> Answer:
    """How a run ended, with the tracebacks of the cells that failed."""
    failures = []
    for name, outcome in result.outcomes.items():
        if outcome.status not in ("failed", "died"):
            continue
        shown = [o for o in result.outputs.get(outcome.cell, ()) if o["output_type"] == "error"]
        failures.append({
            "step": name, "cell": outcome.cell, "detail": outcome.detail,
            "traceback": [line for o in shown for line in o["traceback"]],
        })  # fmt: skip
    return {
        "ok": result.exit_code == 0,
        "interrupted": result.interrupted,
        "steps": {name: _outcome(outcome) for name, outcome in result.outcomes.items()},
        "notes": list(result.notes),
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
    return {"name": found.name, "versions": [row(found, r) for r in records]}


def difference(request: Request, say: Say) -> Answer:
    """What is different between two versions, as `nb2pipe diff --format json` has it.

    Raises:
        UsageError: as `api.difference`.
    """
    from nb2pipe.package.versions.difference import to_document

    return to_document(api.difference(request["path"], request["old"], request.get("new")))


def rollback(request: Request, say: Say) -> Answer:
    """Let an earlier version be the current one.

    Raises:
        UsageError: as `api.rollback`.
    """
    before, after = api.rollback(request["path"], request["version"])
    return {"name": after.name, "before": str(before.current), "current": str(after.current)}


def _compiled(request: Request) -> api.Compiled:
    return api.compile_notebook(api.load(request["path"]), request.get("split"))


WORK: dict[str, Callable[[Request, Say], Answer]] = {
    "analyse": analyse,
    "compile": compile_,
    "verify": verify,
    "run": run,
    "versions": versions,
    "difference": difference,
    "rollback": rollback,
}


def failure(error: BaseException) -> Answer:
    """What is said of work that has ended with an error: whose fault it is, and what it is."""
    from nb2pipe.diagnostics import Nb2pipeError

    if isinstance(error, Refused):
        found = [answers.finding(d, ()) for d in error.diagnostics]
        return {"kind": "refused", "message": str(error), "findings": found}
    if isinstance(error, KeyboardInterrupt):
        return {"kind": "cancelled", "message": "cancelled"}
    if isinstance(error, UsageError):
        return {"kind": "usage", "message": str(error)}
    if isinstance(error, Nb2pipeError):
        return {"kind": "failed", "message": str(error)}
    return {"kind": "fault", "message": f"a fault of nb2pipe, please report it: {type(error).__name__}: {error}"}
