"""`nb2pipe versions`: the versions of a package."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from nb2pipe.cli.options import add_store
from nb2pipe.cli.parser import Parser, examples


def add_parser(commands: Any) -> None:
    """Add the command to the command line."""
    parser: Parser = commands.add_parser(
        "versions",
        description="List the versions of a package, the newest first, with what each changed.",
        epilog=examples(
            ("nb2pipe versions analysis", "the versions of the package analysis"),
            ("nb2pipe versions analysis.ipynb", "those of the package of a notebook"),
            ("nb2pipe versions analysis --format json", "as JSON"),
        ),
    )
    parser.add_argument("package", metavar="PACKAGE", help="the package's name, its project's folder, or its notebook")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    add_store(parser)
    parser.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """Run the command."""
    from nb2pipe import api
    from nb2pipe.cli.version_words import in_one_line

    found, records = api.versions(options.package, options.store)
    if options.format == "json":
        import json

        from nb2pipe.package.versions.history import row

        rows = [{**row(found, r), "folder": str(found.folder / r.version)} for r in records]
        sys.stdout.write(json.dumps({"name": found.name, "versions": rows}, indent=2, ensure_ascii=False) + "\n")
        return 0
    width = max(len(r.version) for r in records)
    for record in records:
        mark = "*" if record.version == str(found.current) else " "
        print(f"{mark} {record.version:<{width}}  {in_one_line(record.change.kind, record.change.lines)}")
    return 0
