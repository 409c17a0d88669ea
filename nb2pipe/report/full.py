"""Findings for a person at a terminal: code, place, the line with carets, other sites, why, the fix."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from nb2pipe.diagnostics import Diagnostic, Severity, Site, Span
from nb2pipe.notebook.model import Notebook
from nb2pipe.pipeline.model import Pipeline
from nb2pipe.pipeline.words import clipped, columns, printable, source_line, step_of_cell

_WIDTH = 100  # columns of the source that is shown of a line
_COLORS = {Severity.ERROR: "1;31", Severity.WARNING: "1;33", Severity.INFO: "1;36"}
_DIM, _BOLD = "1;34", "1"


def render_full(
    diagnostics: Sequence[Diagnostic],
    notebook: Notebook | None,
    pipeline: Pipeline | None = None,
    *,
    color: bool = False,
) -> str:
    """The findings in one notebook, a blank line between each two; cells count from 1.

    Without the notebook there are no lines of source, without the pipeline no names of steps.

        NB103 `rate` is read before any cell defines it
          --> analysis.ipynb cell 7 (step features), line 2
          2 | df["net"] = df.gross * rate
            |                        ^^^^
          defined later: cell 12, line 1: rate = 0.83
        why:  the saved run executed cell 12 ([31]) before cell 7 ([34]); top to bottom this is a NameError
        fix:  move cell 12 above cell 7
        more: nb2pipe explain NB103
    """
    steps = step_of_cell(pipeline) if pipeline is not None else {}
    return "\n".join(_finding(d, notebook, steps, color=color) for d in diagnostics)


def _finding(diagnostic: Diagnostic, notebook: Notebook | None, steps: Mapping[int, str], *, color: bool) -> str:
    def paint(text: str, code: str) -> str:
        return f"\033[{code}m{text}\033[0m" if color and text else text

    tone = _COLORS[diagnostic.severity]
    lines = [f"{paint(diagnostic.code, tone)} {paint(_flowing(diagnostic.message, 0), _BOLD)}"]
    lines.append(f"  {paint('-->', _DIM)} {_place(diagnostic.span, notebook, steps)}")
    shown = _excerpt(notebook, diagnostic.span) if notebook is not None else None
    if shown is not None:
        number, text, carets = shown
        lines.append(f"  {paint(f'{number} |', _DIM)} {text}".rstrip())
        if carets:
            lines.append(f"  {paint(' ' * len(number) + ' |', _DIM)} {_carets(carets, paint('^' * carets[1], tone))}")
    lines += [f"  {_site(site, notebook)}" for site in diagnostic.sites]
    for label, words in (("why:", diagnostic.why), ("fix:", diagnostic.hint)):
        if words:
            lines.append(f"{paint(label, _BOLD)}  {_flowing(words, 6)}")
    lines.append(f"{paint('more:', _BOLD)} nb2pipe explain {diagnostic.code}")
    return "\n".join(lines) + "\n"


def _carets(carets: tuple[int, int], painted: str) -> str:
    return " " * carets[0] + painted


def _place(span: Span, notebook: Notebook | None, steps: Mapping[int, str]) -> str:
    path = printable(notebook.path) if notebook is not None else ""
    if span.cell < 0:
        return path or "the notebook"
    step = f" (step {steps[span.cell]})" if span.cell in steps else ""
    return f"{path} cell {span.cell + 1}{step}, line {span.line}".lstrip()


def _site(site: Site, notebook: Notebook | None) -> str:
    """Another place, with what stands there."""
    label = _flowing(site.label, 2)
    if site.span.cell < 0:
        return label
    line = source_line(notebook, site.span).strip() if notebook is not None else ""
    source = f": {clipped(_clean(line), _WIDTH)}" if line else ""
    return f"{label}: cell {site.span.cell + 1}, line {site.span.line}{source}"


def _excerpt(notebook: Notebook, span: Span) -> tuple[str, str, tuple[int, int] | None] | None:
    """The number of a line, the line, and where carets stand below it: (columns before them, how many)."""
    line = source_line(notebook, span)
    if not line.strip():
        return None
    marked = _marked(line, span)
    if marked is None:
        return str(span.line), clipped(_clean(line), _WIDTH), None
    start, end = marked
    before, within, behind = _clean(line[:start]), _clean(line[start:end]), _clean(line[end:])
    if columns(before + within) > _WIDTH:
        # The caret matters more than the beginning of the line.
        room = max(_WIDTH - columns(within) - 20, 20)
        while columns(before) > room:
            before = before[1:]
        before = "…" + before[1:]
    within = clipped(within, _WIDTH - columns(before)) if columns(before + within) > _WIDTH else within
    text = clipped(before + within + behind, _WIDTH + 1)
    return str(span.line), text, (columns(before), max(columns(within), 1))


def _marked(line: str, span: Span) -> tuple[int, int] | None:
    """The characters of the first line of a place; a place that begins nowhere in particular marks none."""
    start = min(span.column, len(line))
    if span.end_line > span.line:
        end = len(line.rstrip())
    elif span.end_column > start:
        end = min(span.end_column, len(line))
    elif start:
        word = re.match(r"\w+", line[start:])
        end = start + (word.end() if word else 1)
    else:
        return None
    if span.end_line > span.line and start == 0:
        start = len(line) - len(line.lstrip())
    return start, max(end, start)


def _clean(text: str) -> str:
    """Source as it can be shown: tabs as four columns, nothing that moves the cursor."""
    return printable(text.replace("\t", "    "))


def _flowing(text: str, indent: int) -> str:
    """Words that may hold line feeds, with what follows the first line indented."""
    return ("\n" + " " * indent).join(printable(line) for line in text.split("\n"))
