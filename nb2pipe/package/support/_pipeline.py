"""A pipeline: steps, what each takes and gives, and how they are run, together or one by one."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from . import _display, _fields, _figures, _files, _script, _states
from ._fields import ParameterError

__all__ = ["Edge", "NoStep", "ParameterError", "Pipeline", "ProcessFailed", "Runs", "Step"]

Folder = str | os.PathLike[str]


class NoStep(ValueError):
    """A step that does not exist."""


class ProcessFailed(RuntimeError):
    """A part of the pipeline that ran in a process of its own has failed, and has said why."""


class Edge(NamedTuple):
    """``target`` runs after ``source``, and takes these values from it; none where only the order matters."""

    source: str
    target: str
    names: tuple[str, ...]


class Described(Protocol):
    """A step as its pipeline tells of it."""

    @property
    def name(self) -> str: ...
    @property
    def takes(self) -> tuple[str, ...]: ...
    @property
    def gives(self) -> tuple[str, ...]: ...
    @property
    def needs(self) -> tuple[str, ...]: ...
    @property
    def leaves(self) -> tuple[str, ...]: ...


class Runs(Protocol):
    """What a command line runs: a pipeline."""

    @property
    def name(self) -> str: ...
    @property
    def parameters(self) -> type[Any]: ...
    @property
    def steps(self) -> Sequence[Described]: ...
    def edges(self) -> list[Edge]: ...
    def run_through(self, parameters: Any = None, *, figures: Folder | None = None) -> None: ...
    def run_step(self, name: str, folder: Folder, parameters: Any = None, *, figures: Folder | None = None) -> None: ...


@dataclass(frozen=True, slots=True)
class Step:
    """A function, and the names of what it takes and gives.

    ``takes`` are parameters and values that earlier steps give, passed by keyword. A function that gives one name
    returns the value, one that gives several a tuple of them in that order. ``after`` names earlier steps that have to
    have run, though nothing is taken from them. ``needs`` are states of the process, such as that of a random generator
    or the settings of a library, that earlier steps leave and this one goes by; ``leaves`` those that later ones need.
    """

    function: Callable[..., Any]
    takes: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()

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

    ``takes`` are names that are handed to it from elsewhere, as those that notebooks hand on to one another.

    Raises:
        ValueError: Two steps have one name, or one takes, needs or comes after what is not there before it.
    """

    name: str
    parameters: type[Any]
    steps: tuple[Step, ...]
    takes: tuple[str, ...]

    def __init__(self, name: str, parameters: type[Any], *steps: Step, takes: tuple[str, ...] = ()) -> None:
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "takes", takes)
        object.__setattr__(self, "parameters", parameters)
        object.__setattr__(self, "steps", steps)
        known = {*takes, *(field.name for field in dataclasses.fields(parameters))}
        before: set[str] = set()
        left: set[str] = set()
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
            for needed in step.needs:
                if needed not in left:
                    raise ValueError(f"step {step.name} needs {needed}, which no earlier step leaves")
            known.update(step.gives)
            left.update(step.leaves)
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
        values: dict[str, Any] = {}
        for _, given in self._run(_fields.settled(self.parameters, parameters, changes), figures):
            values |= given
        return values

    def run_through(self, parameters: Any = None, *, figures: Folder | None = None) -> None:
        """Run all steps as `run` does, for what they show and write."""
        for _ in self.each(parameters, figures=figures):
            pass

    def each(
        self, parameters: Any = None, *, figures: Folder | None = None, handed: Mapping[str, Any] | None = None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """Run all steps as `run` does, and give the name of each and what it has given as soon as it has run.

        ``handed`` are the values of the names in ``takes``.
        """
        yield from self._run(_fields.settled(self.parameters, parameters, {}) | dict(handed or {}), figures)

    def _run(self, known: Mapping[str, Any], figures: Folder | None) -> Iterator[tuple[str, dict[str, Any]]]:
        figures = figures and Path(figures).absolute()  # a step may change the working directory
        _script.begin(known)
        values = dict(known)
        for step in self.steps:
            _prepare(step, figures)
            given = step(values)
            _script.know(given)
            values |= given
            yield step.name, given

    def run_step(
        self, name: str, folder: Folder, parameters: Any = None, *, figures: Folder | None = None,
        handed: Mapping[str, tuple[Path, str]] | None = None, check: Callable[[Mapping[str, Any]], None] | None = None,
    ) -> None:  # fmt: skip
        """Run one step in this process: what it takes and needs is read from ``folder``, what it gives and leaves kept there.

        ``handed`` says where the names in ``takes`` are: the folder, and the step in it that gave them. ``check`` is asked
        before anything is kept.

        Raises:
            NoStep: There is no such step.
            ParameterError: A parameter has a value that it does not take.
            ValueMissing: A step that has to run before this one has not.
            ValueNotStorable: The step gives a value that cannot leave its process.
            StateNotCarried: The step needs or leaves a state that cannot leave its process.
        """
        steps = {step.name: (step, sources) for step, sources in self._sources()}
        if name not in steps:
            raise NoStep(f"there is no step {name}{_fields.did_you_mean(name, steps)}")
        step, sources = steps[name]
        folder, figures = Path(folder).absolute(), figures and Path(figures).absolute()
        inputs = _fields.settled(self.parameters, parameters, {})
        needs = self._leavers(step)
        _states.check(name, needs, step.leaves)
        _prepare(step, figures)
        _states.restore(folder, name, needs, early=True)
        places = {n: (folder, source) for n, source in sources.items()}
        places |= {n: place for n, place in (handed or {}).items() if n in step.takes and n not in sources}
        for place in dict.fromkeys(places.values()):
            inputs |= _files.load(*place, [n for n in places if places[n] == place])
        _prepare(step, figures)  # reading values may have imported libraries
        _states.restore(folder, name, needs, early=False)
        given = step(inputs)
        if check is not None:
            check(given)
        with _states.saved(folder, name, step.leaves):
            _files.save(folder, name, given)

    def edges(self) -> list[Edge]:
        """Which step takes which values from which, and which comes after which, in the order of the steps."""
        order = [step.name for step in self.steps]
        found = []
        for step, sources in self._sources():
            for source in sorted({*sources.values(), *step.after, *self._leavers(step).values()}, key=order.index):
                names = tuple(name for name in sources if sources[name] == source)
                found.append(Edge(source, step.name, names))
        return found

    def own(self, name: str) -> dict[str, str]:
        """The names that a step takes from earlier steps, and from which."""
        return next(sources for step, sources in self._sources() if step.name == name)

    def _sources(self) -> Iterator[tuple[Step, dict[str, str]]]:
        """Each step with the names that it takes from earlier steps, and from which."""
        givers: dict[str, str] = {}
        for step in self.steps:
            yield step, {name: givers[name] for name in step.takes if name in givers}
            givers |= dict.fromkeys(step.gives, step.name)

    def _leavers(self, step: Step) -> dict[str, str]:
        """The states that a step needs, each with the last step before it that leaves it."""
        before = self.steps[: self.steps.index(step)]
        leavers = {name: earlier.name for earlier in before for name in earlier.leaves}
        return {name: leavers[name] for name in step.needs if name in leavers}


def _prepare(step: Step, figures: Folder | None) -> None:
    """Let what the step shows look as in a notebook."""
    _figures.use()
    _figures.save_to(figures, step.name)
    _display.use()
