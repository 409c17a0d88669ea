"""The plan of a package: what of the notebook goes to the top of modules, what becomes a function, what stays a script."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from nb2pipe.analysis.effects import Analysis, Certainty, Effects
from nb2pipe.diagnostics import Span, say
from nb2pipe.emit.source import Statement
from nb2pipe.notebook.model import Code, Notebook
from nb2pipe.package.annotations import typed
from nb2pipe.package.bindings import BUILTINS, Place, binders, names_of
from nb2pipe.package.calls import WITH_VALUES, passing
from nb2pipe.package.carried import with_states
from nb2pipe.package.cells import PlainCell, all_places, plain_cells, support
from nb2pipe.package.defaults import computed_defaults
from nb2pipe.package.definitions import Acting
from nb2pipe.package.endings import kept_alive, makers
from nb2pipe.package.functions import at_home, lifted, ordered
from nb2pipe.package.hazards import is_history, looks_at_names, reasons
from nb2pipe.package.imports import cannot_fail, harmless, hoisted, import_text, imports_of
from nb2pipe.package.local import local_modules
from nb2pipe.package.model import Import, Part, Plan, PlannedStep, Reason
from nb2pipe.package.prose import plain_text, prose_before, title_of
from nb2pipe.package.stars import bound_anew, with_named_stars
from nb2pipe.package.sure_types import known_names
from nb2pipe.pipeline.model import Pipeline, Step
from nb2pipe.pipeline.parameters import is_secret
from nb2pipe.pipeline.split import step_name

_SUPPORT = ("display", "show_figures", WITH_VALUES)
"""What stands in the text of steps, of what every package has a copy of."""
_EXPRESSION_NAME = re.compile(r"@([^\W\d]\w*)")
_SHOWS = re.compile(r"(?:plt|pyplot|pylab)\.show\(\)")


def plan_package(
    notebook: Notebook, codes: Sequence[Code], analysis: Analysis, pipeline: Pipeline, folder: Path
) -> Plan:
    """Plan the package of a compiled notebook; ``folder`` is where the notebook stands."""
    return _Planner(notebook, codes, analysis, pipeline, folder).plan()


class _Planner:
    """What is known of the notebook while its package is planned."""

    def __init__(
        self, notebook: Notebook, codes: Sequence[Code], analysis: Analysis, pipeline: Pipeline, folder: Path
    ) -> None:
        self.notebook, self.pipeline = notebook, pipeline
        self.effects: dict[int, Effects] = {e.cell: e for e in analysis.effects}
        # a package looks nothing up: a secret is a text as any other
        declared = tuple(p._replace(type="str") if is_secret(p) else p for p in pipeline.parameters)
        self.parameters = {p.name: p for p in declared}
        names = {d.name for e in analysis.effects for d in e.definitions}
        every = with_named_stars(plain_cells(codes, names), self.effects, folder)
        first = {c.cell.index for c in codes if "parameters" in c.cell.tags.roles}
        self.cells = {index: cell for index, cell in every.items() if index not in first}
        settings = [p for index in sorted(first & every.keys()) for p in every[index].places]
        self.settled, unsettled = computed_defaults(declared, settings)
        self.refused = tuple(self._beside_parameters(settings, unsettled))
        self.places = (*(p for p in settings if imports_of(p.statement.node)), *all_places(self.cells))
        self.bound = binders(self.places)
        self.home = {c: s.name for s in pipeline.steps for c in s.cells}
        self.read = {n for p in self.places for n in p.names.mentioned}
        deleted = frozenset(d.name for e in analysis.effects for d in e.deletions)
        changed = deleted | {m.name for e in analysis.effects for m in e.mutations}
        accesses = [a for e in analysis.effects for a in e.accesses]
        staying = bound_anew(self.bound, self.places, folder) | self._missed()  # they do not mean the same everywhere
        fixed = staying | self.parameters.keys()
        own = {n: p for n, p in self.bound.items() if n not in fixed and not self._may_not_run(p[0])}
        self.imports, self.late = hoisted(own, accesses, deleted)
        self.acting: set[str] = set()  # imports that nothing mentions, and that other steps rely on
        used = {u.name for e in analysis.effects for u in e.uses}
        for name in self.imports.keys() - self.read:  # for what they do: they stay where they are
            if all(i.module == "sklearn.experimental" for i in self.imports[name]):
                continue
            if name in used:
                self.acting.add(name)
                self.late[name] = self.imports.pop(name)
            elif not all(harmless(i) for i in self.imports[name]):
                del self.imports[name]
        taken = names | self.bound.keys()
        displays = self.bound.get("display", ())
        if displays and "display" not in changed and all(_imports_display(p.statement.node) for p in displays):
            self.imports["display"] = (support("display", ()),)  # IPython has it before it is imported, too
            taken -= {"display"}
            self.late.pop("display", None)
        self.support = {n: support(n, taken) for n in _SUPPORT}
        known = {**self.bound, **{n: [] for n in self.parameters if n not in self.bound}}
        unsure = {n for p in self.places if self._may_not_run(p) for n in p.names.bound} - self.imports.keys()
        known = {n: p for n, p in known.items() if n not in unsure}  # what reads them looks for them when it is called
        acting = Acting(self.places)
        self.functions = lifted(self.places, known, self.imports.keys(), changed | unsure | staying, acting)
        self.elsewhere = self.imports.keys() | self.functions.keys()
        self.extra = {n: f.extra for n, f in self.functions.items() if f.extra}
        same = (self.elsewhere - self.extra.keys()) | (BUILTINS - {"__name__"} - self.bound.keys())
        given = {s.name: {v.name for v in s.inputs}.union(s.parameters) for s in pipeline.steps}
        own_places = [p for p in self.places if not self._may_not_run(p)]
        where_they_are = changed | unsure | staying | self.elsewhere
        self.at_home = at_home(own_places, self.home, same, given, where_they_are, acting)
        self.local = local_modules(
            folder, [i for found in (self.imports, self.late) for e in found.values() for i in e]
        )
        self.endings = makers(self.places)
        self.hears_ends = any("__del__" in c.cell.source for c in codes)
        self.captured = self._captured()
        self.looked_at = next((Span(p.cell, p.statement.node.lineno) for p in self.places if looks_at_names(p)), None)
        self.inputs: dict[str, set[str]] = {}
        self.ours = {i.name for cell in self.cells.values() for i in cell.imports}
        self.unchanged = {s.name: {*s.parameters} for s in pipeline.steps}
        self.givers = {s.name: {v.name: v.producer for v in s.inputs} for s in pipeline.steps}
        self.needed: dict[str, Import] = {i.name: i for i in self.support.values()}

    def plan(self) -> Plan:
        steps = [s for s in (self.step(s) for s in self.pipeline.steps if s.cells) if s.parts or s.functions]
        while True:
            steps = self._handed_over(steps)
            unsure = self._unsure(steps)
            if not unsure:
                break
            steps = [self._as_script(s, unsure[s.name]) if s.name in unsure else s for s in steps]
        steps = with_states(_arranged(steps), self.pipeline, self.effects)
        steps, more = self._typed(steps)
        imports = [*(i for found in self.imports.values() for i in found), *more]
        return Plan(
            name=self.pipeline.name,
            title=title_of(self.notebook),
            prose=prose_before(self.notebook, 0),
            parameters=self.settled,
            imports=tuple(dict.fromkeys((*imports, *self.needed.values()))),
            functions=tuple(ordered(self.functions)),
            steps=tuple(steps),
            local=self.local,
            refused=self.refused,
            left_out=tuple(self._left_out()),
            future=tuple(sorted(set(self._future()))),
        )

    def _left_out(self) -> Iterator[Reason]:
        """The magics that a package has nothing of, and the values that it therefore leaves as they were."""
        for cell in (c for index, c in sorted(self.cells.items()) if c.left_out):
            effects = self.effects.get(cell.cell)
            for line in cell.left_out:
                found = effects.mutations if effects is not None else ()
                changed = sorted({f"`{m.name}`" for m in found if m.span.line == line and not m.name.startswith("<")})
                text = self.notebook.cells[cell.cell].source.split("\n")[line - 1].strip()
                words = say("`%1` is left out: only Jupyter shows it", text)
                if changed:
                    words = say(
                        "`%1` is left out: only Jupyter shows it; it may change %2, which stays as it was",
                        text, ", ".join(changed),
                    )  # fmt: skip
                yield Reason(words, Span(cell.cell, line))

    def _future(self) -> Iterator[str]:
        """What the notebook imports from ``__future__``."""
        for place in self.places:
            node = place.statement.node
            if isinstance(node, ast.ImportFrom) and node.module == "__future__":
                yield from (alias.name for alias in node.names)

    def _typed(self, steps: Sequence[PlannedStep]) -> tuple[list[PlannedStep], list[Import]]:
        """The steps with the types of what they take and give, and the imports that only these need."""
        bound = self.bound.keys() | self.parameters.keys()
        definitions = [f.statement.node for f in self.functions.values()]
        known = known_names(self.imports, definitions, self.local, bound)
        own = {s.name: list(self._own([self.cells[c] for c in s.cells if c in self.cells])) for s in steps}
        return typed(steps, own, known, self.effects)

    def _beside_parameters(self, places: Sequence[Place], unsettled: Sequence[Place]) -> Iterator[Reason]:
        """What the cell of parameters does beside assigning them, and where it does that in a way that no record can have."""
        for place in places:
            node = place.statement.node
            assigned = place.names.bound and place.names.bound <= self.parameters.keys()
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and assigned:
                if place in unsettled:
                    words = say("a parameter is computed from another that may change or is computed by a call")
                    yield Reason(words, Span(place.cell, node.lineno), refuses=True)
            elif not imports_of(node) and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
                words = say("the cell of parameters does more than assign them")
                yield Reason(words, Span(place.cell, node.lineno), refuses=True)

    def _missed(self) -> set[str]:
        """The names that a cell which is expected to fail may read before they are bound, itself or through functions."""
        found: set[str] = set()
        for place in (p for p in self.places if p.cell in self.cells and self.cells[p.cell].raises):
            asked: set[str] = set()
            more = {*place.names.mentioned}
            while more:
                asked |= more
                more = {n for name in more for p in self.bound.get(name, ()) for n in p.names.late} - asked
            here = (place.cell, place.position)
            found |= {n for n in asked & self.bound.keys() if all((p.cell, p.position) > here for p in self.bound[n])}
        return found

    def _may_not_run(self, place: Place) -> bool:
        """Whether a cell that is expected to fail may do so before this import or definition has bound its name."""
        cell = self.cells.get(place.cell)
        if cell is None or not cell.raises:
            return False
        return not all(cannot_fail(p.statement.node) for p in cell.places if p.position <= place.position)

    # -- one step -----------------------------------------------------------------------------------------------------

    def step(self, step: Step) -> PlannedStep:
        """The step with its text, and what it takes; what it gives is what the steps behind it say."""
        planned = self._step(step)
        if planned.form == "script" and self.at_home.pop(step.name, {}):  # in scripts all stays where it was
            return self._step(step)
        return planned

    def _as_script(self, planned: PlannedStep, reasons_: Sequence[Reason]) -> PlannedStep:
        """A step that cannot be a function after all."""
        if self.at_home.pop(planned.name, {}):
            planned = self._step(next(s for s in self.pipeline.steps if s.name == planned.name))
        takes = tuple(sorted(self.inputs[planned.name]))
        return planned._replace(form="script", reasons=(*planned.reasons, *reasons_), takes=takes)

    def _step(self, step: Step) -> PlannedStep:
        cells = [self.cells[c] for c in step.cells if c in self.cells]
        for cell in cells:
            self.needed.update({i.name: i for i in cell.imports})
        own = list(self._own(cells))
        parts = tuple(p for p in (self._part(c, cells) for c in cells) if p.lines)
        text = "\n".join(p.lines for p in parts)
        names = names_of(text)
        at_home = self.at_home.get(step.name, {})
        elsewhere = self.elsewhere | at_home.keys()
        asked = set(_EXPRESSION_NAME.findall(text))  # a frame's `query` looks for them among the locals
        inputs = {v.name for v in step.inputs if not v.name.startswith("<")} - self.elsewhere - {*step.parameters}
        inputs = {n for n in inputs if not is_history(n)}
        self.inputs[step.name] = inputs - self.late.keys()
        extra = {x for n in names.mentioned for x in self.extra.get(n, ())} - names.bound
        relied = {u.name for c in step.cells if c in self.effects for u in self.effects[c].uses} & self.acting
        late = self.late.keys() & (names.mentioned | relied) - names.bound
        unchanged = {*step.parameters} | (extra & self.parameters.keys()) - inputs
        parameters = tuple(n for n in self.parameters if n in unchanged & (names.mentioned | asked | extra))
        takes = (inputs & (names.mentioned | asked) | extra) - late - {*parameters} - at_home.keys()
        found = reasons(own, cells, self.effects, elsewhere | late, takes | {*parameters}, names, self.ours)
        found += tuple(
            Reason(say("a function reads `%1`, which another step binds anew", name), Span(step.cells[0]))
            for name in sorted(self.captured)
            if step.name in self.captured[name]
        )
        found += tuple(
            Reason(
                say("binding `%1` anew ends an object, which does something then", name),
                Span(step.cells[0]),
                refuses=True,
            )
            for name in sorted(names.bound & inputs - names.mentioned if self.hears_ends else ())
        )
        if self.looked_at and not found:
            found = (Reason(say("another step looks at all names"), self.looked_at),)
        if found:  # what its functions read stands in no text of its own
            takes = self.inputs[step.name]
        if late:
            lines = import_text(i for n in sorted(late) for i in self.late[n])
            parts = (Part(step.cells[0], "", lines), *parts)
        return PlannedStep(
            name=step.name,
            title=_title(step),
            prose=self._prose(step),
            takes=tuple(sorted(takes)),
            parameters=parameters,
            gives=(),
            after=tuple(
                dict.fromkeys(e.source for e in self.pipeline.edges if e.target == step.name and e.kind != "data")
            ),
            parts=parts,
            mentions=names.mentioned.union(*(f.mentions for f in at_home.values())),
            cells=step.cells,
            form="script" if found else "function",
            reasons=found,
            functions=tuple(ordered(at_home)),
        )

    def _prose(self, step: Step) -> str:
        """What the Markdown before a step says of it, but for what it says of the whole notebook."""
        prose = prose_before(self.notebook, step.cells[0])
        return "" if prose == prose_before(self.notebook, 0) else prose

    def _own(self, cells: Sequence[PlainCell]) -> Iterator[Place]:
        """The statements that stay in a step."""
        for cell in cells:
            yield from (p for p in cell.places if not self._stands_elsewhere(p))

    def _stands_elsewhere(self, place: Place) -> bool:
        """Whether a statement stands at the top of a module."""
        node = place.statement.node
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            if isinstance(node, ast.ImportFrom) and node.module == "__future__":
                return True
            return bool(place.names.bound) and place.names.bound <= self.imports.keys()
        definition = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        name = getattr(node, "name", "")
        return definition and (name in self.functions or name in self.at_home.get(self.home.get(place.cell, ""), ()))

    def _shown(self, statement: Statement) -> bool:
        """Whether a notebook shows the value of this statement, were it the last of its cell."""
        node = statement.node
        if not isinstance(node, ast.Expr) or statement.silent or isinstance(node.value, (ast.Yield, ast.YieldFrom)):
            return False
        call = node.value
        silent = ("print", self.support["display"].name)
        return not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in silent)

    def _part(self, cell: PlainCell, cells: Sequence[PlainCell]) -> Part:
        lines: list[str] = []
        effects = self.effects.get(cell.cell)
        last = cell.places[-1].statement if cell.places else None
        own = list(self._own([cell]))
        for place in own:
            statement = place.statement
            gap = [""] if lines and "" in statement.above else []
            comments = [c for c in statement.above if c]
            text = passing(statement.text, self.extra)
            if "display" in self.imports and _imports_display(statement.node):
                text = import_text(e for e in imports_of(statement.node) if e.name != "display")
                if not text:
                    continue
            if statement is last and self._shown(statement) and effects is not None and effects.displays:
                text = _displayed(self.support["display"].name, text, statement)
            lines += [*gap, *comments, f"{text}  {statement.beside}" if statement.beside else text]
        if lines:
            lines += [c for c in cell.below if c]
            draws = effects is None or effects.draws
            if cell is not cells[-1] and draws and not (last and _SHOWS.fullmatch(last.text.strip())):
                lines.append(f"{self.support['show_figures'].name}()")
        prose = "" if cell is cells[0] else prose_before(self.notebook, cell.cell)
        return Part(cell.cell, prose, "\n".join(lines), "raises" if cell.raises else "", tuple(p.origin for p in own))

    # -- between steps ------------------------------------------------------------------------------------------------

    def _captured(self) -> dict[str, set[str]]:
        """The names that functions which stay in a step read when they are called, and that a later step binds anew.

        By name, the steps that read or bind it: in functions of their own they would not see the same.
        """
        readers: dict[str, set[str]] = {}
        for place in self.places:
            if not self._stands_elsewhere(place) and place.cell in self.home:
                for name in place.names.late & self.bound.keys() - self.elsewhere:
                    readers.setdefault(name, set()).add(self.home[place.cell])
        found = {}
        order = {s.name: i for i, s in enumerate(self.pipeline.steps)}
        for name, steps in readers.items():
            writers = {self.home[p.cell] for p in self.bound[name] if p.cell in self.home}
            if any(order[w] > min(order[s] for s in steps) for w in writers):
                found[name] = steps | writers
        return found

    def _handed_over(self, steps: Sequence[PlannedStep]) -> list[PlannedStep]:
        """The steps, each with what it gives: what those behind it take from it, and its results.

        One that may bind a name anew takes it, so that it has the old value to give.
        """
        found = list(steps)
        gives: dict[str, list[str]] = {s.name: self._results(s) for s in steps}
        scripts = any(s.form == "script" for s in steps)
        for position in reversed(range(len(found))):
            step = found[position]
            passed = {n for n in gives[step.name] if n in self.inputs[step.name] and n not in self._must(step)}
            if step.form == "function" and not passed <= {*step.takes}:
                step = found[position] = step._replace(takes=tuple(sorted({*step.takes, *passed})))
            lent = {n for n in gives[step.name] if n in self.unchanged[step.name] and n not in self._must(step)}
            if not lent <= {*step.parameters}:
                parameters = tuple(n for n in self.parameters if n in lent or n in step.parameters)
                step = found[position] = step._replace(parameters=parameters)
            # the functions of scripts find what they read in the namespace of the scripts
            for name in sorted({*step.takes, *(self.inputs[step.name] if scripts else ())}):
                giver = self.givers[step.name].get(name) or self._binder(name, found[:position])
                if giver in gives:
                    gives[giver].append(name)
        made = []
        for step in found:
            order = _order(step)
            names = sorted(dict.fromkeys(gives[step.name]), key=lambda n: (order.get(n, -1), n))
            made.append(step._replace(gives=tuple(names)))
        return made

    def _binder(self, name: str, steps: Sequence[PlannedStep]) -> str:
        """The last of the steps that binds a name which no step's own text reads."""
        homes = [self.home[p.cell] for p in self.bound.get(name, ()) if p.cell in self.home]
        return next((s.name for s in reversed(steps) if s.name in homes), "")

    def _effects(self, step: PlannedStep) -> Iterator[Effects]:
        yield from (self.effects[c] for c in step.cells if c in self.effects)

    def _must(self, step: PlannedStep) -> set[str]:
        """What a step binds for certain."""
        return {d.name for e in self._effects(step) for d in e.definitions if d.certainty is Certainty.MUST}

    def _deletes(self, step: PlannedStep) -> set[str]:
        return {d.name for e in self._effects(step) for d in e.deletions}

    def _unsure(self, steps: Sequence[PlannedStep]) -> dict[str, list[Reason]]:
        """The functions that would have to give or take what may be left without a value, and why."""
        found: dict[str, list[Reason]] = {}
        unsure: set[str] = set()
        if any(s.form == "script" for s in steps):
            for step in (s for s in steps if s.form == "function"):
                for name in sorted(self._deletes(step) & {*step.takes, *step.parameters}):
                    words = say("it deletes `%1`, for which a script may look", name)
                    found.setdefault(step.name, []).append(Reason(words, Span(step.cells[0])))
        for step in steps:
            there = {*step.takes, *step.parameters}
            open_ = {n for n in step.gives if n not in there and n not in self._must(step)}
            taken = unsure & {*step.takes}
            if step.form == "function":
                for name in sorted(open_ | taken):
                    words = say("`%1` may be left without a value", name)
                    found.setdefault(step.name, []).append(Reason(words, Span(step.cells[0])))
            unsure = (unsure - {*step.gives}) | open_ | (taken & {*step.gives})
        return found

    def _results(self, step: PlannedStep) -> list[str]:
        """What a step leaves that nothing takes and that somebody may want: nothing reads it, it is displayed, or it must not end."""
        own = list(self._own([self.cells[c] for c in step.cells if c in self.cells]))
        definitions = [d for e in self._effects(step) for d in e.definitions]
        figures = {d.name for d in definitions if d.kind == "matplotlib.figure.Figure"}
        must = self._must(step) - figures
        found = []
        for place in own:
            node = place.statement.node
            targets: list[ast.expr] = []
            if isinstance(node, ast.Assign):
                targets = node.targets
            elif isinstance(node, ast.AnnAssign):
                targets = [node.target]
            found += [t.id for t in targets if isinstance(t, ast.Name) and t.id in must - self.read]
        if own and self._shown(own[-1].statement):
            node = own[-1].statement.node
            root = _root(node.value) if isinstance(node, ast.Expr) else ""
            if root in must and root in {n for p in own if not imports_of(p.statement.node) for n in p.names.bound}:
                found.append(root)
        alive = kept_alive(own, self.endings) & must - self._deletes(step) - self.elsewhere - self.late.keys()
        return [*(n for n in found if not n.startswith("_") and n not in self.parameters), *sorted(alive)]


def _title(step: Step) -> str:
    """The heading of a step, unless it stands above several, of which this is one: ``Train`` above `train_forest`."""
    return "" if step.name.startswith(f"{step_name(step.title)}_") else plain_text(step.title)


def _order(step: PlannedStep) -> dict[str, int]:
    """When a step binds each name to what it holds at the end, as numbers that grow."""
    found: dict[str, int] = {}
    for part in step.parts:
        for node in ast.walk(ast.parse(part.lines)):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found[node.id] = len(found)
    return found


def _arranged(steps: Sequence[PlannedStep]) -> list[PlannedStep]:
    """The steps, each with what it takes in the order in which that is made."""
    made: dict[str, int] = {}
    found = []
    for step in steps:
        found.append(step._replace(takes=tuple(sorted(step.takes, key=lambda n: (made.get(n, -1), n)))))
        made |= {n: len(made) + i for i, n in enumerate(step.gives)}
    return found


def _imports_display(node: ast.stmt) -> bool:
    """Whether a statement imports IPython's `display`, by its name."""
    ours = isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "IPython"
    return ours and any((a.name, a.asname) == ("display", None) for a in node.names)  # type: ignore[attr-defined]  # it is an import


def _displayed(display: str, text: str, statement: Statement) -> str:
    """The call of ``display`` that shows a value; a tuple without parentheses gets some, for it would be two arguments."""
    if isinstance(statement.node, ast.Expr) and isinstance(statement.node.value, ast.Tuple):
        call = ast.parse(f"display({text})", mode="eval").body
        if not isinstance(call, ast.Call) or len(call.args) != 1 or not isinstance(call.args[0], ast.Tuple):
            return f"{display}(({text}))"
    return f"{display}({text})"


def _root(node: ast.expr) -> str:
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""
