"""The types of what steps take and give, where one is sure: by what the statements say, never by what is likely.

A value has a type here where the statement that binds it leaves no choice: a literal, a constructor, a function that
always gives the same type. What the analysis says of a value may be no more than what it can be treated as; it is asked
only whether it agrees.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from nb2pipe.analysis.scopes import scope_of
from nb2pipe.package import known_types as tables
from nb2pipe.package.bindings import Place
from nb2pipe.package.imports import Imports
from nb2pipe.package.known_types import BUILTINS, FRAME, SERIES

Types = dict[str, str]


class Known(NamedTuple):
    """What names mean in the whole notebook: imports at the top of modules, the definitions of functions and classes.

    ``bound`` are all names that the notebook binds.
    """

    imports: Imports
    definitions: Mapping[str, ast.stmt]
    bound: AbstractSet[str]


def known_names(
    imports: Imports, functions: Iterable[ast.stmt], local: Iterable[tuple[str, str]], bound: AbstractSet[str]
) -> Known:
    """The names of a notebook, with the functions of the modules beside it that it imports by name."""
    definitions: dict[str, ast.stmt] = {str(getattr(f, "name", "")): f for f in functions}
    modules = {path.removesuffix(".py"): ast.parse(text).body for path, text in local}
    for name, (entry, *_) in imports.items():
        for node in modules.get(entry.module, ()):
            if isinstance(node, ast.FunctionDef) and node.name == entry.member and not _reads_names(node):
                definitions[name] = node
    return Known(imports, definitions, bound)


def _reads_names(node: ast.FunctionDef) -> bool:
    """Whether what a function of another module returns is called by names that may mean something else there."""
    return any(not _is_builtin(r.value) for r in ast.walk(node) if isinstance(r, ast.Return))


def _is_builtin(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in BUILTINS


def types_after(places: Sequence[Place], before: Mapping[str, str], known: Known) -> Types:
    """The types of the names that hold something of one sure type once the statements have run."""
    found = dict(before)
    for place in places:
        _run([place.statement.node], found, known, place.names.bound)
    return {n: t for n, t in found.items() if t}


def _run(body: Sequence[ast.stmt], found: Types, known: Known, bound: AbstractSet[str]) -> None:
    for node in body:
        if isinstance(node, ast.With) and _is_timed(node):
            _run(node.body, found, known, bound)
            continue
        made = dict(_bound_by(node, found, known))
        for name in bound:
            found.pop(name, None)
        found |= made


def _is_timed(node: ast.With) -> bool:
    call = node.items[0].context_expr
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in ("timed", "_timed")


def _bound_by(node: ast.stmt, found: Types, known: Known) -> Iterator[tuple[str, str]]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    value = node.value if isinstance(node, (ast.Assign, ast.AnnAssign)) else None
    if value is None:
        return
    for target in targets:
        if isinstance(target, ast.Name):
            yield target.id, _type(value, found, known)
        elif isinstance(target, ast.Tuple):
            parts = _parts(value, found, known)
            if len(parts) == len(target.elts):
                yield from ((t.id, p) for t, p in zip(target.elts, parts, strict=True) if isinstance(t, ast.Name))


def _parts(value: ast.expr, found: Types, known: Known) -> list[str]:
    """The types of the parts of a tuple, where it is known how many there are."""
    if isinstance(value, ast.Tuple):
        return [_type(e, found, known) for e in value.elts]
    if isinstance(value, ast.Call) and _dotted(value.func, known) == "sklearn.model_selection.train_test_split":
        given = [_type(a, found, known) for a in value.args]
        return [t if t in (FRAME, SERIES, "numpy.ndarray") else "" for t in given for _ in range(2)]
    return []


# -- expressions ------------------------------------------------------------------------------------------------------


def _type(node: ast.expr | None, found: Mapping[str, str], known: Known) -> str:
    """The type of what an expression gives, "" where it is not sure."""
    if isinstance(node, ast.Constant):
        return type(node.value).__name__ if type(node.value) in (int, float, str, bool, bytes, complex) else ""
    if node is not None and type(node) in tables.DISPLAYS:
        return tables.DISPLAYS[type(node)]
    if isinstance(node, ast.Name):
        return found.get(node.id, "")
    if isinstance(node, ast.IfExp):
        one, other = _type(node.body, found, known), _type(node.orelse, found, known)
        return one if one == other else ""
    if isinstance(node, ast.UnaryOp):
        inner = _type(node.operand, found, known)
        return "bool" if isinstance(node.op, ast.Not) else inner if inner in ("int", "float") else ""
    if isinstance(node, ast.BinOp):
        return _arithmetic(node.op, _type(node.left, found, known), _type(node.right, found, known))
    if isinstance(node, ast.Attribute):
        return FRAME if node.attr == "T" and _type(node.value, found, known) == FRAME else ""
    if isinstance(node, ast.Subscript):
        return _part(node, found, known)
    return _result(node, found, known) if isinstance(node, ast.Call) else ""


def _arithmetic(operator: ast.operator, one: str, other: str) -> str:
    if one == other == "str" and isinstance(operator, ast.Add):
        return "str"
    if {one, other} <= {"int", "float"} and isinstance(operator, (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod)):
        return "float" if "float" in (one, other) else "int"
    return "float" if {one, other} <= {"int", "float"} and isinstance(operator, ast.Div) else ""


def _part(node: ast.Subscript, found: Mapping[str, str], known: Known) -> str:
    """A part of a frame or a series that is of the same type again."""
    holder, index = node.value, node.slice
    if isinstance(holder, ast.Attribute) and holder.attr in ("iloc", "loc"):
        whole = _type(holder.value, found, known)
        return whole if whole in (FRAME, SERIES) and isinstance(index, ast.Slice) else ""
    whole = _type(holder, found, known)
    if whole == FRAME and (isinstance(index, (ast.Slice, ast.List, ast.ListComp)) or _is_mask(index, found, known)):
        return FRAME
    return SERIES if whole == SERIES and isinstance(index, ast.Slice) else ""


def _is_mask(node: ast.expr, found: Mapping[str, str], known: Known) -> bool:
    """Whether an expression compares a column of a frame, so that there is a truth value a row."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.BitAnd, ast.BitOr)):
        return _is_mask(node.left, found, known) and _is_mask(node.right, found, known)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Invert):
        return _is_mask(node.operand, found, known)
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        compares = not isinstance(node.ops[0], (ast.Is, ast.IsNot, ast.In, ast.NotIn))
        return compares and _is_column(node.left, found, known)
    return False


def _is_column(node: ast.expr, found: Mapping[str, str], known: Known) -> bool:
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, ast.Constant) and _type(node.value, found, known) == FRAME
    plain = isinstance(node, ast.Attribute) and node.attr not in tables.PLAIN_ATTRIBUTES
    return plain and isinstance(node, ast.Attribute) and _type(node.value, found, known) == FRAME


# -- calls ------------------------------------------------------------------------------------------------------------


def _result(node: ast.Call, found: Mapping[str, str], known: Known) -> str:
    options = {k.arg for k in node.keywords}
    if isinstance(node.func, ast.Name):
        name = node.func.id
        if name in known.definitions:
            return _made_by(known.definitions[name], known)
        if name not in known.bound:
            return _of_builtin(name, node, found, known)
    dotted = _dotted(node.func, known)
    if dotted:
        return _of_library(dotted, node, options)
    if isinstance(node.func, ast.Attribute):
        return _of_method(_type(node.func.value, found, known), node.func.attr, node, options)
    return ""


def _dotted(node: ast.expr, known: Known) -> str:
    """The dotted name of what is imported: ``pandas.read_csv`` for ``pd.read_csv``; "" where it is not."""
    if isinstance(node, ast.Attribute):
        head = _dotted(node.value, known)
        return f"{head}.{node.attr}" if head else ""
    if not isinstance(node, ast.Name) or node.id not in known.imports:
        return ""
    entry = known.imports[node.id][0]
    if entry.member:
        return f"{entry.module}.{entry.member}"
    return entry.module if entry.alias else node.id


def _of_builtin(name: str, node: ast.Call, found: Mapping[str, str], known: Known) -> str:
    if name in ("round", "abs") and node.args:
        inner = _type(node.args[0], found, known)
        if name == "round" and len(node.args) == 1:
            return "int" if inner in ("int", "float") and not node.keywords else ""
        return inner if inner in ("int", "float") else ""
    return BUILTINS.get(name, "")


def _of_library(dotted: str, node: ast.Call, options: AbstractSet[str | None]) -> str:
    module, _, name = dotted.rpartition(".")
    if module == "math":
        return "float" if name in tables.MATH else ""
    if module == "numpy" and name in tables.ARRAYS:
        return "numpy.ndarray" if not options & {"retstep", "like", None} and len(node.args) < 5 else ""
    if module == "pandas" and name in tables.FRAMES:
        barred = {"iterator", "chunksize", "squeeze", "sheet_name", "typ", None}
        return FRAME if not options & barred and len(node.args) <= tables.FRAMES[name] else ""
    if module.partition(".")[0] == "sklearn" and name[:1].isupper():
        return dotted
    return tables.CALLS.get(dotted, "") if "factory" not in options else ""


def _of_method(holder: str, name: str, node: ast.Call, options: AbstractSet[str | None]) -> str:
    if holder in (FRAME, SERIES):
        if name == "to_numpy":
            return "numpy.ndarray"
        same = name in (tables.ON_FRAMES if holder == FRAME else tables.ON_SERIES)
        return holder if same and not options & {"inplace", None} else ""
    if holder.startswith("sklearn.") and name == "fit":
        return holder
    return "str" if holder == "str" and name in tables.TEXT_METHODS else ""


def _made_by(node: ast.stmt, known: Known) -> str:
    """What a call of a function or class of the notebook gives."""
    if isinstance(node, ast.ClassDef):
        plain = not node.bases and not node.keywords and all(_is_dataclass(d) for d in node.decorator_list)
        own = {n.name for n in node.body if isinstance(n, ast.FunctionDef)}
        return f".{node.name}" if plain and "__new__" not in own else ""
    if not isinstance(node, ast.FunctionDef) or node.decorator_list or not _returns(node.body):
        return ""
    inner = list(_own_nodes(node))
    if any(isinstance(n, (ast.Yield, ast.YieldFrom)) for n in inner):
        return ""
    hidden = scope_of(node).locals
    seen = Known(
        {n: i for n, i in known.imports.items() if n not in hidden},
        {},  # what other functions give is not followed
        known.bound | hidden,
    )
    types = {_type(n.value, {}, seen) for n in inner if isinstance(n, ast.Return)}
    return types.pop() if len(types) == 1 else ""


def _is_dataclass(node: ast.expr) -> bool:
    called = node.func if isinstance(node, ast.Call) else node
    options = node.keywords if isinstance(node, ast.Call) else []
    return isinstance(called, ast.Name) and called.id == "dataclass" and not any(k.arg == "slots" for k in options)


def _own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function, those of functions inside of it left out."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            yield from _own_nodes(child)


def _returns(body: Sequence[ast.stmt]) -> bool:
    """Whether a body ends with a return on each way through it."""
    last = body[-1]
    if isinstance(last, ast.If):
        return bool(last.orelse) and _returns(last.body) and _returns(last.orelse)
    return isinstance(last, (ast.Return, ast.Raise)) or (isinstance(last, ast.With) and _returns(last.body))
