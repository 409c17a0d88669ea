"""Large notebooks: thousands of cells and megabytes of outputs are read in time and memory that grow with the file alone."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path
from typing import Any

from nb2pipe.notebook.ipython import parse_cells
from nb2pipe.notebook.read import from_document, read, read_document

MEGABYTE = 2**20


def document(count: int) -> dict[str, Any]:
    kinds = ("code", "code", "code", "markdown")
    texts = (
        "x{0} = {0}\ny{0} = f(x{0})",
        "def f{0}(a):\n    return a\n",
        "%time z{0} = x{0}\n!echo {{z{0}}}",
        "# Heading {0}",
    )
    cells = [
        {"cell_type": kinds[i % 4], "metadata": {"tags": [f"step:s{i}"]}, "source": texts[i % 4].format(i)}
        for i in range(count)
    ]
    return {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}


def seconds(count: int) -> float:
    """CPU time to read and parse so many cells."""
    made = document(count)
    start = time.process_time()
    codes = parse_cells(from_document(made, "a.ipynb").cells)
    taken = time.process_time() - start
    assert all(c.tree is not None for c in codes)
    assert len(codes) == count * 3 // 4
    return taken


def test_5000_cells_in_linear_time() -> None:
    seconds(40)  # the transformer is imported
    small = min(seconds(500) for _ in range(2))
    large = seconds(5000)
    assert large < 30
    assert large < 40 * small  # ten times as many cells


def test_5000_equal_cells_without_ids() -> None:
    cells = [{"cell_type": "code", "metadata": {}, "source": "x"}] * 5000
    start = time.process_time()
    found = from_document({"cells": cells}, "a.ipynb")
    assert time.process_time() - start < 2
    assert len({c.id for c in found.cells}) == 5000


def with_outputs(folder: Path, megabytes: int) -> str:
    """A notebook with images and printed lines of so many megabytes."""
    image = {"output_type": "display_data", "metadata": {}, "data": {"image/png": "iVBORw0KGgo" * (MEGABYTE // 11)}}
    lines = {
        "output_type": "stream",
        "name": "stdout",
        "text": [f"line {i:030d} of the output\n" for i in range(MEGABYTE // 60)],
    }
    cells = [
        {
            "cell_type": "code",
            "execution_count": i,
            "metadata": {},
            "source": f"x{i} = {i}",
            "outputs": [image if i % 5 else lines],
        }
        for i in range(megabytes)
    ]
    path = folder / "large.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}, indent=1))
    assert path.stat().st_size > 0.95 * megabytes * MEGABYTE
    return str(path)


def test_50_megabytes_of_outputs(tmp_path: Path) -> None:
    path = with_outputs(tmp_path, 50)
    start = time.process_time()
    found = read(path)
    assert time.process_time() - start < 10
    assert len(found.cells) == 50
    script = (
        "import re, sys; from nb2pipe.notebook.read import read;"
        "peak = lambda: int(re.search(r'VmHWM:\\s*(\\d+)', open('/proc/self/status').read())[1]);"
        "before = peak(); read(sys.argv[1]); print(peak() - before)"
    )
    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, check=True)
    assert 50 < int(done.stdout) / 1024 < 4 * 50  # megabytes: the text, and what was parsed


def test_outputs_are_not_kept(tmp_path: Path) -> None:
    path = with_outputs(tmp_path, 10)
    tracemalloc.start()
    try:
        found = read(path)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(found.cells) == 10
    assert kept < MEGABYTE


def test_the_document_keeps_outputs_and_is_not_validated(tmp_path: Path) -> None:
    path = with_outputs(tmp_path, 10)
    start = time.process_time()
    found = read_document(path)
    assert time.process_time() - start < 10
    assert sum(len(str(c.outputs)) for c in found.cells) > 9 * MEGABYTE
