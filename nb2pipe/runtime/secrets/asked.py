"""Which secrets the cells of a run ask for: by `secret:NAME` tags, and by parameters that are typed `Secret`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from nb2pipe.notebook.model import Code
from nb2pipe.pipeline.model import Parameter, Pipeline, Step
from nb2pipe.pipeline.parameters import is_secret
from nb2pipe.runtime.script import Script, cells_of
from nb2pipe.runtime.task import CellTask

PREFIX = "secret:"


def may_name(notebook: bytes) -> bool:
    """Whether a notebook may ask for secrets, by a look at its text."""
    return any(w in notebook for w in (b"secret:", b"Secret"))


def reference(parameter: Parameter, given: Mapping[str, Any]) -> str:
    """The name of the secret that a parameter is: what ``secret:NAME`` says, given or in the notebook, else its own in capitals."""
    for said in (given.get(parameter.name), parameter.default):
        if isinstance(said, str) and said.startswith(PREFIX):
            return said.removeprefix(PREFIX)
    return parameter.name.upper()


def apart(parameters: Iterable[Parameter], given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The parameters that are given and are no secrets, and those that are secrets, each with the name of its secret."""
    secret = {p.name: reference(p, given) for p in parameters if is_secret(p)}
    return {n: v for n, v in given.items() if n not in secret}, secret


def asking(script: Script, codes: Sequence[Code], parameters: Iterable[Parameter], names: Mapping[str, str]) -> Script:
    """The script, with the secrets at the cells that ask for them.

    ``names`` are the parameters that are secrets, each with the name of its secret: bound when their cell has run.
    """
    tagged = {c.cell.index: c.cell.tags.requirements.secrets for c in codes}
    bound: dict[int, list[tuple[str, str]]] = {}
    for parameter in parameters:
        if parameter.name in names:
            bound.setdefault(parameter.span.cell, []).append((parameter.name, names[parameter.name]))
    if not bound and not any(tagged.values()):
        return script

    tasks = {}
    for index, task in script.tasks.items():
        pairs = tuple(bound.get(index, ()))
        # `token: Secret = os.environ.get("TOKEN")`
        read = [secret for _, secret in pairs if secret in task.source]
        tasks[index] = replace(task, secrets=(*tagged.get(index, ()), *read), bound=pairs)
    injected = script.injected
    if injected is not None and injected[0] in tasks:  # secrets stand behind all that it sets
        place, last = injected
        injected = place, replace(last, bound=tasks[place].bound)
        tasks[place] = replace(tasks[place], bound=())
    return replace(script, tasks=tasks, injected=injected)


def names_of(step: Step, tasks: Iterable[CellTask]) -> tuple[str, ...]:
    """The secrets that a step finds in its environment: those of its tags, and of those of the shared cells that it runs."""
    return tuple(dict.fromkeys((*step.requirements.secrets, *(n for t in tasks for n in t.secrets))))


def asked_by(pipeline: Pipeline, script: Script) -> dict[str, dict[str, str]]:
    """For each step the secrets that it asks for, each with what asks for it, in words."""
    found: dict[str, dict[str, str]] = {}
    every = (*script.tasks.values(), *(() if script.injected is None else script.injected[1:]))
    if not any(t.secrets or t.bound for t in every) and not any(s.requirements.secrets for s in pipeline.steps):
        return found
    for step in pipeline.steps:
        tasks = cells_of(pipeline, step, script.tasks, script.injected)
        said: dict[str, str] = {}
        for task in tasks:
            for name in task.secrets:
                said.setdefault(name, f"cell {task.index + 1} (step {step.name})")
            for parameter, name in task.bound:
                said.setdefault(name, f"parameter `{parameter}`")
        for name in step.requirements.secrets:
            said.setdefault(name, f"step {step.name}")
        found[step.name] = said
    return found
