"""The oracle: a notebook run top to bottom in one fresh Jupyter kernel, and what of its outputs has to be equal."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_ADDRESS = re.compile(r"0x[0-9a-f]{6,}")
_CELL_FILE = re.compile(r"ipykernel_\d+[/\\]\d+\.py")
_WALL = re.compile(r"(CPU times|Wall time)[^\n]*")


@contextmanager
def plain_environment() -> Iterator[None]:
    """Without what pytest leaves in the environment: libraries behave differently when they see it."""
    saved = os.environ.pop("PYTEST_CURRENT_TEST", None)
    try:
        yield
    finally:
        if saved is not None:
            os.environ["PYTEST_CURRENT_TEST"] = saved


def run_in_kernel(document: Any, folder: Path) -> Any:
    """Execute a notebook of nbformat 4 in a fresh kernel that starts in ``folder``; the notebook with its outputs."""
    from nbclient import NotebookClient

    with plain_environment():
        client = NotebookClient(
            document,
            timeout=300,
            kernel_name="python3",
            allow_errors=True,
            resources={"metadata": {"path": str(folder)}},
        )
        client.execute()
    return document


def comparable(output: Any) -> tuple[str, ...]:
    """What of an output has to be equal: all but addresses, temporary names and measured times."""
    kind = output["output_type"]
    if kind == "stream":
        return (kind, output["name"], _masked(_joined(output["text"])))
    if kind == "error":
        return (kind, output["ename"], _masked(output["evalue"]))
    data = {mime: _masked(_joined(value)) for mime, value in output["data"].items()}
    return (kind, json.dumps(data, sort_keys=True))


def comparables(outputs: Any) -> list[tuple[str, ...]]:
    """The outputs of a cell; pieces of one stream that follow each other are one."""
    found: list[tuple[str, ...]] = []
    for output in outputs:
        one = comparable(output)
        if found and one[0] == "stream" and found[-1][:2] == one[:2]:
            found[-1] = (*one[:2], found[-1][2] + one[2])
        else:
            found.append(one)
    return found


def _joined(value: Any) -> str:
    if isinstance(value, list):
        return "".join(value)
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _masked(text: str) -> str:
    return _WALL.sub(r"\1", _CELL_FILE.sub("cell", _ADDRESS.sub("0x", text)))
