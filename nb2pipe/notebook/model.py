"""The records of a notebook as it was written: cells, their typed tags, their parsed code."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from nb2pipe.diagnostics import Diagnostic

CellKind = Literal["code", "markdown", "raw"]
Role = Literal["parameters", "imports", "functions", "setup", "metrics", "skip", "last"]


class Requirements(NamedTuple):
    """What a step asks of whoever runs it.

    ``timeout`` is in seconds, ``memory`` in bytes, ``cpus`` and ``gpus`` are counts;
    ``cache`` is False where a tag turns it off, True where one allows it whatever the step reads.
    """

    cpus: float | None = None
    memory: int | None = None
    gpus: int | None = None
    image: str | None = None
    retries: int | None = None
    timeout: float | None = None
    cache: bool | None = None
    secrets: tuple[str, ...] = ()


class Tags(NamedTuple):
    """The tags of one cell, typed.

    ``step`` is the normalised step name, ``after`` the steps it must follow, ``roles`` what else the
    cell is, ``ignore`` the diagnostic codes silenced for this cell, ``raises`` whether the cell is
    expected to fail (nbclient's ``raises-exception``), ``foreign`` the tags that are not nb2pipe's.
    """

    step: str | None = None
    after: tuple[str, ...] = ()
    roles: frozenset[Role] = frozenset()
    requirements: Requirements = Requirements()
    ignore: frozenset[str] = frozenset()
    raises: bool = False
    foreign: tuple[str, ...] = ()


NO_TAGS = Tags()


class Cell(NamedTuple):
    """One cell: ``index`` is its 0-based position among all cells of the notebook.

    ``labels`` are its tags as they were written. Where notebooks are joined, nb2pipe puts cells of its own behind the others: one
    of the role ``last`` for what others read when this notebook has run, and one for what it is handed. That one has the
    index -1, for it runs first; it stands last, so that ``cells[index]`` holds for it too.
    """

    id: str
    index: int  # type: ignore[assignment]  # a cell is no sequence that anybody searches
    kind: CellKind
    source: str
    tags: Tags = NO_TAGS
    execution_count: int | None = None
    labels: tuple[str, ...] = ()


class Notebook(NamedTuple):
    """A notebook as read: ``kernel`` is the kernel's name, ``path`` as the user gave it.

    ``name`` is the pipeline's name (Kale's metadata, or the file's stem); ``language`` is "python" for
    every notebook that gets past `read`; ``diagnostics`` are the findings about tags and form.
    ``defaults`` are what Kale's metadata asks of every step; ``metadata`` is what the file itself says.
    """

    path: str
    kernel: str
    cells: tuple[Cell, ...]
    name: str = "notebook"
    language: str = "python"
    defaults: Requirements = Requirements()
    diagnostics: tuple[Diagnostic, ...] = ()
    metadata: Mapping[str, Any] = MappingProxyType({})


class Code(NamedTuple):
    """The Python that IPython would run for one code cell.

    ``tree`` is None where the cell does not parse, and ``error`` says why (its ``lineno`` already in
    the cell's own lines). IPython syntax stands in the tree as the calls that IPython's transformer
    writes (``get_ipython().run_line_magic('time', 'x = 1')``). ``lines[i]`` is the cell's own line
    (from 1) for line ``i + 1`` of the transformed text; empty where they are the same.
    """

    cell: Cell
    tree: ast.Module | None
    error: SyntaxError | None = None
    lines: tuple[int, ...] = ()
    text: str = ""
