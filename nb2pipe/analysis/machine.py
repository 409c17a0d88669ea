"""The state of the abstract machine: namespaces with branches, the record of the current cell, mutation and access."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from nb2pipe.analysis.effects import Access, Certainty, Mode, Resource, ResourceKind
from nb2pipe.analysis.known.table import Table
from nb2pipe.analysis.objects import HOLE, UNKNOWN, Binding, Frame, Function, Obj, Space, Val, atomic, join, reach, view
from nb2pipe.diagnostics import Diagnostic, Severity, Span

Store = dict[str, Any]
Diff = dict[tuple[int, str], tuple[Store, Any]]

CALL_DEPTH = 24
CALL_BUDGET = 30_000
SOURCE_BUDGET = 4_000
SOURCE_DEPTH = 5
HOLE_TEXT = HOLE


@dataclass(slots=True)
class Region:
    """A loop, a function body or a ``try`` that a jump may leave: the bindings at each jump are joined at its end."""

    depth: int
    snapshots: list[Diff] = field(default_factory=list)


@dataclass(slots=True)
class Record:
    """What is gathered about one cell while it is interpreted."""

    cell: int
    uses: dict[str, tuple[Span, Certainty, bool]] = field(default_factory=dict)
    defined: dict[str, Span] = field(default_factory=dict)
    forced: set[str] = field(default_factory=set)
    deleted: dict[str, Span] = field(default_factory=dict)
    dirty: dict[Obj, Span] = field(default_factory=dict)
    accesses: dict[tuple[Resource, Mode], Access] = field(default_factory=dict)
    opaque: list[Diagnostic] = field(default_factory=list)
    libraries: set[str] = field(default_factory=set)
    modules: dict[str, None] = field(default_factory=dict)
    traits: set[str] = field(default_factory=set)
    read_all: bool = False


class Exhausted(Exception):
    """The source of an installed module takes more work to interpret than it is given."""


class Machine:
    """Namespaces, branches and records. The interpreter proper is built on top of it."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.space = Space()
        self.spaces: dict[str, Space] = {}
        self.cell = -1
        self.rec = Record(-1)
        self.records: dict[int, Record] = {}
        self.may = 0
        self.span = Span(-1)
        self.journals: list[Diff] = []
        self.loops: list[tuple[Region, Region]] = []
        self.functions: list[Region] = []
        self.tries: list[Region] = []
        self.stack: list[ast.AST] = []
        self.budget = 0
        self.opaque_cells: list[int] = []
        self.star_modules: list[str] = []
        self.asked: dict[str, int] = {}
        self.written: set[str] = set()
        self.consuming: set[Obj] = set()
        self.method_names: set[str] = set()
        self.in_try = 0
        self.source_depth = 0
        self.given_up: set[ast.AST] = set()
        self.last_value: Val = ()
        self.history_read = False
        self.parameters_cell = False
        self.keep: list[ast.AST] = []

    # -- branches ---------------------------------------------------------------------------------------------

    def put(self, store: Store, name: str, entry: Any) -> None:
        """Bind in a store, remembering in the journal what stood there."""
        if self.journals:
            key = (id(store), name)
            journal = self.journals[-1]
            if key not in journal:
                journal[key] = (store, store.get(name))
        if entry is None:
            store.pop(name, None)
        else:
            store[name] = entry

    def run_branch(self, thunk: Callable[[], bool]) -> tuple[bool, Diff]:
        """Run one branch and undo its bindings: whether it ends normally, and what it bound."""
        self.journals.append({})
        self.may += 1
        alive = thunk()
        self.may -= 1
        journal = self.journals.pop()
        after: Diff = {}
        for key, (store, old) in journal.items():
            after[key] = (store, store.get(key[1]))
            if old is None:
                store.pop(key[1], None)
            else:
                store[key[1]] = old
        return alive, after

    def branches(self, *thunks: Callable[[], bool]) -> bool:
        """Run alternatives from the same state and join those that end normally; False where none does."""
        results = [self.run_branch(thunk) for thunk in thunks]
        return self.join_diffs([after for alive, after in results if alive])

    def bounded(self, thunk: Callable[[], Val]) -> Val | None:
        """Run ``thunk``; None where it exhausts its budget: the branches and loops that it stood in are left, undone."""
        lists: tuple[list[Any], ...] = (self.loops, self.functions, self.tries, self.stack)
        lengths = [len(part) for part in lists]
        depth = len(self.journals)
        may, in_try, source_depth, span, consuming = (
            self.may,
            self.in_try,
            self.source_depth,
            self.span,
            set(self.consuming),
        )
        try:
            return thunk()
        except Exhausted:
            while len(self.journals) > depth:
                for key, (store, old) in self.journals.pop().items():
                    if old is None:
                        store.pop(key[1], None)
                    else:
                        store[key[1]] = old
            self.loops, self.functions, self.tries, self.stack = lists
            for part, length in zip(lists, lengths, strict=True):
                del part[length:]
            self.may, self.in_try, self.source_depth, self.span, self.consuming = (
                may,
                in_try,
                source_depth,
                span,
                consuming,
            )
            return None

    def join_diffs(self, diffs: list[Diff]) -> bool:
        """Make the state the join of the states that ``diffs`` lead to."""
        if not diffs:
            return False
        keys: dict[tuple[int, str], Store] = {}
        for diff in diffs:
            for key, (store, _) in diff.items():
                keys[key] = store
        for key, store in keys.items():
            name = key[1]
            current = store.get(name)
            entries = [diff[key][1] if key in diff else current for diff in diffs]
            merged = entries[0]
            for entry in entries[1:]:
                merged = merge(merged, entry)
            self.put(store, name, merged)
        return True

    def snapshot(self, region: Region) -> None:
        """Remember the bindings of this moment for the end of ``region``: a jump leads there."""
        diff: Diff = {}
        for journal in self.journals[region.depth :]:
            for key, (store, _) in journal.items():
                diff[key] = (store, store.get(key[1]))
        region.snapshots.append(diff)

    def in_region(self, region: Region, thunk: Callable[[], bool]) -> bool:
        """Run ``thunk`` as the body of ``region`` and join what the jumps out of it brought."""
        self.journals.append({})
        region.depth = len(self.journals) - 1
        alive = thunk()
        journal = self.journals.pop()
        if not region.snapshots:
            if self.journals:
                outer = self.journals[-1]
                for key, entry in journal.items():
                    outer.setdefault(key, entry)
            return alive
        after: Diff = {}
        for key, (store, old) in journal.items():
            after[key] = (store, store.get(key[1]))
            if old is None:
                store.pop(key[1], None)
            else:
                store[key[1]] = old
        diffs = [*region.snapshots, after] if alive else region.snapshots
        return self.join_diffs(diffs)

    # -- names ------------------------------------------------------------------------------------------------

    def bind(self, frame: Frame | None, name: str, value: Val) -> None:
        """Bind ``name`` where the scoping rules say: a frame's variable, a closure's, or a global."""
        if frame is not None and name not in frame.globals:
            target: Frame | None = frame
            if name in frame.nonlocals:
                target = frame.parent
                while target is not None and (target.is_class or name not in target.vars):
                    target = target.parent
            if target is not None:
                if target is not frame:
                    self.change_frame(target, value)
                    value = join(target.vars.get(name, ()), value)
                elif frame.obj is not None:
                    _link_frame(frame.obj, value)
                self.put(target.vars, name, value)
                return
        self.bind_global(frame.space if frame is not None else self.space, name, value)

    def bind_global(self, space: Space, name: str, value: Val) -> None:
        """Bind a global name; in the notebook's own namespace it is recorded as a definition."""
        if space is self.space:
            for obj in value:
                obj.names.add(name)
            self.rec.defined[name] = self.span
            self.put(space.names, name, Binding(value, self.cell))
            return
        self.put(space.names, name, Binding(value, self.cell))
        if space.obj is not None:
            _link_frame(space.obj, value)
            if space.pending is not None and self.stack:
                self.touch("setting", f"module:{space.module}", "write")

    def change_frame(self, frame: Frame, value: Val) -> None:
        """Record a change to the variables that closures share."""
        if frame.obj is not None:
            self.dirty(frame.obj)
            _link_frame(frame.obj, value)

    def use(self, name: str, node: ast.AST | None = None, frame: Frame | None = None) -> None:
        """Record that the cell reads a global name of the notebook, unless it has bound it for certain itself."""
        binding: Binding | None = self.space.names.get(name)
        if binding is not None and binding.must == self.cell:
            return
        if name in self.rec.uses:
            return
        certain = self.may == 0 and frame is None
        span = self.span
        if node is not None and frame is None:
            span = self.span_of(node)
        self.rec.uses[name] = (span, Certainty.MUST if certain else Certainty.MAY, binding is None)

    def span_of(self, node: ast.AST) -> Span:
        """Where a node of the current cell stands."""
        line = getattr(node, "lineno", self.span.line)
        return Span(
            self.cell,
            line,
            getattr(node, "end_lineno", line) or line,
            getattr(node, "col_offset", 0),
            getattr(node, "end_col_offset", 0) or 0,
        )

    # -- objects ----------------------------------------------------------------------------------------------

    def new(self, type_name: str | None = None, **fields: Any) -> Obj:
        """A new abstract object made by the current cell."""
        return Obj(type=type_name, cell=self.cell, **fields)

    def part(self, obj: Obj) -> Obj:
        """Some part of an object of which little is known: it shares whatever the object has."""
        if obj.immutable:
            return obj if not obj.holds else self.new()
        if obj.part is None:
            piece = Obj(cell=obj.cell)
            view(piece, obj)
            obj.holds.add(piece)
            piece.held_by.add(obj)
            obj.part = piece
        return obj.part

    def dirty(self, obj: Obj) -> None:
        """Record that the object changes in this cell."""
        if obj not in self.rec.dirty:
            self.rec.dirty[obj] = self.span

    def mutate(self, value: Iterable[Obj], deep: bool = False, spared: frozenset[str] = frozenset()) -> None:
        """Record that the objects change, with all that share their buffers; ``deep``: and all that they hold.

        What is held and of a type in ``spared`` stays as it is.
        """
        for obj in value:
            if obj.kind in ("module", "ref"):
                self.change_module(obj)
                continue
            if obj.immutable and not deep:
                continue
            targets = list(reach((obj,), classes=False)) if deep else [obj]
            self.budget -= len(targets) >> 2  # looking through a large heap again and again is work too
            for target in targets:
                if target.kind in ("module", "ref") or (deep and target.kind in ("function", "class")):
                    continue
                if target is not obj and target.type in spared:
                    continue
                if not target.immutable:
                    self._dirty_views(target)

    def _dirty_views(self, obj: Obj) -> None:
        if obj in self.rec.dirty:
            return
        stack = [obj]
        while stack:
            current = stack.pop()
            if current not in self.rec.dirty:
                self.rec.dirty[current] = self.span
                stack.extend(current.views)

    def change_module(self, obj: Obj) -> None:
        """A module's attribute is set: a state of the process."""
        path = str(obj.data)
        if path:
            self.touch("setting", f"module:{path.partition('.')[0]}", "write")

    # -- the world ----------------------------------------------------------------------------------------------

    def touch(self, kind: ResourceKind, key: str, mode: Mode, certainty: Certainty | None = None) -> None:
        """Record an access to a resource."""
        if mode != "read" and kind in ("setting", "environment", "cwd"):
            self.written.add(key)
        if certainty is None:
            certainty = Certainty.MUST if self.may == 0 else Certainty.MAY
        resource = Resource(kind, key)
        if mode == "set" and (certainty is Certainty.MAY or (resource, "read") in self.rec.accesses):
            mode = "write"
            if kind == "random":  # it may be seeded: from here on the order of draws can be told
                self.rec.accesses.setdefault((resource, "read"), Access(resource, "read", self.span, certainty))
        found = self.rec.accesses.get((resource, mode))
        if found is None:
            self.rec.accesses[resource, mode] = Access(resource, mode, self.span, certainty)
        if kind == "file" and not key.startswith(("/", "~")):
            self.rec.traits.add("relative")

    def text(self, value: Val) -> str | None:
        """The string that the value is known to be, with `HOLE`s; None where nothing is known."""
        if len(value) != 1:
            return None
        const = value[0].const
        return const if isinstance(const, str) else None

    def file_keys(self, value: Val) -> list[str]:
        """The resource keys of a value that is used as a path: normalised, ``*`` for what is not known."""
        keys = []
        for obj in value:
            if isinstance(obj.const, str):
                keys.append(normal_path(obj.const))
            elif isinstance(obj.const, int) and not isinstance(obj.const, bool):
                continue
            else:
                keys.append("*")
        return keys or ["*"]

    def opaque(self, code: str, message: str, hint: str, *, everything: bool = True, binds: bool = True) -> None:
        """The cell does something that cannot be seen: it is ordered against all that it could touch.

        ``binds`` tells whether it may also bind names anew, those that are there included.
        """
        self.rec.opaque.append(Diagnostic(self.span, code, Severity.WARNING, message, hint))
        if not everything:
            return
        self.rec.read_all = True
        if self.cell not in self.opaque_cells:
            self.opaque_cells.append(self.cell)
        for name, binding in list(self.space.names.items()):
            self.use(name)
            self.mutate((o for o in binding.value if not atomic(o)), deep=True)
            if binds and binding.must != -2:
                self.rec.defined.setdefault(name, self.span)
                self.put(self.space.names, name, Binding(binding.value, -1, binding.maybe_unbound))


def _link_frame(holder: Obj, value: Val) -> None:
    for obj in value:
        if obj is not holder and not atomic(obj):
            holder.holds.add(obj)
            obj.held_by.add(holder)


def merge(left: Any, right: Any) -> Any:
    """The join of two entries of a store: bindings of global names, or values of local ones."""
    if left is right:
        return left
    if isinstance(left, Binding) or isinstance(right, Binding):
        if left is None:
            return Binding(right.value, -1, True)
        if right is None:
            return Binding(left.value, -1, True)
        return Binding(
            join(left.value, right.value),
            left.must if left.must == right.must else -1,
            left.maybe_unbound or right.maybe_unbound,
        )
    return join(left or (), right or ())


def normal_path(text: str) -> str:
    """A path as a resource key: ``./a//b`` and ``a/b`` are one; a piece not known is ``*``; URLs stay."""
    text = text.replace(HOLE, "*").replace("\\", "/")
    if "://" in text:
        return text
    absolute = text.startswith("/")
    parts: list[str] = []
    for part in text.split("/"):
        if part in ("", "."):
            continue
        if part == ".." and parts and parts[-1] not in ("..", "*"):
            parts.pop()
        else:
            parts.append(part)
    return ("/" if absolute else "") + "/".join(parts) or "."


def const_of(value: Val) -> Any:
    """The constant that a value is known to be, or `UNKNOWN`."""
    if len(value) != 1:
        return UNKNOWN
    const = value[0].const
    return UNKNOWN if isinstance(const, str) and HOLE in const else const


def truth(value: Val) -> bool | None:
    """Whether a value is known to be true or false."""
    const = const_of(value)
    return None if const is UNKNOWN else bool(const)


def function_of(obj: Obj) -> Function:
    """The function record of a function object."""
    data = obj.data
    assert isinstance(data, Function)  # noqa: S101  an invariant of the heap
    return data
