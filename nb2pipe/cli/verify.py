"""`nb2pipe verify`: a notebook and its package, replayed and compared."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from nb2pipe.cli.options import add_notebook, add_split
from nb2pipe.cli.parser import Parser, examples

if TYPE_CHECKING:
    from nb2pipe.replay.model import Report


def add_parser(commands: Any) -> None:
    """Add the command to the command line."""
    parser: Parser = commands.add_parser(
        "verify",
        description="Run the notebook top to bottom in a fresh kernel, and its package step by step and as a whole; compare "
        "every value that a step gives, every final value and every displayed output. Exit code 0 where all are equal, else 1.",
        epilog=examples(
            ("nb2pipe verify analysis.ipynb", "the package that compile would write"),
            ("nb2pipe verify analysis.ipynb packages/analysis", "the package that stands there"),
            ("nb2pipe verify analysis.ipynb --rtol 1e-9", "floating-point numbers may differ a little"),
            ("nb2pipe verify analysis.ipynb --format html -o report.html", "a page"),
        ),
    )
    add_notebook(parser)
    parser.add_argument(
        "package", metavar="PACKAGE", nargs="?", help="the folder of its project (default: compiled anew)"
    )
    add_format(parser)
    parser.add_argument("-o", "--output", metavar="FILE", help="write the report to this file")
    add_limits(parser)
    parser.add_argument("--name", metavar="NAME", help="the name of the package, where it is compiled anew")
    add_split(parser)
    parser.set_defaults(main=main)


def add_format(parser: Parser) -> None:
    """The form of the report."""
    parser.add_argument(
        "--format", choices=("text", "json", "html"), default="text", help="how to report (default: text)"
    )


def add_limits(parser: Parser) -> None:
    """How exact, and how long."""
    parser.add_argument(
        "--rtol", type=_number, default=0.0, metavar="R",
        help="the relative difference that floating-point numbers may have (default: 0, every bit)",
    )  # fmt: skip
    parser.add_argument(
        "--timeout", type=_number, metavar="SECONDS",
        help="how long a cell, and a process of the package, may take (default: a cell as long as it likes)",
    )  # fmt: skip


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number from 0, got {text!r}")
    return number


def main(options: argparse.Namespace) -> int:
    """Run the command."""
    import tempfile
    from contextlib import ExitStack
    from pathlib import Path

    from nb2pipe import api
    from nb2pipe.cli.refusal import say
    from nb2pipe.diagnostics import Refused
    from nb2pipe.emit.filetree import check_target
    from nb2pipe.replay.verify import Settings

    if options.output is not None:
        check_target(options.output, options.notebook)
    compiled = api.compile_notebook(api.load(options.notebook), options.split)
    with ExitStack() as stack:
        if options.package is not None:
            folder = Path(options.package)
        else:
            try:
                made = api.package(compiled, options.name)
            except Refused as refused:
                say(refused, compiled.notebook)
                return refused.exit_code
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nb2pipe-package-"))) / made.name
            api.write_package(made, folder)
        report = api.verify(compiled, folder, Settings(options.rtol, options.timeout or None))
    _write(rendered(report, options.format, compiled.notebook.name), options.output)
    return 0 if report.verdict == "EQUAL" else 1


def rendered(report: Report, form: str, name: str) -> str:
    """The report in the form that was asked for."""
    if form == "json":
        import json

        from nb2pipe.replay.text import as_data

        return json.dumps(as_data(report), indent=2, ensure_ascii=False) + "\n"
    if form == "html":
        from nb2pipe.replay.html import render_html

        return render_html(report, f"{name} and its package")
    from nb2pipe.replay.text import render_text

    return render_text(report)


def _write(text: str, path: str | None) -> None:
    if path is None:
        print(text, end="")
        return
    from pathlib import Path

    from nb2pipe.diagnostics import UsageError

    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from error
    print(f"wrote {path}", file=sys.stderr)
