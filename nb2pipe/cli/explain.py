"""`nb2pipe explain`: what a code means, why it matters, and the remedy."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from nb2pipe.cli.parser import Parser, examples

if TYPE_CHECKING:
    from nb2pipe.rules.base import Rule


def add_parser(commands: Any) -> None:
    """Add the command to the command line."""
    parser: Parser = commands.add_parser(
        "explain",
        description="Say what a code such as NB103 means, why it matters, and the remedy. Without a code, list all.",
        epilog=examples(
            ("nb2pipe explain NB103", "one code, in full"),
            ("nb2pipe explain defined-later", "the same, by its name"),
            ("nb2pipe explain", "all codes"),
        ),
    )
    parser.add_argument("code", metavar="CODE", nargs="?", help="a code such as NB103, or its name")
    parser.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """Run the command."""
    from nb2pipe.rules.registry import all_rules, page

    if options.code is None:
        for rule in all_rules():
            print(f"{rule.code}  {rule.severity.value:<7}  {rule.name}")
        return 0
    code = _known(options.code, all_rules())
    sys.stdout.write(page(code))
    print(
        f"\nA cell is left out by the comment `# nb2pipe: ignore[{code}]` in it, or by the tag `nb2pipe:ignore={code}`."
    )
    return 0


def _known(text: str, rules: tuple[Rule, ...]) -> str:
    """The code that is meant, by itself or by its rule's name.

    Raises:
        UsageError: There is no such code.
    """
    import difflib

    from nb2pipe.diagnostics import UsageError

    wanted = text.strip().lower()
    known = {rule.code.lower(): rule.code for rule in rules} | {rule.name: rule.code for rule in rules}
    if wanted in known:
        return known[wanted]
    near = difflib.get_close_matches(wanted, known, 1)
    name = near[0].upper() if near and near[0].startswith("nb") else "".join(near)
    hint = f"did you mean {name}?" if near else "`nb2pipe explain` lists all"
    raise UsageError(f"no finding has the code {text}; {hint}")
