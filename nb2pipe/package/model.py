"""The records of a package on its way from the pipeline to files."""

from __future__ import annotations

from typing import Literal, NamedTuple

from nb2pipe.diagnostics import Sentence, Span
from nb2pipe.emit.source import Statement
from nb2pipe.pipeline.model import Parameter


class Import(NamedTuple):
    """An import that stands at the top of modules: ``name`` is what it binds.

    ``module`` is where from (with leading dots inside of the package), ``member`` what of it ("" for the module),
    ``alias`` the name it is given ("" for its own).
    """

    name: str
    module: str
    member: str = ""
    alias: str = ""


class Function(NamedTuple):
    """A function or class of the notebook that stands in a module: ``text`` is its definition.

    ``extra`` are the notebook's values that it reads; it takes them as keyword arguments. ``mentions`` are the names
    that its text mentions. ``origin`` counts the statements of its cell.
    """

    name: str
    statement: Statement
    text: str
    extra: tuple[str, ...]
    mentions: frozenset[str]
    cell: int
    origin: int


class Part(NamedTuple):
    """What a cell leaves in its step: the Markdown before it, and its statements as text.

    ``tag`` is "raises" where the cell is expected to fail. ``origins`` says of which statement of the cell each statement
    came; those behind them are of no cell.
    """

    cell: int
    prose: str
    lines: str
    tag: str = ""
    origins: tuple[int, ...] = ()


Form = Literal["function", "script"]


class PlannedStep(NamedTuple):
    """A step of the package: ``takes`` and ``gives`` are names of values, ``after`` steps that no value shows.

    ``needs`` are the states of the process that it goes by and earlier steps leave, ``leaves`` those that later ones need.
    ``functions`` stand at the top of its module, since the notebook binds their names anew elsewhere.
    ``reasons`` say why the step is no function but a script. ``types`` are the annotations of those values in ``takes`` and
    ``gives`` whose types are sure, by (name, "takes" or "gives").
    """

    name: str
    title: str
    prose: str
    takes: tuple[str, ...]
    parameters: tuple[str, ...]
    gives: tuple[str, ...]
    after: tuple[str, ...]
    parts: tuple[Part, ...]
    mentions: frozenset[str]
    cells: tuple[int, ...]
    form: Form = "function"
    reasons: tuple[Reason, ...] = ()
    needs: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()
    types: tuple[tuple[tuple[str, str], str], ...] = ()
    functions: tuple[Function, ...] = ()


class Reason(NamedTuple):
    """Why a step cannot be a function, and where that stands; ``refuses`` where it cannot be a script either."""

    text: Sentence
    span: Span
    refuses: bool = False


class Plan(NamedTuple):
    """All that the files of a package are written from.

    ``imports`` are by the name they bind (several statements may bind one: ``import a.b``, ``import a.c``);
    ``local`` are the modules beside the notebook, by name, with their text; ``refused`` what no package can have that is
    in no step; ``left_out`` what only Jupyter shows;
    ``future`` what the notebook imports from ``__future__``, which holds for all of its code.
    """

    name: str
    title: str
    prose: str
    parameters: tuple[Parameter, ...]
    imports: tuple[Import, ...]
    functions: tuple[Function, ...]
    steps: tuple[PlannedStep, ...]
    local: tuple[tuple[str, str], ...] = ()
    refused: tuple[Reason, ...] = ()
    left_out: tuple[Reason, ...] = ()
    future: tuple[str, ...] = ()
