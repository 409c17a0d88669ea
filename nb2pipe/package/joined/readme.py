"""What a project of several notebooks says of itself: README.md."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nb2pipe.package.joined.model import Planned
from nb2pipe.package.joined.parameters import parameters_of
from nb2pipe.package.joined.write import title_of
from nb2pipe.package.readme import example, names_in_cells, parameter_table, step_table
from nb2pipe.package.versions.record import Record, edges
from nb2pipe.pipeline.mermaid import flowchart


def readme(planned: Sequence[Planned], record: Record) -> str:
    """What the notebooks do, how they are run together, a picture of it, their steps and their parameters."""
    name, parameters = record.name, list(parameters_of(planned))
    option, argument = example(parameters)
    first = record.steps[0].name if record.steps else "NOTEBOOK.STEP"
    lines = [f"# {title_of(planned)}", "", "```sh", "pip install .", f"python -m {name}",
             *([f"python -m {name}{option}"] if option else []), f"python -m {name} --help",
             f"python -m {name} --step {first} --run-dir DIR", "```", "",
             "or, from Python:", "", "```python", f"from {name} import pipeline", "",
             f"values = pipeline.run({argument})", "```", "",
             "Each notebook runs in a process of its own, one after another:", "",
             "| notebook | runs after | is handed |", "| --- | --- | --- |",
             *(_row(m) for m in planned), "",
             "## The pipeline", "", "```mermaid", _picture(planned, record).rstrip(), "```"]  # fmt: skip
    for member in planned:
        lines += ["", f"## {member.plan.title}", "", *([member.plan.prose, ""] if member.plan.prose else [])]
        lines += step_table(member.plan, f"{member.member.name}.")
    if parameters:
        lines += ["", *parameter_table(parameters)]
    lines += ["", "## Tests", "", "```sh", 'pip install ".[test]"', "python -m pytest", "```"]
    return "\n".join(lines) + "\n"


def _row(member: Planned) -> str:
    place = f", in `{member.member.folder}`" if member.member.folder != "." else ""
    handed = ", ".join(f"`{name}` by `{step}`" for name, step in member.takes)
    return f"| `{member.member.name}`: {member.plan.title}{place} | {names_in_cells(member.after)} | {handed} |"


def _picture(planned: Sequence[Planned], record: Record) -> str:
    groups = [
        (m.member.name, [s.name for s in record.steps if s.name.startswith(f"{m.member.name}.")]) for m in planned
    ]
    return flowchart([(s.name, "") for s in record.steps], _arrows(planned, record), groups)


def _arrows(planned: Sequence[Planned], record: Record) -> Iterator[tuple[str, str, list[str], bool]]:
    """What flows between the steps; where a notebook only comes after another, from the one to the other."""
    met = set()
    for edge in edges(record):
        source, target = (name.partition(".")[0] for name in (edge.source, edge.target))
        if edge.values or source == target:
            met.add((source, target))
            yield edge.source, edge.target, [name.partition(".")[2] for name in edge.values], bool(edge.values)
    for member in planned:
        yield from ((n, member.member.name, [], False) for n in member.after if (n, member.member.name) not in met)
