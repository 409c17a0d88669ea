"""The whole abstract machine: attributes, imports, source modules, the language's own special calls, IPython's magics."""

from __future__ import annotations

import ast
import builtins
from pathlib import Path
from typing import Any

from nb2pipe.analysis.expressions import BUILTINS, HISTORY, INJECTED
from nb2pipe.analysis.known.table import Table
from nb2pipe.analysis.machine import const_of, function_of, normal_path
from nb2pipe.analysis.modules import Source, bound_names, exists, find_source, public_names
from nb2pipe.analysis.objects import (
    ATOMS,
    BOOL,
    HOLE,
    NONE,
    STR,
    UNKNOWN,
    Binding,
    Frame,
    Obj,
    Space,
    Val,
    atomic,
    hold,
    join,
    link,
    scalar,
    view,
)
from nb2pipe.analysis.shell import Shell
from nb2pipe.analysis.statements import Statements
from nb2pipe.diagnostics import Span

_NAMESPACES = frozenset({"globals", "locals", "vars"})


class Interpreter(Shell, Statements):
    """The abstract machine for one notebook. ``folder`` is where local modules are looked for."""

    def __init__(self, table: Table, folder: Path | None) -> None:
        super().__init__(table)
        self.folder = folder
        self.star_sources: list[tuple[str, Source | None, int]] = []
        self.unresolved: set[str] = set()
        self.first_spans: dict[int, Span] = {}

    # -- attributes -----------------------------------------------------------------------------------------------

    def attribute(self, obj: Obj, name: str, node: ast.AST, frame: Frame | None) -> Val:
        kind = obj.kind
        if kind in ("module", "ref"):
            return self.module_attribute(obj, name)
        if kind == "class":
            found = self.find(obj, name)
            if found is not None:
                return tuple(self._bind_method(f, obj, obj) for f in found)
            return (Obj("method", data=(obj, name), cell=obj.cell),) if not name.startswith("__") else STR
        if kind == "super":
            return (Obj("method", data=(obj, name), cell=obj.cell),)
        if kind == "function":
            return obj.attrs[name] if obj.attrs and name in obj.attrs else (self.part(obj),)
        if kind == "method":
            return (self.new(),)
        if name == "__dict__" and obj.kind == "value" and not obj.immutable:
            return self._call_vars([(obj,)], {}, node, frame)
        if obj.attrs is not None and name in obj.attrs:
            value = obj.attrs[name]
            if obj.klass is not None and self.find(obj.klass, name) is not None:
                value = join(value, self._class_attribute(obj, name, node))
            return value
        if obj.klass is not None and obj.klass.kind == "class":
            found = self.find(obj.klass, name)
            if found is not None:
                return self._class_attribute(obj, name, node)
            getter = self.find(obj.klass, "__getattr__")
            if getter is not None:
                return join(*(self.call_one_with_self(g, (obj,), [STR], {}, node) for g in getter))
        if isinstance(obj.data, tuple) and obj.data and obj.data[0] == "wraps":
            return (self.part(obj),)
        return self.typed_attribute(obj, name)

    def _class_attribute(self, obj: Obj, name: str, node: ast.AST) -> Val:
        assert obj.klass is not None  # noqa: S101  asked for before
        results: Val = ()
        for found in self.find(obj.klass, name) or ():
            if found.kind == "function" and function_of(found).static == "property":
                results = join(results, self.call_function(found, [(obj,)], {}, node, (obj,)))
            elif found.kind == "function" and function_of(found).static == "setter":
                continue
            else:
                results = join(results, (self._bind_method(found, obj, obj.klass),))
        return results

    def _bind_method(self, found: Obj, owner: Obj, klass: Obj) -> Obj:
        """A function found in a class, bound to what it was looked up on."""
        if found.kind != "function":
            return found
        static = function_of(found).static
        if static == "static" or (owner.kind == "class" and static != "class"):
            return found
        target = klass if static == "class" else owner
        bound = Obj(cell=owner.cell)
        bound.data = ("wraps", (found,))
        bound.kind = "method"
        bound.data = (_Bound(found, target), "")
        link(bound, (found, target))
        return bound

    def typed_attribute(self, obj: Obj, name: str) -> Val:
        """An attribute of an object whose class is a library's, or not known."""
        kind = obj.type
        if kind is not None:
            found = self.table.attribute(kind, name)
            if found is not None:
                if found.alias == "self":
                    return (obj,)
                out = self.typed(found.returns)
                if found.alias in ("view", "elements", "args") and not out.immutable:
                    if out.type is None:
                        return (self.part(obj),)
                    view(out, obj)
                return (out,)
            if self.table.method(kind, name) is not None:
                return (Obj("method", data=(obj, name), cell=obj.cell),)
            if kind == "pandas.DataFrame":
                return (self.new("pandas.Series"),)
            if obj.immutable and not obj.holds:
                return (Obj("method", data=(obj, name), cell=obj.cell),)
        bound = Obj("method", data=(obj, name), cell=obj.cell)
        link(bound, (obj,))
        return (bound,)

    def module_attribute(self, obj: Obj, name: str) -> Val:
        """An attribute of a module: the table's, the source's, or a reference by its dotted path."""
        dotted = f"{obj.data}.{name}"
        space = self.spaces.get(str(obj.data))
        if space is not None and (space.local or name in space.names):
            binding = space.names.get(name)
            if binding is None and name in space.pending:
                self.resolve_pending(space, name)
                binding = space.names.get(name)
            if binding is not None:
                return binding.value
        canonical = self.table.canonical(dotted)
        if canonical == "os.environ":
            self.touch("environment", "environment", "read")
        if (
            self.table.call(canonical) is None
            and self.table.klass(canonical) is None
            and not self.table.is_module(canonical)
        ):
            owner = self.table.attribute(str(obj.data), name)
            if owner is not None and owner.returns is not None:
                return (self.typed(owner.returns),)
            builtin = str(obj.data)
            if (
                builtin in ("math", "numpy", "scipy", "torch", "sys", "string")
                and name.isidentifier()
                and (name in ("pi", "e", "inf", "nan", "tau", "newaxis", "maxsize", "version", "__version__"))
            ):
                return ATOMS["float"]
        return (Obj("ref", data=canonical),)

    # -- names that no cell binds -----------------------------------------------------------------------------------

    def lookup_special(self, name: str, node: ast.AST) -> Val | None:
        if name == _HOLE_NAME:
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
            return (Obj("ref", data=name),)
        if self.opaque_cells:
            value = (self.new(),)
            for cell in self.opaque_cells:
                self._late_definition(cell, name, value, "opaque")
            self.use(name, node)
            return value
        return None

    def _late_definition(self, cell: int, name: str, value: Val, kind: str) -> None:
        """A cell turns out to bind ``name``: known only now that somebody asks for it."""
        record = self.records.get(cell, self.rec)
        record.defined.setdefault(name, self.first_spans.get(cell, self.span))
        if kind == "import":
            record.forced.add(name)
        if name not in self.space.names:
            for obj in value:
                obj.names.add(name)
            self.space.names[name] = Binding(value, cell if kind == "import" else -1, kind != "import")

    def _star_name(self, module: str, source: Source | None, name: str) -> Val | None:
        if name.startswith("_"):
            return None
        if source is not None and source.local:
            space = self.spaces.get(module)
            if space is not None and name in public_names(source):
                self.resolve_pending(space, name)
                binding = space.names.get(name)
                return binding.value if binding is not None else (self.new(),)
            return None
        dotted = f"{module}.{name}"
        if self.table.call(self.table.canonical(dotted)) is not None or self.table.is_module(dotted):
            return (Obj("ref", data=self.table.canonical(dotted)),)
        if source is not None and name in public_names(source):
            return (Obj("ref", data=dotted),)
        if source is None and hasattr(_stdlib(module), name):
            return (Obj("ref", data=dotted),)
        return None

    def read_history(self, name: str, node: ast.AST) -> Val:
        """``_``, ``Out[n]``: what an earlier cell displayed."""
        binding = self.space.names.get("_")
        self.use(name, node)
        self.history_read = True
        return binding.value if binding is not None else (self.new(),)

    # -- imports ----------------------------------------------------------------------------------------------------

    def import_module(self, node: ast.Import, frame: Frame | None) -> None:
        for alias in node.names:
            self._imported(alias.name)
            if alias.asname:
                self.bind(frame, alias.asname, (self.module_object(alias.name),))
            else:
                top = alias.name.partition(".")[0]
                self.module_object(alias.name)
                self.bind(frame, top, (self.module_object(top),))

    def _imported(self, name: str) -> None:
        self.rec.modules[name] = None
        self.rec.traits.add("imports")
        if name.partition(".")[0] in ("this", "antigravity", "__hello__"):
            self.rec.traits.add("shows")

    def module_object(self, name: str) -> Obj:
        """The object of a module; a local one has a namespace, and its body is interpreted once."""
        space = self.spaces.get(name)
        if space is not None and space.obj is not None:
            return space.obj
        obj = Obj("module", data=name)
        source = find_source(name, self.folder) if not self.table.module_known(name) else None
        if source is not None and source.local:
            space = Space(name, obj=obj, local=True, path=str(source.path))
            self.spaces[name] = space
            obj.kind = "module"
            self._index_source(space, source)
            for statement in source.tree.body:
                if isinstance(statement, ast.Expr) and not isinstance(statement.value, ast.Constant):
                    self.budget = max(self.budget, 2000)
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
        defined, stack = dict(self.rec.accesses), self.stack
        self.stack = []
        frame = Frame(space, globals=_EVERYTHING)
        try:
            if self.budget > -20_000:
                self.may += 1
                self.run_block([statement], frame)
                self.may -= 1
        finally:
            self.stack = stack
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
                    source = find_source(f"{module}.{alias.name}", self.folder)
                    if source is not None and source.local:
                        binding_value = (self.module_object(f"{module}.{alias.name}"),)
            else:
                binding_value = self.module_attribute(Obj("module", data=module), alias.name)
            self.bind(frame, alias.asname or alias.name, binding_value)

    def _is_package(self, frame: Frame | None) -> bool:
        return frame is not None and frame.space.path.endswith("__init__.py")

    def _star_in_source(self, module: str, frame: Frame) -> None:
        source = find_source(module, self.folder)
        if source is not None:
            for name in public_names(source):
                self.bind(frame, name, (Obj("ref", data=f"{module}.{name}"),))

    def star(self, module: str) -> None:
        source = find_source(module, self.folder)
        known = self.table.module_known(module) or source is not None or hasattr(_stdlib(module), "__name__")
        if not known:
            if not exists(module, self.folder):
                self.opaque("NB203", f"`from {module} import *`: the module cannot be found, so what it binds is not known",
                            "install it, or import the names that are used", everything=False)  # fmt: skip
            if self.cell not in self.opaque_cells:
                self.opaque_cells.append(self.cell)
            return
        self.star_sources.append((module, source, self.cell))
        # names that earlier cells bound and this module binds again
        for name in list(self.space.names):
            found = self._star_name(module, source, name)
            if found is not None:
                self.bind(None, name, found)

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
            source = find_source(module, self.folder)
            if source is None:
                return None
            space = Space(module, obj=Obj("module", data=module), local=source.local, path=str(source.path))
            self.spaces[module] = space
            self._index_source(space, source)
        return space

    # -- the language's own special calls ------------------------------------------------------------------------------

    def special_call(
        self, name: str, args: list[Val], kwargs: dict[str, Val], node: ast.AST, frame: Frame | None
    ) -> Val | None:
        handler = getattr(self, "_call_" + name.replace(".", "_"), None) if name in _SPECIAL else None
        if handler is not None:
            result: Val | None = handler(args, kwargs, node, frame)
            return result
        return None

    def _call_globals(self, args: list[Val], kwargs: dict[str, Val], node: ast.AST, frame: Frame | None) -> Val:
        return (Obj("value", "globals()"),)

    def _call_locals(self, args: list[Val], kwargs: dict[str, Val], node: ast.AST, frame: Frame | None) -> Val:
        if frame is None:
            return (Obj("value", "globals()"),)
        out = self.new("dict")
        for value in frame.vars.values():
            hold(out, value)
        return (out,)

    def _call_vars(self, args: list[Val], kwargs: dict[str, Val], node: ast.AST, frame: Frame | None) -> Val:
        if not args:
            return self._call_locals(args, kwargs, node, frame)
        return tuple(self.part(o) for o in args[0])

    def _call_exec(self, args: list[Val], kwargs: dict[str, Val], node: ast.AST, frame: Frame | None) -> Val:
        self._dynamic(args, node, frame, "exec")
        return NONE

    def _call_eval(self, args: list[Val], kwargs: dict[str, Val], node: ast.AST, frame: Frame | None) -> Val:
        return self._dynamic(args, node, frame, "eval") or (self.new(),)

    def _dynamic(self, args: list[Val], node: ast.AST, frame: Frame | None, mode: str) -> Val | None:
        text = const_of(args[0]) if args else UNKNOWN
        if isinstance(text, str) and len(args) == 1:
            try:
                tree = ast.parse(text.strip() if mode == "eval" else text, mode=mode)
            except (SyntaxError, ValueError):
                return None
            self.keep.append(tree)
            for inner in ast.walk(tree):
                if hasattr(inner, "lineno"):
                    inner.lineno = inner.end_lineno = self.span.line  # type: ignore[attr-defined]  # any located node
                    inner.col_offset, inner.end_col_offset = self.span.column, self.span.end_column  # type: ignore[attr-defined]  # likewise
            if isinstance(tree, ast.Expression):
                return self.ev(tree.body, frame)
            self.run_block(tree.body, frame)  # type: ignore[attr-defined]  # exec mode gives a Module
            return None
        pieces = self.text(args[0]) if len(args) == 1 else None
        holed = _with_holes(pieces, mode) if pieces is not None else None
        if holed is not None:  # what stands in the holes is an expression: it may read and change, the rest is known
            self.keep.append(holed)
            self.opaque("NB201", f"`{mode}` of a string that is computed in parts: what these read and change cannot be seen",
                        "write the code in a cell, or pass it a namespace of its own", binds=False)  # fmt: skip
            if isinstance(holed, ast.Expression):
                return self.ev(holed.body, frame)
            self.run_block(holed.body, frame)
            return None
        if len(args) > 1:  # a namespace of its own: it changes that, not the notebook's names
            self.mutate((o for a in args[1:] for o in a if o.type != "globals()"), deep=True)
            if not any(o.type == "globals()" for a in args[1:] for o in a):
                return None
        self.opaque("NB201", f"`{mode}` of a string that is computed: what it reads and changes cannot be seen",
                    "write the code in a cell, or pass it a namespace of its own", binds=mode == "exec")  # fmt: skip
        return None

    def _call_setattr(self, args: list[Val], kwargs: dict[str, Val], node: ast.AST, frame: Frame | None) -> Val:
        if len(args) == 3:
            name = const_of(args[1])
            target = ast.Attribute(ast.Constant(None), name if isinstance(name, str) else "*", ast.Store())
            ast.copy_location(target, node)
            self.store_in(target, args[0], args[2], frame)
        return NONE

    def _call_delattr(self, args: list[Val], kwargs: dict[str, Val], node: ast.AST, frame: Frame | None) -> Val:
        if args:
            self.mutate(args[0])
        return NONE

    def _call_getattr(self, args: list[Val], kwargs: dict[str, Val], node: ast.AST, frame: Frame | None) -> Val:
        if len(args) >= 2:
            name = const_of(args[1])
            default = args[2] if len(args) > 2 else ()
            if isinstance(name, str):
                return join(default, *(self.attribute(o, name, node, frame) for o in args[0]))
            results = default
            for obj in args[0]:
                if obj.kind in ("module", "ref"):
                    results = join(results, (Obj("ref", data=f"{obj.data}.*"),))
                else:
                    bound = Obj(cell=obj.cell)
                    view(bound, obj)
                    results = join(results, (bound,))
            return results
        return (self.new(),)

    def _call_super(self, args: list[Val], kwargs: dict[str, Val], node: ast.AST, frame: Frame | None) -> Val:
        current = frame
        while current is not None and current.klass is None:
            current = current.parent
        klass = current.klass if current is not None else None
        instance = current.self_value if current is not None else ()
        if len(args) == 2:
            instance = args[1]
            klass = next((o for o in args[0] if o.kind == "class"), klass)
        obj = Obj("super", data=(klass if klass is not None and klass.kind == "class" else None, instance))
        link(obj, instance)
        return (obj,)

    def _call_type(self, args: list[Val], kwargs: dict[str, Val], node: ast.AST, frame: Frame | None) -> Val:
        if len(args) == 1:
            return join(*((o.klass,) if o.klass is not None else (scalar("type"),) for o in args[0]))
        out = self.new()
        link(out, (o for a in args for o in a))
        return (out,)

    def _call_isinstance(self, args: list[Val], kwargs: dict[str, Val], node: ast.AST, frame: Frame | None) -> Val:
        return BOOL

    def _call_importlib_import_module(
        self, args: list[Val], kwargs: dict[str, Val], node: ast.AST, frame: Frame | None
    ) -> Val:
        name = const_of(args[0]) if args else UNKNOWN
        if isinstance(name, str):
            self._imported(name)
            return (self.module_object(name),)
        self.rec.traits.add("imports")
        return (self.new(),)

    _call___import__ = _call_importlib_import_module

    def _call_importlib_reload(
        self, args: list[Val], kwargs: dict[str, Val], node: ast.AST, frame: Frame | None
    ) -> Val:
        for obj in args[0] if args else ():
            self.change_module(obj)
        return args[0] if args else NONE

    # -- item access on the namespace itself ----------------------------------------------------------------------------

    def item(self, obj: Obj, index: Val, sliced: bool, node: ast.AST) -> Val:
        if obj.type == "globals()":
            name = const_of(index)
            if isinstance(name, str):
                return self.read(name, node, None)
            self.opaque("NB201", "`globals()` is read at a name that is computed", "name the variable")
            return (self.new(),)
        if obj.kind == "ref" and obj.data in HISTORY:
            return self.read_history("Out", node)
        return super().item(obj, index, sliced, node)

    def store_in(self, target: ast.Attribute | ast.Subscript, base: Val, value: Val, frame: Frame | None) -> None:
        for obj in base:
            if obj.type == "globals()":
                index = self.ev(target.slice, frame) if isinstance(target, ast.Subscript) else ()
                name = const_of(index)
                if isinstance(name, str):
                    self.bind(None, name, value)
                else:
                    self.opaque("NB201", "`globals()[…] = …` at a name that is computed", "name the variable")
        base = tuple(o for o in base if o.type != "globals()")
        if base:
            super().store_in(target, base, value, frame)

    def call_method(
        self, receiver: Obj, name: str, args: list[Val], kwargs: dict[str, Val], node: ast.AST, frame: Frame | None
    ) -> Val:
        if isinstance(receiver, _Bound):
            return self.call_function(receiver.function, [(receiver.target,), *args], kwargs, node, (receiver.target,))
        if receiver.type == "globals()":
            return self._namespace_method(name, args, kwargs, node)
        if receiver.kind == "class":
            return self.unknown_call(None, args, kwargs, node)
        return super().call_method(receiver, name, args, kwargs, node, frame)

    def _namespace_method(self, name: str, args: list[Val], kwargs: dict[str, Val], node: ast.AST) -> Val:
        key = const_of(args[0]) if args else UNKNOWN
        if name == "update" and not args and "**" not in kwargs:
            for target, value in kwargs.items():
                self.bind(None, target, value)
            return NONE
        if name == "__contains__" and isinstance(key, str):
            self.use(key, node, Frame(self.space))
            return BOOL
        if name == "get" and isinstance(key, str):
            if key in self.space.names:
                return join(self.read(key, node, None), *args[1:])
            return args[1] if len(args) > 1 else NONE
        if name == "keys":
            self.opaque(
                "NB201", "`globals().keys()`: which names there are cannot be seen", "name the variables", binds=False
            )
            return (self.new(),)
        self.opaque("NB201", f"`globals().{name}(…)`: what it reads and changes cannot be seen", "name the variables")
        return (self.new(),)


def _with_holes(text: str, mode: str) -> ast.Module | ast.Expression | None:
    """The tree of code with unknown pieces, each a name that is only read; None where it cannot be told."""
    if HOLE not in text or text.strip() == HOLE:
        return None
    try:
        tree = ast.parse(text.replace(HOLE, _HOLE_NAME).strip(), mode=mode)
    except (SyntaxError, ValueError):
        return None
    whole = sum(isinstance(n, ast.Name) and n.id == _HOLE_NAME and isinstance(n.ctx, ast.Load) for n in ast.walk(tree))
    if whole != text.count(HOLE) or not isinstance(tree, (ast.Module, ast.Expression)):
        return None
    return tree


_HOLE_NAME = "_nb2pipe_hole"


class _Bound(Obj):
    """The receiver of a bound method of the notebook's own classes."""

    __slots__ = ("function", "target")

    def __init__(self, function: Obj, target: Obj) -> None:
        super().__init__("value", cell=target.cell)
        self.function = function
        self.target = target
        link(self, (function, target))


class _Everything(frozenset[str]):
    """The set of all names: a module's body binds globals only."""

    def __contains__(self, item: object) -> bool:
        return True


_EVERYTHING = _Everything()
_SPECIAL = frozenset(
    {"globals", "locals", "vars", "exec", "eval", "setattr", "delattr", "getattr", "super", "type", "isinstance",
     "importlib.import_module", "__import__", "importlib.reload", "get_ipython"}
)  # fmt: skip


def _stdlib(module: str) -> Any:
    """A built-in module of the interpreter itself: importing it runs no Python code."""
    import sys

    if module in sys.builtin_module_names or module == "math":
        return __import__(module)
    return None


__all__ = ["Interpreter", "atomic", "builtins", "normal_path"]
