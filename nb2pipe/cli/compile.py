"""`nb2pipe compile`: a notebook as a Python package."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from nb2pipe.cli.options import add_notebook, add_split, add_store
from nb2pipe.cli.parser import Parser, examples
from nb2pipe.cli.version_words import records_are_gone, told


def add_parser(commands: Any) -> None:
    """Add the command to the command line."""
    parser: Parser = commands.add_parser(
        "compile",
        description="Write the notebook as an installable Python package, one readable function a step. Nothing is run "
        "but with --record and --verify.",
        epilog=examples(
            ("nb2pipe compile analysis.ipynb", "the project in the folder ./analysis"),
            ("nb2pipe compile analysis.ipynb -o packages/analysis", "the project in another folder"),
            ("nb2pipe compile analysis.ipynb --name sales", "under another name"),
            ("nb2pipe compile analysis.ipynb --verify", "only if it computes what the notebook computes"),
            ("nb2pipe compile clean.ipynb report.ipynb", "several notebooks as one package"),
        ),
    )
    add_notebook(parser, several=True)
    parser.add_argument("-o", "--output", metavar="DIR", help="the folder of the project (default: the package's name)")
    parser.add_argument("--name", metavar="NAME", help="the name of the package (default: from the notebook's)")
    parser.add_argument(
        "--force", action="store_true", help="write over files that were changed by hand, or are others'"
    )
    parser.add_argument(
        "--version", metavar="X.Y.Z", help="a higher number for the new version than the change asks for"
    )
    parser.add_argument("--sign", metavar="ssh:KEY", help="sign a new version with an ssh key")
    parser.add_argument("--wheel", action="store_true", help="also build the wheel, into the wheels of the store")
    add_store(parser)
    parser.add_argument(
        "--verify",
        action="store_true",
        help="run both and compare, as `nb2pipe verify` does; what differs is not written",
    )
    parser.add_argument(
        "--record", action="store_true", help="run the package once, and let its tests compare with what it gave"
    )
    parser.add_argument(
        "--with", dest="extras", metavar="FILES", default="", help="a Dockerfile, a GitHub workflow: docker,ci"
    )
    parser.add_argument("--lock", choices=("uv", "pip"), help="let uv or pip-compile look up a lock with hashes")
    add_split(parser)
    parser.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """Run the command."""
    if len(options.notebooks) > 1:
        from nb2pipe.cli import compile_several

        return compile_several.main(options)
    from nb2pipe import api
    from nb2pipe.cli.refusal import say
    from nb2pipe.diagnostics import Refused

    compiled = api.compile_notebook(api.load(options.notebooks[0]), options.split)
    try:
        made = api.package(
            compiled,
            options.name,
            record=options.record,
            extras=[e.strip() for e in options.extras.split(",") if e.strip()],
            lock=options.lock,
        )
    except Refused as refused:
        say(refused, compiled.notebook)
        return refused.exit_code
    folder = Path(options.output or made.name)
    force = options.force or api.edits_are_in_the_notebook(compiled, folder)
    code = 0
    if options.verify:
        from nb2pipe.cli.verify import rendered
        from nb2pipe.package.existing import refuse_changes_by_hand
        from nb2pipe.replay.verify import Settings

        if not force:
            refuse_changes_by_hand(folder, made.tree)  # before anything runs
        made, report = api.verified(compiled, made, Settings())
        print(rendered(report, "text", made.name), end="")
        if report.verdict == "DIFFERS":
            print(f"{folder} was not written", file=sys.stderr)
            return 1
        code = int(report.verdict != "EQUAL")
    keeping = api.Keeping(options.store, options.version, options.sign, force)
    made, kept = api.keep_version(made, compiled.folder, folder, keeping)
    print(told(kept, signing=bool(options.sign), verifying=options.verify), file=sys.stderr)
    if records_are_gone(kept):
        print("note: what a run gave is no longer there for the tests; --record records it", file=sys.stderr)
    written = api.write_package(made, folder, force=force)
    if options.wheel:
        print(f"wheel {api.keep_wheel(made, compiled.folder, options.store)}", file=sys.stderr)
    if not written:
        return code
    for finding in made.findings:
        print(f"note: {finding.message} (cell {finding.span.cell + 1})", file=sys.stderr)
    if options.record:
        from nb2pipe.package.recording import not_recorded

        for words in not_recorded(made.draft):
            print(f"note: {words}", file=sys.stderr)
    print(f"wrote {folder}: {made.summary}", file=sys.stderr)
    return code
