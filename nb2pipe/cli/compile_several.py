"""`nb2pipe compile` of several notebooks: they are joined to one package."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from nb2pipe.cli.version_words import told

if TYPE_CHECKING:
    from nb2pipe.api import Several

_ONE = {
    "verify": "compile each notebook by itself and verify that",
    "record": "the tests of a package of several compare with no run",
}


def main(options: argparse.Namespace) -> int:
    """Run the command."""
    from nb2pipe import api
    from nb2pipe.cli.refusal import say
    from nb2pipe.diagnostics import UsageError

    for option, instead in _ONE.items():
        if getattr(options, option):
            raise UsageError(f"--{option} is for one notebook: {instead}")
    try:
        made = api.package_several(
            [api.load(path) for path in options.notebooks],
            options.name,
            split=options.split,
            extras=[e.strip() for e in options.extras.split(",") if e.strip()],
            lock=options.lock,
        )
    except api.NotebookRefused as refused:
        say(refused, refused.notebook)
        return refused.exit_code
    folder = Path(options.output or made.package.name)
    keeping = api.Keeping(options.store, options.version, options.sign, options.force)
    package, kept = api.keep_version(made.package, made.folder, folder, keeping)
    print(told(kept, signing=bool(options.sign), verifying=False), file=sys.stderr)
    written = api.write_package(package, folder, force=options.force)
    if options.wheel:
        print(f"wheel {api.keep_wheel(package, made.folder, options.store)}", file=sys.stderr)
    if written:
        for words in _words(made):
            print(f"note: {words}", file=sys.stderr)
        print(f"wrote {folder}: {package.summary}", file=sys.stderr)
    return 0


def _words(made: Several) -> Iterator[str]:
    """Why the notebooks run in this order, what stays a script, and what is left out."""
    from nb2pipe.package.findings import notes

    yield from made.joined.notes
    for member in made.joined.planned:
        for finding in notes(member.plan):
            yield f"{member.member.file}: {finding.message} (cell {finding.span.cell + 1})"
