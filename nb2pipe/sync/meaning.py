"""Whether two texts of a module say the same, but for its layout and for imports that nothing needs."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Callable
from collections.abc import Set as AbstractSet

from nb2pipe.package.bindings import names_of
from nb2pipe.package.imports import harmless, imports_of
from nb2pipe.package.model import Import


def fault_in(content: bytes) -> SyntaxError | None:
    """What is wrong with a text that is no Python."""
    try:
        ast.parse(content)
    except SyntaxError as error:
        return error
    except ValueError as error:
        return SyntaxError(str(error))
    return None


def means_the_same(left: bytes, right: bytes) -> bool:
    """Whether two modules have the same statements and comments, and their names come from the same imports."""
    return _same(left, right, lambda node: node) and _comments(left) == _comments(right)


def follows(left: bytes, right: bytes, kind: str, taken: AbstractSet[str]) -> bool:
    """Whether two modules mean the same but for what follows from edits elsewhere, and changes nothing that is computed.

    That is, why a step stays a script; in the ``kind`` "steps" types and the defaults of parameters, and there and in
    "pipeline" what a step gives that no other takes. ``taken`` are the names that some step takes.
    """

    def plain(node: ast.stmt) -> ast.stmt:
        if kind == "pipeline":
            return _without_unused(node, taken)
        return _without_results(_without_defaults(node), taken) if kind == "steps" else node

    own = _behind_head if kind == "scripts" else list[str]
    return _same(left, right, plain) and (not kind or own(_comments(left)) == own(_comments(right)))


def names_taken(pipeline: bytes) -> set[str]:
    """The names that some step takes."""
    if fault_in(pipeline):
        return set()
    calls = [n for n in ast.walk(ast.parse(pipeline)) if isinstance(n, ast.Call)]
    given = [k.value for c in calls for k in c.keywords if k.arg == "takes"]
    return {n.value for g in given for n in ast.walk(g) if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def _same(left: bytes, right: bytes, plain: Callable[[ast.stmt], ast.stmt]) -> bool:
    if fault_in(left) or fault_in(right):
        return left == right
    one, other = ([ast.dump(plain(n)) for n in ast.parse(c).body if not imports_of(n)] for c in (left, right))
    return one == other and _imports(left) == _imports(right)


def _without_defaults(node: ast.stmt) -> ast.stmt:
    """The function of a step with neither the defaults of its parameters nor types, which follow from its statements."""
    if isinstance(node, ast.FunctionDef):
        node.args.defaults = [ast.Constant(None) for _ in node.args.defaults]
        node.returns = None
        for argument in (*node.args.args, *node.args.kwonlyargs):
            argument.annotation = None
    return node


def _without_results(node: ast.stmt, taken: AbstractSet[str]) -> ast.stmt:
    """The function of a step without what it returns that no other takes."""
    last = node.body[-1] if isinstance(node, ast.FunctionDef) else None
    if isinstance(node, ast.FunctionDef) and isinstance(last, ast.Return) and last.value is not None:
        given = last.value.elts if isinstance(last.value, ast.Tuple) else [last.value]
        if all(isinstance(e, ast.Name) for e in given):
            kept: list[ast.expr] = [e for e in given if isinstance(e, ast.Name) and e.id in taken]
            node.body[-1:] = [ast.Return(ast.Tuple(kept, ast.Load()))] if kept else []
    return node


def _without_unused(node: ast.stmt, taken: AbstractSet[str]) -> ast.stmt:
    """The pipeline without what its steps give that no other takes."""
    for call in [n for n in ast.walk(node) if isinstance(n, ast.Call)]:
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        tuples = [k.value for k in call.keywords if name == "Step" and k.arg == "gives"]
        tuples += call.args[1:] if name == "script" else []
        for given in tuples:
            if isinstance(given, ast.Tuple):
                given.elts = [e for e in given.elts if isinstance(e, ast.Constant) and e.value in taken]
        call.keywords = [k for k in call.keywords if not isinstance(k.value, ast.Tuple) or k.value.elts]
    return node


def first_row(content: bytes) -> int:
    """The line, from 1, at which a module is past its imports."""
    tree = ast.parse(content)
    imports = [n.end_lineno or 0 for n in tree.body if isinstance(n, (ast.Import, ast.ImportFrom))]
    return max(imports, default=0) + 1


def _comments(content: bytes) -> list[str]:
    return [t.string for t in tokenize.tokenize(io.BytesIO(content).readline) if t.type == tokenize.COMMENT]


def _behind_head(comments: list[str]) -> list[str]:
    """The comments of a script that are of cells."""
    return comments[next((n for n, c in enumerate(comments) if c.startswith("# %%")), 0) :]


def _imports(content: bytes) -> set[Import]:
    """The imports at the top of a module that do something: they bind a name that is used, or are there for what they do."""
    tree = ast.parse(content)
    used = {n for node in tree.body if not imports_of(node) for n in names_of(ast.unparse(node)).mentioned}
    found = {i for node in tree.body for i in imports_of(node)}
    return {i for i in found if i.name in used or not (i.module.startswith(".") or harmless(i))}
