"""A step as a notebook that papermill runs, and what such a notebook showed."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nb2pipe.runtime.outputs import WIDGET_STATE, Event
from nb2pipe.runtime.script import INJECTED
from nb2pipe.runtime.task import CellTask

DISPLAY_ID = "nb2pipe_display_id"
"""Where a display's metadata has its id, so that a later step can change it."""
_OURS = "nb2pipe"
_CALL = "import nb2pipe.runtime.papermill.inside as nb2pipe_step\nnb2pipe_step.{call}"
_BEGIN = "# what the step needs of others\n" + _CALL.format(call="begin({address!r})") + "; del nb2pipe_step"
_END = "# what others need of the step\n" + _CALL.format(call="end()")


def step_notebook(
    cells: Sequence[CellTask], written: Mapping[int, dict[str, Any]], metadata: Mapping[str, Any], address: str
) -> dict[str, Any]:
    """The notebook of a step, of format 4.5: its cells as they are ``written``, between a first and a last one of ours.

    The cell of injected parameters is papermill's own, and not in it. ``written`` has the Markdown cells as well; those that
    stand right before a cell of the step go with it.
    """
    found = [_code("nb2pipe-begin", _BEGIN.format(address=address), {_OURS: {"role": "begin"}})]
    for task in cells:
        if task.index == INJECTED:
            continue
        found += _prose_before(task.index, written)
        cell = copy.deepcopy(written[task.index])
        said = {_OURS: {"cell": task.index, "silent": task.silent}}
        found.append(_code(cell["id"], task.source, {**cell["metadata"], **said}))
    found.append(_code("nb2pipe-end", _END, {_OURS: {"role": "end"}}))
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": copy.deepcopy(dict(metadata)), "cells": found}


def _code(cell_id: str, source: str, metadata: dict[str, Any]) -> dict[str, Any]:
    return {"cell_type": "code", "id": cell_id, "metadata": metadata, "source": source, "outputs": [],
            "execution_count": None}  # fmt: skip


def _prose_before(index: int, written: Mapping[int, dict[str, Any]]) -> list[dict[str, Any]]:
    first = index
    while first - 1 in written and written[first - 1]["cell_type"] != "code":
        first -= 1
    return [copy.deepcopy(written[i]) for i in range(first, index)]


def events_of(document: Any, cells: Sequence[CellTask]) -> list[Event]:
    """What the cells of an executed step notebook showed, as events; of a cell that is another step's, nothing."""
    injected = next((c for c in cells if c.index == INJECTED), None)
    events: list[Event] = []
    last = None
    for cell in document["cells"]:
        said = cell["metadata"].get(_OURS) or {}
        if "injected-parameters" in cell["metadata"].get("tags", ()) and injected is not None and not said:
            index, silent = INJECTED, injected.silent
        elif cell["cell_type"] != "code" or "cell" not in said:
            continue
        else:
            index, silent = said["cell"], said["silent"]
        last = index
        if not silent:
            events += (_event(index, output) for output in cell["outputs"])
    return [*events, *(() if last is None else _widgets(document["metadata"], last))]


def problem_of(document: Any) -> str:
    """What the injected cells of a step's notebook failed with; "" where they did not."""
    for cell in document["cells"]:
        if "role" in (cell["metadata"].get(_OURS) or {}):
            for output in cell["outputs"]:
                if output["output_type"] == "error":
                    return f"{output['ename']}: {output['evalue']}"
    return ""


def _event(cell: int, output: Any) -> Event:
    if output["output_type"] == "stream":
        return {"type": "stream", "cell": cell, "name": output["name"], "text": output["text"]}
    plain = copy.deepcopy(dict(output))
    display_id = (plain.get("metadata") or {}).pop(DISPLAY_ID, None)
    event = {"type": "output", "cell": cell, "output": plain}
    return event if display_id is None else {**event, "display_id": display_id}


def _widgets(metadata: Any, cell: int) -> Iterator[Event]:
    """The states of widgets that papermill has kept, as if they had just been made."""
    kept = metadata.get("widgets", {}).get(WIDGET_STATE, {}).get("state", {})
    for comm_id, widget in kept.items():
        state = dict(copy.deepcopy(widget["state"]))
        if "msg_id" in state:
            state["msg_id"] = ""  # it takes no more outputs
        for output in state.get("outputs") or ():
            (output.get("metadata") or {}).pop(DISPLAY_ID, None)
        yield {"type": "comm", "cell": cell, "kind": "open", "comm_id": comm_id, "target": "jupyter.widget",
               "data": {"state": state}, "buffers": list(widget.get("buffers") or ())}  # fmt: skip
