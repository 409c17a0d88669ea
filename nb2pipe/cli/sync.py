"""`nb2pipe sync`: what was edited by hand in a package goes back into its notebook."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from nb2pipe.cli.parser import Parser, examples

if TYPE_CHECKING:
    from nb2pipe.sync.compare import Comparison
    from nb2pipe.sync.roundtrip import Synced


def add_parser(commands: Any) -> None:
    """Add the command to the command line."""
    parser: Parser = commands.add_parser(
        "sync",
        description="Bring what was edited by hand in the functions of a package back into the cells that they were written from. "
        "Markdown, outputs, tags and ids stay. Where notebook and package were both edited, the two are merged.",
        epilog=examples(
            ("nb2pipe sync analysis", "the edits of ./analysis into the notebook that it was compiled from"),
            ("nb2pipe sync analysis --diff", "the cells as they would be, and nothing is written"),
            ("nb2pipe sync analysis work/analysis.ipynb", "into a notebook that stands elsewhere"),
        ),
    )
    parser.add_argument("package", metavar="PACKAGE", help="the folder of a project that `nb2pipe compile` wrote")
    parser.add_argument(
        "notebook",
        metavar="NOTEBOOK",
        nargs="?",
        help="the notebook (default: the one of its name, beside the package or here)",
    )
    parser.add_argument("--diff", action="store_true", help="show what would change in each cell, and write nothing")
    parser.add_argument(
        "--partial",
        action="store_true",
        help="write what can be carried, although compiling then gives another package",
    )
    parser.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """Run the command."""
    from nb2pipe import api
    from nb2pipe.cli.refusal import say
    from nb2pipe.diagnostics import Refused

    try:
        synced = api.sync(options.package, options.notebook)
    except Refused as refused:
        say(refused)
        print("the notebook would be refused with these edits; nothing was written", file=sys.stderr)
        return refused.exit_code
    whole = _tell_uncarried(synced, options.package)
    sources, path = synced.merged.sources, synced.notebook.path
    if options.diff:
        _show(synced)
    elif not whole and not options.partial:
        print("nothing was written; --partial carries what can be", file=sys.stderr)
    elif sources:
        api.write_synced(synced)
        print(f"wrote {path}: {_cells(sources)}", file=sys.stderr)
    elif whole:
        print(f"{path}: nothing has changed", file=sys.stderr)
    for place in synced.merged.conflicts:
        print(f"conflict: cell {place + 1} was edited in the notebook and in the package; both stand there, marked by <<<<<<<",
              file=sys.stderr)  # fmt: skip
    if synced.comparison.follows:
        print(f"note: compiling the notebook will also change {', '.join(synced.comparison.follows)}", file=sys.stderr)
    return 0 if whole and not synced.merged.conflicts else 1


def _tell_uncarried(synced: Synced, package: str) -> bool:
    """Say what of the edits cannot be carried; whether that is nothing."""
    comparison: Comparison = synced.comparison
    for path, line, words in comparison.uncarried:
        place = f"{package}/{path}:{line}" if line else f"{package}/{path}"
        print(f"{place}: cannot be carried: {words}", file=sys.stderr)
    for cell in synced.merged.gone:
        print(
            f"cell {cell + 1}, as the package has it, was edited there and is gone from the notebook", file=sys.stderr
        )
    if comparison.diff:
        print(comparison.diff, file=sys.stderr, end="")
    return not comparison.uncarried and not synced.merged.gone


def _show(synced: Synced) -> None:
    from nb2pipe.sync.compare import source_diff

    for place, text in sorted(synced.merged.sources.items()):
        print(source_diff(place + 1, synced.notebook.cells[place].source, text, synced.notebook.path), end="")


def _cells(places: Iterable[int]) -> str:
    numbers = [str(p + 1) for p in sorted(places)]
    return f"cell{'s' * (len(numbers) > 1)} {', '.join(numbers)}"
