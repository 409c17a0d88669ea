"""A pipeline in the notations of other tools: Mermaid and DOT."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from nb2pipe.pipeline.layers import kinds, links
from nb2pipe.pipeline.model import Pipeline
from nb2pipe.pipeline.words import cells_in_words, clipped, printable, shortened

_LABEL = 40  # the widest label of an edge, in characters


def render_mermaid(pipeline: Pipeline) -> str:
    """A Mermaid flowchart: a box a step, an arrow for what flows, dotted where only an order or a resource does.

    Steps are numbered, for a name such as ``end`` is a word of Mermaid's own.
    """
    found = kinds(pipeline)
    arrows = [(*pair, names, "data" in found[pair]) for pair, names in links(pipeline).items()]
    return flowchart([(s.name, _cells(s.cells)) for s in pipeline.steps], arrows)


def flowchart(
    steps: Sequence[tuple[str, str]],
    arrows: Iterable[tuple[str, str, Sequence[str], bool]],
    groups: Sequence[tuple[str, Sequence[str]]] = (),
) -> str:
    """A Mermaid flowchart of steps, each with a second line ("" for none), and of arrows between them.

    An arrow is (source, target, what flows, whether that are values). ``groups`` are frames, each with a name and its steps, in
    which these have the last part of their names (``load`` for ``clean.load``); an arrow may lead from frame to frame.
    """
    ids = {name: f"g{i}" for i, (name, _) in enumerate(groups)} | {name: f"s{i}" for i, (name, _) in enumerate(steps)}
    lines = ["flowchart TB"]
    known = dict(steps)
    grouped = [name for _, names in groups for name in names]

    def box(name: str, shown: str) -> str:
        below = known[name]
        return f'    {ids[name]}["{_entities(shown)}{f"<br/>{below}" if below else ""}"]'

    lines += [box(name, name) for name in known if name not in grouped]
    for number, (title, names) in enumerate(groups):
        lines.append(f'    subgraph g{number}["{_entities(title)}"]')
        lines += [f"    {box(name, name.rpartition('.')[2])}" for name in names]
        lines.append("    end")
    for source, target, names, solid in arrows:
        label = f'|"{_entities(shortened(names, _LABEL))}"|' if names else ""
        lines.append(f"    {ids[source]} {'-->' if solid else '-.->'}{label} {ids[target]}")
    return "\n".join(lines) + "\n"


def _entities(text: str) -> str:
    """Text as Mermaid takes it between quotes.

    What is not a letter, a digit or plain punctuation becomes one of Mermaid's entity codes (``#34;``), so that neither
    its grammar nor HTML nor the Markdown of its labels reads anything into it. Underscores inside a name are none
    of these.
    """
    return re.sub(r"[^\w ,.:/()+-]|(?<![^\W_])_|_(?![^\W_])", lambda m: f"#{ord(m[0])};", printable(text))


def render_dot(pipeline: Pipeline) -> str:
    """A Graphviz digraph with the same arrows; the steps' names are the names of its nodes."""
    found = kinds(pipeline)
    lines = [
        f"digraph {_quoted(pipeline.name)} {{",
        "    rankdir=TB;",
        '    node [shape=box, style=rounded, fontname="sans-serif"];',
        '    edge [fontname="sans-serif", fontsize=10];',
    ]
    for step in pipeline.steps:
        lines.append(f"    {_quoted(step.name)} [label={_quoted(step.name, _cells(step.cells))}];")
    for (source, target), names in links(pipeline).items():
        style = "" if "data" in found[source, target] else ", style=dashed"
        label = _quoted(shortened(names, _LABEL))
        lines.append(f"    {_quoted(source)} -> {_quoted(target)} [label={label}{style}];")
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(*lines: str) -> str:
    """A quoted string of the DOT language; backslashes are doubled, for labels read escapes."""
    return '"' + "\\n".join(printable(t).replace("\\", "\\\\").replace('"', '\\"') for t in lines) + '"'


def _cells(cells: Sequence[int]) -> str:
    return clipped(cells_in_words(cells), 24)
