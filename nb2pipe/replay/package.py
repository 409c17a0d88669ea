"""A package run as somebody without nb2pipe would: step by step in processes of their own, and as a whole."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from nb2pipe.diagnostics import UsageError
from nb2pipe.package.versions.record import read_record, refuse_several
from nb2pipe.replay.compare import Portrait
from nb2pipe.replay.kernel import read_portraits
from nb2pipe.replay.place import Place, lay_out
from nb2pipe.replay.processes import Done, Start, fresh

_DRIVER = Path(__file__).with_name("driver.py")
END = "<end>"
"""The key of what the whole pipeline gives."""
_REFUSED = re.compile(r"(?:ValueNotStorable: |^\w+: (?=step .* cannot be (?:carried to|put back)))(.*)", re.MULTILINE)
"""How a package says that a step cannot run in a process of its own."""


class PackageStep(NamedTuple):
    """A step as its package lists it; ``cells`` are the positions in the notebook that it was made from."""

    name: str
    gives: tuple[str, ...]
    cells: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Project:
    """A project on the disk: where its package is imported from, its steps in order, and what each comes after."""

    name: str
    source: Path
    steps: tuple[PackageStep, ...]
    after: Mapping[str, frozenset[str]]


@dataclass(slots=True)
class Run:
    """What a run of a package has given, by step.

    ``errors`` is what went to stderr. ``failed`` are the steps that ended with an error, with its last line; ``alone``
    those that cannot run in a process of their own, and why; ``figures`` the pictures as PNG. ``defaults`` are those
    of parameters, by step and name, with a dot between; those of the pipeline have no step.
    """

    values: dict[str, dict[str, Portrait]] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    figures: dict[str, list[bytes]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    alone: dict[str, str] = field(default_factory=dict)
    defaults: dict[str, Portrait] = field(default_factory=dict)


def read_project(folder: Path, cells: Sequence[str], start: Start = fresh) -> Project:
    """The project that `nb2pipe compile` has written to a folder; ``cells`` are the ids of the notebook's cells now.

    ``start`` is how its process is made, which lists its steps.

    Raises:
        UsageError: There is none, or it cannot list its steps.
    """
    record = read_record(folder)
    refuse_several(record, "verify", "compile each notebook by itself, and verify that")
    name = record.name
    places = {number: cells.index(c.id) for number, c in enumerate(record.cells) if c.id in cells}
    home = {s.name: tuple(places[c] for c in s.cells if c in places) for s in record.steps}
    source = (folder / "src").resolve()
    done = start(["-m", name, "--list"], source, folder, None)
    try:
        listed = json.loads(done.stdout)
        steps = tuple(PackageStep(s["name"], tuple(s["gives"]), home.get(s["name"], ())) for s in listed["steps"])
        edges = [(e["source"], e["target"]) for e in listed["edges"]]
    except (ValueError, KeyError, TypeError):
        raise UsageError(f"{folder}: `python -m {name} --list` fails: {_last_line(done.stderr)}") from None
    after = {s.name: frozenset(a for a, b in edges if b == s.name) for s in steps}
    return Project(name, source, steps, after)


def run_steps(project: Project, place: Place, timeout: float | None, start: Start = fresh) -> Run:
    """Run each step in a process of its own, always the last one that is ready, and load what they have kept."""
    working, folder, run = lay_out(place), place.fresh("run"), Run()
    waiting = list(project.steps)
    done: set[str] = set()
    while ready := [s for s in waiting if project.after[s.name] <= done]:
        step = ready[-1]
        waiting.remove(step)
        command = ["-m", project.name, "--step", step.name, "--run-dir", str(folder)]
        ended = start(command, project.source, working, timeout)
        refusal = _REFUSED.search(ended.stderr) if ended.code else None
        if refusal is not None:
            run.alone[step.name] = refusal[1].partition("; run the pipeline in one process")[0]
        elif ended.code:
            run.failed[step.name] = _last_line(ended.stderr)
        else:
            done.add(step.name)
            run.outputs[step.name], run.errors[step.name] = ended.stdout, ended.stderr
    values = place.fresh("loaded")
    order = {"do": "load", "steps": [s.name for s in project.steps if s.name in done], "folder": str(folder)}
    ended = _drive(project, place, working, {**order, "values": str(values)}, timeout, start)
    for step in project.steps:
        if step.name in done:
            run.values[step.name] = read_portraits(values / step.name)
    if ended.code:
        missing = next((s for s in project.steps if s.name in done and s.gives and not run.values[s.name]), None)
        if missing is not None:
            run.failed[missing.name] = f"what it has kept cannot be loaded: {_last_line(ended.stderr)}"
    return run


def run_whole(
    project: Project, place: Place, timeout: float | None, *, scale: int = 1, start: Start = fresh, alike: bool = False,
) -> Run:  # fmt: skip
    """Run ``python -m <package>``: all steps in one process.

    ``scale`` is by how much figures are drawn larger, ``start`` how the process is made; ``alike`` is
    whether the shared random states begin with a seed, and the time with a clock that goes on by looks.
    """
    working, run = lay_out(place), Run()
    values, pictures = place.fresh("whole"), place.fresh("figures")
    mark = f"\x1e{secrets.token_hex(8)}\x1e"
    arguments = ["--figures", str(pictures)]
    order = {"do": "run", "values": str(values), "mark": mark, "scale": scale, "arguments": arguments, "alike": alike}
    ended = _drive(project, place, working, order, timeout, start)
    run.outputs, run.errors = _by_step(ended.stdout, mark), _by_step(ended.stderr, mark)
    for step in project.steps:
        if step.name in run.outputs:
            run.values[step.name] = read_portraits(values / step.name)
            saved = sorted(pictures.glob(f"{step.name}-*.png"), key=lambda p: int(p.stem.rpartition("-")[2]))
            run.figures[step.name] = [p.read_bytes() for p in saved if p.stem.rpartition("-")[0] == step.name]
    run.defaults = read_portraits(values / "<defaults>")
    run.values[END] = read_portraits(values / END)
    if ended.code:
        first = next((s.name for s in project.steps if s.name not in run.outputs), project.steps[-1].name)
        run.failed[first] = _last_line(ended.stderr.rpartition(mark)[2])
    return run


def _by_step(text: str, mark: str) -> dict[str, str]:
    """What was printed, by the step behind it."""
    pieces = text.split(mark)
    return {name: shown for shown, name in zip(pieces[::2], pieces[1::2], strict=False)}


def _drive(
    project: Project, place: Place, working: Path, order: Mapping[str, Any], timeout: float | None, start: Start
) -> Done:
    path = place.scratch / "order.json"
    path.write_text(json.dumps({"package": project.name, **order}), "utf-8")
    return start([str(_DRIVER), str(path)], project.source, working, timeout)


def _last_line(text: str) -> str:
    """What an error says: the last line that is no note on the step."""
    lines = [line for line in text.strip().splitlines() if not re.fullmatch(r"step \w+ failed", line)]
    return lines[-1].strip() if lines else "it ends without a word"
