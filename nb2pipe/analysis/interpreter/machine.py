"""The state of the abstract machine: namespaces, the record of the current cell, mutation and access."""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections.abc import Iterable
from typing import Any

from nb2pipe.analysis.effects import LIBRARIES, Access, Certainty, Mode, Resource, ResourceKind
from nb2pipe.analysis.interpreter.flow import Flow
from nb2pipe.analysis.known.table import Call, Table
from nb2pipe.analysis.modules import Source
from nb2pipe.analysis.objects import (
    FRAMES,
    HOLE,
    UNKNOWN,
    Binding,
    Frame,
    Function,
    Obj,
    Space,
    Val,
    atomic,
    join,
    reach,
    view,
)
from nb2pipe.diagnostics import Diagnostic, Sentence, Severity, Span

_ANYTHING: tuple[tuple[ResourceKind, str, Mode], ...] = (
    ("file", "*", "write"), ("environment", "environment", "write"), ("cwd", "cwd", "write"), ("random", "random", "set"),
    ("random", "numpy.random", "set"), ("random", "torch", "set"), ("setting", "sys.path", "write"),
    ("setting", "warnings", "write"), ("setting", "matplotlib", "write"), ("setting", "pandas", "write"),
    ("setting", "numpy", "write"),
)  # fmt: skip
"""What code may touch of which nothing is known: the guards look at what else there is."""


FAMILIES = "__subclasses__"
"""Stands among libraries for Python, which keeps the classes that are made from a class."""


class Record:
    """What is gathered about one cell while it is interpreted.

    ``columns`` are the frames among ``dirty`` of which only columns were replaced: their memory stayed as it was.
    ``patches`` stand for what the cell put into libraries.
    """

    __slots__ = (
        "accesses", "cell", "columns", "defined", "deleted", "dirty", "forced", "libraries", "modules", "opaque",
        "patches", "perhaps", "read_all", "traits", "uses",
    )  # fmt: skip

    def __init__(self, cell: int, read_all: bool = False) -> None:
        self.cell = cell
        self.uses: dict[str, tuple[Span, Certainty, bool]] = {}
        self.defined: dict[str, Span] = {}
        self.forced: set[str] = set()
        self.perhaps: set[str] = set()
        self.deleted: dict[str, Span] = {}
        self.dirty: dict[Obj, Span] = {}
        self.columns: set[Obj] = set()
        self.patches: list[Obj] = []
        self.accesses: dict[tuple[Resource, Mode], Access] = {}
        self.opaque: list[Diagnostic] = []
        self.libraries: set[str] = set()
        self.modules: dict[str, None] = {}
        self.traits: set[str] = set()
        self.read_all = read_all


CALL_DEPTH = 24
CALL_BUDGET = 30_000
SOURCE_BUDGET = 4_000
SOURCE_DEPTH = 5
HOLE_NAME = "_nb2pipe_hole"


class Machine(Flow):
    """Names, objects and the world; the layers above say what Python's syntax does to them."""

    def __init__(self, table: Table) -> None:
        super().__init__()
        self.table = table
        self.space = Space()
        self.spaces: dict[str, Space] = {}
        self.cell = -1
        self.rec = Record(-1)
        self.records: dict[int, Record] = {}
        self.opaque_cells: list[int] = []
        self.written: set[str] = set()
        self.written_files: set[str] = set()
        self.changed_libraries: set[str] = set()
        self.drawing: set[str] = set()  # libraries whose random numbers the notebook has seeded
        self.kept_by_libraries: list[Obj] = []  # what they were given when they changed: functions that they may call
        self.dropped: set[ast.AST] = set()  # expressions that stand as statements, whose values nobody takes
        self.shown: ast.AST | None = None  # the last of a cell, whose value is displayed
        self.method_names: set[str] = set()
        self.has_classes = False
        self.families = False  # whether somebody asks a class for those that are made from it
        self.endings = False  # whether somebody hears when an object ends
        self.given_up: set[ast.AST] = set()
        self.last_value: Val = ()
        self.history_read = False
        self.parameters_cell = False
        self.keep: list[ast.AST] = []
        self.constants: dict[tuple[type, Any], Val] = {}  # one object a constant: they cannot be told apart
        self.builtins: dict[str, Val] = {}
        self.written_modules: dict[str, Source] = {}
        self.attribute_values: dict[tuple[Obj, str], Obj] = {}
        self.attributes_set: dict[tuple[Obj, str], Val] = {}

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
        # for every statement, call and name: made as what it is, without the call of `Span`, which costs twice as much
        try:
            line, end, last = node.lineno, node.end_lineno, node.end_col_offset  # type: ignore[attr-defined]
            place = (self.cell, line, end or line, node.col_offset, last or 0)  # type: ignore[attr-defined]
        except AttributeError:  # a comprehension, the parameters of a function
            return Span(self.cell, self.span.line, self.span.line)
        return tuple.__new__(Span, place)

    def new(self, type_name: str | None = None, **fields: Any) -> Obj:
        """A new abstract object made by the current cell."""
        return Obj(type=type_name, cell=self.cell, **fields)

    def builtin_ref(self, name: str) -> Val:
        """The builtin of this name: one object for all who read it."""
        known = self.builtins.get(name)
        if known is None:
            known = self.builtins[name] = (Obj("ref", data=name),)
        return known

    def part(self, obj: Obj) -> Obj:
        """Some part of an object of which little is known: it shares whatever the object has."""
        if obj.immutable:
            return obj if not obj.holds else self.new()
        if obj.part is None:
            piece = Obj(cell=obj.cell)
            piece.part = piece  # of a part nothing more is known than of the whole
            view(piece, obj)
            obj.holds[piece] = piece.held_by[obj] = None
            obj.part = piece
        return obj.part

    def lend(self, frame: Obj, out: Iterable[Obj]) -> None:
        """Record that frames may stand on the memory of another.

        With copy-on-write neither can tell, but the arrays that they give can; without, what changes one changes the other.
        """
        for obj in out:
            if frame.type in FRAMES and obj.type in FRAMES and obj is not frame:
                if self.table.copy_on_write:
                    obj.data = ("lent", frame)
                else:
                    view(obj, frame)

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
        if obj in self.rec.columns:
            self.rec.columns.discard(obj)
            del self.rec.dirty[obj]
        if obj in self.rec.dirty:
            return
        stack = [obj]
        while stack:
            current = stack.pop()
            if current not in self.rec.dirty:
                self.rec.dirty[current] = self.span
                for key in _behind(current):  # what is written to an open file or a database
                    self.touch("file", key, "write")
                stack.extend(current.views)
                if current.kind == "method" and isinstance(current.data[0], Obj):
                    stack.append(current.data[0])  # an attribute that the table does not tell from a method

    def change_module(self, obj: Obj) -> None:
        """A module's attribute is set: a state of the process."""
        path = str(obj.data)
        if path == "sys.argv":  # which whoever takes a command line apart goes by
            self.touch("setting", "patch:sys.argv", "write")
        elif path:
            self.touch("setting", f"module:{path.partition('.')[0]}", "write")

    def change_library(self, name: str, given: Iterable[Obj] = ()) -> None:
        """A library changes what it keeps to itself, which only its own functions can tell; ``given`` is what it was handed."""
        self.changed_libraries.add(name)
        self.kept_by_libraries.extend(o for o in given if not atomic(o))
        self.touch("setting", LIBRARIES.key, "write")

    def touch(self, kind: ResourceKind, key: str, mode: Mode, certainty: Certainty | None = None) -> None:
        """Record an access to a resource."""
        if mode != "read" and kind in ("setting", "environment", "cwd"):
            self.written.add(key)
        if certainty is None:
            certainty = Certainty.MUST if self.may == 0 else Certainty.MAY
        if kind == "file" and "cwd" in self.written and not key.startswith(("/", "~")):
            key = "*" + key.removeprefix("./").replace("../", "") if key not in (".", "..") else "*"
        resource = Resource(kind, key)
        if kind == "file" and mode != "read":
            self.written_files.add(key)
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

    def opaque(
        self, code: str, message: Sentence, hint: Sentence, *, everything: bool = True, binds: bool = True
    ) -> None:
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
            if binding.must == -2:
                self.history_read = True  # it may look at `_`
            elif binds:
                self.rec.defined.setdefault(name, self.span)
                self.put(self.space.names, name, Binding(binding.value, -1, binding.maybe_unbound))

    def unseen_code(self, *, seeds: bool = True) -> None:
        """Code runs that cannot be seen: beside names it may change files, random states and what else a process has.

        ``seeds`` says whether it may seed random states, so that the order of draws behind it can be told.
        """
        self.rec.traits |= {"unknown-calls", "plots-perhaps", "imports"}
        for kind, key, mode in _ANYTHING:
            self.touch(kind, key, mode if seeds or kind != "random" else "write", Certainty.MAY)

    def may_seed(self) -> None:
        """A function of which only the name is known, which speaks of a seed: any generator may be seeded."""
        for kind, key, mode in _ANYTHING:
            if kind == "random":
                self.touch(kind, key, mode, Certainty.MAY)

    # -- what layers above define and layers below call -----------------------------------------------------------

    @abstractmethod
    def ev(self, node: ast.expr, frame: Frame | None = None) -> Val:
        """The value of an expression, with the effects of evaluating it."""

    @abstractmethod
    def call_dunder(
        self, value: Val, names: tuple[str, ...], args: list[Val], node: ast.AST, kwargs: dict[str, Val] | None = None
    ) -> Val | None:
        """Call the first of the special methods that the notebook's own classes define; None where there is none."""

    @abstractmethod
    def call(self, callee: Val, args: list[Val], kwargs: dict[str, Val], node: ast.AST, frame: Frame | None) -> Val:
        """The value of calling ``callee``, with the effects of the call."""

    @abstractmethod
    def call_function(
        self, obj: Obj, args: list[Val], kwargs: dict[str, Val], node: ast.AST, self_value: Val = ()
    ) -> Val:
        """Call a function of the notebook or of a source module."""

    @abstractmethod
    def call_one_with_self(
        self, method: Obj, instance: Val, args: list[Val], kwargs: dict[str, Val], node: ast.AST
    ) -> Val:
        """Call a function found in a class with its instance as first argument."""

    @abstractmethod
    def call_one(self, obj: Obj, args: list[Val], kwargs: dict[str, Val], node: ast.AST, frame: Frame | None) -> Val:
        """Call one object."""

    @abstractmethod
    def apply(
        self,
        row: Call,
        name: str,
        receiver: Obj | None,
        args: list[Val],
        kwargs: dict[str, Val],
        node: ast.AST,
        frame: Frame | None,
    ) -> Val:
        """What a call does that the table has a row for."""

    @abstractmethod
    def call_back(self, callbacks: Iterable[Obj], args: list[Val], node: ast.AST) -> None:
        """Call what a call was given to be called."""

    @abstractmethod
    def call_all_methods(self, obj: Obj, node: ast.AST, given: list[Obj]) -> None:
        """Call what a library may call of an instance of the notebook's own class."""

    @abstractmethod
    def unknown_call(self, obj: Obj | None, args: list[Val], kwargs: dict[str, Val], node: ast.AST) -> Val:
        """A call of which nothing is known: it may change all that it can reach."""

    @abstractmethod
    def lookup_special(self, name: str, node: ast.AST) -> Val | None:
        """The value of a global name that no cell binds: star imports, opaque cells, IPython's own names."""

    @abstractmethod
    def resolve_pending(self, space: Space, name: str) -> None:
        """Interpret the definition of a source module's name that has not been needed so far."""

    @abstractmethod
    def is_enum(self, obj: Obj) -> bool:
        """Whether a class is an enumeration."""

    @abstractmethod
    def part_of_class(self, obj: Obj, value: Val = ()) -> Obj:
        """A member of an enumeration."""

    @abstractmethod
    def hashed(self, value: Val, node: ast.AST) -> None:
        """A value is a key or an element of a set."""

    @abstractmethod
    def change_owner(self, node: ast.expr, frame: Frame | None) -> None:
        """Change what an attribute was taken from."""

    @abstractmethod
    def consume(self, value: Val, node: ast.AST) -> Val:
        """Run what is lazy in a value (generator, coroutine); what it gives."""

    @abstractmethod
    def assign(self, target: ast.expr, value: Val, frame: Frame | None) -> None:
        """Bind a target of any form."""

    @abstractmethod
    def special_call(
        self, name: str, args: list[Val], kwargs: dict[str, Val], node: ast.AST, frame: Frame | None
    ) -> Val | None:
        """Calls whose meaning is the language's own (exec, globals, get_ipython, setattr, ...); None for any other."""

    @abstractmethod
    def run_block(self, body: list[ast.stmt], frame: Frame | None) -> bool:
        """Interpret statements; False where the end is not reached."""

    @abstractmethod
    def source_object(self, dotted: str) -> Val | None:
        """What a dotted name of a module with Python source stands for, found without executing it."""

    @abstractmethod
    def import_module(self, node: ast.Import, frame: Frame | None) -> None:
        """``import a.b as c``."""

    @abstractmethod
    def import_from(self, node: ast.ImportFrom, frame: Frame | None) -> None:
        """``from a import b``."""

    @abstractmethod
    def star(self, module: str) -> None:
        """What ``from module import *`` does in the notebook."""


def _link_frame(holder: Obj, value: Val) -> None:
    for obj in value:
        if obj is not holder and not atomic(obj):
            holder.holds[obj] = obj.held_by[holder] = None


def _behind(obj: Obj) -> tuple[str, ...]:
    """The resource keys of the file that an open file, a connection or a mapped array writes to."""
    if isinstance(obj.data, tuple) and obj.data[:1] == ("file",):
        keys: tuple[str, ...] = obj.data[1]
        return keys
    return ()


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
