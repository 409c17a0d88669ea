"""The entry point: chooses the command, and is the one boundary at which errors become messages and exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from nb2pipe import __version__
from nb2pipe.cli.parser import Parser, examples, show_help

# Each is a module of this package, imported when it is the one that was asked for.
COMMANDS = {
    "check": "say what in a notebook is wrong, or may be, without running it",
    "compile": "write a notebook as a Python package: a function a step",
    "explain": "say what a code means, why it matters, and the remedy",
    "graph": "draw the pipeline that a notebook compiles to",
    "inspect": "list the parameters that a notebook takes",
    "plan": "say which steps a run would take from the cache, and why not the others",
    "run": "run a notebook as a pipeline, each step in a process of its own",
    "runs": "list, show, compare and report the runs that were recorded",
    "open": "write a notebook for one step of a recorded run, with what it took",
    "values": "list and show the values of recorded runs, and write them to files",
    "store": "look after what runs with the cache have kept",
    "verify": "replay a notebook and its package, and compare all that they compute and show",
    "sync": "bring what was edited in a package back into its notebook",
    "versions": "list the versions of a package",
    "diff": "show what changed between two versions of a package",
    "rollback": "let another version of a package be the current one",
    "publish": "hand the wheel and the sdist of a version to a folder or a repository",
    "attest": "check whether a package is as it was compiled",
}
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


def parser(command: str | None = None) -> Parser:
    """The parser of one command, or, without one, of the names of all."""
    top = Parser(
        prog="nb2pipe",
        description="Compile Jupyter notebooks to pipelines that compute what the notebook computes.",
        epilog=f"{_EXAMPLES}\n\n{_EXIT_CODES}",
    )
    top.add_argument("--version", action="version", version=f"nb2pipe {__version__}")
    commands = top.add_subparsers(metavar="COMMAND", dest="command", parser_class=Parser)
    if command in COMMANDS:
        import_module(f"nb2pipe.cli.{command}").add_parser(commands)
    else:
        for name, what in COMMANDS.items():
            commands.add_parser(name, help=what)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; gives its exit code."""
    try:
        words = list(sys.argv[1:] if arguments is None else arguments)
        if words[:1] == ["help"]:
            words = [*words[1:], "--help"]
        top = parser(words[0] if words else None)
        options = top.parse_args(words)
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
