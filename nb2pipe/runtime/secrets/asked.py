"""Which secrets the cells of a run ask for: by `secret:NAME` tags, and by parameters that are typed `Secret`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from nb2pipe.diagnostics import UsageError, say
from nb2pipe.notebook.model import Code
from nb2pipe.pipeline.model import Parameter, Pipeline, Step
from nb2pipe.pipeline.parameters import is_secret
from nb2pipe.runtime.script import Script, cells_of
from nb2pipe.runtime.task import CellTask

PREFIX = "secret:"


def may_name(notebook: bytes) -> bool:
    """Whether a notebook may ask for secrets, by a look at its text."""
    return any(w in notebook for w in (b"secret:", b"Secret"))


def file_may_name(path: str) -> bool:
    """Whether the notebook in a file may ask for secrets; where that cannot be looked at, it may."""
    file = Path(path)
    try:
        return not file.is_file() or may_name(file.read_bytes())  # a pipe is read but once
    except OSError:
        return True


def checked(parameter: Parameter, given: Any) -> str:
    """What is given for a parameter that is a secret: a name, and never a value, for where it would be given is kept.

    Raises:
        UsageError: It is no name.
    """
    if isinstance(given, str) and given.startswith(PREFIX) and len(given) > len(PREFIX):
        return given
    raise UsageError(
        say(
            "parameter `%1` is a secret: give the name of one, `%2NAME`; its value comes from the environment, "
            "--secrets FILE or --secrets DIR, for command lines and parameters are seen and kept",
            parameter.name, PREFIX,
        )
    )  # fmt: skip


def references(parameters: Iterable[Parameter], given: Mapping[str, Any]) -> dict[str, str]:
    """The parameters that are secrets, each with the name of its secret.

    That is what ``secret:NAME`` says, given or in the notebook, else its own in capitals.

    Raises:
        UsageError: What is given for a secret is no name.
    """
    found = {}
    for parameter in filter(is_secret, parameters):
        said = checked(parameter, given[parameter.name]) if parameter.name in given else parameter.default
        named = isinstance(said, str) and said.startswith(PREFIX)
        found[parameter.name] = said.removeprefix(PREFIX) if named else parameter.name.upper()
    return found


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
