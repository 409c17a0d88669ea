"""`nb2pipe inspect`: the parameters of a notebook, with their types, defaults and what is said of them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nb2pipe.cli.options import add_notebook
from nb2pipe.cli.parser import Parser, examples

if TYPE_CHECKING:
    from nb2pipe.pipeline.model import Parameter


def add_parser(commands: Any) -> None:
    """Add the command to the command line."""
    parser: Parser = commands.add_parser(
        "inspect",
        description="List the parameters of the notebook: what its cells tagged `parameters` assign, without running it.",
        epilog=examples(
            ("nb2pipe inspect analysis.ipynb", "name, type, default, and the comment beside it"),
            ("nb2pipe inspect analysis.ipynb --format json", "for programs"),
            ("nb2pipe run analysis.ipynb -p month 2026-03", "give one of them another value"),
        ),
    )
    add_notebook(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    parser.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """Run the command."""
    from nb2pipe import api

    parameters = api.parameters(api.load(options.notebook))
    if options.format == "json":
        import json

        from nb2pipe.pipeline.document import parameters_document

        print(json.dumps(parameters_document(parameters), indent=2))
    elif parameters:
        print(_as_text(parameters))
    else:
        print(f"{options.notebook} has no parameters: tag the cell that assigns them `parameters`", file=sys.stderr)
    return 0


def _as_text(parameters: Sequence[Parameter]) -> str:
    rows = [(p.name, p.type or "any", " ".join(p.text.split()), p.help) for p in parameters]
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    return "\n".join(
        "  ".join([*(t.ljust(w) for t, w in zip(row[:3], widths, strict=True)), row[3]]).rstrip() for row in rows
    )
