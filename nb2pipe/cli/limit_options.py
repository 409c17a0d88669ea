"""Options that limit a run: what its steps may take, how often they are tried, when it stops."""

from __future__ import annotations

import argparse
from typing import Any


def add_limits(parser: argparse.ArgumentParser) -> None:
    """What holds for all steps whose tags do not say, and what the run is given."""
    parser.add_argument("--fail-fast", action="store_true",
                        help="start nothing more once a step has failed (default: what does not need it goes on)")  # fmt: skip
    parser.add_argument("--retries", type=_retries, default=0, metavar="N",
                        help="try a step that failed again, so many times at most (default: 0; a tag `retries:N` wins)")  # fmt: skip
    parser.add_argument("--timeout", type=_timeout, metavar="TIME",
                        help="end a step that takes longer: seconds, 10m, 1h30m (default: none; a tag `timeout:` wins)")  # fmt: skip
    parser.add_argument("--cpus", type=_cpus, metavar="N",
                        help="the CPUs that steps share; one takes 1, or what its tag `cpus:N` says (default: all)")  # fmt: skip
    parser.add_argument("--gpus", type=_gpus, metavar="N",
                        help="the GPUs for steps with a tag `gpus:N` (default: those that are found)")  # fmt: skip


def limits_given(options: argparse.Namespace) -> dict[str, Any]:
    """The same for `RunOptions`."""
    return {name: getattr(options, name) for name in ("fail_fast", "retries", "timeout", "cpus", "gpus")}


def _whole(text: str, least: int) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10) or int(text) < least:
        raise argparse.ArgumentTypeError(f"expected a whole number from {least}, got {text!r}")
    return int(text)


def _retries(text: str) -> int:
    return _whole(text, 0)


def _gpus(text: str) -> int:
    return _whole(text, 0)


def _timeout(text: str) -> float:
    from nb2pipe.notebook.tags import parse_duration

    seconds = parse_duration(text)
    if seconds is None:
        raise argparse.ArgumentTypeError(f"expected a time such as 90, 90s, 10m or 1h30m, got {text!r}")
    return seconds


def _cpus(text: str) -> float:
    from nb2pipe.notebook.tags import parse_cpus

    found = parse_cpus(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"expected a number above zero, got {text!r}")
    return found
