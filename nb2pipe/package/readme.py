"""What a project says of itself: README.md."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator

from nb2pipe.package.model import Plan
from nb2pipe.package.write import default_source, default_text, says_more
from nb2pipe.pipeline.mermaid import flowchart
from nb2pipe.pipeline.model import Parameter


def readme(plan: Plan, name: str) -> str:
    """What the pipeline does, how it is run, a picture of it, its steps and its parameters."""
    option, argument = example(plan.parameters)
    lines = [f"# {plan.title}", ""]
    if plan.prose:
        lines += [plan.prose, ""]
    lines += ["```sh", "pip install .", f"python -m {name}",
              *([f"python -m {name}{option}"] if option else []), f"python -m {name} --help", "```", "",
              "or, from Python:", "", "```python", f"from {name} import pipeline", "",
              f"values = pipeline.run({argument})", "```", "",
              "## The pipeline", "", "```mermaid", _picture(plan).rstrip(), "```", "", *step_table(plan)]  # fmt: skip
    if plan.parameters:
        lines += ["", *parameter_table(plan.parameters)]
    lines += ["", "## Tests", "", "```sh", 'pip install ".[test]"', "python -m pytest", "```"]
    return "\n".join(lines) + "\n"


def step_table(plan: Plan, before: str = "") -> Iterator[str]:
    """The steps with what they take and give; ``before`` stands before their names."""
    yield from ("| step | takes | gives |", "| --- | --- | --- |")
    for step in plan.steps:
        told = f": {step.title}" if says_more(step) else ""
        takes, gives = names_in_cells((*step.takes, *step.parameters)), names_in_cells(step.gives)
        yield f"| {_cell(f'`{before}{step.name}`{told}')} | {takes} | {gives} |"


def parameter_table(parameters: Iterable[Parameter]) -> Iterator[str]:
    """The parameters with their types, defaults and what is said of them."""
    yield from ("## Parameters", "", "| parameter | type | default | |", "| --- | --- | --- | --- |")
    yield from (f"| `{p.name}` | {_cell(p.type)} | {_cell(_default(p))} | {_cell(p.help)} |" for p in parameters)


def example(parameters: Iterable[Parameter]) -> tuple[str, str]:
    """A parameter as an option and as an argument, at its default."""
    for parameter in parameters:
        if type(parameter.default) in (str, int, float) and default_text(parameter) is not None:
            value = shlex.quote(str(parameter.default))
            return f" --{parameter.name.replace('_', '-')} {value}", f"{parameter.name}={default_source(parameter)}"
    return "", ""


def _default(parameter: Parameter) -> str:
    text = default_source(parameter)
    return f"`{text}`" if "`" not in text else f"`` {text} ``"


def names_in_cells(names: Iterable[str]) -> str:
    """Names as a cell of a table has them."""
    return ", ".join(f"`{n}`" for n in names)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _picture(plan: Plan) -> str:
    return flowchart([(s.name, "") for s in plan.steps], _arrows(plan))


def _arrows(plan: Plan) -> Iterator[tuple[str, str, list[str], bool]]:
    """What flows between the steps of a package; an order that a value shows already is left out."""
    made: dict[str, str] = {}
    for step in plan.steps:
        sources: dict[str, list[str]] = {}
        for name in step.takes:
            if name in made:
                sources.setdefault(made[name], []).append(name)
        yield from ((source, step.name, names, True) for source, names in sources.items())
        yield from ((source, step.name, [], False) for source in step.after if source not in sources)
        made |= dict.fromkeys(step.gives, step.name)
