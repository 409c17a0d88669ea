"""Whether two texts of a module say the same, but for its layout and for imports that nothing needs."""

from __future__ import annotations

import ast
import io
import tokenize

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


def means_the_same(left: bytes, right: bytes, *, defaults: bool = True) -> bool:
    """Whether two modules have the same statements and comments, and their names come from the same imports.

    Without ``defaults`` those of the functions at their top may differ: in the functions of steps they follow from the
    parameters.
    """
    if fault_in(left) or fault_in(right):
        return left == right
    return (
        _statements(left, defaults=defaults) == _statements(right, defaults=defaults)
        and _comments(left) == _comments(right)
        and _imports(left) == _imports(right)
    )


def first_row(content: bytes) -> int:
    """The line, from 1, at which a module is past its imports."""
    tree = ast.parse(content)
    imports = [n.end_lineno or 0 for n in tree.body if isinstance(n, (ast.Import, ast.ImportFrom))]
    return max(imports, default=0) + 1


def _statements(content: bytes, *, defaults: bool) -> str:
    tree = ast.parse(content)
    tree.body = [n for n in tree.body if not imports_of(n)]
    for node in tree.body if not defaults else ():
        if isinstance(node, ast.FunctionDef):
            node.args.defaults = [ast.Constant(None) for _ in node.args.defaults]
    return ast.dump(tree)


def _comments(content: bytes) -> list[str]:
    return [t.string for t in tokenize.tokenize(io.BytesIO(content).readline) if t.type == tokenize.COMMENT]


def _imports(content: bytes) -> set[Import]:
    """The imports at the top of a module that do something: they bind a name that is used, or are there for what they do."""
    tree = ast.parse(content)
    used = {n for node in tree.body if not imports_of(node) for n in names_of(ast.unparse(node)).mentioned}
    found = {i for node in tree.body for i in imports_of(node)}
    return {i for i in found if i.name in used or not harmless(i)}
