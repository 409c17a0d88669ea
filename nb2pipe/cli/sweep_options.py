"""Options of a sweep, and the sweep that they ask for."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from nb2pipe.cli.kernel_options import home_of

if TYPE_CHECKING:
    from nb2pipe.api.sweeping import Sweep
    from nb2pipe.runtime.result import RunOptions

_MOST = 100
_OWN = {"max_runs": "--max-runs", "format": "--format"}
_NOT_WITH = {"resume": "--resume", "start": "--from", "only": "--only"}


def add_sweep(parser: argparse.ArgumentParser) -> None:
    """Whether parameters are given several values, and how many combinations there may be."""
    parser.add_argument("--sweep", action="store_true",
                        help="run for each combination of parameters: -p rate 0.1,0.2, or lists in the file of -f")  # fmt: skip
    parser.add_argument("--max-runs", type=_count, metavar="N",
                        help=f"how many combinations a sweep may have (default: {_MOST})")  # fmt: skip


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, got {text!r}")
    return int(text)


def check_sweep(options: argparse.Namespace, own: tuple[str, ...]) -> None:
    """See that what goes with a sweep only, the options ``own``, is given with one, and nothing that does not go with it.

    Raises:
        UsageError: It is not.
    """
    from nb2pipe.diagnostics import UsageError

    if not options.sweep:
        for name in own:
            if getattr(options, name) is not None:
                raise UsageError(f"{_OWN[name]} goes with --sweep")
        return
    for name, option in _NOT_WITH.items():
        if getattr(options, name):
            more = "; run the sweep again: what has ended is taken from the cache" if name == "resume" else ""
            raise UsageError(f"--sweep runs all combinations: it goes with no {option}{more}")
    if getattr(options, "engine", "local") != "local":
        raise UsageError(f"--sweep goes with the local engine, not with {options.engine}")
    if getattr(options, "guards", "on") == "off":
        raise UsageError("--sweep needs the guards: they see what combinations do to one another")


def prepared(options: argparse.Namespace, cwd: str | None, settings: dict[str, Any]) -> tuple[Sweep, RunOptions]:
    """The sweep that is asked for, and how it is to run.

    Raises:
        Refused: The notebook has a fault that makes the promise impossible.
        UsageError: A parameter is wrong, or there are too many combinations.
    """
    from nb2pipe import api
    from nb2pipe.cli.choice_options import choice_of
    from nb2pipe.notebook.read import from_document, read_plain
    from nb2pipe.runtime.parameters import read_parameter_file
    from nb2pipe.runtime.result import RunOptions

    filed = read_parameter_file(options.parameters_file) if options.parameters_file else {}
    document = read_plain(options.notebook)
    notebook = from_document(document, options.notebook)
    compiled = api.compile_notebook(notebook, options.split, cwd, home_of(options, notebook))
    chosen = RunOptions(cwd=str(compiled.folder), choice=choice_of(options), **settings)
    most = options.max_runs or _MOST
    return api.prepare_sweep(compiled, document, filed, options.parameter, most, chosen), chosen


def headline(sweep: Sweep) -> str:
    """What a sweep goes over, and how."""
    sizes = ", ".join(f"{len(axis.values)} of {axis.name}" for axis in sweep.grid.axes)
    how = f"{sweep.at_once} at once" if sweep.at_once > 1 else "one after another"
    why = f": {sweep.why}" if sweep.why else ""
    count = len(sweep.runs)
    return f"{count} combination{'s' * (count != 1)} ({sizes}), {how}{why}"
