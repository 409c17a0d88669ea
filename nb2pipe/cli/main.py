"""The entry point: chooses the command, and is the one boundary at which errors become messages and exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from nb2pipe import __version__
from nb2pipe.cli import (
    attest,
    check,
    compile,  # noqa: A004  the command's own name
    diff,
    explain,
    graph,
    plan,
    publish,
    rollback,
    run,
    runs,
    store,
    sync,
    values,
    verify,
    versions,
)
from nb2pipe.cli.parser import Parser, examples, show_help

COMMANDS = (
    check,
    compile,
    explain,
    graph,
    plan,
    run,
    runs,
    values,
    store,
    verify,
    sync,
    versions,
    diff,
    rollback,
    publish,
    attest,
)
_FAULT = 70
_EXAMPLES = examples(
    ("nb2pipe graph analysis.ipynb", "the steps, and what flows between them"),
    ("nb2pipe check analysis.ipynb", "what will not reproduce, and why"),
    ("nb2pipe run analysis.ipynb -o out.ipynb", "run it, each step in a process of its own"),
    ("nb2pipe run --help", "all that a command takes, with examples"),
)
_EXIT_CODES = """\
exit codes: 0 done; 1 the notebook's code failed, or there are findings; 2 usage;
3 refused, because the notebook has a fault that makes the promise impossible; 70 a fault of nb2pipe"""


def parser() -> Parser:
    """The parser of all commands."""
    top = Parser(
        prog="nb2pipe",
        description="Compile Jupyter notebooks to pipelines that compute what the notebook computes.",
        epilog=f"{_EXAMPLES}\n\n{_EXIT_CODES}",
    )
    top.add_argument("--version", action="version", version=f"nb2pipe {__version__}")
    commands = top.add_subparsers(metavar="COMMAND", dest="command", parser_class=Parser)
    for command in COMMANDS:
        command.add_parser(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; gives its exit code."""
    try:
        top = parser()
        words = list(sys.argv[1:] if arguments is None else arguments)
        options = top.parse_args([*words[1:], "--help"] if words[:1] == ["help"] else words)
        code: int = options.main(options) if options.command else show_help(top)
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # whoever reads has closed the pipe (`| head`); Python would complain once more at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 141
    except Exception as error:
        return _told(error)
    return code


def _told(error: Exception) -> int:
    """Say what ended the command, and how; gives the exit code."""
    from nb2pipe.diagnostics import Nb2pipeError, Refused

    if isinstance(error, Refused):
        from nb2pipe.cli.refusal import say

        say(error)
        return error.exit_code
    if isinstance(error, Nb2pipeError):
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    if os.environ.get("NB2PIPE_DEBUG"):
        raise error
    print(_fault(error), file=sys.stderr)
    return _FAULT


def _fault(error: Exception) -> str:
    """What is said about a fault of our own: where, and how to report it."""
    import traceback

    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{place.filename.rpartition('nb2pipe/')[2]}:{place.lineno}"
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return (
        f"error: nb2pipe {__version__} has a fault ({what} at {where}); your notebook was not changed\n"
        "please report it with the notebook, or with its cell: https://github.com/nb2pipe/nb2pipe/issues\n"
        "NB2PIPE_DEBUG=1 shows the traceback"
    )
