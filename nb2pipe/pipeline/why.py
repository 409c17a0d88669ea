"""Why one step waits for another: the two places of each value and resource between them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import pairwise

from nb2pipe.diagnostics import Span
from nb2pipe.notebook.model import Notebook
from nb2pipe.pipeline.layers import KINDS, links
from nb2pipe.pipeline.model import Edge, Evidence, Pipeline
from nb2pipe.pipeline.named import named
from nb2pipe.pipeline.words import (
    cells_in_words,
    clipped,
    count,
    in_words,
    printable,
    shortened,
    source_line,
    step_of_cell,
)

_WIDTH = 100  # columns of a line of source


def why(pipeline: Pipeline, notebook: Notebook, source: str, target: str) -> str:
    """Why step ``target`` waits for step ``source``; where no edge says so, the way from the one to the other.

    Raises:
        UsageError: One of the two is no step of the pipeline.
    """
    source, target = named(pipeline, source), named(pipeline, target)
    edges = [e for e in pipeline.edges if (e.source, e.target) == (source, target)]
    lines = _edges(pipeline, notebook, edges) if edges else _no_edge(pipeline, source, target)
    return "\n".join(printable(line).rstrip() for line in lines) + "\n"


def _edges(pipeline: Pipeline, notebook: Notebook, edges: Iterable[Edge]) -> list[str]:
    """What flows, and the two places of each."""
    found = [
        (edge, evidence)
        for edge in sorted(edges, key=lambda e: (e.through, KINDS.index(e.kind)))
        for evidence in edge.evidence
    ]
    first = found[0][0]
    names = list(dict.fromkeys(in_words(e.name) for _, e in found))
    lines = [f"{first.target} waits for {first.source}: {shortened(names, 80)}"]
    homes = step_of_cell(pipeline)
    givers = {(s.name, v.name): v.producer for s in pipeline.steps for v in s.inputs}
    for edge, evidence in dict.fromkeys(found):
        lines += ["", f"  {_said(evidence)}"]
        if edge.kind == "control":
            lines += _place(notebook, homes, "set on", evidence.read)
            lines += _place(notebook, homes, "which runs after", evidence.write)
        else:
            # Of a file or a display only the order counts: either of the two may be the one that writes.
            outside = edge.kind == "resource" and not evidence.name.startswith("<")
            lines += _place(notebook, homes, "touched first in" if outside else "written in", evidence.write)
            lines += _place(notebook, homes, "then in" if outside else "read in", evidence.read)
        if edge.through:
            giver = givers[edge.target, evidence.name]
            lines.append(f"    handed over by step {giver}, which may or may not have changed it")
    return lines


def _said(evidence: Evidence) -> str:
    """A value as code, anything else in words; of a module its full name."""
    if evidence.name.startswith("<module:"):
        return f"module {evidence.name[8:-1]}"
    words = in_words(evidence.name)
    return f"`{words}`" if words == evidence.name else words


def _place(notebook: Notebook, homes: dict[int, str], begin: str, span: Span) -> list[str]:
    home = f" (step {homes[span.cell]})" if span.cell in homes else ""
    line = source_line(notebook, span).expandtabs(4)
    shown = [f"      {span.line} | {clipped(line, _WIDTH - 9 - len(str(span.line)))}"] if line.strip() else []
    return [f"    {begin} cell {span.cell + 1}{home}, line {span.line}", *shown]


def _no_edge(pipeline: Pipeline, source: str, target: str) -> list[str]:
    """That there is no edge, and how the two stand to each other."""
    if source == target:
        cells = next(s.cells for s in pipeline.steps if s.name == source)
        return [f"{source} is one step ({cells_in_words(cells)}): its cells run one after another."]
    lines = [f"no edge {source} -> {target}"]
    for start, end in ((source, target), (target, source)):
        path = _path(pipeline, start, end)
        if path:
            flows = links(pipeline)
            steps = count(len(path) - 1, "edge")
            lines.append(f"{end} waits for {start} all the same, over {steps}:" if start == source
                         else f"it is {source} that waits for {target}, over {steps}:")  # fmt: skip
            for pair in pairwise(path):
                lines.append(f"  {pair[0]} -> {pair[1]}: {shortened(flows.get(pair, []), 60)}")
            return lines
    return [*lines, "neither waits for the other: they may run at the same time"]


def _path(pipeline: Pipeline, start: str, end: str) -> list[str]:
    """The steps of a shortest way along the edges, or nothing."""
    targets: dict[str, list[str]] = {}
    for pair in links(pipeline):
        targets.setdefault(pair[0], []).append(pair[1])
    before: dict[str, str] = {start: ""}
    waiting = deque([start])
    while waiting:
        step = waiting.popleft()
        for other in targets.get(step, ()):
            if other not in before:
                before[other] = step
                waiting.append(other)
    path = [end] if end in before else []
    while path and path[-1] != start:
        path.append(before[path[-1]])
    return path[::-1]
