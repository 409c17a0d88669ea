"""The driver of the analysis: interpret the cells in the notebook's order and say what each one does."""

from __future__ import annotations

import ast
import contextlib
import os
import re
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from nb2pipe.analysis.effects import (
    LIBRARIES,
    Access,
    Analysis,
    Certainty,
    Definition,
    Deletion,
    Effects,
    Mutation,
    Resource,
    Use,
)
from nb2pipe.analysis.interpreter import CALL_BUDGET, Interpreter, Record
from nb2pipe.analysis.interpreter.machine import FAMILIES
from nb2pipe.analysis.known.table import Table
from nb2pipe.analysis.modules import look_again
from nb2pipe.analysis.objects import STR, Binding, Obj, Val, atomic, reach, reachers, shareable
from nb2pipe.analysis.registering import COLORS
from nb2pipe.analysis.states import (
    DRAWN,
    FIGURES,
    FOR_LIBRARIES,
    READ_AT_IMPORT,
    figures_behind_scripts,
    is_plotting,
    may_draw,
    read_states,
)
from nb2pipe.collector import paused
from nb2pipe.diagnostics import Diagnostic, Severity, Span, say
from nb2pipe.notebook.model import Code, Notebook

_HISTORY = re.compile(r"(?:O(?<![\w.]O)ut|_(?<![\w.]_)(?:oh|__?|\d+))(?!\w)")  # Out, _oh, __, ___, _1
_LAST = re.compile(r"_(?<![\w.]_)(?!\w)")  # `_`
_ENDINGS = ("weakref", "__del__")  # by which a notebook hears that an object has ended
_LIMIT = 4_000  # objects looked at for one name; beyond, all names that share anything count as sharing


def analyze(notebook: Notebook, codes: Sequence[Code], folder: Path | None = None) -> Analysis:
    """The effects of every code cell that is part of the pipeline, in the notebook's order.

    ``codes`` are the parsed code cells; ``folder`` is where modules beside the notebook are looked for. Nothing is
    executed. The method is an abstract interpretation (Cousot and Cousot, 1977) of the notebook run top to
    bottom: flow-sensitive in names, flow-insensitive in the heap, functions interpreted at their calls.
    """
    look_again()
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, 12_000))  # a call of the notebook costs the interpreter some twenty frames
    try:
        with paused():
            return _Run(notebook, codes, folder).run()
    finally:
        sys.setrecursionlimit(limit)


class _Run:
    """One analysis: the machine, and the effects gathered so far."""

    def __init__(self, notebook: Notebook, codes: Sequence[Code], folder: Path | None) -> None:
        self.codes = [c for c in codes if "skip" not in c.cell.tags.roles]
        self.machine = Interpreter(Table(), folder)
        self.peers: dict[str, tuple[str, ...]] = {}
        self.ended: set[int] = set()
        self.effects: list[tuple[Code, Effects]] = []
        self.plotting = False
        self.history = any(_HISTORY.search(c.cell.source) for c in self.codes)
        self.machine.families = any(FAMILIES in c.cell.source for c in self.codes)
        self.machine.endings = any(word in c.cell.source for c in self.codes for word in _ENDINGS)
        self.last_asked = self.history or any(_asks_for_last(c) for c in self.codes)
        self.order = {code.cell.index: position for position, code in enumerate(self.codes)}

    def run(self) -> Analysis:
        for code in self.codes:
            self.cell(code)
        self.plotting = any(is_plotting(record) for record in self.machine.records.values())
        drawn = set(figures_behind_scripts(self.machine.records.values(), self.plotting))
        effects = tuple(self._late(code, effect, drawn) for code, effect in self.effects)
        return Analysis(effects)

    def cell(self, code: Code) -> None:
        """Interpret one cell and keep what it does."""
        machine = self.machine
        machine.cell = code.cell.index
        machine.current = code.cell
        record = Record(code.cell.index)
        machine.rec = record
        machine.records[code.cell.index] = record
        machine.budget = CALL_BUDGET
        machine.span = Span(code.cell.index)
        machine.last_value = ()
        machine.parameters_cell = "parameters" in code.cell.tags.roles
        written, changed = set(machine.written), frozenset(machine.changed_libraries)
        bound = {name: b.value for name, b in machine.space.names.items() if b is not None} if machine.endings else {}
        alive = True
        if code.tree is not None and code.tree.body:
            machine.span = machine.first_spans[code.cell.index] = machine.span_of(code.tree.body[0])
            last = code.tree.body[-1]
            machine.shown = last.value if isinstance(last, ast.Expr) else None
            try:
                if code.cell.tags.raises:
                    record.traits.add("fails")
                    alive = machine.run_failing_cell(code.tree.body)
                else:
                    alive = machine.run_block(code.tree.body, None)
                self._display(code)
                if machine.endings:
                    self._let_go(record, bound, code.tree.body[0])
            except Exception as error:  # any fault of the analysis makes the cell opaque, never wrong
                if os.environ.get("NB2PIPE_DEBUG"):
                    raise
                self._give_up(error)
        machine.parameters_cell = False
        if (Resource("environment", "environment"), "write") in record.accesses and READ_AT_IMPORT.search(
            code.cell.source
        ):
            machine.written.add(FOR_LIBRARIES)
        if "last" in code.cell.tags.roles:
            record.traits.add("identity")  # whoever reads the names then may see what they share
        if "warnings" in written and _warns(code):
            record.traits.add("warns")
        first = machine.first_spans.get(code.cell.index, machine.span)
        for access in read_states(record, written, changed, first, machine.drawing):
            record.accesses.setdefault((access.resource, access.mode), access)
            if code.tree is None or not code.tree.body:
                continue
            if access.resource.key.startswith("patch:"):
                self._run_patches(access.resource.key.removeprefix("patch:"), code.tree.body[0])
            elif access.resource == LIBRARIES:
                machine.call_back(machine.kept_by_libraries, [], code.tree.body[0])
                if FAMILIES in record.libraries or FAMILIES in code.cell.source:
                    self._keep_classes(record, first)
        if (FIGURES, "write") in record.accesses:
            self._plot(record)
        if machine.registering and code.tree is not None and ("imports" in record.traits or _uses_objects(code.tree)):
            self._go_by_imports(record, code, first)
        if not alive:
            self.ended.add(code.cell.index)
        self.effects.append((code, self._effects(code, record, alive)))

    def _run_patches(self, target: str, node: ast.stmt) -> None:
        """What the notebook has put into a library is called by the library, whoever uses it."""
        owner, _, name = target.rpartition(".")
        found = [value for where, value in self.machine.patches.get(name, ()) if where == owner]
        self.machine.call_back((o for value in found for o in value), [], node)

    def _let_go(self, record: Record, bound: dict[str, Val], node: ast.stmt) -> None:
        """Where the notebook hears when objects end, a cell that lets go of one acts on it, and on whoever refers to it weakly.

        ``bound`` is what the names were bound to before the cell.
        """
        machine = self.machine
        again = {name: span for name, span in (record.defined | record.deleted).items() if name in bound}
        for name, span in again.items():
            record.uses.setdefault(name, (span, Certainty.MAY, False))
            machine.mutate(o for o in reach(bound[name], classes=False) if o.kind == "value" and not atomic(o))
        machine.call_dunder(tuple(reach(tuple(record.dirty), classes=False)), ("__del__",), [], node)

    def _keep_classes(self, record: Record, span: Span) -> None:
        """Who asks a class for those that are made from it finds those that somebody holds: what has no name any more is cleared away."""
        for name, binding in self.machine.space.names.items():
            if binding.must != record.cell and any(obj.kind == "class" for obj in reach(binding.value)):
                record.uses.setdefault(name, (span, Certainty.MAY, False))

    def _go_by_imports(self, record: Record, code: Code, span: Span) -> None:
        """Whoever uses a library may come by what other modules have put into it when they were imported."""
        for name, module in self.machine.registering.items():
            binding = self.machine.space.names.get(name)
            if (
                binding is None
                or binding.must == record.cell
                or not any(o.kind in ("module", "ref") for o in binding.value)
            ):
                continue
            if not module.startswith("seaborn") or COLORS.search(code.cell.source):
                record.uses.setdefault(name, (span, Certainty.MAY, False))

    def _plot(self, record: Record) -> None:
        """Where figures stay open, whoever plots may change any of them, whatever its name."""
        for binding in self.machine.space.names.values():
            for obj in reach(binding.value, classes=False):
                if obj.type is not None and obj.type.startswith("matplotlib."):
                    record.dirty.setdefault(obj, self.machine.first_spans[record.cell])

    def _give_up(self, error: Exception) -> None:
        machine = self.machine
        machine.journals.clear()
        machine.loops.clear()
        machine.functions.clear()
        machine.tries.clear()
        machine.stack.clear()
        machine.consuming.clear()
        machine.may = machine.in_try = 0
        machine.unseen_code()
        reason = f"{type(error).__name__}: {error}"
        machine.opaque("NB204", say("nb2pipe could not analyse this cell (%1), and orders it against everything", reason),
                       say("please report it with the cell"))  # fmt: skip

    def _display(self, code: Code) -> None:
        """The value of the last expression is shown, unless a semicolon says otherwise."""
        machine = self.machine
        assert code.tree is not None  # noqa: S101  the caller has looked
        last = code.tree.body[-1]
        if not isinstance(last, ast.Expr) or code.cell.source.lstrip().startswith("%%capture"):
            return  # what is captured is not shown, nor kept as `_`
        value = machine.last_value
        if not code.cell.source.rstrip().endswith(";") and any(o.type != "None" for o in value):
            machine.rec.traits.add("shows")
            machine.rec.traits.add("displays")
            machine.call_dunder(
                value, ("_repr_html_", "_repr_mimebundle_", "_ipython_display_", "__repr__", "__str__"), [], last
            )
            machine.call_dunder(value, ("__getattr__",), [STR], last)
            # What may be None, and what may have failed before, may leave `_` as it was.
            sure = not code.cell.tags.raises and all(o.type is not None and o.type != "None" for o in value)
            count = self.order[code.cell.index] + 1
            machine.displayed(value, count, sure=sure or not self.last_asked, whole=self.history)
            if sure and machine.space.names["_"].must == -2:
                machine.rec.traits.add("shows for certain")

    # -- the record becomes effects -------------------------------------------------------------------------------

    def _effects(self, code: Code, record: Record, alive: bool) -> Effects:
        machine = self.machine
        names = machine.space.names
        certain = alive and not code.cell.tags.raises
        definitions = []
        for name, span in record.defined.items():
            binding = names.get(name)
            if binding is None:
                continue
            must = binding.must == record.cell and certain
            definitions.append(Definition(name, Certainty.MUST if must else Certainty.MAY, span, _kind_of(binding)))
        deletions = []
        for name, span in record.deleted.items():
            binding = names.get(name)
            if binding is None and certain:
                deletions.append(Deletion(name, Certainty.MUST, span))
            elif binding is None or binding.maybe_unbound or binding.must != record.cell:
                deletions.append(Deletion(name, Certainty.MAY, span))
        mutated = self._mutated(record)
        shown = ("_", *(("Out", "_oh", f"_{self.order[record.cell] + 1}", "__", "___") if self.history else ()))
        lent = [n for n in self._names_of(o for patch in record.patches for o in patch.holds) if n not in mutated]
        touched = [*record.defined, *mutated, *lent, *(shown if "displays" in record.traits else ())]
        return Effects(
            cell=record.cell,
            definitions=tuple(definitions),
            uses=tuple(Use(n, span, certainty) for n, (span, certainty, _) in record.uses.items()),
            mutations=tuple(Mutation(n, Certainty.MAY, s) for n, s in sorted(mutated.items())),
            deletions=tuple(deletions),
            accesses=tuple(record.accesses.values()),
            opaque=tuple(record.opaque),
            sharing=self._sharing(touched, record.deleted),
            fixed=(*self._fixed(touched), *_fixed_states(record)),
            modules=tuple(record.modules),
            identity="identity" in record.traits,
            displays="displays" in record.traits,
        )

    def _mutated(self, record: Record) -> dict[str, Span]:
        """The names that reach an object which the cell changed."""
        machine = self.machine
        found: dict[str, Span] = {}
        seen: set[Obj] = set()  # a holder is asked once: the names that it has are found already
        for obj, span in record.dirty.items():
            if obj.cell == record.cell and not obj.names:
                continue
            for holder in reachers((obj,), seen, obj.views if obj in record.columns else ()):
                if holder.kind == "module":
                    key = holder.data if str(holder.data).startswith("patch:") else f"module:{holder.data}"
                    access = Access(Resource("setting", key), "write", span, Certainty.MAY)
                    record.accesses.setdefault((access.resource, "write"), access)
                    machine.written.add(key)
                    continue
                for name in holder.names:
                    binding = machine.space.names.get(name)
                    if binding is None or name in found or binding.must == record.cell:
                        continue
                    if holder in binding.value:
                        found[name] = span
        return found

    def _sharing(self, touched: Iterable[str], deleted: Iterable[str]) -> tuple[tuple[str, ...], ...]:
        """For each name touched, the names with which it now shares an object that can be changed."""
        names = self.machine.space.names
        groups = []
        for name in dict.fromkeys((*touched, *deleted)):
            binding = names.get(name)
            peers: set[str] = set()
            if binding is not None and not all(map(atomic, binding.value)):
                objects = []
                for count, obj in enumerate(self._held(binding)):
                    if count > _LIMIT:
                        peers.update(self.peers)
                        break
                    if shareable(obj):
                        objects.append(obj)
                for holder in reachers(objects):
                    if holder.kind == "module" and holder.data in self.machine.spaces:
                        peers.add(f"<module:{holder.data}>")
                    elif holder.kind == "module" and str(holder.data).startswith("patch:"):
                        peers.add(f"<{holder.data}>")
                    if FIGURES.key in self.machine.written and (holder.type or "").startswith("matplotlib."):
                        peers.add(f"<{FIGURES.key}>")
                    for other in holder.names:
                        if other != name and other not in peers:
                            found = names.get(other)
                            if found is not None and holder in found.value:
                                peers.add(other)
            group = tuple(sorted(peers))
            if group or self.peers.get(name):
                groups.append((name, *group))
                self.peers[name] = group
        return tuple(groups)

    def _held(self, binding: Binding) -> Iterator[Obj]:
        """Every object that can be got at from a name, each once; the attributes of classes are theirs.

        An instance is asked for those of its class where only instances have it still.
        """
        seen: set[Obj] = set()
        roots = [o for o in binding.value if o.kind not in ("module", "ref")]
        while roots:
            classes = []
            for obj in reach(roots, classes=False):
                if obj in seen:
                    continue
                seen.add(obj)
                yield obj
                if obj.kind == "class":
                    classes.append(obj)
                elif obj.klass is not None and not any(self._own_names(obj.klass)):
                    classes.append(obj.klass)
            roots = [h for o in classes for c in self.machine.order_of(o) for h in c.holds if h not in seen]

    def _names_of(self, objs: Iterable[Obj]) -> Iterator[str]:
        """The names from which the objects can be got at."""
        for holder in reachers(objs):
            yield from self._own_names(holder)

    def _own_names(self, obj: Obj) -> Iterator[str]:
        """The names that are bound to the object itself."""
        names = self.machine.space.names
        yield from (n for n in sorted(obj.names) if n in names and obj in names[n].value)

    def _fixed(self, touched: Iterable[str]) -> tuple[tuple[str, str], ...]:
        """The touched names that hold something which cannot leave its process, with its kind."""
        names = self.machine.space.names
        found = []
        for name in dict.fromkeys(touched):
            binding = names.get(name)
            if binding is None:
                continue
            if not any(o.fixed or o.holds or o.attrs for o in binding.value):
                continue
            kinds = sorted({o.fixed for o in reach(binding.value, classes=False) if o.fixed and not _is_label(o)})
            if kinds:
                found.append((name, kinds[0]))
        return tuple(found)

    def _late(self, code: Code, effects: Effects, drawn: set[int]) -> Effects:
        """Add what only later cells made known: names of star imports and opaque cells, what was displayed, and who drew."""
        machine = self.machine
        record = machine.records[effects.cell]
        known = {d.name for d in effects.definitions}
        definitions = list(effects.definitions)
        for name, span in record.defined.items():
            if name not in known and (
                name in record.forced
                or name in record.perhaps
                or record.read_all
                or effects.cell in machine.opaque_cells
            ):
                must = name in record.forced and not code.cell.tags.raises
                kind = "import" if must else "star" if name in record.perhaps else ""
                definitions.append(Definition(name, Certainty.MUST if must else Certainty.MAY, span, kind))
        if machine.history_read and "displays" in record.traits:
            span = machine.first_spans[effects.cell]
            count = self.order[effects.cell] + 1
            certain = "shows for certain" in record.traits and effects.cell not in self.ended
            sure = Certainty.MUST if certain else Certainty.MAY
            definitions += [Definition(n, sure, span) for n in ("_", f"_{count}")]
            definitions += [Definition(n, Certainty.MAY, span) for n in ("__", "___", "Out", "_oh")]
        accesses = effects.accesses
        if effects.cell in drawn:
            accesses = (*accesses, Access(DRAWN, "write", self.machine.first_spans[effects.cell], Certainty.MAY))
        draws = may_draw(record, self.plotting)
        return effects._replace(definitions=tuple(definitions), accesses=accesses, draws=draws)


def _asks_for_last(code: Code) -> bool:
    """Whether a cell may read ``_``, by its name or in a text that is run: a magic's, that of ``exec``."""
    if code.tree is None or not _LAST.search(code.cell.source):
        return False
    return any(
        (isinstance(node, ast.Name) and node.id == "_" and isinstance(node.ctx, ast.Load))
        or (isinstance(node, ast.Constant) and isinstance(node.value, str) and _LAST.search(node.value) is not None)
        for node in ast.walk(code.tree)
    )


def _uses_objects(tree: ast.AST) -> bool:
    """Whether a cell calls anything, or asks an object for anything."""
    return any(isinstance(node, (ast.Call, ast.Attribute)) for node in ast.walk(tree))


def _is_label(obj: Obj) -> bool:
    """Whether an object is an address by which another is known: what an instance keeps so, it only tells others apart by."""
    return obj.fixed == "address" and any(holder.klass is not None for holder in obj.held_by)


def _fixed_states(record: Record) -> Iterator[tuple[str, str]]:
    """The states that a cell has changed and that cannot leave their process, with their kind."""
    if (LIBRARIES, "write") in record.accesses:
        yield f"<{LIBRARIES.key}>", "library"


def _kind_of(binding: Binding) -> str:
    """What was bound, in a word: module, function, class, or the type where it is known."""
    kinds = {_word(o) for o in binding.value}
    return kinds.pop() if len(kinds) == 1 else ""


def _word(obj: Obj) -> str:
    if obj.kind in ("module", "ref"):
        return "import"
    if obj.kind in ("function", "class"):
        return obj.kind
    return obj.type or ""


__all__ = ["Diagnostic", "Severity", "analyze"]


def _warns(code: Code) -> bool:
    """Whether Python warns when it compiles the cell, of an unknown escape or of ``x is 1``."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        with contextlib.suppress(SyntaxError, ValueError, RecursionError):
            compile(code.text, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    return bool(found)
