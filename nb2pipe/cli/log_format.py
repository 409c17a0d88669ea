"""`--log-format json`: what is said on stderr of a run, for programs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from nb2pipe.diagnostics import Diagnostic, Nb2pipeError, Refused, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nb2pipe.api import Compiled
    from nb2pipe.runtime.events import Events
    from nb2pipe.runtime.result import RunResult


def add_log_format(parser: argparse.ArgumentParser) -> None:
    """How a run is told on stderr."""
    parser.add_argument("--log-format", choices=("text", "json"), default="text",
                        help="what is said on stderr: for people, or an object of JSON a line for each event (default: text)")  # fmt: skip


def logged(options: argparse.Namespace, run: Callable[[Events], int]) -> int:
    """Run with all that is said as events; whatever ends it is the last one.

    Raises:
        UsageError: It goes with what says more than that.
    """
    from nb2pipe.runtime.events import Events

    for option in ("sweep", "watch"):
        if getattr(options, option):
            raise UsageError(f"--log-format json tells of one run: it does not go with --{option}")
    events = Events(sys.stderr)
    try:
        return run(events)
    except Refused as refused:
        say_findings(events, refused.diagnostics)
        events.run_ended("refused", refused.exit_code, "a fault of the notebook makes the promise impossible")
        return refused.exit_code
    except Nb2pipeError as error:
        events.run_ended("error", error.exit_code, str(error))
        return error.exit_code
    except KeyboardInterrupt:
        events.run_ended("interrupted", 130)
        return 130


def say_start(events: Events, compiled: Compiled, engine: str) -> None:
    """Say what is going to be run."""
    home = compiled.home
    own = engine == "local" and not home.problem
    python = (home.interpreter.program if home.interpreter else sys.executable) if own else None
    steps = [step.name for step in compiled.pipeline.steps]
    events.run_started(compiled.notebook.path, compiled.pipeline.name, steps, python)


def say_findings(events: Events, found: Iterable[Diagnostic]) -> None:
    """Say findings, as `check --format json` has them."""
    from nb2pipe.report.document import to_document

    events.diagnostics([to_document(finding) for finding in found])


def say_end(events: Events, result: RunResult, error: Nb2pipeError | None, output: str | None) -> int:
    """Say how a run has ended; gives the exit code."""
    code = error.exit_code if error else result.exit_code
    events.run_result(result, code, str(error) if error else None, None if error else output)
    return code
