"""One step of a recorded run as a notebook: what it took, loaded from the store, and its cells, the one that failed marked."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Any

from nb2pipe.diagnostics import UsageError, say
from nb2pipe.pipeline.model import Pipeline, Step
from nb2pipe.records.reading import document_of, pipeline_of, result_of
from nb2pipe.runtime import executed
from nb2pipe.store.rooms import Store
from nb2pipe.store.runs import Run, StepRun


def opened_step(store: Store, run: Run, name: str | None = None, *, trust: bool = False) -> tuple[str, Any]:
    """The step of that name, or the one that failed, as an `nbformat.NotebookNode`; and its name.

    With ``trust`` the notebook loads what others have written to the store as it is.

    Raises:
        UsageError: There is no such step, or what it took is not in the store.
    """
    import nbformat
    import nbformat.v4

    pipeline = pipeline_of(store, run)
    step = _step(pipeline, run, name)
    values = _inputs(store, run, step)
    document, result = document_of(store, run), result_of(store, run)
    executed.fill(document, result)
    document = nbformat.from_dict(document)
    outcome = result.outcomes[step.name]
    cells = [nbformat.v4.new_markdown_cell(_head(run, step, outcome.status, outcome.detail, outcome.cell))]
    loading = nbformat.v4.new_code_cell(_loading(store, run, step, values, trust=trust))
    loading.metadata["tags"] = ["nb2pipe-inputs"]
    cells.append(loading)
    for position in _positions(pipeline, step, run.facts.get("place")):
        cell = document.cells[position]
        cell.metadata.pop("papermill", None)
        if outcome.status in ("failed", "died") and position == outcome.cell:
            cells.append(nbformat.v4.new_markdown_cell(f"**This cell failed:** {_escaped(outcome.detail)}"))
            cell.metadata["tags"] = [*cell.metadata.get("tags", []), "failed"]
        cells.append(cell)
    for number, cell in enumerate(cells):
        if cell.cell_type == "markdown" or cell is loading:
            cell.id = f"nb2pipe-{number}"
    document.cells = cells
    document.metadata["nb2pipe"] = {"opened": {"run": run.id, "step": step.name, "notebook": run.notebook}}
    return step.name, document


def _step(pipeline: Pipeline, run: Run, name: str | None) -> Step:
    names = [s.name for s in pipeline.steps]
    if name is None:
        failed = [s.name for s in run.steps if s.status in ("failed", "died")]
        if len(failed) != 1:
            if failed:
                said = say("%1 steps of run %2 failed; name the step: %3", len(failed), run.id, ", ".join(failed))
            else:
                said = say("no step of run %1 failed; name the step: %2", run.id, ", ".join(names))
            raise UsageError(said)
        name = failed[0]
    if name not in names:
        near = difflib.get_close_matches(name, names, 1)
        if near:
            raise UsageError(say("run %1 has no step `%2`; did you mean `%3`?", run.id, name, near[0]))
        raise UsageError(say("run %1 has no step `%2`; its steps are %3", run.id, name, ", ".join(names)))
    return next(s for s in pipeline.steps if s.name == name)


def _inputs(store: Store, run: Run, step: Step) -> dict[str, tuple[str, str]]:
    """What a step took by name: the digest of its file, and the step that made it; in the order of these."""
    made: dict[str, StepRun] = {s.name: s for s in run.steps}
    order = {s.name: place for place, s in enumerate(pipeline_of(store, run).steps)}
    found: dict[str, tuple[str, str]] = {}
    for value in sorted(step.inputs, key=lambda v: order[v.producer]):
        producer = made.get(value.producer)
        if producer is None or producer.status not in ("ok", "cached"):
            status = "not run" if producer is None else producer.status
            known = (say("failed"), say("died"), say("left out"), say("not run"))
            said = next((s for s in known if s == status), status)
            raise UsageError(
                say(
                    "step `%1` takes `%2` of %3, which was %4 in run %5",
                    step.name, value.name, value.producer, said, run.id,
                )
            )  # fmt: skip
        held = producer.facts.get("held", {}).get(value.name)
        if held:
            raise UsageError(
                say(
                    "`%1` of %2 holds the secret %3 and was not stored in run %4",
                    value.name, value.producer, str(held), run.id,
                )
            )  # fmt: skip
        digest = producer.facts.get("values", {}).get(value.name)
        if not digest:
            raise UsageError(
                say("`%1` of %2 could not leave its process in run %3", value.name, value.producer, run.id)
                if digest is None
                else say("`%1` of %2 was not kept, for guards were off in run %3", value.name, value.producer, run.id)
            )
        if not store.contents.has(digest):
            why = producer.facts.get("unkept") or producer.facts.get("reason", "")
            raise UsageError(
                say(
                    "`%1` of %2 in run %3 is not in the store any more, or was not kept (%4)",
                    value.name, value.producer, run.id, str(why),
                )
            )  # fmt: skip
        found[value.name] = digest, value.producer
    return found


def _positions(pipeline: Pipeline, step: Step, place: int | None) -> list[int]:
    """The places in the notebook, as it was run, of the cells that the step ran."""
    shared = set(step.shared)
    if step.name == pipeline.steps[0].name:
        shared |= set(pipeline.shared) - {c for s in pipeline.steps for c in s.shared}
    found = [*sorted(shared), *step.cells]
    if place is None:
        return found
    moved = [c if c < place else c + 1 for c in found]
    if place - 1 in moved:  # the injected cell stands behind that of the parameters
        moved.insert(moved.index(place - 1) + 1, place)
    return moved


def _head(run: Run, step: Step, status: str, detail: str, cell: int) -> str:
    """What stands above it all."""
    ended = {"ok": "It ended well", "failed": "It failed", "died": "Its process ended"}.get(status, f"It was {status}")
    place = run.facts.get("place")
    where = f" in cell {cell + 1 - (place is not None and cell > place)}" if cell >= 0 else ""
    why = f": {_escaped(detail)}" if detail else ""
    name = Path(run.notebook).name
    return (
        f"# Step `{step.name}` of run {run.id}\n\n{ended}{where}{why}\n\n"
        f"The first cell loads what the step took, as the steps before it had left it. The cells below are those of {name}: "
        f"what is mended here is to be mended there."
    )


def _escaped(text: str) -> str:
    """A text as code of Markdown, in one line."""
    line = " ".join(text.split())
    ticks = "``" if "`" in line else "`"
    return f"{ticks} {line} {ticks}" if "`" in line else f"`{line}`"


def _quoted(text: str) -> str:
    return f'"{text}"' if text.isprintable() and not {'"', "\\"} & set(text) else repr(text)


def _loading(store: Store, run: Run, step: Step, values: dict[str, tuple[str, str]], *, trust: bool) -> str:
    """The cell that loads what the step took."""
    place = store.elsewhere.address if store.elsewhere else os.path.abspath(store.folder)
    lines = [
        f"# What step `{step.name}` took in run {run.id}, as it was: values by the digests under which the store has them.",
        "from nb2pipe.records.taken import take",
        "",
        "take(",
        "    globals(),",
        f"    store={_quoted(place)},",
        f"    folder={_quoted(str(Path(run.notebook).parent))},",
        "    values={",
    ]
    for name, (digest, producer) in values.items():
        kind = "a state of the process, as left" if name.startswith("<") else "made"
        lines.append(f"        {_quoted(name)}: {_quoted(digest)},  # {kind} by {producer}")
    return "\n".join([*lines, "    },", *(["    trust=True,"] if trust else []), ")"])
