"""What a project says of itself: README.md."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from nb2pipe.package.model import Plan
from nb2pipe.package.write import default_source, default_text, says_more
from nb2pipe.pipeline.mermaid import flowchart
from nb2pipe.pipeline.model import Parameter


def readme(plan: Plan, name: str) -> str:
    """What the pipeline does, how it is run, a picture of it, its steps and its parameters."""
    option, argument = _example(plan)
    lines = [f"# {plan.title}", ""]
    if plan.prose:
        lines += [plan.prose, ""]
    lines += ["```sh", "pip install .", f"python -m {name}",
              *([f"python -m {name}{option}"] if option else []), f"python -m {name} --help", "```", "",
              "or, from Python:", "", "```python", f"from {name} import pipeline", "",
              f"values = pipeline.run({argument})", "```", "",
              "## The pipeline", "", "```mermaid", _picture(plan).rstrip(), "```", "",
              "| step | takes | gives |", "| --- | --- | --- |"]  # fmt: skip
    for step in plan.steps:
        told = f": {step.title}" if says_more(step) else ""
        lines.append(
            f"| {_cell(f'`{step.name}`{told}')} | {_names((*step.takes, *step.parameters))} | {_names(step.gives)} |"
        )
    if plan.parameters:
        lines += ["", "## Parameters", "", "| parameter | type | default | |", "| --- | --- | --- | --- |"]
        lines += [f"| `{p.name}` | {_cell(p.type)} | {_cell(_default(p))} | {_cell(p.help)} |" for p in plan.parameters]
    lines += ["", "## Tests", "", "```sh", 'pip install ".[test]"', "python -m pytest", "```"]
    return "\n".join(lines) + "\n"


def _example(plan: Plan) -> tuple[str, str]:
    """A parameter as an option and as an argument, at its default."""
    for parameter in plan.parameters:
        if type(parameter.default) in (str, int, float) and default_text(parameter) is not None:
            value = shlex.quote(str(parameter.default))
            return f" --{parameter.name.replace('_', '-')} {value}", f"{parameter.name}={default_source(parameter)}"
    return "", ""


def _default(parameter: Parameter) -> str:
    text = default_source(parameter)
    return f"`{text}`" if "`" not in text else f"`` {text} ``"


def _names(names: tuple[str, ...]) -> str:
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
