"""Imports: modules beside the notebook, installed ones by their source, and names that no cell binds."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from nb2pipe.analysis.effects import Access, Certainty, Resource
from nb2pipe.analysis.interpreter.expressions import BUILTINS, HISTORY, INJECTED
from nb2pipe.analysis.interpreter.machine import HOLE_NAME
from nb2pipe.analysis.interpreter.statements import Statements
from nb2pipe.analysis.known.table import Table
from nb2pipe.analysis.modules import Source, acting, bound_names, exists, find_source, public_names
from nb2pipe.analysis.objects import (
    Binding,
    Frame,
    Obj,
    Space,
    Val,
    hold,
    join,
    scalar,
)
from nb2pipe.analysis.registering import registers, surely_registers
from nb2pipe.diagnostics import Span, say


class Imports(Statements):
    """Modules, and where a name comes from that no cell binds."""

    folder: Path | None

    def __init__(self, table: Table) -> None:
        super().__init__(table)
        self.star_sources: list[tuple[str, Source | None, int]] = []
        self.unresolved: set[str] = set()
        self.first_spans: dict[int, Span] = {}
        self.registering: dict[str, str] = {}  # names, and the modules whose import put something into other libraries

    def lookup_special(self, name: str, node: ast.AST) -> Val | None:
        if name == HOLE_NAME:
            return (self.new(),)
        if name in HISTORY or (name[:1] == "_" and name[1:].isdigit()):
            return self.read_history(name, node)
        for module, source, cell in reversed(self.star_sources):
            found = self._star_name(module, source, name)
            if found is not None:
                self._late_definition(cell, name, found, "import")
                self.use(name, node)
                return found
        if name in BUILTINS or name in INJECTED:
            if name == "__name__":
                return (scalar("str", "__main__"),)
            return self.builtin_ref(name)
        late = [(cell, "star") for _, _, cell in self.star_sources if not name.startswith("_")]
        late += [(cell, "opaque") for cell in self.opaque_cells]
        if late:  # no list of a module's names is sure to be whole: nobody else can have bound it
            value = (self.new(),)
            for cell, kind in late:
                self._late_definition(cell, name, value, kind)
            self.use(name, node)
            return value
        return None

    def _late_definition(self, cell: int, name: str, value: Val, kind: str) -> None:
        """A cell turns out to bind ``name``: known only now that somebody asks for it."""
        record = self.records.get(cell, self.rec)
        record.defined.setdefault(name, self.first_spans.get(cell, self.span))
        if kind == "import":
            record.forced.add(name)
        elif kind == "star":
            record.perhaps.add(name)
        if name not in self.space.names:
            for obj in value:
                obj.names.add(name)
            self.space.names[name] = Binding(value, cell if kind == "import" else -1, kind != "import")

    def _star_name(self, module: str, source: Source | None, name: str) -> Val | None:
        if name.startswith("_"):
            return None
        if source is not None and source.local:
            space = self.spaces.get(module)
            if space is not None and name in public_names(source, self.folder)[0]:
                self.resolve_pending(space, name)
                binding = space.names.get(name)
                return binding.value if binding is not None else (self.new(),)
            return None
        dotted = f"{module}.{name}"
        listed = self.table.star(module)
        if listed is not None:
            return (Obj("ref", data=self.table.canonical(dotted)),) if name in listed else None
        if self.table.call(self.table.canonical(dotted)) is not None or self.table.is_module(dotted):
            return (Obj("ref", data=self.table.canonical(dotted)),)
        if source is not None and name in public_names(source, self.folder)[0]:
            return (Obj("ref", data=dotted),)
        if source is None and hasattr(_stdlib(module), name):
            return (Obj("ref", data=dotted),)
        return None

    def read_history(self, name: str, node: ast.AST) -> Val:
        """``_``, ``Out[n]``: what an earlier cell displayed."""
        binding = self.space.names.get(name) or self.space.names.get("_")
        self.use(name, node)
        self.history_read = True
        return binding.value if binding is not None else (self.new(),)

    def displayed(self, value: Val, count: int, *, sure: bool, whole: bool) -> None:
        """A cell has displayed a value as ``Out[count]``, or perhaps; ``whole``: its older values are asked for as well."""
        names = self.space.names
        before = names.get("_")
        kept = {"_": value if sure or before is None else join(before.value, value)}
        if whole:
            older = names.get("Out")
            out = older.value[0] if older is not None and older.must == -2 else Obj(type="dict", cell=-1)
            hold(out, value)
            kept |= {f"_{count}": value, "Out": (out,), "_oh": (out,)}
            kept |= dict.fromkeys(("__", "___"), out.elems)
        for name, held in kept.items():
            previous = names.get(name)
            if previous is None or previous.must == -2:
                names[name] = Binding(held, -2)
                for obj in held:
                    obj.names.add(name)

    def import_module(self, node: ast.Import, frame: Frame | None) -> None:
        for alias in node.names:
            self._imported(alias.name)
            self._may_register(alias.name, alias.asname or alias.name.partition(".")[0], frame)
            if alias.asname:
                self.bind(frame, alias.asname, (self.module_object(alias.name),))
            else:
                top = alias.name.partition(".")[0]
                self.module_object(alias.name)
                self.bind(frame, top, (self.module_object(top),))

    def source_of(self, name: str) -> Source | None:
        """The source of a module: what a cell before wrote as its file, or what is found on disk."""
        return self.written_modules.get(name) or find_source(name, self.folder)

    def module_written(self, path: str, text: str) -> None:
        """A cell writes a file (``%%writefile``): what it says is known to who imports it from here on."""
        if not path.endswith(".py"):
            return
        name = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError):
            return
        self.written_modules[name] = Source(name, Path(path), tree, True)
        self.spaces.pop(name, None)

    def _imported(self, name: str) -> None:
        self.rec.modules[name] = None
        self.read_files(name.partition(".")[0], set())
        self.rec.traits.add("imports")
        if name.partition(".")[0] in ("this", "antigravity", "__hello__"):
            self.rec.traits.add("shows")

    def read_files(self, top: str, seen: set[str]) -> None:
        """An import reads the files of a module that a cell may have written, and of those that it imports in turn."""
        if top in seen or not (
            top in self.written_modules or (not self.table.module_known(top) and not exists(top, None))
        ):
            return
        seen.add(top)
        self.touch("file", f"{top}.py", "read")
        self.touch("file", f"{top}/", "read")
        source = self.written_modules.get(top)
        if source is None and any(key == f"{top}.py" or key.startswith(f"{top}/") for key in self.written_files):
            self.unseen_code()
        for node in ast.walk(source.tree) if source is not None else ():
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                inner = [node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
                for name in inner:
                    self.read_files(name.partition(".")[0], seen)

    def module_object(self, name: str) -> Obj:
        """The object of a module; a local one has a namespace, and its body is interpreted once."""
        space = self.spaces.get(name)
        if space is not None and space.obj is not None:
            return space.obj
        obj = Obj("module", data=name)
        source = self.source_of(name) if not self.table.module_known(name) else None
        if source is not None and source.local:
            space = Space(name, obj=obj, local=True, path=str(source.path))
            self.spaces[name] = space
            resource = Resource("setting", f"module:{name}")  # what later cells change of it begins here
            self.rec.accesses[resource, "set"] = Access(resource, "set", self.span, Certainty.MUST)
            obj.kind = "module"
            self._index_source(space, source)
            for statement in acting(source.tree.body):
                self.budget = max(self.budget, 2000)
                if (bound := next((n for n, s in space.pending.items() if s is statement), None)) is not None:
                    self.resolve_pending(space, bound)
                else:
                    self.in_source(space, [statement])
        elif name.partition(".")[0] == "__future__":
            pass
        return obj

    def in_source(self, space: Space, body: list[ast.stmt]) -> None:
        """Interpret statements of a source module in its namespace."""
        outer = self.span
        frame = Frame(space, globals=_EVERYTHING)
        self.stack.append(space.pending.get("") or body[0])
        try:
            self.run_block(body, frame)
        finally:
            self.stack.pop()
            self.span = outer

    def _index_source(self, space: Space, source: Source) -> None:
        """Note which statement binds which name, to be interpreted when it is first asked for."""
        stack: list[ast.stmt] = list(source.tree.body)
        while stack:
            statement = stack.pop(0)
            if isinstance(statement, (ast.If, ast.Try, ast.With)):
                stack = [*ast.iter_child_nodes(statement), *stack]  # type: ignore[list-item]  # only statements are looked at
                continue
            if isinstance(statement, ast.stmt):
                for name in bound_names(statement):
                    space.pending[name] = statement

    def resolve_pending(self, space: Space, name: str) -> None:
        statement = space.pending.pop(name, None)
        if statement is None:
            return
        for other in [n for n, s in space.pending.items() if s is statement]:
            del space.pending[other]
        defined, stack, cell = dict(self.rec.accesses), self.stack, self.cell
        self.stack = []
        if space.local:
            self.cell = -1  # the module's objects are there before the cell that asks for them
        frame = Frame(space, globals=_EVERYTHING)
        try:
            if self.budget > -20_000:
                self.may += 1
                self.run_block([statement], frame)
                self.may -= 1
        finally:
            self.stack, self.cell = stack, cell
        if not space.local:
            self.rec.accesses = defined
        if name not in space.names:
            space.names[name] = Binding((self.new(),))

    def import_from(self, node: ast.ImportFrom, frame: Frame | None) -> None:
        module = node.module or ""
        if node.level:
            base = (frame.space.module if frame is not None else "").split(".")
            keep = base[: len(base) - node.level + (1 if self._is_package(frame) else 0)]
            module = ".".join([*keep, module] if module else keep)
        if module == "__future__":
            return
        if frame is None or frame.space is self.space:
            self._imported(module)
        owner = self.module_object(module) if frame is None or frame.space is self.space or frame.space.local else None
        for alias in node.names:
            if alias.name == "*":
                if frame is not None and frame.space is not self.space:
                    self._star_in_source(module, frame)
                else:
                    self.star(module)
                continue
            if owner is not None and module in self.spaces:
                binding_value = self.module_attribute(owner, alias.name)
                if f"{module}.{alias.name}" not in self.spaces and not self.spaces[module].names.get(alias.name):
                    source = self.source_of(f"{module}.{alias.name}")
                    if source is not None and source.local:
                        binding_value = (self.module_object(f"{module}.{alias.name}"),)
            else:
                binding_value = self.module_attribute(Obj("module", data=module), alias.name)
            self._may_register(module, alias.asname or alias.name, frame)
            self.bind(frame, alias.asname or alias.name, binding_value)

    def _may_register(self, module: str, name: str, frame: Frame | None) -> None:
        """The notebook imports ``name``: note it where that puts something into another library."""
        seen = not surely_registers(module) and (self.table.module_known(module) or self._is_local(module))
        if frame is None and not seen and registers(module):
            self.registering[name] = module

    def _is_local(self, module: str) -> bool:
        source = self.source_of(module)
        return source is not None and source.local

    def _is_package(self, frame: Frame | None) -> bool:
        return frame is not None and frame.space.path.endswith("__init__.py")

    def _star_in_source(self, module: str, frame: Frame) -> None:
        source = self.source_of(module)
        if source is not None:
            for name in sorted(public_names(source, self.folder)[0]):
                self.bind(frame, name, (Obj("ref", data=f"{module}.{name}"),))

    def star(self, module: str) -> None:
        source = self.source_of(module)
        known = self.table.module_known(module) or source is not None or hasattr(_stdlib(module), "__name__")
        if not known:
            if not exists(module, self.folder):
                said = say("`from %1 import *`: the module cannot be found, so what it binds is not known", module)
                self.opaque("NB203", said, say("install it, or import the names that are used"), everything=False)  # fmt: skip
            if self.cell not in self.opaque_cells:
                self.opaque_cells.append(self.cell)
            return
        self.star_sources.append((module, source, self.cell))
        # names that earlier cells bound and this module binds again
        for name, old in list(self.space.names.items()):
            found = self._star_name(module, source, name)
            if found is not None and self._is_listed(module, source):
                self.bind(None, name, found)
            elif found is not None or not (name.startswith("_") or self._is_listed(module, source)):
                either = join(old.value, found or (self.new(),))
                self.use(name)
                self.bind(None, name, either)
                self.put(self.space.names, name, Binding(either, -1, old.maybe_unbound))

    def _is_listed(self, module: str, source: Source | None) -> bool:
        """Whether all names are known that the star import of a module binds."""
        if self.table.star(module) is not None or _stdlib(module) is not None:
            return True
        return source is not None and public_names(source, self.folder)[1]

    def source_object(self, dotted: str) -> Val | None:
        """A function or class of an installed module that the table lacks, out of its Python source."""
        module, _, name = dotted.rpartition(".")
        if not module or dotted in self.unresolved:
            return None
        for _ in range(4):
            space = self._source_space(module)
            if space is None:
                break
            statement = space.pending.get(name)
            if isinstance(statement, ast.ImportFrom):
                base = module.split(".")
                if statement.level:
                    keep = base[: len(base) - statement.level + (1 if space.path.endswith("__init__.py") else 0)]
                    module = ".".join([*keep, *([statement.module] if statement.module else [])])
                else:
                    module = statement.module or ""
                original = next((a.name for a in statement.names if (a.asname or a.name) == name), name)
                name = original
                continue
            if statement is not None or name in space.names:
                if statement is not None:
                    self.resolve_pending(space, name)
                value = space.names[name].value if name in space.names else ()
                kinds = tuple(o for o in value if o.kind in ("function", "class"))
                if kinds:
                    return kinds
            break
        self.unresolved.add(dotted)
        return None

    def _source_space(self, module: str) -> Space | None:
        space = self.spaces.get(module)
        if space is None:
            source = self.source_of(module)
            if source is None:
                return None
            space = Space(module, obj=Obj("module", data=module), local=source.local, path=str(source.path))
            self.spaces[module] = space
            self._index_source(space, source)
        return space


class _Everything(frozenset[str]):
    """The set of all names: a module's body binds globals only."""

    def __contains__(self, item: object) -> bool:
        return True


_EVERYTHING = _Everything()


def _stdlib(module: str) -> Any:
    """A built-in module of the interpreter itself: importing it runs no Python code."""
    import sys

    if module in sys.builtin_module_names or module == "math":
        return __import__(module)
    return None
