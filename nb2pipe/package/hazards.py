"""What would mean something else inside of a function: where it occurs, a step stays a script."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from nb2pipe.analysis.effects import Effects
from nb2pipe.diagnostics import Sentence, Span, say
from nb2pipe.package.bindings import BUILTINS, Names, Place
from nb2pipe.package.calls import WITH_VALUES
from nb2pipe.package.cells import PlainCell
from nb2pipe.package.magics import RUNS
from nb2pipe.package.model import Reason

NAMESPACE = frozenset({"exec", "eval", "globals", "locals", "vars", "dir", "get_ipython", "__import__", "__name__"})
_HISTORY = frozenset({"In", "Out", "_oh", "_ih", "_", "__", "___", "_i", "_ii", "_iii"})
_SUPPORT = frozenset({"_display", "_show_figures", "captured", "display", "show_figures", "timed", WITH_VALUES})
_LOOKING = frozenset({"globals", "locals", "vars", "dir"})
_FRAMES = frozenset({"currentframe", "stack", "_getframe"})


def reasons(
    own: Sequence[Place],
    cells: Sequence[PlainCell],
    effects: Mapping[int, Effects],
    elsewhere: AbstractSet[str],
    given: AbstractSet[str],
    names: Names,
    ours: AbstractSet[str],
) -> tuple[Reason, ...]:
    """Why these statements cannot be the body of a function; empty where they can.

    ``elsewhere`` are the names that stand at the top of modules, ``given`` the function's arguments, ``names`` those of
    the whole body, ``ours`` those that stand at the top of modules for what is in place of magics.
    """
    found: list[Reason] = []
    for cell in cells:
        found += [
            Reason(say("`%1` has no form in plain Python", m), Span(cell.cell), refuses=True) for m in cell.refused
        ]
        if cell.raises:
            found.append(Reason(say("the cell is expected to fail"), Span(cell.cell)))
        for opaque in effects[cell.cell].opaque if cell.cell in effects else ():
            found.append(Reason(opaque.message, opaque.span))
    bound: set[str] = set()
    for place in own:
        found += [Reason(words, _span(place)) for words in _statement(place, bound, names.bound, elsewhere | given)]
        bound |= place.names.bound
    defined = {d.name for c in cells if c.cell in effects for d in effects[c.cell].definitions}
    hidden = {n for n in defined - names.bound - elsewhere if not is_history(n)}
    if hidden:
        found.append(Reason(say("`%1` is bound out of sight", ", ".join(sorted(hidden))), Span(cells[0].cell)))
    unknown = names.mentioned - names.bound - elsewhere - given - BUILTINS - _SUPPORT
    unknown -= {i.name for c in cells for i in c.imports}
    uses = {u.name: u.span for c in cells if c.cell in effects for u in effects[c.cell].uses}
    for name in sorted(ours & uses.keys() - names.bound - elsewhere - given):
        words = say("`%1`, which nothing has bound, would be there for what stands in place of a magic", name)
        found.append(Reason(words, uses[name], refuses=True))
    for name in sorted(unknown):
        where = next((_span(p) for p in own if name in p.names.mentioned), Span(cells[0].cell))
        if is_history(name):
            found.append(Reason(say("`%1` is what IPython remembers of earlier cells", name), where, refuses=True))
        else:
            found.append(Reason(say("`%1` is not known where it is read", name), where))
    return tuple(dict.fromkeys(found))


def _statement(
    place: Place, bound: AbstractSet[str], all_bound: AbstractSet[str], outside: AbstractSet[str]
) -> list[Sentence]:
    node, names = place.statement.node, place.names
    found = [say("`%1` looks at the namespace", n) for n in sorted(names.mentioned & NAMESPACE - names.bound - outside)]
    if names.declared:
        found.append(say("a function binds `%1` by `global`", ", ".join(sorted(names.declared))))
    early = names.read & all_bound - bound - outside
    if early & BUILTINS:
        found.append(say("`%1` is read as Python's own before it is bound", ", ".join(sorted(early & BUILTINS))))
    late = names.late & all_bound & BUILTINS - bound - outside
    if late:
        found.append(say("`%1` may be Python's own when it is read", ", ".join(sorted(late))))
    text = place.statement.text  # walking through trees is dear: only where there is a sign of what is looked for
    for inner in ast.walk(node) if "import" in text or any(f in text for f in _FRAMES) else ():
        if isinstance(inner, ast.ImportFrom) and inner.names[0].name == "*":
            found.append(say("`from %1 import *` is not allowed in a function", inner.module or "None"))
        elif (
            isinstance(inner, ast.Attribute)
            and inner.attr in _FRAMES
            and ast.unparse(inner.value) in ("inspect", "sys")
        ):
            found.append(say("`%1` looks at the frames of the callers", inner.attr))
    top = _top(node) if any(word in text for word in ("class", "await", "async")) else []
    found += [say("class `%1` would have another name", n.name) for n in top if isinstance(n, ast.ClassDef)]
    if any(isinstance(n, (ast.Await, ast.AsyncFor, ast.AsyncWith)) or getattr(n, "is_async", 0) for n in top):
        found.append(say("`await` at the top of a cell"))
    return found


def is_history(name: str) -> bool:
    """Whether IPython binds the name to what earlier cells were and showed."""
    return name in _HISTORY or re.fullmatch(r"_i?\d+", name) is not None


def looks_at_names(place: Place) -> bool:
    """Whether a statement asks which names there are."""
    if not place.names.mentioned & _LOOKING or place.statement.text.startswith(RUNS):
        return False
    return any(
        isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id in _LOOKING
        and (n.func.id in ("globals", "locals") or not n.args)
        for n in ast.walk(place.statement.node)
    )  # fmt: skip


def _top(*nodes: ast.AST) -> list[ast.AST]:
    """All that stands in the nodes' own scope."""
    found: list[ast.AST] = []
    stack = list(nodes)
    while stack:
        node = stack.pop()
        found.append(node)
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            stack.extend(ast.iter_child_nodes(node))
    return found


def _span(place: Place) -> Span:
    node = place.statement.node
    return Span(place.cell, node.lineno, node.end_lineno or node.lineno)
