"""The plan of a package becomes the text of its files."""

from __future__ import annotations

import ast
import pprint
import sys
from collections.abc import Iterable, Sequence
from importlib.util import resolve_name
from pathlib import Path

from nb2pipe.emit.filetree import FileTree, file_tree
from nb2pipe.emit.source import indented
from nb2pipe.package.bindings import names_of
from nb2pipe.package.imports import import_text
from nb2pipe.package.local import names_of_local
from nb2pipe.package.model import Function, Import, Plan, PlannedStep
from nb2pipe.package.prose import comment, docstring
from nb2pipe.pipeline.model import Parameter
from nb2pipe.pipeline.split import step_name

_SHORT = 160  # lines up to which all steps stand in one file
_WIDTH = 88  # of the lines that are no notebook's, as formatters have it
RUNTIME = "_runtime"
"""The folder in which every package has a copy of `support`."""
_FOR_SEVERAL = frozenset({"joined.py", "_notebooks.py", "_process.py"})


def package_files(plan: Plan, name: str) -> FileTree:
    """The files of ``src/<name>``, by path from there."""
    return file_tree({"__main__.py": main_text(name), "py.typed": "", **part_files(plan, name), **runtime_files()})


def part_files(plan: Plan, package: str, takes: Sequence[str] = ()) -> dict[str, str]:
    """The files that hold a notebook's own code, by path from where it stands.

    ``package`` is the dotted name of that: a package of its own, or a part of one that several notebooks make; ``takes`` are then
    the names that other notebooks hand on to this one.
    """
    texts = {
        "__init__.py": docstring(plan.title, plan.prose, "") + "\n",
        "parameters.py": _parameters(plan),
        "pipeline.py": _pipeline(plan, package, takes),
        **_steps(plan, package),
        **dict(plan.local),
    }
    if plan.functions:
        texts["functions.py"] = _functions(plan)
    return texts


def runtime_files(*, several: bool = False) -> dict[str, bytes]:
    """The files of what runs a package, by path from there; ``several`` is whether it is one of several notebooks."""
    modules = Path(__file__).with_name("support").iterdir()  # not imported, which costs more than all of this
    names = {m.name: m for m in modules if m.name.endswith(".py") and (several or m.name not in _FOR_SEVERAL)}
    return {f"{RUNTIME}/{name}": module.read_bytes() for name, module in names.items()}


def main_text(name: str) -> str:
    """The module that is the command line."""
    return f'''"""Run the pipeline: `python -m {name} --help`."""

from ._runtime import main
from .pipeline import PIPELINE


def run() -> int:
    """Run the command line; gives the exit code."""
    return main(PIPELINE)


if __name__ == "__main__":
    raise SystemExit(run())
'''


# -- parameters ---------------------------------------------------------------------------------------------------


def _parameters(plan: Plan) -> str:
    lines = ['"""What can be set from outside."""', ""]
    fields = [_field(p) for p in plan.parameters]
    needs = ["dataclass", *(["field"] if any("field(" in f for f in fields) else [])]
    mentioned = {
        n for p in plan.parameters for n in names_of(_annotation(p) + "\n" + (default_text(p) or p.text)).mentioned
    }
    lines += [import_text([*(Import(n, "dataclasses", n) for n in needs), *_typing(mentioned),
                           *(i for i in plan.imports if i.name in mentioned)]), "", ""]  # fmt: skip
    words = "The parameters of the pipeline, and what they are by default." if fields else "The pipeline has none."
    lines += ["@dataclass(frozen=True)", "class Parameters:", f'    """{words}"""']
    if fields:
        lines += ["", *(f"    {f}" for f in fields)]
    return "\n".join(lines) + "\n"


def _typing(mentioned: Iterable[str]) -> list[Import]:
    return [Import(n, "typing", n) for n in ("Any", "Literal") if n in mentioned]


def _field(parameter: Parameter) -> str:
    start = f"{parameter.name}: {_annotation(parameter)} = "
    made_anew = _made_anew(parameter)
    value = default_source(parameter)
    if not made_anew and not parameter.help:
        return start + value
    arguments = [f"default_factory=lambda: {value}" if made_anew else f"default={value}"]
    if parameter.help:
        arguments.append(f"metadata={{{quoted('help')}: {quoted(parameter.help)}}}")
    return listed(f"{start}field(", arguments, ")", 1).lstrip()


def listed(head: str, items: Sequence[str], end: str, level: int = 0) -> str:
    """Items between a head and an end, indented: on one line where they fit (deep inside, with a comma), else a line each."""
    pad = "    " * level
    line = f"{pad}{head}{', '.join(items)}{end}"
    if "\n" not in line and len(line) <= _WIDTH - (level > 1):
        return line
    return f"{pad}{head}\n" + "".join(f"{pad}    {i},\n" for i in items) + f"{pad}{end}"


def _annotation(parameter: Parameter) -> str:
    return parameter.type or "Any"


def default_text(parameter: Parameter) -> str | None:
    """The default as it is written; None where it is computed, and ``Parameter.text`` says how."""
    if parameter.text:
        try:
            ast.literal_eval(f"({parameter.text})")
        except (ValueError, SyntaxError):
            return None
        if "\n" not in parameter.text:
            return parameter.text
    return (
        quoted(parameter.default)
        if isinstance(parameter.default, str)
        else _Literal(sort_dicts=False).pformat(parameter.default)
    )


def default_source(parameter: Parameter) -> str:
    """Python's text of a parameter's default, also where it is computed."""
    text = default_text(parameter)
    return text if text is not None else parameter.text or str(parameter.default)


class _Literal(pprint.PrettyPrinter):
    """Writes literals, their sets in order: as they are, that order is another in each process."""

    def format(self, value: object, context: dict[int, int], maxlevels: int, level: int) -> tuple[str, bool, bool]:
        if isinstance(value, set) and value:
            return "{" + ", ".join(sorted(map(repr, value))) + "}", True, False
        return super().format(value, context, maxlevels, level)


def _made_anew(parameter: Parameter) -> bool:
    """Whether each record of parameters needs a default of its own: it is computed, or can be changed."""
    return default_text(parameter) is None or isinstance(parameter.default, (list, dict, set))


def quoted(text: str) -> str:
    """A string in double quotes, where that needs no escape."""
    plain = repr(text)
    return f'"{plain[1:-1]}"' if plain.startswith("'") and '"' not in plain else plain


# -- functions and steps ------------------------------------------------------------------------------------------


def _functions(plan: Plan) -> str:
    mentioned = {n for f in plan.functions for n in f.mentions}
    body = "\n\n\n".join(_function(f) for f in plan.functions)
    used = import_text(_imported(plan, mentioned, "."))
    return f'"""What the steps of the pipeline have in common."""\n\n{used + chr(10) * 3 if used else chr(10)}{body}\n'


def _function(function: Function) -> str:
    above = "\n".join(c for c in function.statement.above if c)
    text = f"{function.text}  {function.statement.beside}" if function.statement.beside else function.text
    return f"{above}\n{text}" if above else text


def _imported(plan: Plan, mentioned: Iterable[str], here: str) -> list[Import]:
    """The imports that bind these names; ``here`` leads to the package (".", or ".." from a folder in it)."""
    local = names_of_local(plan)
    found = [Import(n, "__future__", n) for n in plan.future]
    experimental = any(i.module.startswith("sklearn.") for i in plan.imports if i.name in mentioned)
    for entry in plan.imports:
        if entry.name not in mentioned and not (experimental and entry.module == "sklearn.experimental"):
            continue
        if entry.module.startswith("."):
            found.append(entry._replace(module=here + entry.module[1:]))
        elif entry.module.partition(".")[0] in local:
            if entry.member:
                found.append(entry._replace(module=here + entry.module))
            else:
                found.append(Import(entry.name, here, entry.module, entry.alias))
        else:
            found.append(entry)
    return found


def _steps(plan: Plan, name: str) -> dict[str, str]:
    steps = [s for s in plan.steps if s.form == "function"]
    found = {f"scripts/{s.name}.py": script_text(s, plan, name) for s in plan.steps if s.form == "script"}
    if not steps:
        return found
    texts = {s.name: step_text(s, plan) for s in steps}
    if sum(t.count("\n") for t in texts.values()) <= _SHORT and not any(s.functions for s in steps):
        return {
            "steps.py": _module('"""The steps of the pipeline, in the order of the notebook."""', steps, plan, "."),
            **found,
        }
    names = sorted(s.name for s in steps)
    listing = "".join(f"from .{n} import {n}\n" for n in names)
    exported = "".join(f'    "{n}",\n' for n in names)
    found["steps/__init__.py"] = f'"""The steps of the pipeline."""\n\n{listing}\n__all__ = [\n{exported}]\n'
    for step in steps:
        found[f"steps/{step.name}.py"] = _module(docstring(title(step), "", ""), [step], plan, "..")
    return found


def _module(head: str, steps: Sequence[PlannedStep], plan: Plan, here: str) -> str:
    mentioned = {n for s in steps for n in s.mentions}
    used = import_text(_entries(plan, mentioned, here))
    body = "\n\n\n".join(t for s in steps for t in (*map(_function, s.functions), step_text(s, plan)))
    return f"{head}\n\n{used + chr(10) * 3 if used else chr(10)}{body}\n"


def _entries(plan: Plan, mentioned: Iterable[str], here: str) -> list[Import]:
    """The imports that bind these names, those of the notebook's functions with them."""
    functions = [Import(f.name, f"{here}functions", f.name) for f in plan.functions if f.name in mentioned]
    return [*_imported(plan, mentioned, here), *functions]


def title(step: PlannedStep) -> str:
    """The heading of a step, else its name in words."""
    return step.title or step.name.replace("_", " ").capitalize()


def step_text(step: PlannedStep, plan: Plan) -> str:
    """The function of a step."""
    known = {p.name: p for p in plan.parameters}
    chosen = [known[n] for n in step.parameters]
    plain = [p for p in chosen if _made_anew(p)]
    types = dict(step.types)
    taken = [f"{n}: {types[n, 'takes']}" if (n, "takes") in types else n for n in step.takes]
    arguments = [*taken, *(_argument(p) for p in plain), *(_argument(p) for p in chosen if p not in plain)]
    head = listed(f"def {step.name}(", arguments, f"){_result(step)}:")
    pieces = []
    for part in step.parts:
        text = f"{comment(part.prose)}\n{part.lines}" if part.prose else part.lines
        pieces.append(indented(text))
    body = "\n\n".join(pieces)
    if step.gives:
        body += ("\n" if body else "") + f"    return {', '.join(step.gives)}"
    elif not body:  # there are but functions above it
        body = "    pass"
    return "\n".join([head, *_docstring(step), body])


def _result(step: PlannedStep) -> str:
    """The annotation of what a step gives, where something is known of it."""
    types = dict(step.types)
    known = [types.get((n, "gives"), "Any") for n in step.gives]
    if not known:
        return " -> None"
    if all(t == "Any" for t in known):
        return ""
    return f" -> {known[0]}" if len(known) == 1 else f" -> tuple[{', '.join(known)}]"


def _docstring(step: PlannedStep) -> list[str]:
    """What the notebook says of a step; nothing where that is no more than its name."""
    if not says_more(step):
        first, _, more = step.prose.partition("\n\n")
        if len(first) <= _WIDTH - 10 and "\n" not in first:
            return [docstring(first, more)] if first else []
    return [docstring(title(step), step.prose)]


def says_more(step: PlannedStep) -> bool:
    """Whether the title of a step says more than its name."""
    return bool(step.title) and step_name(step.title, longest=sys.maxsize) != step.name


def _argument(parameter: Parameter) -> str:
    annotation = f": {parameter.type}" if parameter.type and parameter.type.isidentifier() else ""
    if _made_anew(parameter):
        return parameter.name + annotation
    default = default_text(parameter)
    return f"{parameter.name}{annotation} = {default}" if annotation else f"{parameter.name}={default}"


def script_text(step: PlannedStep, plan: Plan, name: str) -> str:
    """The cells of a step that stays a script."""
    why = "".join(comment(f"- {r.text}") + "\n" for r in step.reasons)
    used = import_text([e._replace(module=_absolute(e.module, name)) for e in _entries(plan, step.mentions, ".")
                        if not e.module.lstrip(".").startswith("_")])  # fmt: skip
    cells = "\n\n\n".join(f"# %% {p.tag}".rstrip() + f"\n{p.lines}" for p in step.parts)
    head = f"# {title(step)}. In a function this would mean something else:\n{why}"
    return f"{head}\n{used + chr(10) * 2 if used else ''}{cells}\n"


def _absolute(module: str, package: str) -> str:
    return resolve_name(module, package) if module.startswith(".") else module


# -- the pipeline -------------------------------------------------------------------------------------------------


def _pipeline(plan: Plan, package: str, takes: Sequence[str]) -> str:
    whole, _, part = package.rpartition(".")
    runtime = f".{'.' * bool(whole)}{RUNTIME}"
    functions = sorted(s.name for s in plan.steps if s.form == "function")
    entries = [Import("Pipeline", runtime, "Pipeline"), Import("Step", runtime, "Step"),
               Import("Parameters", ".parameters", "Parameters"), *(Import(n, ".steps", n) for n in functions)]  # fmt: skip
    if len(functions) < len(plan.steps):
        entries.append(Import("script", runtime, "script"))
    shown = _shown_sources(plan)
    home = part if whole else ""
    steps = "".join(f"{_step(s, [e for e in s.after if e not in shown[s.name]], home)}\n" for s in plan.steps)
    steps += f"    takes={_tuple(takes)},\n" if takes else ""
    what = (
        "its steps, and what flows between them"
        if not whole
        else "the steps of one notebook, and what flows between them"
    )
    return (
        f'"""The pipeline: {what}."""\n\n{import_text(entries)}\n\n'
        f"PIPELINE = Pipeline(\n    {quoted(part)},\n    Parameters,\n{steps})\n"
        + ("" if whole else "\nrun = PIPELINE.run\n")
    )


def _shown_sources(plan: Plan) -> dict[str, set[str]]:
    """By step the earlier ones that it visibly comes after: they give what it takes, or leave a state that it needs."""
    givers: dict[str, str] = {}
    leavers: dict[str, str] = {}
    found = {}
    for step in plan.steps:
        found[step.name] = {givers[n] for n in step.takes if n in givers} | {leavers[n] for n in step.needs}
        givers |= dict.fromkeys(step.gives, step.name)
        leavers |= dict.fromkeys(step.leaves, step.name)
    return found


def _step(step: PlannedStep, after: Sequence[str], part: str) -> str:
    """The line of a step in the pipeline, or its lines.

    ``after`` are the earlier ones that nothing else shows, ``part`` is the part of the package whose step it is.
    """
    scripted = ", ".join((quoted(step.name), _tuple(step.gives), *([quoted(part)] if part else [])))
    function = step.name if step.form == "function" else f"script({scripted})"
    named = {"takes": (*step.takes, *step.parameters), "gives": step.gives, "after": after,
             "needs": step.needs, "leaves": step.leaves}  # fmt: skip
    short = [function, *(f"{key}={_tuple(names)}" for key, names in named.items() if names)]
    long = [function, *(listed(f"{key}=(", [quoted(n) for n in names], ")", 2).lstrip() if len(names) > 1
                        else f"{key}={_tuple(names)}" for key, names in named.items() if names)]  # fmt: skip
    line = listed("Step(", short, "),", 1)
    return line if "\n" not in line else listed("Step(", long, "),", 1)


def _tuple(names: Sequence[str]) -> str:
    inside = ", ".join(quoted(n) for n in names)
    return f"({inside},)" if len(names) == 1 else f"({inside})"
