"""From a cell's text to the Python that IPython would run, with positions in the cell's own lines."""

from __future__ import annotations

import ast
import gc
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from nb2pipe.notebook.model import Cell, Code

_FLAGS = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
_AUTOMAGIC = re.compile(r"^\s*([A-Za-z_]\w*)(\s+[^=\s(.,\[].*)?$")


def parse_cells(cells: Sequence[Cell]) -> tuple[Code, ...]:
    """Parse the code cells among ``cells``; the collector is off meanwhile, for the trees are kept."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        return tuple(parse_cell(c) for c in cells if c.kind == "code")
    finally:
        if collecting:
            gc.enable()


def parse_cell(cell: Cell) -> Code:
    """Parse one code cell.

    The positions in the tree are those of the cell's own text: consumers need no mapping. IPython syntax stands in the
    tree as the calls that IPython's own transformer writes.
    """
    return parse_fragment(cell.source, cell, 1)


def parse_fragment(text: str, cell: Cell, first_line: int) -> Code:
    """Parse Python that begins on line ``first_line`` of the cell: the cell itself, or the body of a magic."""
    plain = _plain(text)
    if plain is not None:
        if first_line != 1:
            _move(plain, lambda line: line + first_line - 1)
        return Code(cell, plain, None, (), text)
    try:
        transformed, lines = _transform(text)
    except SyntaxError as error:
        return Code(cell, None, _placed(error, (), first_line), (), text)
    try:
        tree = _parse(transformed)
    except (SyntaxError, ValueError) as error:
        magical = _automagic(text)
        if magical is not None:
            return parse_fragment(magical, cell, first_line)
        problem = error if isinstance(error, SyntaxError) else SyntaxError(str(error))
        return Code(cell, None, _placed(problem, lines, first_line), lines, transformed)
    _move(tree, lambda line: (lines[min(line, len(lines)) - 1] if lines else line) + first_line - 1)
    return Code(cell, tree, None, lines, transformed)


def _plain(text: str) -> ast.Module | None:
    """The tree of plain Python, which needs no transformer; None for anything else."""
    try:
        return _parse(text)
    except (SyntaxError, ValueError):
        return None


def _parse(text: str) -> ast.Module:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = compile(text, "<cell>", "exec", _FLAGS, dont_inherit=True)
    assert isinstance(tree, ast.Module)  # noqa: S101  what these flags give
    return tree


@lru_cache(maxsize=1)
def _manager() -> Any:
    from IPython.core.inputtransformer2 import TransformerManager

    return TransformerManager()


def _transform(text: str) -> tuple[str, tuple[int, ...]]:
    """IPython's transformation of ``text``, and for each of its lines the line of ``text`` that it came from."""
    source = text if text.endswith("\n") else text + "\n"
    transformed: str = _manager().transform_cell(source)
    return transformed, _line_map(source.splitlines(), transformed.splitlines())


def _line_map(before: Sequence[str], after: Sequence[str]) -> tuple[int, ...]:
    """Align transformed lines with the lines they came from.

    The transformer only joins lines (a cell magic, a continued magic) and drops leading blank ones; a line that it
    left alone is found again by its text, and what stands between two such lines came from between them.
    """
    if len(before) == len(after):
        return tuple(range(1, len(after) + 1))
    positions: dict[str, list[int]] = {}
    for number, line in enumerate(before, 1):
        positions.setdefault(line.strip(), []).append(number)
    result = []
    reached = 0
    left = len(after)
    for index, line in enumerate(after):
        found = next((n for n in positions.get(line.strip(), ()) if n > reached), None)
        if found is None or len(before) - found < 0:
            found = min(reached + 1, max(len(before) - (left - index) + 1, reached + 1))
        reached = found
        result.append(min(found, max(len(before), 1)))
    return tuple(result)


def _move(tree: ast.AST, line: Any) -> None:
    for node in ast.walk(tree):
        if hasattr(node, "lineno"):
            located: Any = node
            located.lineno = line(located.lineno)
            if located.end_lineno is not None:
                located.end_lineno = line(located.end_lineno)


def _placed(error: SyntaxError, lines: tuple[int, ...], first_line: int) -> SyntaxError:
    """The same error with the line of the cell's own text."""
    number = error.lineno or 1
    if lines:
        number = lines[min(max(number, 1), len(lines)) - 1]
    error.lineno = number + first_line - 1
    return error


def _automagic(text: str) -> str | None:
    """IPython's automagic: a line that is not Python and begins with the name of a line magic is that magic."""
    from nb2pipe.notebook.magics import lookup_magic

    changed = False
    lines = []
    for line in text.split("\n"):
        match = _AUTOMAGIC.match(line)
        if match and _plain(line) is None and lookup_magic(match[1], "line") is not None:
            indent = line[: len(line) - len(line.lstrip())]
            lines.append(f"{indent}%{line.lstrip()}")
            changed = True
        else:
            lines.append(line)
    return "\n".join(lines) if changed else None
