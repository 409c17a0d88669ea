"""How a package is run: which step comes when, and what its messages mean."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from nb2pipe.replay import package
from nb2pipe.replay.package import PackageStep, Project, run_steps
from nb2pipe.replay.place import a_place
from nb2pipe.replay.processes import Done

AFTER = {"a": (), "b": ("a",), "c": ("a",), "d": ("b",), "e": ()}
STEPS = Project(
    "made", Path(), tuple(PackageStep(n, (), ()) for n in AFTER), {n: frozenset(a) for n, a in AFTER.items()}
)


def ran(folder: Path, endings: dict[str, Done]) -> tuple[list[str], package.Run]:
    """The steps in the order in which they were run, and what came of it."""
    order: list[str] = []

    def python(arguments: Sequence[str], *_: Any) -> Done:
        if arguments[0] != "-m":
            return Done(0, "", "")
        order.append(arguments[3])
        return endings.get(arguments[3], Done(0, f"{arguments[3]}\n", ""))

    with a_place(folder) as place:
        return order, run_steps(STEPS, place, None, python)


def test_the_last_step_that_is_ready_comes_first(tmp_path: Path) -> None:
    order, run = ran(tmp_path, {})
    assert order == ["e", "a", "c", "b", "d"]
    assert run.outputs == {n: f"{n}\n" for n in AFTER}
    assert (run.failed, run.alone) == ({}, {})


@pytest.mark.parametrize(
    ("stderr", "reason"),
    [
        (("Traceback\n  ...\nmade._runtime._formats.ValueNotStorable: step b gives x (function), which cannot be kept in a file: y\n"
         "step b failed\n"), "step b gives x (function), which cannot be kept in a file: y"),
        (("made: step b leaves figures changed, which cannot be carried to another process; run the pipeline in one process: "
         "python -m made\n"), "step b leaves figures changed, which cannot be carried to another process"),
    ],
)  # fmt: skip
def test_what_needs_one_process_is_no_failure(stderr: str, reason: str, tmp_path: Path) -> None:
    order, run = ran(tmp_path, {"b": Done(1, "", stderr)})
    assert order == ["e", "a", "c", "b"], "what comes after it is left out"
    assert (run.failed, run.alone) == ({}, {"b": reason})


def test_any_other_error_is_one(tmp_path: Path) -> None:
    error = Done(1, "", "Traceback\n  ...\nKeyError: 'x'\nstep b failed\n")
    _, run = ran(tmp_path, {"b": error})
    assert (run.failed, run.alone) == ({"b": "KeyError: 'x'"}, {})
