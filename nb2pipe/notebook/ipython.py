"""From a cell's text to the Python that IPython would run, with positions in the cell's own lines."""

from __future__ import annotations

import ast
import builtins
import keyword
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from nb2pipe.collector import paused
from nb2pipe.notebook.magics import is_loaded, lookup_magic
from nb2pipe.notebook.model import Cell, Code
from nb2pipe.notebook.positions import Transformed, move, place_error, transform, whole

_FLAGS = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
# What a line may be whose first word is the name of a magic (IPython's splitinput and AssignmentChecker).
_AUTOMAGIC = re.compile(r"\s*([A-Za-z_]\w*)(?![\w.*])\s*+(?![=,])(.*)")
# `In [1]: x = 2` is Python as well, an annotation; IPython takes a prompt on one of the first two lines away. And it takes
# a form feed and the like for the end of a line, even within a comment.
_PROMPT = re.compile(r"\s*(?:.*\n)? ?In \[\d+\]: ")
_BREAKS = re.compile(r"[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
# IPython takes off what all lines are indented by and, in its newer versions, empties lines of blanks; within strings, too.
_BLANKS = re.compile(r"^[ \t]+$", re.MULTILINE)
_SPANNING = re.compile(r"\"{3}|'{3}|\\\n")
# Words at whose use Python's compiler may take offence where its parser did not; the latter only outside of functions.
_LATE_WORDS = ("yield", "await", "async", "global", "nonlocal", "__debug__", "__future__")
_LATE = re.compile(rf"\b(?:{'|'.join(_LATE_WORDS)})\b")
_SIGNS = (*_LATE_WORDS, "return", "break", "continue")
_LOOPS = (ast.For, ast.While, ast.AsyncFor)
_BRANCHES = (ast.If, ast.With, ast.AsyncWith, ast.Try, ast.TryStar, ast.Match)
_UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)


def parse_cells(cells: Sequence[Cell]) -> tuple[Code, ...]:
    """Parse the code cells among ``cells``; the collector is off meanwhile, for the trees are kept.

    A cell of one line that begins with the name of a magic, such as ``ls``, is that magic (IPython's automagic) unless
    a cell above binds the name.
    """
    with paused(), _no_warnings():
        return _parse_all(cells)


def _parse_all(cells: Sequence[Cell]) -> tuple[Code, ...]:
    codes: list[Code] = []
    bound: set[str] = set()
    seen = 0
    for cell in cells:
        if cell.kind != "code":
            continue
        code = _fragment(cell.source, cell, 1)
        magic = _automagic(cell.source) if code.tree is not None and not code.lines else None
        if magic is not None and is_loaded(magic[0]):
            for earlier in codes[seen:]:
                bound.update(_bindings(earlier.tree) if earlier.tree is not None else ())
            seen = len(codes)
            if not bound & {magic[0], "*"}:
                code = _as_magic(magic, cell.source, cell, 1)
        codes.append(code)
    return tuple(codes)


def parse_cell(cell: Cell) -> Code:
    """Parse one code cell.

    The positions in the tree are those of the cell's own text, columns counted in characters: consumers need no
    mapping. IPython syntax stands in the tree as the calls that IPython's own transformer writes; such a call has the
    place of what it stands for.
    """
    return parse_fragment(cell.source, cell, 1)


def as_run(code: Code) -> Code:
    """The cell as IPython has it once it has taken off blanks, which it does within strings as well.

    The places are those of that text, which has as many lines as the cell; to be used where text is cut out of a cell.
    """
    cleaned = _without_blanks(code.cell.source)
    return code if cleaned == code.cell.source else parse_cell(code.cell._replace(source=cleaned))


def _without_blanks(text: str) -> str:
    """A cell's text without the blanks that IPython takes off, where that may change what it says."""
    if not _SPANNING.search(text) or not (_BLANKS.search(text) or text[:1].isspace()):
        return text
    from IPython.core.inputtransformer2 import leading_indent

    return "".join(leading_indent(text.splitlines(keepends=True)))


def parse_fragment(text: str, cell: Cell, first_line: int) -> Code:
    """Parse Python that begins on line ``first_line`` of the cell: the cell itself, or the body of a magic."""
    with _no_warnings():
        return _fragment(text, cell, first_line)


@contextmanager
def _no_warnings() -> Iterator[None]:
    """What Python warns of when it parses is for the rules to say."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _fragment(text: str, cell: Cell, first_line: int) -> Code:
    transformed: Transformed | None = None
    tree = None if _PROMPT.match(text) or _BREAKS.search(text) else _plain(text)
    if tree is not None and (cleaned := _without_blanks(text)) != text and ast.dump(_parse(cleaned)) != ast.dump(tree):
        tree = None
    try:
        if tree is None:
            transformed = transform(text, _manager())
            tree = _parse(transformed.text)
        _compile_late(tree, text)
    except _UNREADABLE as error:
        magic = _automagic(transformed.text) if transformed is not None else None
        if magic is not None:
            return _as_magic(magic, text, cell, first_line)
        problem = error if isinstance(error, SyntaxError) else SyntaxError(_reason(error))
        return Code(cell, None, place_error(problem, text, transformed, first_line), _rows(transformed), text)
    if transformed is not None or first_line != 1 or not text.isascii():
        move(tree, transformed.text if transformed else text, transformed, first_line)
    return Code(cell, tree, None, _rows(transformed), transformed.text if transformed else text)


def _rows(transformed: Transformed | None) -> tuple[int, ...]:
    return tuple(pieces[0].row for pieces in transformed.lines) if transformed else ()


def _reason(error: BaseException) -> str:
    if isinstance(error, RecursionError | MemoryError):
        return "the code is nested too deeply"
    return str(error)


def _plain(text: str) -> ast.Module | None:
    """The tree of plain Python, which IPython's transformer leaves alone; None for anything else."""
    try:
        return _parse(text)
    except _UNREADABLE:
        return None


def _parse(text: str) -> ast.Module:
    tree = compile(text, "<cell>", "exec", _FLAGS, dont_inherit=True)
    assert isinstance(tree, ast.Module)  # noqa: S101  what these flags give
    return tree


def _compile_late(tree: ast.Module, text: str) -> None:
    """Raise the SyntaxError that the compiler and not the parser finds, such as a ``return`` outside of a function.

    IPython compiles the statements of a cell one by one, and some may stand where a whole file would not have them
    (``from __future__ import`` in the middle), so each is asked for itself. To compile is dear, so it is done where
    there is a sign that it could fail.
    """
    if not any(word in text for word in _SIGNS):
        return
    if not _LATE.search(text) and not any(_leaves(s, in_loop=False) for s in tree.body):
        return
    for statement in tree.body:
        module = ast.Module([statement], [])
        compile(module, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)


def _leaves(statement: ast.stmt, *, in_loop: bool) -> bool:
    """Whether a statement of the cell itself leaves a function or a loop in which it does not stand."""
    if isinstance(statement, ast.Return):
        return True
    if isinstance(statement, (ast.Break, ast.Continue)):
        return not in_loop
    if isinstance(statement, _LOOPS):
        return any(_leaves(s, in_loop=True) for s in statement.body) or any(
            _leaves(s, in_loop=in_loop) for s in statement.orelse
        )
    if isinstance(statement, _BRANCHES):
        for node in ast.iter_child_nodes(statement):
            parts = node.body if isinstance(node, (ast.ExceptHandler, ast.match_case)) else (node,)
            if any(_leaves(s, in_loop=in_loop) for s in parts if isinstance(s, ast.stmt)):
                return True
    return False


@lru_cache(maxsize=1)
def _manager() -> Any:
    from IPython.core.inputtransformer2 import TransformerManager

    return TransformerManager()


def _automagic(text: str) -> tuple[str, str] | None:
    """The magic and its line that IPython takes a cell of one line for; None for any other cell."""
    lines = text.lstrip().splitlines()
    match = _AUTOMAGIC.fullmatch(lines[0]) if len(lines) == 1 else None
    if match is None or keyword.iskeyword(match[1]) or hasattr(builtins, match[1]):
        return None
    return (match[1], match[2]) if lookup_magic(match[1], "line") is not None else None


def _as_magic(magic: tuple[str, str], text: str, cell: Cell, first_line: int) -> Code:
    """The cell as the call of a line magic that IPython's prefilter makes of it."""
    transformed = whole(text, f"get_ipython().run_line_magic({magic[0]!r}, {magic[1]!r})\n")
    tree = _parse(transformed.text)
    move(tree, transformed.text, transformed, first_line)
    return Code(cell, tree, None, _rows(transformed), transformed.text)


def _bindings(tree: ast.Module) -> Iterator[str]:
    """The names that a cell may bind in the notebook's namespace; ``*`` where it may bind any."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
            for inner in ast.walk(node):
                if isinstance(inner, ast.Global):
                    yield from inner.names
            continue
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.alias):
            yield node.asname or node.name.partition(".")[0]
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            yield node.name
        elif isinstance(node, ast.MatchMapping) and node.rest:
            yield node.rest
        elif isinstance(node, ast.Call):
            yield from _bound_by_call(node)
        waiting.extend(ast.iter_child_nodes(node))


def _bound_by_call(node: ast.Call) -> Iterator[str]:
    """What a call may bind that no name in the tree shows: by ``exec`` and the like, and by a magic."""
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if called in ("exec", "globals", "locals", "vars", "push"):
        yield "*"
    elif called in ("run_line_magic", "run_cell_magic"):
        texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
        if texts and texts[0] in ("run", "pylab", "store", "load", "macro", "rerun", "sql"):
            yield "*"
        for text in texts[1:]:
            yield from re.findall(r"(?<![%!\w])[A-Za-z_]\w*", text)
