"""From the events of running cells to notebook outputs, as nbclient puts them together.

An event is a dict with ``type`` and ``cell`` (the position of the cell that it belongs to), and

    stream   name, text
    output   output (an nbformat output of type display_data, execute_result or error), display_id if it has one
    update   display_id, data, metadata
    clear    wait
    comm     kind ("open", "msg" or "close"), comm_id, target, data, buffers (each with path, encoding and data)

Carriage returns and backspaces stay in the text, as nbclient leaves them. Pieces of one stream that follow each other
are one output: nbclient keeps them apart where the kernel sent them more than 0.2 s apart, every front end joins them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

Event = dict[str, Any]
Output = dict[str, Any]

WIDGET_STATE = "application/vnd.jupyter.widget-state+json"


class Outputs:
    """The outputs of each cell, kept up to date event by event, at a cost that does not grow with what is there."""

    def __init__(self) -> None:
        self._cells: dict[int, _Area] = {}
        self._displays: dict[str, list[Output]] = {}
        self._widgets: dict[str, dict[str, Any]] = {}
        self._areas: dict[str, _Area] = {}
        self._capturing: dict[int, list[str]] = {}

    def add(self, event: Event) -> None:
        """Take in one event."""
        kind = event["type"]
        area = self._cells.get(event["cell"])
        if area is None:
            area = self._cells[event["cell"]] = _Area()
        if kind == "comm":
            self._comm(event)
        elif kind == "update":
            for output in self._displays.get(event["display_id"], ()):
                output["data"], output["metadata"] = event["data"], event["metadata"]
        elif kind == "clear":
            (self._captured(event) or area).clear(wait=event["wait"])
        elif kind == "stream":
            (self._captured(event) or area).stream(event["name"], event["text"])
        else:
            self._output(area, event)

    def result(self) -> dict[int, list[Output]]:
        """The outputs by cell, each cell's in order; cells that only cleared or updated have an empty list."""
        return _numbered({cell: area.outputs() for cell, area in self._cells.items()})

    def widgets(self) -> dict[str, Any]:
        """What a notebook's metadata holds under ``widgets`` to show them when it is opened; {} without any."""
        state = {}
        for comm_id, widget in self._widgets.items():
            values = dict(widget["state"])
            if comm_id in self._areas:
                values["outputs"] = self._areas[comm_id].outputs()
            entry = {
                "model_name": values.get("_model_name"),
                "model_module": values.get("_model_module"),
                "model_module_version": values.get("_model_module_version"),
                "state": values,
            }
            if widget["buffers"]:
                entry["buffers"] = list(widget["buffers"].values())
            if entry["model_name"] is not None:
                state[comm_id] = entry
        return {WIDGET_STATE: {"state": state, "version_major": 2, "version_minor": 0}} if state else {}

    def captures(self, cell: int) -> bool:
        """Whether an output widget takes what ``cell`` shows at the moment."""
        return bool(self._capturing.get(cell))

    def captured(self) -> list[tuple[str, list[Output]]]:
        """The output widgets whose outputs have changed since this was asked last, with what they hold."""
        changed = [(comm_id, area.outputs()) for comm_id, area in self._areas.items() if area.changed]
        for area in self._areas.values():
            area.changed = False
        return changed

    def _captured(self, event: Event) -> _Area | None:
        """The output widget that takes what this cell shows at the moment."""
        widgets = self._capturing.get(event["cell"])
        return self._areas[widgets[-1]] if widgets else None

    def _output(self, area: _Area, event: Event) -> None:
        # A display that is made again under its id changes those made before, as nbclient has it.
        output, display_id = event["output"], event.get("display_id")
        if display_id is not None:
            for earlier in self._displays.get(display_id, ()):
                earlier["data"], earlier["metadata"] = output["data"], output["metadata"]
        captured = self._captured(event)
        (captured or area).add(output)
        if display_id is not None and captured is None:
            self._displays.setdefault(display_id, []).append(output)

    def _comm(self, event: Event) -> None:
        comm_id, state = event["comm_id"], event["data"].get("state")
        if event["kind"] == "close" or state is None:
            return
        widget = self._widgets.setdefault(comm_id, {"state": {}, "buffers": {}})
        widget["state"].update(state)
        for buffer in event["buffers"]:
            widget["buffers"][tuple(buffer["path"])] = buffer
        if widget["state"].get("_model_name") != "OutputModel":
            return
        area = self._areas.setdefault(comm_id, _Area())
        if "outputs" in state:
            area.replace([dict(o) for o in state["outputs"]])
        if state.get("msg_id"):
            self._capturing.setdefault(event["cell"], []).append(comm_id)
        elif "msg_id" in state:
            for widgets in self._capturing.values():
                if comm_id in widgets:
                    widgets.remove(comm_id)


class _Area:
    """Outputs in order; a stream's pieces are joined when they are asked for."""

    __slots__ = ("_clear", "_pieces", "changed")

    def __init__(self) -> None:
        self.changed = False
        self._pieces: list[Output | tuple[str, list[str]]] = []
        self._clear = False

    def clear(self, *, wait: bool) -> None:
        self.changed = True
        if wait:
            self._clear = True
        else:
            self._pieces.clear()

    def replace(self, outputs: Iterable[Output]) -> None:
        self._pieces = list(outputs)

    def add(self, output: Output) -> None:
        self._begin()
        self._pieces.append(output)

    def stream(self, name: str, text: str) -> None:
        if not text:  # a kernel sends nothing
            return
        self._begin()
        last = self._pieces[-1] if self._pieces else None
        if isinstance(last, tuple) and last[0] == name:
            last[1].append(text)
        else:
            self._pieces.append((name, [text]))

    def outputs(self) -> list[Output]:
        outputs: list[Output] = []
        for piece in self._pieces:
            if isinstance(piece, tuple):
                outputs.append({"output_type": "stream", "name": piece[0], "text": "".join(piece[1])})
            else:
                outputs.append(piece)
        return outputs

    def _begin(self) -> None:
        self.changed = True
        if self._clear:
            self._clear = False
            self._pieces.clear()


_COUNTED = re.compile(r"\b(sk-(?:container|estimator)-id)-(\d+)")


def _numbered(cells: dict[int, list[Output]]) -> dict[int, list[Output]]:
    """The outputs with scikit-learn's ids as one process would have given them.

    It numbers the estimators that it shows, and each step's process begins at 1: two displays of a notebook would have
    one id, and a click on the one would open the other.
    """
    last: dict[str, int] = {}
    for cell in sorted(cells):
        given: dict[str, str] = {}

        def number(match: re.Match[str], given: dict[str, str] = given) -> str:
            if match[0] not in given:
                last[match[1]] = last.get(match[1], 0) + 1
                given[match[0]] = f"{match[1]}-{last[match[1]]}"
            return given[match[0]]

        for position, output in enumerate(cells[cell]):
            html = output.get("data", {}).get("text/html", "")
            if isinstance(html, str) and "sk-container-id-" in html:
                data = {**output["data"], "text/html": _COUNTED.sub(number, html)}
                cells[cell][position] = {**output, "data": data}
    return cells


def collect(events: Iterable[Event]) -> dict[int, list[Output]]:
    """The outputs of each cell after all of ``events``, in the order in which they happened."""
    outputs = Outputs()
    for event in events:
        outputs.add(event)
    return outputs.result()
