"""`nb2pipe check`: what is wrong with notebooks, or may be."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nb2pipe.cli.options import add_notebook, add_split
from nb2pipe.cli.parser import Parser, examples

if TYPE_CHECKING:
    from nb2pipe.diagnostics import Refused
    from nb2pipe.report.model import Report


def add_parser(commands: Any) -> None:
    """Add the command to the command line."""
    parser: Parser = commands.add_parser(
        "check",
        description="Say what in the notebooks is wrong, or may be, without running them.\n"
        "Exit code 1 where a finding of severity error remains.",
        epilog=examples(
            ("nb2pipe check analysis.ipynb", "all findings"),
            ("nb2pipe check notebooks/*.ipynb --ignore NB1,NB505", "of several notebooks, without some codes"),
            ("nb2pipe check analysis.ipynb --select NB5", "what may come out differently the next time"),
            ("nb2pipe check analysis.ipynb --format github", "beside the lines of a pull request"),
        )
        + "\n\na comment in a cell silences a code there: # nb2pipe: ignore[NB501]; so does the tag nb2pipe:ignore=NB501",
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
    """Run the command: a notebook that cannot be read does not keep the findings in the others back."""
    from nb2pipe.diagnostics import Refused, Severity, UsageError
    from nb2pipe.report.many import render

    select, ignore = _codes(options.select, "--select"), _codes(options.ignore, "--ignore")
    reports: list[Report] = []
    unreadable: list[UsageError] = []
    code = 0
    for path in options.notebooks:
        try:
            reports.append(_report(path, options, select, ignore))
        except UsageError as error:
            unreadable.append(error)
        except Refused as refused:
            reports.append(_refused(path, refused, select, ignore))
            code = 3 if reports[-1].diagnostics else code
    if reports:
        sys.stdout.write(render(reports, options.format, color=sys.stdout.isatty()))
        sys.stdout.flush()
    for problem in unreadable:
        print(f"error: {problem}", file=sys.stderr)
    findings = [d for r in reports for d in r.diagnostics]
    if options.format == "full" and reports:
        print(_summary(findings, len(reports)), file=sys.stderr)
    if unreadable:
        return UsageError.exit_code
    return code or (1 if any(d.severity is Severity.ERROR for d in findings) else 0)


def _report(path: str, options: argparse.Namespace, select: Sequence[str], ignore: Sequence[str]) -> Report:
    """The findings in one notebook, with the text of its file where they are to have the lines of that."""
    from nb2pipe import api
    from nb2pipe.notebook.load import read_text
    from nb2pipe.report.model import Report

    compiled = api.compile_notebook(api.load(path), options.split)
    text = read_text(path) if options.format in ("sarif", "github") else ""
    return Report(compiled.notebook, api.check(compiled, select, ignore), compiled.pipeline, text)


def _refused(path: str, refused: Refused, select: Sequence[str], ignore: Sequence[str]) -> Report:
    """Why a notebook was not even read, as its findings."""
    from nb2pipe.notebook.model import Notebook
    from nb2pipe.report.model import Report
    from nb2pipe.rules.run import is_wanted

    found = tuple(d for d in refused.diagnostics if is_wanted(d.code, select, ignore))
    return Report(Notebook(path, "", ()), found)


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
