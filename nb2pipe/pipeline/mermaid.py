"""A pipeline in the notations of other tools: Mermaid and DOT."""

from __future__ import annotations

from nb2pipe.pipeline.layers import links
from nb2pipe.pipeline.model import Pipeline


def _label(names: list[str], most: int = 3) -> str:
    shown = list(dict.fromkeys(names))
    return ", ".join(shown[:most]) + (f" +{len(shown) - most}" if len(shown) > most else "")


def render_mermaid(pipeline: Pipeline) -> str:
    """A Mermaid flowchart; quotes and brackets in labels are written as entities."""
    ids = {s.name: f"s{i}" for i, s in enumerate(pipeline.steps)}
    lines = ["flowchart TB"]
    lines += [f'    {ids[s.name]}["{_entity(s.name)}"]' for s in pipeline.steps]
    for (source, target), names in sorted(links(pipeline).items(), key=lambda i: (ids[i[0][0]], ids[i[0][1]])):
        lines.append(f'    {ids[source]} -->|"{_entity(_label(names))}"| {ids[target]}')
    return "\n".join(lines) + "\n"


def _entity(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")


def render_dot(pipeline: Pipeline) -> str:
    """A Graphviz digraph."""
    lines = [f"digraph {_quoted(pipeline.name)} {{", "    rankdir=TB;", '    node [shape=box, style=rounded, fontname="sans-serif"];',
             '    edge [fontname="sans-serif", fontsize=10];']  # fmt: skip
    lines += [f"    {_quoted(s.name)};" for s in pipeline.steps]
    for (source, target), names in sorted(links(pipeline).items()):
        lines.append(f"    {_quoted(source)} -> {_quoted(target)} [label={_quoted(_label(names))}];")
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
