"""A notebook's file is written as nbformat writes it."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import nbformat
import pytest

from nb2pipe.notebook.read import read_plain
from nb2pipe.notebook.write import text_of

SAMPLES = sorted(Path("sample_notebooks").glob("*.ipynb"))
SHOWN = [
    {"output_type": "stream", "name": "stdout", "text": "one\ntwo\r\nthree\x0cé"},
    {"output_type": "display_data", "metadata": {}, "data": {
        "text/html": "<b>\n</b>", "image/png": "aGVsbG8=\n", "image/svg+xml": "<svg>\n</svg>", "application/json": {"b": "x\ny", "a": [1]},
        "application/javascript": "a\nb", "image/jpeg": b"aGVsbG8=",
    }},
    {"output_type": "execute_result", "execution_count": 1, "metadata": {"z": 1, "a": 2}, "data": {"text/plain": ["a\n", "b"]}},
    {"output_type": "error", "ename": "E", "evalue": "x\ny", "traceback": ["\x1b[31mE\x1b[0m", "x\ny"]},
]  # fmt: skip


def written(document: dict[str, Any]) -> str:
    return nbformat.writes(nbformat.from_dict(document))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.stem)
def test_samples(path: Path) -> None:
    document = read_plain(str(path))
    before = copy.deepcopy(document)
    assert text_of(document) == written(document)
    assert document == before


def test_all_kinds_of_outputs_attachments_and_what_jupyter_notes_for_itself() -> None:
    cells = [
        {"cell_type": "code", "id": "a", "source": "x = 1\ny = 2", "metadata": {"trusted": True, "tags": ["t"]},
         "outputs": SHOWN, "execution_count": 1},
        {"cell_type": "markdown", "id": "b", "source": "", "metadata": {}, "attachments": {"p": {"text/plain": "a\nb", "image/png": "x"}}},
        {"cell_type": "raw", "id": "c", "source": "raw\n", "metadata": {}},
    ]  # fmt: skip
    document = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"orig_nbformat": 3, "signature": "s", "k": {}},
        "cells": cells,
    }
    assert text_of(document) == written(document)


def test_what_is_no_json_is_refused_as_by_json() -> None:
    with pytest.raises(TypeError, match="Object of type object is not JSON serializable"):
        text_of({"nbformat": 4, "nbformat_minor": 5, "metadata": {"x": object()}, "cells": []})
