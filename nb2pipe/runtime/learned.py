"""What guards have seen is remembered with the code that did it, so that the next run starts with the edge."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from nb2pipe.analysis.amend import Fact, FactKind
from nb2pipe.notebook.model import Notebook
from nb2pipe.store import made_store, store_folder

_FILE = "learned.json"
_FORM = 1


def recall(notebook: Notebook, folder: Path) -> tuple[Fact, ...]:
    """The facts that were learned about cells which the notebook still has, as they were."""
    positions: dict[str, int] = {}
    for cell in notebook.cells:
        positions.setdefault(_digest(cell.source), cell.index)
    facts = []
    for row in _read(store_folder(folder) / _FILE):
        cells, others = ([positions.get(d, -1) for d in row[part]] for part in ("cells", "others"))
        if -1 not in cells and -1 not in others and row["kind"] in get_args(FactKind):
            facts.append(Fact(row["kind"], tuple(cells), tuple(row["names"]), tuple(others)))
    return tuple(facts)


def remember(notebook: Notebook, folder: Path, facts: Sequence[Fact]) -> None:
    """Keep facts for later runs; a folder that cannot be written to is no reason to fail."""
    if not facts:
        return
    sources = {c.index: _digest(c.source) for c in notebook.cells}
    file = made_store(store_folder(folder)) / _FILE
    rows = _read(file)
    for fact in facts:
        row = {
            "kind": fact.kind,
            "names": list(fact.names),
            "cells": [sources[c] for c in fact.cells],
            "others": [sources[c] for c in fact.others],
        }
        if row not in rows:
            rows.append(row)
    temporary = file.with_name(f".{file.name}.{os.getpid()}.part")
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)  # one that was chosen
        temporary.write_text(json.dumps({"form": _FORM, "facts": rows}, indent=1), "utf-8")
        temporary.replace(file)


def _read(file: Path) -> list[dict[str, Any]]:
    try:
        data = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return []
    rows = data.get("facts") if isinstance(data, dict) and data.get("form") == _FORM else None
    keys = {"kind", "names", "cells", "others"}
    return [r for r in rows if isinstance(r, dict) and keys <= r.keys()] if isinstance(rows, list) else []


def _digest(source: str) -> str:
    return hashlib.blake2b(source.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
