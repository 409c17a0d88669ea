"""Where a package of several notebooks came from: the record of each, under names that tell them apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nb2pipe import __version__
from nb2pipe.emit.filetree import FileTree, digest
from nb2pipe.package.environment import Environment
from nb2pipe.package.joined.model import Planned
from nb2pipe.package.joined.parameters import parameters_of
from nb2pipe.package.provenance import Source, environment_record, record_of
from nb2pipe.package.versions.record import ChangeRecord, NotebookRecord, ParameterRecord, Record, StepRecord
from nb2pipe.package.write import default_source


def joined_record(
    planned: Sequence[Planned], name: str, split: str | None, environment: Environment, files: FileTree
) -> Record:
    """The record of a project that has no version yet.

    Steps, functions and values are named with their notebook (``clean.load``), parameters as they are set.
    """
    parts = {m.member.name: record_of(m.plan, f"{name}/{m.member.name}", Source(m.member.notebook, split), environment, files)
             for m in planned}  # fmt: skip
    return Record(
        name=name,
        version="",
        nb2pipe=__version__,
        notebook="",
        split=split,
        change=ChangeRecord("", ()),
        cells=tuple(c._replace(notebook=part) for part, record in parts.items() for c in record.cells),
        parameters=tuple(ParameterRecord(p.name, p.type, default_source(p), p.help) for p in parameters_of(planned)),
        steps=tuple(_steps(planned, parts)),
        functions=tuple(
            f._replace(name=f"{part}.{f.name}") for part, record in parts.items() for f in record.functions
        ),
        environment=environment_record(environment),
        files={path: digest(content) for path, content in files.files},
        notebooks=tuple(NotebookRecord(m.member.name, m.member.file, m.after) for m in planned),
    )


def _steps(planned: Sequence[Planned], parts: dict[str, Record]) -> Iterator[StepRecord]:
    """The steps of all; the first ones of a notebook come after the last ones of those that it comes after."""
    ends: dict[str, tuple[str, ...]] = {}
    for member in planned:
        part, record = member.member.name, parts[member.member.name]
        steps = [_named(s, member) for s in record.steps]
        before = tuple(end for earlier in member.after for end in ends[earlier])
        inside = list(_inside(record))
        targets, sources = {t for _, t in inside}, {s for s, _ in inside}
        ends[part] = (
            tuple(s.name for s, own in zip(steps, record.steps, strict=True) if own.name not in sources) or before
        )
        for step, own in zip(steps, record.steps, strict=True):
            yield step if own.name in targets else step._replace(after=(*before, *step.after))


def _inside(record: Record) -> Iterator[tuple[str, str]]:
    """The steps of a notebook that come after one another."""
    givers: dict[str, str] = {}
    for step in record.steps:
        yield from ((source, step.name) for source in step.after)
        yield from ((givers[n], step.name) for n in step.takes if n in givers)
        givers |= dict.fromkeys(step.gives, step.name)


def _named(step: StepRecord, member: Planned) -> StepRecord:
    part, known_as, handed = member.member.name, dict(member.known_as), dict(member.takes)
    made = {n: f"{source.partition('.')[0]}.{n}" for n, source in handed.items()}
    for earlier in member.plan.steps:
        if earlier.name == step.name:
            break
        made |= {n: f"{part}.{n}" for n in earlier.gives}
    return step._replace(
        name=f"{part}.{step.name}",
        takes=tuple(made.get(n, f"{part}.{n}") for n in step.takes),
        parameters=tuple(known_as.get(n, n) for n in step.parameters),
        gives=tuple(f"{part}.{n}" for n in step.gives),
        after=tuple(f"{part}.{n}" for n in step.after),
        types={f"{part}.{n}": kind for n, kind in step.types.items()},
    )
