"""`nb2pipe explain`: what a code means, why it matters, and the remedy."""

from __future__ import annotations

import argparse
import sys
from typing import Any


def add_parser(commands: Any) -> None:
    """Add the command to the command line."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "explain",
        help="say what a code means, why it matters, and the remedy",
        description="Say what a code such as NB103 means, why it matters, and the remedy. Without a code, list all.",
    )
    parser.add_argument("code", metavar="CODE", nargs="?", help="a code such as NB103")
    parser.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """Run the command."""
    import difflib

    from nb2pipe.diagnostics import UsageError
    from nb2pipe.rules.registry import all_rules, codes, page

    if options.code is None:
        for rule in all_rules():
            print(f"{rule.code}  {rule.severity.value:<7}  {rule.name}")
        return 0
    code = options.code.strip().upper()
    if code not in codes():
        near = difflib.get_close_matches(code, codes(), 1)
        hint = f"did you mean {near[0]}?" if near else "`nb2pipe explain` lists all"
        raise UsageError(f"no finding has the code {options.code}; {hint}")
    sys.stdout.write(page(code))
    return 0
