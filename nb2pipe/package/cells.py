"""A notebook's cells as statements, with what IPython alone understands made plain."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from nb2pipe.emit.source import Statement, first_line, indented, statements
from nb2pipe.notebook.ipython import as_run, parse_fragment
from nb2pipe.notebook.model import Code
from nb2pipe.package.bindings import Place, names_of
from nb2pipe.package.magics import COMMAND, MODULES, NotPlainError, Plain, aside, is_magic, plain
from nb2pipe.package.model import Import

_CHOOSE = frozenset({"use", "switch_backend", "ioff", "interactive"})
"""What changes how Matplotlib shows figures, but for ``%matplotlib``."""


def support(name: str, taken: Container[str]) -> Import:
    """The import of something that every package has a copy of, under another name where the notebook takes that for its own."""
    return Import(f"_{name}", "._runtime", name, f"_{name}") if name in taken else Import(name, "._runtime", name)


class PlainCell(NamedTuple):
    """A code cell as plain Python: its statements, the comments below the last, and the imports that it needs.

    ``refused`` are the magics that have no plain form, ``left_out`` the lines of those of which nothing is left that was
    shown or measured; ``raises`` is whether the cell is expected to fail.
    """

    cell: int
    places: tuple[Place, ...]
    below: tuple[str, ...]
    imports: tuple[Import, ...]
    refused: tuple[str, ...] = ()
    left_out: tuple[int, ...] = ()
    raises: bool = False


class _Made(NamedTuple):
    """What becomes of a statement with magics: plain statements, the imports that they need, the lines that are left out."""

    statements: list[Statement]
    imports: tuple[Import, ...] = ()
    left_out: tuple[int, ...] = ()


class _Names(NamedTuple):
    """All names that the notebook binds, and those of modules that mean something else there, or nothing: magics call these by others.

    ``unsure`` are those that only cells bind that are expected to fail. ``chooses`` is the first cell that may choose how
    figures are shown.
    """

    bound: AbstractSet[str]
    taken: AbstractSet[str]
    unsure: AbstractSet[str]
    chooses: float


def plain_cells(codes: Sequence[Code], bound: AbstractSet[str]) -> dict[int, PlainCell]:
    """The code cells by position, those that are skipped left out; ``bound`` are all names that the notebook binds."""
    own = [c for c in codes if "skip" not in c.cell.tags.roles and c.tree is not None]
    taken: set[str] = set()
    if any("get_ipython" in c.text for c in own):
        trees = (c.tree for c in own if c.tree is not None and any(m in c.text for m in MODULES))
        taken = {n for tree in trees for n in _otherwise(tree, bound)}
    unsure = _stored(c for c in own if c.cell.tags.raises) - _stored(c for c in own if not c.cell.tags.raises)
    chooses = min((c.cell.index for c in own if c.tree is not None and _chooses_backend(c.tree)), default=math.inf)
    return {c.cell.index: _plain_cell(c, _Names(bound, taken, unsure, chooses)) for c in own}


def _chooses_backend(tree: ast.Module) -> bool:
    """Whether a cell may choose a backend of Matplotlib, or whether it is interactive."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=style, attr="use") if ast.unparse(style).endswith("style"):
                continue
            case ast.Attribute(attr=name) | ast.alias(name=name) if name in _CHOOSE:
                return True
            case ast.Constant(value="backend" | "MPLBACKEND"):
                return True
    return False


def _stored(codes: Iterable[Code]) -> set[str]:
    """The names to which cells assign, at whatever depth."""
    nodes = (n for c in codes if c.tree is not None for n in ast.walk(c.tree))
    return {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def _otherwise(tree: ast.Module, bound: AbstractSet[str]) -> Iterator[str]:
    """The names of `MODULES` that a cell binds to something else, or reads where nothing binds them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in MODULES:
            if not isinstance(node.ctx, ast.Load) or node.id not in bound:
                yield node.id
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and node.name in MODULES:
            yield node.name
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                name = alias.asname or alias.name.partition(".")[0]
                module = node.module if isinstance(node, ast.ImportFrom) else ""
                whole = f"{module}.{alias.name}" if module else alias.name if alias.asname else name
                if MODULES.get(name, whole) != whole:
                    yield name


def _plain_cell(code: Code, names: _Names) -> PlainCell:
    code = as_run(code)
    assert code.tree is not None  # noqa: S101  the caller has looked
    found = statements(code.cell.source, code.tree)
    places: list[Place] = []
    imports: list[Import] = []
    refused: list[str] = []
    magical = "get_ipython" in code.text
    left_out: list[int] = []
    for origin, statement in enumerate(found.statements):
        made = [statement]
        if magical and is_magic(statement.node):
            try:
                made, needed, without = _without_magic(statement, code, names)
                imports += needed
                left_out += without
            except NotPlainError as error:
                refused.append(str(error))
                made = [statement._replace(text=ast.unparse(statement.node))]
        for one in made:
            places.append(Place(code.cell.index, len(places), one, names_of(one.text), origin))
    return PlainCell(
        code.cell.index,
        tuple(places),
        found.below,
        tuple(imports),
        tuple(refused),
        tuple(left_out),
        code.cell.tags.raises,
    )


def _without_magic(statement: Statement, code: Code, names: _Names) -> _Made:
    """What becomes of a statement with magics."""
    wrapped = _wrapped(statement.node, names.bound)
    if wrapped is not None:
        inner = parse_fragment(wrapped.body, code.cell, 1)
        if inner.tree is None or any(is_magic(n) for n in inner.tree.body):
            raise NotPlainError(f"a magic inside of %{wrapped.name}")
        if not inner.tree.body:
            return _Made([])
        if not wrapped.head:
            found = statements(wrapped.body, inner.tree).statements
            first = found[0]._replace(above=(*statement.above, *found[0].above))
            return _Made([s._replace(silent=True) for s in (first, *found[1:])])
        text = f"with {wrapped.head}:\n{indented(wrapped.body.strip(chr(10)))}"
        return _Made([_statement(statement, text)], (support(_AROUND[wrapped.name], names.bound),))
    if isinstance(statement.node, (ast.Expr, ast.Assign)):
        made = _plain(statement.node, names.bound, names, code)
        if not made.text:
            return _Made([], made.imports, (statement.node.lineno,) if made.left_out else ())
        nodes = ast.parse(made.text).body
        silent = COMMAND in made.text  # what it gives is not what IPython's magic gives
        plainly = [Statement(n, ast.get_source_segment(made.text, n) or "", silent=silent) for n in nodes]
        plainly[0] = plainly[0]._replace(above=statement.above)
        return _Made(plainly, made.imports)
    return _with_magics_inside(statement, code, names)


def _with_magics_inside(statement: Statement, code: Code, names: _Names) -> _Made:
    """A compound statement: the magics among its inner statements are made plain where they stand."""
    lines = code.cell.source.split("\n")
    imports: list[Import] = []
    left_out: list[int] = []
    inner = [n for n in ast.walk(statement.node) if isinstance(n, (ast.Expr, ast.Assign)) and is_magic(n)]
    within = {n.id for n in ast.walk(statement.node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    within |= {n.arg for n in ast.walk(statement.node) if isinstance(n, ast.arg)}
    for node in sorted(inner, key=lambda n: n.lineno, reverse=True):
        made = _plain(node, names.bound | within, names, code)
        imports += made.imports
        left_out += [node.lineno] if made.left_out else []
        first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        head, tail = lines[first][: node.col_offset], lines[last][node.end_col_offset or 0 :]
        if head.strip() or ("\n" in made.text and '"""' in made.text):
            raise NotPlainError("a magic behind other code on its line")
        text = made.text or "pass"
        lines[first : last + 1] = [*(head + line for line in text.split("\n")[:-1]), head + text.split("\n")[-1] + tail]
    behind = len(code.cell.source.split("\n")) - (statement.node.end_lineno or 0)
    text = "\n".join(lines[first_line(statement.node) - 1 : len(lines) - behind])
    try:
        return _Made([_statement(statement, text)], tuple(imports), tuple(sorted(left_out)))
    except SyntaxError:
        raise NotPlainError("IPython's syntax inside of other code") from None


def _plain(node: ast.stmt, known: AbstractSet[str], names: _Names, code: Code) -> Plain:
    """The plain form of a magic; ``known`` are the names that it may mention."""
    made = plain(node, known, fails=code.cell.tags.raises, unsure=names.unsure)
    if made.inline and code.cell.index >= names.chooses:
        inline = support("figures_inline", names.bound)
        return Plain(f"{inline.name}()", (inline,))
    return aside(made, names.taken) if names.taken else made


def _statement(old: Statement, text: str) -> Statement:
    return Statement(ast.parse(text).body[0], text, old.above, "", silent=True)


class _Wrapped(NamedTuple):
    """A magic that runs Python: its name, the head of the `with` that does the same ("" where none is needed), and the Python."""

    name: str
    head: str
    body: str


_AROUND = {"time": "timed", "capture": "captured"}
"""What stands around the code of a magic that runs Python."""


def _wrapped(node: ast.stmt, taken: AbstractSet[str]) -> _Wrapped | None:
    """What ``%time``, ``%%time``, ``%prun``, ``%%prun`` or ``%%capture`` runs."""
    value = node.value if isinstance(node, ast.Expr) else None
    if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Attribute) or len(value.args) < 2:
        return None
    words = [a.value for a in value.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    timed, captured = (support(n, taken).name for n in ("timed", "captured"))
    if value.func.attr == "run_line_magic" and words[0] == "time" and words[1].strip():
        return _Wrapped("time", f"{timed}()", words[1])
    if value.func.attr == "run_line_magic" and words[0] == "prun":
        return _profiled(words[1])
    if value.func.attr != "run_cell_magic" or len(words) < 3:
        return None
    name, line, body = words[0], words[1].strip(), words[2]
    if name == "time" and not line:
        return _Wrapped("time", f"{timed}()", body)
    if name == "prun":
        return _profiled(line, body)
    if name == "capture" and (not line or line.isidentifier()):
        return _Wrapped("capture", f"{captured}() as {line}" if line else f"{captured}()", body)
    return None


def _profiled(line: str, body: str = "") -> _Wrapped | None:
    """What the profiler runs, and shows nothing of: what it has measured stands beside the notebook."""
    options = re.match(r"(?:-q\s*(?=-|$|\s)|-[ls]\s*\S+\s*)*", line)
    rest = line[options.end() :].strip() if options else line
    return None if rest.startswith("-") else _Wrapped("prun", "", f"{rest}\n{body}".strip("\n"))


def all_places(cells: Mapping[int, PlainCell]) -> tuple[Place, ...]:
    """All statements, in the notebook's order."""
    return tuple(p for index in sorted(cells) for p in cells[index].places)
