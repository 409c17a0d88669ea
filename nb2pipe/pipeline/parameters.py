"""The pipeline's parameters: what the cell tagged ``parameters`` assigns at its top level."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Sequence
from typing import Any

from nb2pipe.diagnostics import Span
from nb2pipe.notebook.ipython import as_run
from nb2pipe.notebook.model import Code, Notebook
from nb2pipe.pipeline.model import Parameter


def find_parameters(notebook: Notebook, codes: Sequence[Code]) -> tuple[Parameter, ...]:
    """The parameters, in the order of their assignments; the last assignment of a name counts."""
    found: dict[str, Parameter] = {}
    for code in codes:
        if "parameters" not in code.cell.tags.roles or "skip" in code.cell.tags.roles or code.tree is None:
            continue
        text = as_run(code)
        assert text.tree is not None  # noqa: S101  it has that of the cell
        comments = _comments(text.cell.source)
        for node in text.tree.body:
            target, value, annotation = _assignment(node)
            if target is None or value is None:
                continue
            default, known = _literal(value)
            kind = annotation or (_type_name(default) if known else "")
            if not annotation and target in found and is_secret(found[target]):  # as papermill puts parameters in
                kind = found[target].type
            span = Span(
                code.cell.index, node.lineno, node.end_lineno or node.lineno, node.col_offset, node.end_col_offset or 0
            )
            told = comments.get(node.end_lineno or node.lineno, "")
            found[target] = Parameter(target, kind, default, told, span, _text(text.cell.source, value))
    return tuple(found.values())


def is_secret(parameter: Parameter) -> bool:
    """Whether a parameter is typed `nb2pipe.Secret`: a text that stands nowhere, and is looked up when the notebook runs."""
    return parameter.type.strip("'\"") in ("Secret", "nb2pipe.Secret")


def _assignment(node: ast.stmt) -> tuple[str | None, ast.expr | None, str]:
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id, node.value, ""
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
        return node.target.id, node.value, ast.unparse(node.annotation)
    return None, None, ""


def _literal(value: ast.expr) -> tuple[Any, bool]:
    """The default where it is a literal; else its source text, which `NB603` reports."""
    try:
        return ast.literal_eval(value), True
    except (ValueError, TypeError, SyntaxError, MemoryError):
        return ast.unparse(value), False


def _text(source: str, value: ast.expr) -> str:
    """The text of an expression; columns are characters."""
    lines = source.split("\n")[value.lineno - 1 : value.end_lineno]
    lines[-1] = lines[-1][: value.end_col_offset]
    lines[0] = lines[0][value.col_offset :]
    return "\n".join(lines)


def _type_name(default: Any) -> str:
    return "" if default is None else type(default).__name__


def _comments(source: str) -> dict[int, str]:
    """The comment at the end of each line, by line."""
    found: dict[int, str] = {}
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                found[token.start[0]] = token.string.lstrip("#: ").strip()
    except (tokenize.TokenError, SyntaxError):
        return found
    return found
