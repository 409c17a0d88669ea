"""`nb2pipe rollback`: an earlier version of a package is the current one again."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from nb2pipe.cli.options import add_store
from nb2pipe.cli.parser import Parser, examples


def add_parser(commands: Any) -> None:
    """Add the command to the command line."""
    parser: Parser = commands.add_parser(
        "rollback",
        description="Let another version of a package be the current one. No version is changed or removed: the next "
        "`compile` compares with the current one, and its number is above the highest.",
        epilog=examples(
            ("nb2pipe rollback analysis 1.1.0", "1.1.0 is the current version of the package analysis"),
            ("nb2pipe rollback analysis.ipynb 1.1.0", "the same, for the package of a notebook"),
            ("nb2pipe rollback analysis 1.1.0 --store DIR", "where the versions are kept elsewhere"),
        ),
    )
    parser.add_argument("package", metavar="PACKAGE", help="the package's name, its project's folder, or its notebook")
    parser.add_argument("version", metavar="VERSION", help="the version that is to be the current one")
    add_store(parser)
    parser.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """Run the command."""
    from nb2pipe import api

    before, now = api.rollback(options.package, options.version, options.store)
    words = "was the current version already" if now.current == before.current else "is the current version"
    was = "" if now.current == before.current else f" (was {before.current})"
    print(f"{now.name} {now.current} {words}{was}: {now.folder / str(now.current)}", file=sys.stderr)
    if now.current != before.current:
        print("the project in its folder stays as it is, until `nb2pipe compile` writes it", file=sys.stderr)
    return 0
