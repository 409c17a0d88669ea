"""A pipeline: steps, what each takes and gives, and how they are run, together or one by one."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from . import _display, _fields, _figures, _files, _script
from ._fields import ParameterError

__all__ = ["Edge", "ParameterError", "Pipeline", "Step"]

Folder = str | os.PathLike[str]


class Edge(NamedTuple):
    """``target`` runs after ``source``, and takes these values from it; none where only the order matters."""

    source: str
    target: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """A function, and the names of what it takes and gives.

    ``takes`` are parameters and values that earlier steps give, passed by keyword. A function that gives one name
    returns the value, one that gives several a tuple of them in that order. ``after`` names earlier steps that have to
    have run, though nothing is taken from them.
    """

    function: Callable[..., Any]
    takes: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name of the function."""
        return self.function.__name__

    def __call__(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Run the step; what it gives, by name. Where it fails, the exception has a note that names the step."""
        try:
            result = self.function(**{name: inputs[name] for name in self.takes})
            _figures.end_of_cell()
            if len(self.gives) < 2:
                return dict.fromkeys(self.gives, result)
            if not isinstance(result, tuple) or len(result) != len(self.gives):
                raise TypeError(f"{self.name} has to return {len(self.gives)} values: {', '.join(self.gives)}")
            return dict(zip(self.gives, result, strict=True))
        except Exception as error:
            error.add_note(f"step {self.name} failed")
            raise
        finally:
            _figures.end_of_cell()


@dataclass(frozen=True, init=False)
class Pipeline:
    """Steps in the order in which they run, and the dataclass of their parameters.

    Raises:
        ValueError: Two steps have one name, or one takes or comes after what is not there before it.
    """

    name: str
    parameters: type[Any]
    steps: tuple[Step, ...]

    def __init__(self, name: str, parameters: type[Any], *steps: Step) -> None:
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "parameters", parameters)
        object.__setattr__(self, "steps", steps)
        known = {field.name for field in dataclasses.fields(parameters)}
        before: set[str] = set()
        for step in steps:
            if step.name in before:
                raise ValueError(f"two steps are named {step.name}")
            for taken in step.takes:
                if taken not in known:
                    raise ValueError(
                        f"step {step.name} takes {taken}, which is no parameter and given by no earlier step"
                    )
            for earlier in step.after:
                if earlier not in before:
                    raise ValueError(f"step {step.name} comes after {earlier}, which is no earlier step")
            known.update(step.gives)
            before.add(step.name)

    def run(self, parameters: Any = None, /, *, figures: Folder | None = None, **changes: Any) -> dict[str, Any]:
        """Run all steps in this process, in order.

        Args:
            parameters: An instance of the pipeline's parameters; the defaults if left out.
            figures: A folder where figures are saved as they are shown.
            changes: Parameters that are to differ from ``parameters``.

        Returns:
            Every value that a step has given, by name, each as it was given last.

        Raises:
            ParameterError: An unknown parameter, or a value that it does not take.
        """
        known = self._settled(parameters, changes)
        _script.begin(known)
        values: dict[str, Any] = {}
        for step in self.steps:
            _prepare(step, figures)
            given = step({**known, **values})
            _script.know(given)
            values |= given
        return values

    def run_step(self, name: str, folder: Folder, parameters: Any = None, *, figures: Folder | None = None) -> None:
        """Run one step in this process: values that it takes are read from ``folder``, those that it gives kept there.

        Raises:
            ValueError: There is no such step.
            ParameterError: A parameter has a value that it does not take.
            ValueMissing: A step that has to run before this one has not.
            ValueNotStorable: The step gives a value that cannot leave its process.
        """
        steps = {step.name: (step, sources) for step, sources in self._sources()}
        if name not in steps:
            raise ValueError(f"there is no step {name}{_fields.did_you_mean(name, steps)}")
        step, sources = steps[name]
        inputs = self._settled(parameters, {})
        for source in dict.fromkeys(sources.values()):
            inputs |= _files.load(folder, source, [n for n in sources if sources[n] == source])
        _prepare(step, figures)
        _files.save(folder, name, step(inputs))

    def edges(self) -> list[Edge]:
        """Which step takes which values from which, and which comes after which, in the order of the steps."""
        order = [step.name for step in self.steps]
        found = []
        for step, sources in self._sources():
            for source in sorted({*sources.values(), *step.after}, key=order.index):
                names = tuple(name for name in sources if sources[name] == source)
                found.append(Edge(source, step.name, names))
        return found

    def _sources(self) -> Iterator[tuple[Step, dict[str, str]]]:
        """Each step with the names that it takes from earlier steps, and from which."""
        givers: dict[str, str] = {}
        for step in self.steps:
            yield step, {name: givers[name] for name in step.takes if name in givers}
            givers |= dict.fromkeys(step.gives, step.name)

    def _settled(self, parameters: Any, changes: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters of a run, by name; what is not a field's default is checked."""
        if parameters is None:
            parameters = self.parameters()
        elif not isinstance(parameters, self.parameters):
            raise ParameterError(f"expected {self.parameters.__name__}, got {type(parameters).__name__}")
        fields = dataclasses.fields(self.parameters)
        settled = {field.name: getattr(parameters, field.name) for field in fields}
        given = {field.name: settled[field.name] for field in fields if settled[field.name] is not field.default}
        return settled | _fields.checked(self.parameters, {**given, **changes})


def _prepare(step: Step, figures: Folder | None) -> None:
    """Let what the step shows look as in a notebook."""
    _figures.use()
    _figures.save_to(figures, step.name)
    _display.use()
