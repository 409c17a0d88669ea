"""The names of a package and of its steps: identifiers that hide nothing."""

from __future__ import annotations

import ast
import keyword
import re
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from nb2pipe.analysis.effects import Effects
from nb2pipe.diagnostics import UsageError, say
from nb2pipe.notebook.model import Code, Notebook
from nb2pipe.package.bindings import BUILTINS
from nb2pipe.package.calls import WITH_VALUES
from nb2pipe.pipeline.model import Pipeline, Step, Value

_RESERVED = frozenset(
    {"Parameters", "Pipeline", "Step", "run", "script"}
)  # what stands in pipeline.py beside the steps

_SUPPORT = frozenset(
    {"Path", "captured", "display", "figures_inline", "os", "ran", "show_figures", "subprocess", "timed", WITH_VALUES}
)  # what steps import for themselves


def package_name(notebook: Notebook, wanted: str | None, imported: Iterable[str], folder: Path) -> str:
    """The name that was asked for, or the notebook's own as an identifier that no module has.

    ``folder`` is where the notebook stands.

    Raises:
        UsageError: The name that was asked for is no identifier, or a module has it that Python or the notebook needs, or that
            stands beside the notebook: Python would find that one first.
    """
    beside = {p.stem for p in folder.glob("*.py")} | {p.parent.name for p in folder.glob("*/__init__.py")}
    taken = {m.partition(".")[0] for m in imported} | sys.stdlib_module_names | beside
    if wanted is not None:
        made = identifier(wanted)
        if wanted != made:
            raise UsageError(
                say(
                    "--name %1: a package needs a name of lower-case letters, digits and _; did you mean %2?",
                    wanted,
                    made,
                )
            )
        if wanted in taken:
            raise UsageError(
                say("--name %1: a module of that name is Python's own; did you mean %1_pipeline?", wanted)
                if wanted in sys.stdlib_module_names
                else say(
                    "--name %1: a module of that name stands beside the notebook; did you mean %1_pipeline?", wanted
                )
                if wanted in beside
                else say(
                    "--name %1: a module of that name is one that the notebook imports; did you mean %1_pipeline?",
                    wanted,
                )
            )
        return wanted
    made = identifier(notebook.name)
    return f"{made}_pipeline" if made in taken else made


def identifier(text: str) -> str:
    """A text as the name of a module: lower-case letters, digits and ``_``."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    made = re.sub(r"\W+", "_", plain).strip("_").lower() or "notebook"
    if made[0].isdigit():
        made = f"notebook_{made}"
    return f"{made}_" if keyword.iskeyword(made) else made


def _at_top(code: Code) -> set[str]:
    """The names that a cell may bind at the top of a module: those of imports, functions and classes."""
    found: set[str] = set()
    if code.tree is None or not any(word in code.text for word in ("import", "def", "class")):
        return found
    for node in ast.walk(code.tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= {a.asname or a.name.partition(".")[0] for a in node.names}
    return found


def with_importable_steps(pipeline: Pipeline, codes: Sequence[Code], effects: Iterable[Effects]) -> Pipeline:
    """The pipeline, its steps named so that functions can have their names, and hide nothing that other code means."""
    starred = {c.cell.index for c in codes if "import *" in c.text or "pylab" in c.text}
    named = {d.name for e in effects if e.cell in starred for d in e.definitions}
    hidden = _SUPPORT.union(named, *map(_at_top, codes))
    taken = {s.name for s in pipeline.steps} | hidden
    names = {s.name: s.name for s in pipeline.steps}
    for name in names:
        if keyword.iskeyword(name) or name in _RESERVED or name in BUILTINS or name in hidden:
            names[name] = next(n for n in (f"{name}{'_' * i}" for i in range(1, 9)) if n not in taken)
    if all(old == new for old, new in names.items()):
        return pipeline

    def renamed(step: Step) -> Step:
        inputs = tuple(Value(v.name, names[v.producer]) for v in step.inputs)
        return step._replace(name=names[step.name], inputs=inputs)

    return pipeline._replace(
        steps=tuple(renamed(s) for s in pipeline.steps),
        edges=tuple(e._replace(source=names[e.source], target=names[e.target]) for e in pipeline.edges),
        joined=tuple((tuple(names[s] for s in steps), value, kind) for steps, value, kind in pipeline.joined),
    )
