"""`nb2pipe check`: what is wrong with notebooks, or may be."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from nb2pipe.cli.options import add_notebook, add_split


def add_parser(commands: Any) -> None:
    """Add the command to the command line."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "check",
        help="say what in a notebook is wrong, or may be, without running it",
        description="Say what in the notebooks is wrong, or may be, without running them. "
        "Exit code 1 where a finding of severity error remains.",
    )
    add_notebook(parser, several=True)
    parser.add_argument("--format", choices=("full", "json", "sarif", "github"), default="full", help="default: full")
    parser.add_argument(
        "--select", metavar="CODES", default="", help="only these codes or beginnings of codes, with commas"
    )
    parser.add_argument(
        "--ignore", metavar="CODES", default="", help="none of these codes or beginnings of codes, with commas"
    )
    add_split(parser)
    parser.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """Run the command."""
    from nb2pipe import api
    from nb2pipe.diagnostics import Severity
    from nb2pipe.report.many import Report, render

    select, ignore = _codes(options.select, "--select"), _codes(options.ignore, "--ignore")
    reports = []
    for path in options.notebooks:
        compiled = api.compile_notebook(api.load(path), options.split)
        found = api.check(compiled, select, ignore)
        reports.append(Report(compiled.notebook, found, compiled.pipeline))
    sys.stdout.write(render(reports, options.format, color=sys.stdout.isatty()))
    findings = [d for r in reports for d in r.diagnostics]
    if options.format == "full":
        print(_summary(findings, len(reports)), file=sys.stderr)
    return 1 if any(d.severity is Severity.ERROR for d in findings) else 0


def _codes(text: str, option: str) -> tuple[str, ...]:
    """Codes or beginnings of codes that exist.

    Raises:
        UsageError: No rule has such a code.
    """
    import difflib

    from nb2pipe.diagnostics import UsageError
    from nb2pipe.rules.registry import codes

    known = codes()
    asked = tuple(c.strip().upper() for c in text.split(",") if c.strip())
    for code in asked:
        if not any(k.startswith(code) for k in known):
            near = difflib.get_close_matches(code, known, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise UsageError(f"{option} {code}: no finding has this code{hint}")
    return asked


def _summary(findings: list[Any], notebooks: int) -> str:
    where = f"{notebooks} notebook{'' if notebooks == 1 else 's'}"
    if not findings:
        return f"no findings in {where}"
    parts = []
    for severity in ("error", "warning", "info"):
        count = sum(d.severity.value == severity for d in findings)
        if count:
            parts.append(f"{count} {severity}{'' if count == 1 or severity == 'info' else 's'}")
    return f"{', '.join(parts)} in {where}"
