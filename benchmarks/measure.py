"""Timing whole commands and functions, in turn, so that what slows the machine slows all alike."""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: ``goal`` in words, ``holds`` whether it was met."""

    name: str
    text: str
    goal: str
    holds: bool


def alternate(rounds: int, *actions: Callable[[], float]) -> list[float]:
    """The median of each action's own figure, the actions taken in turn."""
    figures: list[list[float]] = [[] for _ in actions]
    for _ in range(rounds):
        for found, action in zip(figures, actions, strict=True):
            found.append(action())
    return [statistics.median(f) for f in figures]


def wall(command: Sequence[str], cwd: str | None = None, env: dict[str, str] | None = None) -> float:
    """Seconds from the start of a command to its end.

    Raises:
        subprocess.CalledProcessError: The command failed.
    """
    started = time.perf_counter()
    subprocess.run(
        command, cwd=cwd, env=env or compiled(), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    return time.perf_counter() - started


def cpu(command: Sequence[str], cwd: str | None = None) -> float:
    """CPU seconds, user and system, of a command and its children.

    Raises:
        subprocess.CalledProcessError: The command failed.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=cwd, env=compiled(), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def compiled() -> dict[str, str]:
    """The environment of a command that finds its byte code, as an installed one does."""
    return {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def quiet() -> dict[str, str]:
    """The environment for peers, without their progress bars."""
    return {**compiled(), "PYTHONWARNINGS": "ignore"}


def installed(program: str) -> str | None:
    """A peer's program, from the environments that `make bench` has made for them."""
    return shutil.which(program, path=os.environ.get("PEERS_BIN", ""))


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = ["| benchmark | measured | goal | met |", "| --- | --- | --- | --- |"]
    lines += [f"| {r.name} | {r.text} | {r.goal} | {'yes' if r.holds else 'NO'} |" for r in rows]
    return "\n".join(lines)
