"""Events become outputs as nbclient would have stored them."""

from __future__ import annotations

import time
from typing import Any

from nb2pipe.runtime.outputs import Outputs, collect


def _stream(text: str, name: str = "stdout", cell: int = 0) -> dict[str, Any]:
    return {"type": "stream", "cell": cell, "name": name, "text": text}


def _display(text: str, display_id: str | None = None, cell: int = 0) -> dict[str, Any]:
    output = {"output_type": "display_data", "data": {"text/plain": text}, "metadata": {}}
    return {"type": "output", "cell": cell, "output": output, **({"display_id": display_id} if display_id else {})}


def _update(text: str, display_id: str, cell: int = 0) -> dict[str, Any]:
    return {
        "type": "update",
        "cell": cell,
        "display_id": display_id,
        "data": {"text/plain": text},
        "metadata": {"m": 1},
    }


def _clear(cell: int = 0, *, wait: bool) -> dict[str, Any]:
    return {"type": "clear", "cell": cell, "wait": wait}


def _comm(comm_id: str, state: dict[str, Any], kind: str = "msg") -> dict[str, Any]:
    return {
        "type": "comm",
        "cell": 0,
        "kind": kind,
        "comm_id": comm_id,
        "target": "jupyter.widget",
        "data": {"state": state},
        "buffers": [],
    }


def _texts(outputs: list[dict[str, Any]]) -> list[str]:
    return [o["text"] if o["output_type"] == "stream" else o["data"]["text/plain"] for o in outputs]


def test_neighbours_of_one_stream_are_one_output() -> None:
    outputs = collect([_stream("a"), _stream("b\r"), _stream("e", "stderr"), _stream("c\b")])
    assert [(o["name"], o["text"]) for o in outputs[0]] == [("stdout", "ab\r"), ("stderr", "e"), ("stdout", "c\b")]


def test_cells_are_apart() -> None:
    assert {c: _texts(o) for c, o in collect([_stream("a"), _stream("b", cell=3), _stream("c")]).items()} == {
        0: ["ac"],
        3: ["b"],
    }


def test_clear_waits_for_the_next_output() -> None:
    assert _texts(collect([_stream("a"), _clear(wait=True)])[0]) == ["a"]
    assert _texts(collect([_stream("a"), _clear(wait=True), _stream("b")])[0]) == ["b"]
    assert _texts(collect([_stream("a"), _clear(wait=False), _stream("b")])[0]) == ["b"]
    assert collect([_stream("a"), _clear(wait=False)])[0] == []


def test_update_reaches_every_display_of_its_id_in_any_cell() -> None:
    events = [
        _display("a", "h"),
        _display("b", "h", cell=1),
        _display("other", "g", cell=1),
        _update("new", "h", cell=2),
    ]
    outputs = collect(events)
    assert {c: _texts(o) for c, o in outputs.items()} == {0: ["new"], 1: ["new", "other"], 2: []}
    assert outputs[0][0]["metadata"] == {"m": 1}


def test_display_made_again_changes_the_earlier_ones() -> None:
    assert _texts(collect([_display("a", "h"), _display("b", "h")])[0]) == ["b", "b"]


def test_update_of_an_unknown_display_shows_nothing() -> None:
    assert collect([_update("new", "h")]) == {0: []}


def test_update_after_clear_changes_what_came_after() -> None:
    assert _texts(collect([_display("a", "h"), _clear(wait=False), _display("b", "h"), _update("c", "h")])[0]) == ["c"]


def test_result_may_be_asked_for_at_any_time() -> None:
    outputs = Outputs()
    outputs.add(_stream("a"))
    assert _texts(outputs.result()[0]) == ["a"]
    outputs.add(_stream("b"))
    assert _texts(outputs.result()[0]) == ["ab"]


def test_output_widget_takes_what_is_shown_while_it_captures() -> None:
    model = {"_model_name": "OutputModel", "_model_module": "@jupyter-widgets/output", "outputs": [], "msg_id": ""}
    events = [_comm("w", model, "open"), _stream("before"), _comm("w", {"msg_id": "m"}), _stream("in"), _display("d"),
              _comm("w", {"msg_id": ""}), _stream("after")]  # fmt: skip
    outputs = Outputs()
    for event in events:
        outputs.add(event)
    assert _texts(outputs.result()[0]) == ["beforeafter"]
    state = outputs.widgets()["application/vnd.jupyter.widget-state+json"]["state"]["w"]["state"]
    assert _texts(state["outputs"]) == ["in", "d"]


def test_no_widgets_no_metadata() -> None:
    assert Outputs().widgets() == {}


def test_cost_of_a_stream_is_linear() -> None:
    def seconds(pieces: int) -> float:
        started = time.process_time()
        collect(_stream("x" * 50) for _ in range(pieces))
        return time.process_time() - started

    small = max(seconds(20_000), 0.002)
    assert seconds(200_000) < 40 * small
