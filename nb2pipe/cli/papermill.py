"""The options of `nb2pipe run --engine papermill`: papermill's own, under papermill's names."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nb2pipe.runtime.papermill.asked import PapermillOptions

_OPTIONS = ("execution_timeout", "start_timeout", "log_output", "steps_dir")


def add_papermill(parser: argparse.ArgumentParser) -> None:
    """What papermill is told of each step's notebook."""
    group = parser.add_argument_group("with --engine papermill")
    group.add_argument("--execution-timeout", type=_seconds, metavar="SECONDS",
                       help="how long a cell may take (default: as long as it takes)")  # fmt: skip
    group.add_argument("--start-timeout", type=_seconds, metavar="SECONDS",
                       help="how long a kernel may take to start (default: 60)")  # fmt: skip
    group.add_argument(
        "--log-output", action="store_true", default=None, help="show on stderr what cells show, as they run"
    )
    group.add_argument("--steps-dir", metavar="DIR", help="keep the executed notebook of each step there")


def papermill_of(options: argparse.Namespace) -> PapermillOptions | None:
    """What was asked for; None with another engine.

    Raises:
        UsageError: An option of papermill's with another engine, or one that it cannot have.
    """
    from nb2pipe.diagnostics import UsageError

    given = {name: getattr(options, name) for name in _OPTIONS if getattr(options, name) is not None}
    if options.engine != "papermill":
        if given:
            raise UsageError(f"--{next(iter(given)).replace('_', '-')} is papermill's: it goes with --engine papermill")
        return None
    from nb2pipe.runtime.papermill.asked import PapermillOptions

    return PapermillOptions(kernel=options.kernel, **given)


def _seconds(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of seconds, got {text!r}")
    return number
