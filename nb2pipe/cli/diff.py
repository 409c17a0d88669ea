"""`nb2pipe diff`: what changed between two versions of a package."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from nb2pipe.cli.options import add_store
from nb2pipe.cli.parser import Parser, examples


def add_parser(commands: Any) -> None:
    """Add the command to the command line."""
    parser: Parser = commands.add_parser(
        "diff",
        description="Show what changed between two versions of a package: steps, edges, parameters, environment, code.",
        epilog=examples(
            ("nb2pipe diff analysis 1.0.0", "from 1.0.0 to the current version"),
            ("nb2pipe diff analysis 1.0.0 1.2.0", "between two versions"),
            ("nb2pipe diff analysis 1.0.0 1.2.0 --format markdown", "for a pull request"),
        ),
    )
    parser.add_argument("package", metavar="PACKAGE", help="the package's name, its project's folder, or its notebook")
    parser.add_argument("old", metavar="V1", help="the version to compare with")
    parser.add_argument("new", metavar="V2", nargs="?", help="the other version (default: the current one)")
    parser.add_argument("--format", choices=("text", "json", "markdown"), default="text", help="default: text")
    add_store(parser)
    parser.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """Run the command."""
    from nb2pipe import api
    from nb2pipe.package.versions.show import as_markdown, as_text

    found = api.difference(options.package, options.old, options.new, options.store)
    if options.format == "json":
        import json

        from nb2pipe.package.versions.difference import to_document

        sys.stdout.write(json.dumps(to_document(found), indent=2, ensure_ascii=False) + "\n")
    elif options.format == "markdown":
        sys.stdout.write(as_markdown(found))
    else:
        sys.stdout.write(as_text(found, color=sys.stdout.isatty() and not os.environ.get("NO_COLOR")))
    return 0
