"""`nb2pipe open`: one step of a recorded run as a notebook, with what it took."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from nb2pipe.cli.options import add_store, add_trust
from nb2pipe.cli.parser import Parser, examples


def add_parser(commands: Any) -> None:
    """Add the command to the command line."""
    parser: Parser = commands.add_parser(
        "open",
        description="Write a notebook that begins where a step of a recorded run began: what it took is loaded from the store.",
        epilog=examples(
            ("nb2pipe open last", "the step that failed"),
            ("nb2pipe open last train -o train.ipynb", "any step"),
            ("nb2pipe open 20261126-09 train", "of an earlier run"),
            ("nb2pipe open 20261126-09 train", "the same of an earlier run"),
        ),
    )
    parser.add_argument("run", metavar="RUN", help="the run: its name, the beginning of it, or `last`")
    parser.add_argument("step", metavar="STEP", nargs="?", help="the step (default: the one that failed)")
    parser.add_argument("-o", "--output", metavar="FILE", help="where to write it (default: STEP-RUN.ipynb)")
    add_trust(parser)
    add_store(parser, "runs")
    parser.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """Run the command."""
    from nb2pipe.diagnostics import UsageError
    from nb2pipe.records.opened import opened_step
    from nb2pipe.runtime.executed import check_output, write
    from nb2pipe.store import is_made, results_folder
    from nb2pipe.store.rooms import opened
    from nb2pipe.store.runs import named

    folder = results_folder(Path.cwd(), options.store)
    if not is_made(folder):
        raise UsageError(f"no runs are recorded in {folder}; `nb2pipe run --record` does that")
    with opened(folder) as store:
        run = named(store.database, options.run)
        step, document = opened_step(store, run, options.step, trust=options.trust)
    output = options.output or f"{step}-{run.id}.ipynb"
    check_output(output, run.notebook)
    write(output, document)
    print(f"wrote {output}", file=sys.stderr)
    return 0
