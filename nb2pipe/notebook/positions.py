"""Where each place in the text that IPython's transformer writes came from in the cell's own text."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

# IPython gives up after so many pieces of its own syntax in one cell (inputtransformer2.TRANSFORM_LOOP_LIMIT).
_LIMIT = 500


class Piece(NamedTuple):
    """A stretch of a transformed line, from column ``start`` to the next piece.

    It came from (``row``, ``column``) of the cell, rows counted from 1 and columns in characters from 0. A ``verbatim``
    piece is that very text; any other was written in place of what ends at (``end_row``, ``end_column``).
    """

    start: int
    row: int
    column: int
    verbatim: bool = True
    end_row: int = 0
    end_column: int = 0


class Line(NamedTuple):
    """A line on its way through the transformer, with where it came from."""

    text: str
    pieces: tuple[Piece, ...]


class Transformed(NamedTuple):
    """What IPython makes of a cell: its text, and for each line of it (ended by a line feed) the pieces it is made of."""

    text: str
    lines: tuple[tuple[Piece, ...], ...]

    def origin(self, row: int, column: int) -> tuple[int, int]:
        """The place in the cell of what begins at this place of the transformed text."""
        piece = _at(self.lines[min(max(row, 1), len(self.lines)) - 1], column)
        return piece.row, piece.column + (column - piece.start if piece.verbatim else 0)

    def origin_of_end(self, row: int, column: int) -> tuple[int, int]:
        """The place in the cell of what ends at this place of the transformed text."""
        piece = _at(self.lines[min(max(row, 1), len(self.lines)) - 1], column - 1)
        if piece.verbatim:
            return piece.row, piece.column + column - piece.start
        return piece.end_row, piece.end_column


def _at(pieces: Sequence[Piece], column: int) -> Piece:
    found = pieces[0]
    for piece in pieces[1:]:
        if piece.start <= column:
            found = piece
    return found


def transform(text: str, manager: Any) -> Transformed:
    """IPython's transformation of a cell, step by step as its ``TransformerManager`` does it, and where each line came from.

    Raises:
        SyntaxError: IPython cannot transform the cell.
    """
    lines = _own_lines(text if text.endswith("\n") else f"{text}\n")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the transformer warns of letters that it takes for ends of lines
        return _joined(_transformed(lines, manager))


def _transformed(lines: list[Line], manager: Any) -> list[Line]:
    for step in (*manager.cleanup_transforms, *manager.line_transforms):
        lines = _follow_cleanup(lines, step([line.text for line in lines]))
    for _ in range(_LIMIT):
        try:
            changed, after = manager.do_one_token_transform([line.text for line in lines])
        except SyntaxError:
            raise
        except Exception as error:  # its tokenizer was not made for all that is no Python
            raise SyntaxError(f"IPython cannot read the cell: {error}") from error
        if not changed:
            return lines
        lines = _follow_token(lines, after)
    raise SyntaxError(f"IPython gives up on a cell with {_LIMIT} magics and commands")


def whole(text: str, replacement: str) -> Transformed:
    """The one line ``replacement``, written in place of all of ``text``."""
    own = [(row, line) for row, line in enumerate(text.split("\n"), 1) if line.strip()]
    (row, first), (end_row, last) = own[0], own[-1]
    start = len(first) - len(first.lstrip())
    return Transformed(replacement, ((Piece(0, row, start, False, end_row, len(last.rstrip())),),))


def _own_lines(text: str) -> list[Line]:
    """The lines as IPython cuts them, which is at form feeds and the like as well."""
    lines = []
    row, column = 1, 0
    for line in text.splitlines(keepends=True):
        lines.append(Line(line, (Piece(0, row, column),)))
        row, column = (row + 1, 0) if line.endswith("\n") else (row, column + len(line))
    return lines


def _follow_cleanup(lines: list[Line], after: list[str]) -> list[Line]:
    """Lines dropped at the front, prompts and indents taken away, or the whole cell made the call of a cell magic."""
    dropped = len(lines) - len(after)
    if lines and lines[0].text.startswith("%%") and len(after) == 1 and after[0] != lines[0].text:
        return [Line(after[0], (_in_place_of(lines, 0, 0),))]
    result = []
    for line, text in zip(lines[dropped:], after, strict=True):
        gone = len(line.text) - len(text)
        piece = line.pieces[0]
        moved = piece._replace(column=piece.column + gone) if line.text.endswith(text) else piece
        result.append(Line(text, (moved,)))
    return result


def _follow_token(lines: list[Line], after: list[str]) -> list[Line]:
    """One line written in place of one or more; the transformer hands the others on as they are, the same objects."""
    place = 0
    while after[place] is lines[place].text:
        place += 1
    rest = len(lines) - (len(after) - place - 1)
    old, new = lines[place:rest], after[place]
    start = next(i for i, (was, now) in enumerate(zip(old[0].text, new, strict=False)) if was != now)
    kept = tuple(piece for piece in old[0].pieces if piece.start < start)
    written = _autocall(old, new, start) if old[0].text[start] in "/,;" else (_in_place_of(old, start, start),)
    return [*lines[:place], Line(new, (*kept, *written)), *lines[rest:]]


def _in_place_of(old: Sequence[Line], start: int, new_start: int) -> Piece:
    begin = _at(old[0].pieces, start)
    last = next((line for line in reversed(old) if line.text.strip()), old[0])
    end = last.pieces[-1]
    width = len(last.text.rstrip()) - end.start
    return Piece(new_start, begin.row, begin.column + start - begin.start, False, end.row, end.column + max(width, 0))


def _autocall(old: Sequence[Line], new: str, start: int) -> tuple[Piece, ...]:
    """``/f x y`` became ``f(x, y)``; after a comma or semicolon the arguments became strings."""
    around = _in_place_of(old, start, start)
    words = old[0].text[start + 1 :].split() if old[0].text[start] == "/" else old[0].text[start + 1 :].split()[:1]
    pieces = []
    from_old, from_new = start + 1, start
    for word in words:
        at_old, at_new = old[0].text.find(word, from_old), new.find(word, from_new)
        if at_new < 0:
            break
        begin = _at(old[0].pieces, at_old)
        pieces.append(Piece(at_new, begin.row, begin.column + at_old - begin.start))
        from_old, from_new = at_old + len(word), at_new + len(word)
        pieces.append(around._replace(start=from_new))
    return tuple(pieces) or (around,)


def _joined(lines: Sequence[Line]) -> Transformed:
    """The lines as Python counts them, which is by line feeds alone."""
    result: list[tuple[Piece, ...]] = []
    current: list[Piece] = []
    width = 0
    for line in lines:
        current += [piece._replace(start=piece.start + width) for piece in line.pieces]
        width += len(line.text)
        if line.text.endswith("\n"):
            result.append(tuple(current))
            current, width = [], 0
    if current or not result:
        result.append(tuple(current) or (Piece(0, 1, 0),))
    return Transformed("".join(line.text for line in lines), tuple(result))


def move(tree: ast.AST, text: str, transformed: Transformed | None, first_line: int) -> None:
    """Give the nodes of a tree the places of the cell's own text.

    Python counts columns in bytes of UTF-8; afterwards they count characters. ``text`` is what was parsed, ``transformed``
    where that came from (None: it is the cell's own), ``first_line`` the line of the cell on which it begins.
    """
    lines = text.split("\n")
    plain = [line.isascii() for line in lines]

    def character(row: int, column: int) -> int:
        if row > len(lines) or plain[row - 1]:
            return column
        return len(lines[row - 1].encode()[:column].decode("utf-8", "ignore"))

    for node in ast.walk(tree):
        if not hasattr(node, "lineno"):
            continue
        located: Any = node
        row, end_row = located.lineno, located.end_lineno or located.lineno
        column = character(row, located.col_offset)
        end = character(end_row, located.end_col_offset or 0)
        if transformed is not None:
            row, column = transformed.origin(row, column)
            end_row, end = transformed.origin_of_end(end_row, end)
        located.lineno, located.col_offset = row + first_line - 1, column
        located.end_lineno, located.end_col_offset = end_row + first_line - 1, end


def place_error(error: SyntaxError, own: str, transformed: Transformed | None, first_line: int) -> SyntaxError:
    """The same error, at its place in the cell: line, offset (characters from 1) and the text of the line."""
    row, column = error.lineno or 1, max((error.offset or 1) - 1, 0)
    end_row, end = error.end_lineno or row, max((error.end_offset or 1) - 1, 0)
    if transformed is not None:
        row, column = transformed.origin(row, column)
        end_row, end = transformed.origin_of_end(end_row, end)
    lines = own.split("\n")
    row = min(max(row, 1), len(lines))
    error.text = f"{lines[row - 1]}\n"
    error.lineno, error.offset = row + first_line - 1, min(column, len(lines[row - 1])) + 1
    error.end_lineno, error.end_offset = max(end_row, row) + first_line - 1, end + 1
    return error
