"""A pipeline of several notebooks: each runs in a process of its own, and what they hand on goes through a folder.

    DIR/<notebook>/<step>/<value>.…      what a step gives, as with one notebook

So nothing that one notebook does to its process, to random states, settings or the working directory, reaches another.
"""

from __future__ import annotations

import dataclasses
import importlib
import os
import pickle
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from . import _fields, _files, _notebooks
from ._pipeline import Edge, Folder, NoStep, Pipeline

__all__ = ["Joined", "Notebook"]

_PACKAGE = (__package__ or "").rpartition(".")[0]
_ORDER = "run.pickle"
_RESULTS = "results"


class NotebookStep(NamedTuple):
    """A step of a notebook; what it takes and gives is named with the notebook, parameters are not."""

    name: str
    takes: tuple[str, ...]
    gives: tuple[str, ...]
    needs: tuple[str, ...]
    leaves: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Notebook:
    """A notebook of the pipeline: the part of the package with this name, and the dataclass of its parameters.

    ``takes`` are names that other notebooks hand on to it, each with the step that gives it (``clean.tidy``). ``after`` names
    the notebooks behind which it runs. It runs in ``folder``, from the working directory. ``known_as`` are its parameters that
    have another name in the whole.
    """

    name: str
    parameters: type[Any]
    takes: Mapping[str, str] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    folder: str = "."
    known_as: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, init=False)
class Joined:
    """Notebooks in the order in which they run.

    Raises:
        ValueError: Two have one name, one comes after what is not there before it, or two parameters of one name are not alike.
    """

    name: str
    parameters: type[Any]
    notebooks: tuple[Notebook, ...]

    def __init__(self, name: str, *notebooks: Notebook) -> None:
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "notebooks", notebooks)
        object.__setattr__(self, "parameters", _parameters(notebooks))
        before: set[str] = set()
        for notebook in notebooks:
            if notebook.name in before:
                raise ValueError(f"two notebooks are named {notebook.name}")
            for earlier in (*notebook.after, *(step.partition(".")[0] for step in notebook.takes.values())):
                if earlier not in before:
                    raise ValueError(f"notebook {notebook.name} comes after {earlier}, which is no earlier notebook")
            before.add(notebook.name)

    # -- what there is ----------------------------------------------------------------------------------------------

    @property
    def steps(self) -> tuple[NotebookStep, ...]:
        """The steps of all notebooks, in order, named ``notebook.step``."""
        return tuple(s for notebook in self.notebooks for s in _steps(notebook))

    def edges(self) -> list[Edge]:
        """Which step takes which values from which, and which comes after which.

        A notebook begins when those that it comes after have ended.
        """
        order = [step.name for step in self.steps]
        found: dict[tuple[str, str], tuple[str, ...]] = {}
        ends: dict[str, list[str]] = {}
        for notebook in self.notebooks:
            own = [Edge(f"{notebook.name}.{e.source}", f"{notebook.name}.{e.target}", e.names)
                   for e in _pipeline(notebook).edges()]  # fmt: skip
            names = [step.name for step in _steps(notebook)]
            before = [end for earlier in notebook.after for end in ends[earlier]]
            firsts = [name for name in names if name not in {e.target for e in own}]
            ends[notebook.name] = [name for name in names if name not in {e.source for e in own}] or before
            found |= {(e.source, e.target): tuple(f"{notebook.name}.{n}" for n in e.names) for e in own}
            for step in _pipeline(notebook).steps:
                for name, source in _handed(notebook, step.name).items():
                    pair = (source, f"{notebook.name}.{step.name}")
                    found[pair] = (*found.get(pair, ()), f"{source.partition('.')[0]}.{name}")
            for pair in ((end, first) for end in before for first in firsts):
                found.setdefault(pair, ())
        pairs = sorted(found, key=lambda pair: (order.index(pair[1]), order.index(pair[0])))
        return [Edge(*pair, found[pair]) for pair in pairs]

    # -- all of it --------------------------------------------------------------------------------------------------

    def run(
        self, parameters: Any = None, /, *, figures: Folder | None = None, **changes: Any
    ) -> dict[str, dict[str, Any]]:
        """Run all notebooks, one after another, each in a process of its own.

        Args:
            parameters: An instance of the pipeline's parameters; the defaults if left out.
            figures: A folder where figures are saved as they are shown.
            changes: Parameters that are to differ from ``parameters``.

        Returns:
            By notebook every value that a step has given, by name. What cannot leave its process is left out, which is told on
            the standard error.

        Raises:
            ParameterError: An unknown parameter, or a value that it does not take.
            NotebookFailed: A notebook has failed; what it said stands on the standard error.
        """
        with tempfile.TemporaryDirectory(prefix=f"{self.name}-") as place:
            self._run(Path(place), _fields.settled(self.parameters, parameters, changes), figures, results=True)
            names = [notebook.name for notebook in self.notebooks]
            return {
                name: _files.load(Path(place, _RESULTS), name, _files.kept(Path(place, _RESULTS), name))
                for name in names
            }

    def run_through(self, parameters: Any = None, *, figures: Folder | None = None) -> None:
        """Run all notebooks as `run` does, for what they show and write."""
        with tempfile.TemporaryDirectory(prefix=f"{self.name}-") as place:
            self._run(Path(place), _fields.settled(self.parameters, parameters, {}), figures, results=False)

    def _run(self, place: Path, parameters: dict[str, Any], figures: Folder | None, *, results: bool) -> None:
        order = {"parameters": parameters, "figures": figures and str(Path(figures).absolute()), "results": results}
        _files.put(place / _ORDER, pickle.dumps(order))
        for notebook in self.notebooks:
            _notebooks.start(notebook.name, place)

    # -- a part of it, in this process ------------------------------------------------------------------------------

    def run_notebook(self, name: str, place: Folder) -> None:
        """Run one notebook in this process, as the folder of a run says."""
        place = Path(place).absolute()
        order = pickle.loads((place / _ORDER).read_bytes())
        notebook = self._named(name)
        pipeline = _entered(notebook)
        values: dict[str, Any] = {}
        for source, names in _by_source(notebook.takes).items():
            values |= _files.load(place / source.partition(".")[0], source.partition(".")[2], names)
        figures = order["figures"] and Path(order["figures"], name)
        parameters = notebook.parameters(**self._own(notebook, order["parameters"]))
        given: dict[str, Any] = {}
        for _, more in pipeline.each(parameters, figures=figures, handed=values):
            given |= more
        for step, names in self._handed_on(name).items():
            handed = {n: given[n] for n in names}
            _notebooks.check(f"{_PACKAGE}.{name}.", f"{name}.{step}", handed)
            _files.save(place / name, step, handed)
        if order["results"]:
            _files.save(place / _RESULTS, name, _notebooks.storable(name, given))

    def run_step(self, name: str, folder: Folder, parameters: Any = None, *, figures: Folder | None = None) -> None:
        """Run one step, ``notebook.step``, in this process: what it takes is read from ``folder``, what it gives kept there.

        The process goes to the folder of the notebook, and stays there.

        Raises:
            NoStep: There is no such step.
            ParameterError: A parameter has a value that it does not take.
            ValueMissing, ValueNotStorable, StateNotCarried: as `Pipeline.run_step`.
        """
        first, _, step = name.partition(".")
        notebook = next((n for n in self.notebooks if n.name == first), None)
        if notebook is None:
            raise NoStep(f"there is no step {name}{_fields.did_you_mean(name, [s.name for s in self.steps])}")
        folder, figures = Path(folder).absolute(), figures and Path(figures).absolute()
        settled = _fields.settled(self.parameters, parameters, {})
        pipeline = _entered(notebook)
        names = [f"{first}.{s.name}" for s in pipeline.steps]
        if name not in names:
            raise NoStep(f"there is no step {name}{_fields.did_you_mean(name, names)}")
        handed = {n: (folder / s.partition(".")[0], s.partition(".")[2]) for n, s in notebook.takes.items()}
        needed = self._handed_on(first).get(step, [])
        pipeline.run_step(
            step, folder / first, notebook.parameters(**self._own(notebook, settled)),
            figures=figures and Path(figures, first), handed=handed,
            check=lambda given: _notebooks.check(f"{_PACKAGE}.{first}.", name, {n: given[n] for n in needed}),
        )  # fmt: skip

    def _named(self, name: str) -> Notebook:
        return next(notebook for notebook in self.notebooks if notebook.name == name)

    def _own(self, notebook: Notebook, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """A notebook's parameters among those of the whole."""
        names = [f.name for f in dataclasses.fields(notebook.parameters)]
        return {name: parameters[notebook.known_as.get(name, name)] for name in names}

    def _handed_on(self, name: str) -> dict[str, list[str]]:
        """What other notebooks take from one, by the step that gives it."""
        taken = {(step, n) for other in self.notebooks for n, step in other.takes.items()}
        found: dict[str, list[str]] = {}
        for source, value in sorted(taken):
            first, _, step = source.partition(".")
            if first == name:
                found.setdefault(step, []).append(value)
        return found


def _parameters(notebooks: tuple[Notebook, ...]) -> type[Any]:
    """The dataclass of the parameters of all notebooks; those of one name are one."""
    found: dict[str, tuple[str, Any, Any]] = {}
    for notebook in notebooks:
        kinds = _fields.kinds(notebook.parameters)
        for own in dataclasses.fields(notebook.parameters):
            name = notebook.known_as.get(own.name, own.name)
            if name in found and (found[name][1], found[name][2].default) != (kinds[own.name], own.default):
                raise ValueError(f"parameter {name} of notebook {notebook.name} is not as another notebook has it")
            again: Any = dataclasses.field(
                default=own.default, default_factory=own.default_factory, metadata=own.metadata
            )  # one of the two is MISSING
            found.setdefault(name, (name, kinds[own.name], again))
    return dataclasses.make_dataclass("Parameters", found.values(), frozen=True)


def _pipeline(notebook: Notebook) -> Pipeline:
    """The steps of a notebook: they are imported, with all that they need."""
    found: Pipeline = importlib.import_module(f"{_PACKAGE}.{notebook.name}.pipeline").PIPELINE
    return found


def _entered(notebook: Notebook) -> Pipeline:
    """The steps of a notebook, where it runs: in its folder, in which modules are looked for first."""
    if notebook.folder != ".":
        if not Path(notebook.folder).is_dir():
            raise FileNotFoundError(
                f"notebook {notebook.name} runs in {notebook.folder}, which is not in {os.getcwd()}: run the pipeline where it is"
            )
        os.chdir(notebook.folder)
        sys.path.insert(0, os.getcwd())
    return _pipeline(notebook)


def _steps(notebook: Notebook) -> Iterator[NotebookStep]:
    """The steps of a notebook, as the whole names them."""
    parameters = {f.name for f in dataclasses.fields(notebook.parameters)}
    pipeline = _pipeline(notebook)
    for step in pipeline.steps:
        made = {name: f"{notebook.name}.{name}" for name in pipeline.own(step.name)}
        made |= {name: f"{source.partition('.')[0]}.{name}" for name, source in _handed(notebook, step.name).items()}
        takes = [made.get(n) or (notebook.known_as.get(n, n) if n in parameters else n) for n in step.takes]
        gives = tuple(f"{notebook.name}.{name}" for name in step.gives)
        yield NotebookStep(f"{notebook.name}.{step.name}", tuple(takes), gives, step.needs, step.leaves)


def _handed(notebook: Notebook, step: str) -> dict[str, str]:
    """What a step takes of what its notebook is handed, each with the step that gives it."""
    pipeline = _pipeline(notebook)
    taken = next(s.takes for s in pipeline.steps if s.name == step)
    return {n: notebook.takes[n] for n in taken if n in notebook.takes and n not in pipeline.own(step)}


def _by_source(takes: Mapping[str, str]) -> dict[str, list[str]]:
    """The names that are taken, by the step that gives them."""
    found: dict[str, list[str]] = {}
    for name, source in takes.items():
        found.setdefault(source, []).append(name)
    return found
