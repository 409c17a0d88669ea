"""Runs a package in a process of its own, as its users do, and takes portraits of what it computes.

This file is run by its path, with a file of JSON that says what to do; nb2pipe is not imported here, only `probe.py` beside it.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import json
import os
import runpy
import sys
from pathlib import Path
from typing import Any


def main(order: dict[str, Any]) -> None:
    """Do what was asked for: ``run`` the pipeline, or ``load`` what its steps have kept in files."""
    sys.path[0] = os.getcwd()  # as `python -m` has it
    package, values = order["package"], Path(order["values"])
    probe = runpy.run_path(str(Path(__file__).with_name("probe.py")), run_name="nb2pipe.replay.probe")
    keep = functools.partial(probe["portraits"], package=package)
    if order.get("alike"):
        runpy.run_path(str(Path(__file__).with_name("seeding.py")), run_name="nb2pipe.replay.seeding")["seed"]()
        runpy.run_path(str(Path(__file__).with_name("clock.py")), run_name="nb2pipe.replay.clock")["start"]()
    if order["do"] == "load":
        _load(package, order, values, keep)
    else:
        _run(package, order, values, keep)


def _run(package: str, order: dict[str, Any], values: Path, keep: Any) -> None:
    """Run ``python -m <package>``; behind each step stands a mark in what is printed."""
    pipeline = importlib.import_module(f"{package}._runtime._pipeline")
    call, run = pipeline.Step.__call__, pipeline.Pipeline._run  # all ways of running it come by here

    def called(step: Any, inputs: Any) -> Any:
        given = call(step, inputs)
        _mark(order["mark"], step.name)
        keep(given, tuple(given), str(values / step.name))
        return given

    def ran(self: Any, *arguments: Any) -> Any:
        at_end: dict[str, Any] = {}
        for name, given in run(self, *arguments):
            at_end |= given
            yield name, given
        keep(at_end, tuple(at_end), str(values / "<end>"))

    pipeline.Step.__call__, pipeline.Pipeline._run = called, ran
    _draw_larger(package, order["scale"])
    sys.argv = [package, *order["arguments"]]
    _keep_defaults(importlib.import_module(f"{package}.pipeline").PIPELINE, values, keep)
    runpy.run_module(package, run_name="__main__", alter_sys=True)


def _keep_defaults(pipeline: Any, values: Path, keep: Any) -> None:
    """The defaults of parameters, as the pipeline has them and as the functions of steps have, which others may call."""
    parameters = vars(pipeline.parameters())
    found = {f".{name}": value for name, value in parameters.items()}
    for step in pipeline.steps:
        for name, taken in inspect.signature(step.function).parameters.items():
            if name in parameters and taken.default is not taken.empty:
                found[f"{step.name}.{name}"] = taken.default
    keep(found, tuple(found), str(values / "<defaults>"))


def _mark(mark: str, step: str) -> None:
    for number, stream in enumerate((sys.stdout, sys.stderr), 1):
        stream.flush()
        os.write(number, f"{mark}{step}{mark}".encode())


def _draw_larger(package: str, scale: int) -> None:
    """Save figures with more pixels, as a notebook does that asks for it."""
    if scale == 1:
        return
    figures: Any = importlib.import_module(f"{package}._runtime._figures")
    display: Any = importlib.import_module(f"{package}._runtime._display")
    show = figures.show_figure

    def shown(figure: Any) -> None:
        save = figure.savefig
        figure.savefig = lambda *a, dpi, **options: save(*a, dpi=scale * dpi, **options)
        try:
            show(figure)
        finally:
            del figure.savefig

    figures.show_figure = display.show_figure = shown


def _load(package: str, order: dict[str, Any], values: Path, keep: Any) -> None:
    """Load what steps have kept, each value as the step that needs it would."""
    files, states, figures = (
        importlib.import_module(f"{package}._runtime.{m}") for m in ("_files", "_states", "_figures")
    )
    pipeline = importlib.import_module(f"{package}.pipeline").PIPELINE
    folder = order["folder"]
    figures.use()
    for step in pipeline.steps:
        if step.name not in order["steps"]:
            continue
        states.restore(folder, step.name, dict.fromkeys(step.leaves, step.name), early=True)
        given: dict[str, Any] = {}
        for name in step.gives:
            given |= files.load(folder, step.name, [name])
        keep(given, tuple(given), str(values / step.name))


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text("utf-8")))
