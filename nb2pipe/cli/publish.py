"""`nb2pipe publish`: the wheel and the sdist of a version, to a folder or to a repository."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from nb2pipe.cli.options import add_store
from nb2pipe.cli.parser import Parser, examples


def add_parser(commands: Any) -> None:
    """Add the command to the command line."""
    parser: Parser = commands.add_parser(
        "publish",
        description="Build the wheel and the sdist of a version, and put them into a folder that pip can install from "
        "(--find-links), or hand them to twine.",
        epilog=examples(
            ("nb2pipe publish analysis --to wheels", "the current version, into the folder wheels"),
            ("nb2pipe publish analysis 1.1.0 --to wheels", "another version"),
            ("nb2pipe publish ./analysis --repository pypi", "the project in a folder, by twine"),
        ),
    )
    parser.add_argument("package", metavar="PACKAGE", help="the package's name, its project's folder, or its notebook")
    parser.add_argument("version", metavar="VERSION", nargs="?", help="the version (default: the current one)")
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument("--to", metavar="FOLDER", help="a folder of wheels")
    target.add_argument("--repository", metavar="URL", help="the address of a repository, or a name that twine knows")
    add_store(parser)
    parser.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """Run the command."""
    from nb2pipe import api
    from nb2pipe.package.wheels import Target

    target = Target(options.to or "", options.repository or "")
    for name, new in api.publish(options.package, options.version, target, options.store):
        print(f"published {name}" if new else f"{name} is there already", file=sys.stderr)
    return 0
