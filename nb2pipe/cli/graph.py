"""`nb2pipe graph`: the pipeline that a notebook compiles to."""

from __future__ import annotations

import argparse
import gc
import sys
from typing import TYPE_CHECKING, Any

from nb2pipe.cli.options import add_notebook, add_split
from nb2pipe.cli.parser import Parser, examples
from nb2pipe.collector import paused

if TYPE_CHECKING:
    from nb2pipe.pipeline.model import Pipeline


def add_parser(commands: Any) -> None:
    """Add the command to the command line."""
    parser: Parser = commands.add_parser(
        "graph",
        description="Draw the pipeline that the notebook compiles to, without running it.",
        epilog=examples(
            ("nb2pipe graph analysis.ipynb", "as text"),
            ("nb2pipe graph analysis.ipynb --format svg > analysis.svg", "as a picture"),
            ("nb2pipe graph analysis.ipynb --split cells:1", "with a step for each cell"),
            ("nb2pipe graph analysis.ipynb --why load clean", "why step clean waits for step load"),
        ),
    )
    add_notebook(parser)
    parser.add_argument("--format", choices=("text", "mermaid", "dot", "svg", "json"), help="default: text")
    parser.add_argument(
        "--why", nargs=2, metavar=("A", "B"), help="the two places of each value that makes step B wait for A"
    )
    add_split(parser)
    parser.set_defaults(main=main)


_KEPT: list[object] = []
_KEPT.append(_KEPT)
"""Holds itself, and so stays when Python ends: to take a large notebook's trees apart costs a tenth of the time too."""


def main(options: argparse.Namespace) -> int:
    """Run the command."""
    with paused():
        from nb2pipe import api
        from nb2pipe.diagnostics import UsageError

        if options.why is not None and options.format not in (None, "text"):
            raise UsageError(
                f"--why answers in words: it has no --format {options.format}; --format json has all evidence"
            )
        compiled = api.compile_notebook(api.load(options.notebook), options.split)
        _KEPT.append(compiled)
        gc.freeze()
    if options.why is not None:
        from nb2pipe.pipeline.why import why

        sys.stdout.write(why(compiled.pipeline, compiled.notebook, *options.why))
        return 0
    sys.stdout.write(_render(compiled.pipeline, options.format or "text"))
    return 0


def _render(pipeline: Pipeline, form: str) -> str:
    if form == "json":
        import json

        from nb2pipe.pipeline.document import to_document

        # laid out for people only: it costs as much as the analysis
        indent = 2 if sys.stdout.isatty() else None
        return json.dumps(to_document(pipeline), indent=indent, ensure_ascii=False) + "\n"
    if form == "svg":
        from nb2pipe.pipeline.svg import render_svg

        return render_svg(pipeline)
    if form == "text":
        from nb2pipe.pipeline.text import render_text

        return render_text(pipeline)
    from nb2pipe.pipeline.mermaid import render_dot, render_mermaid

    return render_mermaid(pipeline) if form == "mermaid" else render_dot(pipeline)
