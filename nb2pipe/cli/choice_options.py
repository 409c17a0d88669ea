"""Options that choose how much of a notebook is run, and which earlier run it goes on with."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nb2pipe.api import Interrupted
    from nb2pipe.runtime.choice import Choice


def add_choice(parser: argparse.ArgumentParser) -> None:
    """Which steps are run, and which are taken from earlier runs."""
    parser.add_argument("--resume", metavar="RUN",
                        help="go on with a run that failed or was interrupted: its name, the beginning of it, or `last`; what had "
                        "ended in it is taken from it, with its parameters")  # fmt: skip
    parser.add_argument("--from", dest="start", metavar="STEP",
                        help="run STEP and all that comes after it, though it be cached; take the others from the cache")  # fmt: skip
    parser.add_argument("--until", metavar="STEP", help="run STEP and what it needs, and leave out all else")
    parser.add_argument("--only", metavar="STEP", help="run STEP and nothing else: what it needs has to be cached")


def choice_of(options: argparse.Namespace) -> Choice:
    """The steps that were chosen.

    Raises:
        UsageError: The choices exclude each other.
    """
    from nb2pipe.diagnostics import UsageError
    from nb2pipe.runtime.choice import Choice

    if options.only and (options.start or options.until):
        raise UsageError(f"--only runs one step: it goes with no {'--from' if options.start else '--until'}")
    return Choice(options.start or "", options.until or "", options.only or "")


def resumed(options: argparse.Namespace) -> Interrupted | None:
    """The run to go on with, if one was named.

    Raises:
        UsageError: There is none that can be gone on with.
    """
    from nb2pipe import api

    return api.interrupted(options.notebook, options.resume, options.store) if options.resume else None


def caches(options: argparse.Namespace) -> bool:
    """Whether a run has to do with earlier ones.

    Raises:
        UsageError: It has to, and must not.
    """
    from nb2pipe.diagnostics import UsageError

    given = {"--resume": options.resume, "--from": options.start, "--only": options.only}
    wants = next((name for name, value in given.items() if value), "")
    for without, why in ((options.cache is False, "--no-cache"), (options.guards == "off", "--guards off")):
        if wants and without:
            raise UsageError(f"{wants} takes what earlier runs gave, and {why} takes nothing")
    return bool(options.cache or wants)
