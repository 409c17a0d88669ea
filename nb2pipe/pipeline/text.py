"""A pipeline as text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from nb2pipe.pipeline.layers import levels, links
from nb2pipe.pipeline.model import Pipeline, Step


def render_text(pipeline: Pipeline) -> str:
    """One line a step, level by level; steps of one level may run at the same time. Below each, what it takes from whom."""
    steps = {s.name: s for s in pipeline.steps}
    flows = links(pipeline)
    width = max((len(s.name) for s in pipeline.steps), default=0)
    edges = len({(e.source, e.target) for e in pipeline.edges if not e.through})
    rows = levels(pipeline)
    widest = max((len(r) for r in rows), default=0)
    lines = [f"{pipeline.name}: {_count(len(steps), 'step')}, {_count(edges, 'edge')}, up to {widest} at the same time"]
    if pipeline.parameters:
        lines.append("parameters: " + ", ".join(f"{p.name}={p.default!r}" for p in pipeline.parameters))
    for level, names in enumerate(rows):
        last = level == len(rows) - 1
        for position, name in enumerate(names):
            step = steps[name]
            rail = "●" if len(names) == 1 else ("┌" if position == 0 else "└" if position == len(names) - 1 else "├")
            rail = rail if len(names) == 1 else f"{rail}●"
            rail = rail.ljust(2)
            lines.append(f"{rail} {name.ljust(width)}  {_cells(step.cells)}{_parameters(step)}")
            below = "│" if (len(names) > 1 and position < len(names) - 1) or not last else " "
            for (source, target), values in sorted(flows.items()):
                if target == name:
                    lines.append(f"{below}    {' ' * 0}<- {source}: {_names(values)}")
    for members, value, kind in pipeline.joined:
        lines.append(f"one process: {', '.join(members)} ({value} is a {kind} and cannot leave it)")
    return "\n".join(lines) + "\n"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" + ("" if number == 1 else "s")


def _cells(cells: Sequence[int]) -> str:
    """Cells as people count them, from 1, runs joined."""
    runs: list[list[int]] = []
    for cell in cells:
        if runs and runs[-1][1] == cell - 1:
            runs[-1][1] = cell
        else:
            runs.append([cell, cell])
    text = ", ".join(str(a + 1) if a == b else f"{a + 1}-{b + 1}" for a, b in runs)
    return f"cell{'' if len(cells) == 1 else 's'} {text}"


def _parameters(step: Step) -> str:
    return f"  with {', '.join(step.parameters)}" if step.parameters else ""


def _names(values: Sequence[str], most: int = 8) -> str:
    shown = list(dict.fromkeys(values))
    more = f" and {len(shown) - most} more" if len(shown) > most else ""
    return ", ".join(shown[:most]) + more
