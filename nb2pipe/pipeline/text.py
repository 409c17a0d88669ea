"""A pipeline as text for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nb2pipe.pipeline.layers import levels, links
from nb2pipe.pipeline.model import Pipeline, Step
from nb2pipe.pipeline.words import cannot_leave, cells_in_words, clipped, columns, count, printable, shortened

_NAME = 40  # the widest that the column of names gets, in characters
_SOURCES = 12  # a step that takes from more steps than these shows only so many


def render_text(pipeline: Pipeline, width: int = 100) -> str:
    """The steps level by level, each with its cells and parameters; below it what it takes from whom.

    Steps of one level hang on one rail and may run at the same time. Lines take at most ``width`` columns, but
    where a step's name alone is longer.

        1  ── load    cell 1   parameter year
        2  ┬─ clean   cell 2
           │    <- load: df
           └─ count   cell 3
                <- load: df
    """
    if not pipeline.steps:
        return printable(f"{pipeline.name}: no steps, for no cell holds code of its own") + "\n"
    rows = levels(pipeline)
    steps = {s.name: s for s in pipeline.steps}
    taken = _taken(pipeline)
    column = min(max(columns(n) for n in steps), _NAME)
    margin = len(str(len(rows))) + 2
    rail_end = margin + 3  # a rail is two columns wide
    lines = [*_head(pipeline, rows, width), ""]
    for level, names in enumerate(rows, 1):
        for position, name in enumerate(names):
            label = str(level).rjust(margin - 2) + "  " if position == 0 else " " * margin
            rail, below = _rail(position, len(names))
            pad = max(column - columns(name), 0)
            rest = width - (rail_end + columns(name) + pad + 3)
            lines.append(f"{label}{rail} {name}{' ' * pad}   {clipped(_about(steps[name]), max(rest, 20))}")
            begin = " " * margin + below + "   "
            lines += [begin + what for what in _sources(taken.get(name, {}), width - rail_end - 2)]
    for members, value, kind in pipeline.joined:
        text = f"one process: {', '.join(members)} ({cannot_leave(value, kind)})"
        lines += ["", *_wrapped(text, width)]
    return "\n".join(printable(line) for line in lines) + "\n"


def _head(pipeline: Pipeline, rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """What the pipeline is as a whole."""
    edges = len({(e.source, e.target) for e in pipeline.edges if not e.through})
    widest = max(len(r) for r in rows)
    size = (
        f"{pipeline.name}: {count(len(pipeline.steps), 'step')} in {count(len(rows), 'level')}, {count(edges, 'edge')}"
    )
    pace = f"up to {widest} steps at the same time" if widest > 1 else "one step after another"
    lines = _wrapped(f"{size}; {pace}" if len(pipeline.steps) > 1 else size, width)
    if pipeline.parameters:
        named = [f"{p.name} = {clipped(repr(p.default), 30)}" for p in pipeline.parameters]
        lines.append(f"{'parameter' if len(named) == 1 else 'parameters'}: {shortened(named, width - 12)}")
    if pipeline.shared:
        lines.append(f"shared: {cells_in_words(pipeline.shared)}, run in each step that needs them")
    if pipeline.skipped:
        lines.append(f"skipped: {cells_in_words(pipeline.skipped)}")
    return lines


def _wrapped(text: str, width: int) -> list[str]:
    """The text in lines that fit, those after the first indented."""
    if columns(text) <= width:
        return [text]
    from textwrap import wrap

    return wrap(text, width, subsequent_indent="  ")


def _rail(position: int, size: int) -> tuple[str, str]:
    """The rail at a step of a level, and below it."""
    if size == 1:
        return "──", "  "
    if position == size - 1:
        return "└─", "  "
    return "┬─" if position == 0 else "├─", "│ "


def _taken(pipeline: Pipeline) -> dict[str, dict[str, list[str]]]:
    """For each step, what it takes by the step that it takes it from."""
    found: dict[str, dict[str, list[str]]] = {}
    for (source, target), names in links(pipeline).items():
        found.setdefault(target, {})[source] = names
    return found


def _about(step: Step) -> str:
    """The cells and the parameters of a step."""
    cells = cells_in_words(step.cells)
    if not step.parameters:
        return cells
    return f"{cells}   {'parameter' if len(step.parameters) == 1 else 'parameters'} {', '.join(step.parameters)}"


def _sources(taken: Mapping[str, Sequence[str]], width: int) -> list[str]:
    """What a step takes, a line for each step that it takes from."""
    sources = list(taken.items())
    shown = len(sources) if len(sources) <= _SOURCES + 1 else _SOURCES
    lines = []
    for source, names in sources[:shown]:
        begin = f"<- {source}: "
        lines.append(begin + shortened(names, max(width - columns(begin), 20)))
    if shown < len(sources):
        begin = f"<- {len(sources) - shown} more steps: "
        lines.append(begin + shortened([n for _, names in sources[shown:] for n in names], width - len(begin)))
    return lines
