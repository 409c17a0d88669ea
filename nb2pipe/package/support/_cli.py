"""The command line of a pipeline, made from its parameters and steps."""

from __future__ import annotations

import argparse
import dataclasses
import io
import json
import sys
import traceback
import typing
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

from . import _fields, _given
from ._fields import ParameterError, did_you_mean
from ._files import ValueMissing
from ._jobs import run_jobs
from ._pipeline import NoStep, ProcessFailed, Runs
from ._states import StateNotCarried

_OWN = frozenset({"help", "parameters_file", "list", "step", "run_dir", "jobs", "figures"})
_MARK = "parameter:"  # keeps the parameters apart from the command line's own options


class _UsageError(Exception):
    """What is wrong with a command line."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise _UsageError(message)


def main(pipeline: Runs, arguments: Sequence[str] | None = None) -> int:
    """Run a pipeline as a command line says; ``arguments`` are those of this process by default.

    Returns:
        The exit code: 0 done, 1 a step failed, 2 wrong usage, 130 interrupted.
    """
    try:
        options = _parsed(pipeline, sys.argv[1:] if arguments is None else arguments)
        if options.list:
            print(json.dumps(described(pipeline), indent=2))
            return 0
        parameters = _parameters(pipeline, options)
        if isinstance(
            sys.stdout, io.TextIOWrapper
        ):  # so that what commands print stands behind what was printed before
            sys.stdout.reconfigure(line_buffering=True)
    except (_UsageError, ParameterError) as error:
        print(f"{pipeline.name}: {error}", file=sys.stderr)
        return 2
    try:
        if options.jobs is not None:
            folder = options.run_dir and Path(options.run_dir)
            return run_jobs(
                pipeline, options.jobs, folder, _handed_on(sys.argv[1:] if arguments is None else arguments)
            )
        if options.step is None:
            pipeline.run_through(parameters, figures=options.figures)
        else:
            pipeline.run_step(options.step, options.run_dir, parameters, figures=options.figures)
    except NoStep as error:
        print(f"{pipeline.name}: {error}", file=sys.stderr)
        return 2
    except BaseException as error:
        if not isinstance(error, (Exception, KeyboardInterrupt)):
            raise  # a step has ended the process
        return report(pipeline.name, error)
    return 0


def described(pipeline: Runs) -> dict[str, Any]:
    """What ``--list`` prints: the parameters, the steps, and what flows between them."""
    kinds, defaults = _fields.kinds(pipeline.parameters), pipeline.parameters()
    return {
        "name": pipeline.name,
        "parameters": [
            {
                "name": field.name,
                "type": _fields.kind_name(kinds[field.name]),
                "default": _as_json(getattr(defaults, field.name)),
                "help": field.metadata.get("help", ""),
            }
            for field in dataclasses.fields(pipeline.parameters)
        ],
        "steps": [
            {
                "name": s.name,
                "takes": list(s.takes),
                "gives": list(s.gives),
                "needs": list(s.needs),
                "leaves": list(s.leaves),
            }
            for s in pipeline.steps
        ],
        "edges": [{"source": e.source, "target": e.target, "values": list(e.names)} for e in pipeline.edges()],
    }


def _as_json(value: Any) -> Any:
    """The value, as text where JSON has no form for it."""
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return repr(value)
    return value


def _parsed(pipeline: Runs, arguments: Sequence[str]) -> argparse.Namespace:
    package = sys.modules.get((__package__ or "").rpartition(".")[0])
    title = (getattr(package, "__doc__", None) or f"Run the pipeline {pipeline.name}.").strip().partition("\n\n")[0]
    note = f"A parameter may also be set by the environment, as {_given.variable(pipeline.name, 'NAME')}."
    parser = _Parser(prog=pipeline.name, description=title, epilog=note, allow_abbrev=False, conflict_handler="resolve")
    known: list[str] = []

    def add(*names: str, **how: Any) -> None:
        known.extend(parser.add_argument(*names, **how).option_strings)

    add("-f", "--parameters-file", metavar="FILE", help="a .json, .toml or .yaml file with values of parameters")
    add("--list", action="store_true", help="print the parameters, the steps and what flows between them, as JSON")
    add("--step", metavar="NAME", help="run this step only, on what is in --run-dir")
    add("--run-dir", metavar="DIR", help="the folder of what the steps hand on")
    add("--jobs", metavar="N", type=int, help="run up to N steps at once, each in a process of its own")
    add("--figures", metavar="DIR", help="save the figures that are shown in this folder")
    kinds, defaults = _fields.kinds(pipeline.parameters), pipeline.parameters()
    for field in dataclasses.fields(pipeline.parameters):
        kind = kinds[field.name]
        text = f"{field.metadata.get('help', '')} (default: {getattr(defaults, field.name)!r})".strip()
        how: dict[str, Any] = {
            "dest": _MARK + field.name,
            "default": argparse.SUPPRESS,
            "help": text.replace("%", "%%"),
        }
        if kind is bool:
            how["action"] = argparse.BooleanOptionalAction
        else:
            how["metavar"] = _placeholder(kind)
        name = f"parameter_{field.name}" if field.name in _OWN else field.name
        add(*dict.fromkeys((f"--{name.replace('_', '-')}", f"--{name}")), **how)
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        option = unknown[0].partition("=")[0]
        raise _UsageError(f"there is no option {option}{did_you_mean(option, [k for k in known if '_' not in k])}")
    if options.step is not None and options.jobs is not None:
        raise _UsageError("--step runs one step; --jobs is for all of them")
    if options.jobs is not None and options.jobs < 1:
        raise _UsageError(f"--jobs: expected a number from 1, got {options.jobs}")
    if options.jobs is None and (options.step is None) != (options.run_dir is None):
        raise _UsageError("--step and --run-dir go together")
    return options


def _handed_on(arguments: Sequence[str]) -> list[str]:
    """The arguments that the process of each step is given: all but those that say how they are run."""
    found: list[str] = []
    skip = False
    for argument in arguments:
        option, equals, _ = argument.partition("=")
        if skip or option in ("--jobs", "--run-dir"):
            skip = not skip and not equals
        else:
            found.append(argument)
    return found


def _placeholder(kind: Any) -> str:
    if typing.get_origin(kind) is typing.Literal:
        return "{" + ",".join(map(str, typing.get_args(kind))) + "}"
    if (typing.get_origin(kind) or kind) in (list, dict, tuple):
        return "JSON"
    return str(kind.__name__).upper() if kind in (int, float) else "VALUE"


def _parameters(pipeline: Runs, options: argparse.Namespace) -> Any:
    """The parameters: the command line goes before the file, that before the environment, that before the defaults."""
    kinds = _fields.kinds(pipeline.parameters)
    values = _given.in_environment(pipeline.parameters, pipeline.name)
    if options.parameters_file is not None:
        values |= _given.in_file(pipeline.parameters, Path(options.parameters_file))
    for dest, value in vars(options).items():
        if dest.startswith(_MARK):
            name = dest.removeprefix(_MARK)
            values[name] = _fields.from_text(value, kinds[name], f"--{name}") if isinstance(value, str) else value
    return pipeline.parameters(**_fields.checked(pipeline.parameters, values))


def report(name: str, error: BaseException) -> int:
    """Tell how a run ended that did not end well; the exit code."""
    if isinstance(error, KeyboardInterrupt):
        return 130
    sys.stdout.flush()
    if isinstance(error, (ValueMissing, StateNotCarried, ProcessFailed)):
        print(f"{name}: {error}", file=sys.stderr)
    else:
        traceback.print_exception(error.with_traceback(_without_support(error.__traceback__)))
    return 1


def _without_support(frames: TracebackType | None) -> TracebackType | None:
    """A traceback from the first frame on that is none of the package's support modules."""
    while frames is not None:
        if frames.tb_frame.f_globals.get("__name__", "").rpartition(".")[0] != __package__:
            break
        frames = frames.tb_next
    return frames
