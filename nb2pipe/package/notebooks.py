"""Each step as a notebook that papermill runs, on the folder through which steps hand on their values."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from nb2pipe.package.model import Plan, PlannedStep
from nb2pipe.package.write import default_text, title

Cell = dict[str, Any]
_KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def step_notebooks(plan: Plan, name: str) -> dict[str, str]:
    """The notebooks, by file name: they are numbered in the order in which they run."""
    return {f"{number:02}_{step.name}.ipynb": _notebook(step, plan, name) for number, step in enumerate(plan.steps, 1)}


def _notebook(step: PlannedStep, plan: Plan, name: str) -> str:
    """A notebook as nbformat writes it, in its format 4.5; importing nbformat would cost more than the rest of a package."""
    folder = next(n for n in ("run_dir", "step_run_dir", "step_run_dir_") if n not in step.parameters)
    cells = [
        _cell("title", "markdown", "\n".join(_head(step))),
        _cell("parameters", "code", "\n".join(_parameters(step, plan, name, folder)), "parameters"),
        _cell("run", "code", "\n".join(_call(step, name, folder))),
    ]
    metadata = {"kernelspec": _KERNEL, "language_info": {"name": "python"}}
    document = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _cell(identity: str, kind: str, source: str, *tags: str) -> Cell:
    cell: Cell = {"cell_type": kind, "id": identity, "metadata": {"tags": list(tags)} if tags else {}}
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    return cell | {"source": source.splitlines(keepends=True)}


def _head(step: PlannedStep) -> Iterator[str]:
    yield f"# {title(step)}"
    if step.prose:
        yield from ("", step.prose)
    takes, gives = (", ".join(f"`{n}`" for n in names) for names in (step.takes, step.gives))
    words = [f"takes {takes}" if takes else "", f"gives {gives}" if gives else ""]
    if any(words):
        yield from ("", f"It {' and '.join(w for w in words if w)}.")


def _parameters(step: PlannedStep, plan: Plan, name: str, folder: str) -> Iterator[str]:
    chosen = [p for p in plan.parameters if p.name in step.parameters]
    if any(default_text(p) is None for p in chosen):
        yield from (f"from {name}.parameters import Parameters", "")
    yield f'{folder} = "run"  # the folder of what the steps hand on'
    for parameter in chosen:
        text = default_text(parameter) or f"Parameters().{parameter.name}"
        yield f"{parameter.name} = {text}" + (f"  # {parameter.help}" if parameter.help else "")


def _call(step: PlannedStep, name: str, folder: str) -> Iterator[str]:
    if step.parameters:
        yield f"from {name}.parameters import Parameters"
    yield from (f"from {name}.pipeline import PIPELINE", "")
    if step.parameters:
        yield f"parameters = Parameters({', '.join(f'{n}={n}' for n in step.parameters)})"
    yield f'PIPELINE.run_step("{step.name}", {folder}{", parameters" if step.parameters else ""})'
