"""Abstract evaluation of expressions: what a value may be, and what evaluating it reads and changes."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable
from typing import Any

from nb2pipe.analysis.interpreter.machine import const_of
from nb2pipe.analysis.interpreter.operators import Operators
from nb2pipe.analysis.objects import (
    ATOMS,
    HOLE,
    NONE,
    STR,
    UNKNOWN,
    Frame,
    Function,
    Obj,
    Val,
    hold,
    join,
    link,
    scalar,
)
from nb2pipe.analysis.scopes import scope_of

BUILTINS = frozenset(dir(builtins))
INJECTED = frozenset({"get_ipython", "display", "exit", "quit", "In", "Out", "_ih", "_oh", "_dh", "_", "__", "___", "_i",
                      "_ii", "_iii", "__name__", "__doc__", "__builtins__", "__builtin__", "__file__", "__spec__",
                      "__loader__", "__package__", "__annotations__", "__session__"})  # fmt: skip
HISTORY = frozenset({"_", "__", "___", "Out", "_oh"})
_COMPREHENSION = Obj("frame")


class Expressions(Operators):
    """Evaluation of every form of expression."""

    def ev(self, node: ast.expr, frame: Frame | None = None) -> Val:
        """The abstract value of an expression."""
        if self.stack:
            self.budget -= 1
        method = _DISPATCH.get(type(node))
        if method is None:
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.expr):
                    self.ev(child, frame)
            return (self.new(),)
        return method(self, node, frame)

    def _constant(self, node: ast.Constant, frame: Frame | None) -> Val:
        value = node.value
        if value is None:
            return NONE
        if self.parameters_cell:
            return ATOMS.get(type(value).__name__, STR)
        kind = type(value)
        known = self.constants.get((kind, value))
        if known is None:
            known = (scalar("ellipsis" if value is ... else kind.__name__, value),)
            self.constants[kind, value] = known
        return known

    def _name(self, node: ast.Name, frame: Frame | None) -> Val:
        return self.read(node.id, node, frame)

    def read(self, name: str, node: ast.AST, frame: Frame | None) -> Val:
        """The value of a name by Python's scoping rules; a global of the notebook is recorded as used."""
        current = frame
        if current is not None and name not in current.globals:
            while current is not None:
                found = current.vars.get(name)
                if found is not None and not (current.is_class and current is not frame):
                    self._uses_modules(found)
                    return found
                current = current.parent
        space = frame.space if frame is not None else self.space
        binding = space.names.get(name)
        if space is not self.space:
            if binding is None and name in space.pending:
                self.resolve_pending(space, name)
                binding = space.names.get(name)
            if binding is not None:
                return binding.value
            return self._builtin(name)
        if binding is not None:
            self.use(name, node, frame)
            if binding.must == -2 or (binding.must == -1 and name in HISTORY):
                self.history_read = True
            value = binding.value
            if self.written_modules:
                self._read_module_files(value)
            self._uses_modules(value)
            return value
        special = self.lookup_special(name, node)
        patched = join(*(v for owner, v in self.patches.get(name, ()) if owner == "builtins"))
        if patched:
            return join(patched, special or (self._builtin(name) if name in BUILTINS else ()))
        if special is not None:
            return special
        if name in BUILTINS:
            return self._builtin(name)
        self.use(name, node, frame)
        return (self.new(),)

    def _uses_modules(self, value: Val) -> None:
        """Whoever reads a module, or a part of one, may come by what the notebook has put there."""
        for obj in value:
            if obj.kind in ("module", "ref"):
                self.rec.traits.add("modules")
                self.rec.libraries.add(str(obj.data).partition(".")[0])
                return

    def _read_module_files(self, value: Val) -> None:
        """Whoever has a module that a cell has written, or a part of one, imports it again in its own process."""
        for obj in value:
            space = getattr(obj.data, "space", None)
            module = space.module if space is not None else str(obj.data) if obj.kind in ("module", "ref") else ""
            if module in self.written_modules:
                self.touch("file", f"{module.replace('.', '/')}.py", "read")

    def _builtin(self, name: str) -> Val:
        return self.builtin_ref(name) if name in BUILTINS else (self.new(),)

    def _sequence(self, node: ast.List | ast.Tuple | ast.Set, frame: Frame | None) -> Val:
        kind = {ast.List: "list", ast.Tuple: "tuple", ast.Set: "set"}[type(node)]
        obj = self.new(kind, immutable=kind == "tuple")
        consts: list[Any] = []
        parts: list[Val] = []
        for element in node.elts:
            if isinstance(element, ast.Starred):
                value = self.iterate(self.ev(element.value, frame), element)
                consts.append(UNKNOWN)
                kind = ""
            else:
                value = self.ev(element, frame)
                parts.append(value)
                consts.append(const_of(value))
                if kind == "set":
                    self.hashed(value, element)
            hold(obj, value)
        if kind == "tuple":
            obj.data = ("parts", tuple(parts))
        if kind == "tuple" and not any(c is UNKNOWN for c in consts):
            obj.const = tuple(consts)
        return (obj,)

    def _dict(self, node: ast.Dict, frame: Frame | None) -> Val:
        obj = self.new("dict")
        for key, item in zip(node.keys, node.values, strict=True):
            value = self.ev(item, frame)
            if key is None:
                for source in value:
                    hold(obj, source.elems)
                    link(obj, source.holds)
                continue
            keys = self.ev(key, frame)
            self.hashed(keys, key)
            link(obj, keys)
            hold(obj, value)
        return (obj,)

    def _joined(self, node: ast.JoinedStr, frame: Frame | None) -> Val:
        text = ""
        for piece in node.values:
            if isinstance(piece, ast.Constant):
                text += str(piece.value)
                continue
            if isinstance(piece, ast.FormattedValue):
                value = self.ev(piece.value, frame)
                self._shown(value, piece)
                if piece.format_spec is not None:
                    self.ev(piece.format_spec, frame)
                const = const_of(value)
                plain = piece.conversion == -1 and piece.format_spec is None
                known = self.text(value)
                if plain and known is not None:
                    text += known
                elif plain and isinstance(const, int) and not isinstance(const, bool):
                    text += str(const)
                else:
                    text += HOLE
        return (scalar("str", text),)

    def _named(self, node: ast.NamedExpr, frame: Frame | None) -> Val:
        value = self.ev(node.value, frame)
        target = frame
        while target is not None and target.names and node.target.id not in target.names and target.parent is not None:
            target = target.parent
        owner = frame
        while owner is not None and getattr(owner, "klass", None) is _COMPREHENSION:
            owner = owner.parent
        self.bind(owner, node.target.id, value)
        return value

    def _attribute(self, node: ast.Attribute, frame: Frame | None) -> Val:
        base = self.ev(node.value, frame)
        if len(base) == 1:
            return self.attribute(base[0], node.attr, node, frame)
        return join(*(self.attribute(obj, node.attr, node, frame) for obj in base))

    def _subscript(self, node: ast.Subscript, frame: Frame | None) -> Val:
        base = self.ev(node.value, frame)
        index = self.ev(node.slice, frame)
        sliced = isinstance(node.slice, ast.Slice)
        return join(*(self.item(obj, index, sliced, node) for obj in base))

    def _slice(self, node: ast.Slice, frame: Frame | None) -> Val:
        for bound in (node.lower, node.upper, node.step):
            if bound is not None:
                self.ev(bound, frame)
        return ATOMS["slice"]

    def _starred(self, node: ast.Starred, frame: Frame | None) -> Val:
        return self.iterate(self.ev(node.value, frame), node)

    def _call(self, node: ast.Call, frame: Frame | None) -> Val:
        callee = self.ev(node.func, frame)
        args: list[Val] = []
        starred: list[Val] = []
        for arg in node.args:
            if isinstance(arg, ast.Starred):
                given = self.ev(arg.value, frame)
                parts = given[0].data if len(given) == 1 and not starred else None
                if isinstance(parts, tuple) and parts[:1] == ("parts",):
                    args.extend(parts[1])
                else:
                    starred.append(self.iterate(given, arg))
            elif starred:  # which parameter it is for depends on how many there were before
                starred.append(self.ev(arg, frame))
            else:
                args.append(self.ev(arg, frame))
        kwargs: dict[str, Val] = {}
        if starred:
            kwargs["*"] = join(*starred)
            args.append(kwargs["*"])
        for keyword in node.keywords:
            value = self.ev(keyword.value, frame)
            if keyword.arg is None:
                kwargs["**"] = join(kwargs.get("**", ()), *(o.elems or (self.part(o),) for o in value))
            else:
                kwargs[keyword.arg] = value
        outer = self.span
        if frame is None:
            self.span = self.span_of(node)
        try:
            return self.call(callee, args, kwargs, node, frame)
        finally:
            self.span = outer

    def _lambda(self, node: ast.Lambda, frame: Frame | None) -> Val:
        return (self.make_function(node, "<lambda>", frame),)

    def make_function(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, name: str, frame: Frame | None
    ) -> Obj:
        """The object of a function definition: its defaults are evaluated now, its body when it is called."""
        self.keep.append(node)
        args = node.args
        defaults: dict[str, Val] = {}
        positional = [*args.posonlyargs, *args.args]
        for arg, default in zip(positional[len(positional) - len(args.defaults) :], args.defaults, strict=True):
            defaults[arg.arg] = self.ev(default, frame)
        for arg, kw_default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
            if kw_default is not None:
                defaults[arg.arg] = self.ev(kw_default, frame)
        scope = scope_of(node)
        space = frame.space if frame is not None else self.space
        obj = self.new()
        obj.kind = "function"
        obj.data = Function(node, space, frame, name, defaults, scope)
        for value in defaults.values():
            link(obj, value)
        current = frame
        while current is not None:
            if not current.is_class and current.names and any(n in current.names for n in scope.mentions):
                if current.obj is None:
                    current.obj = Obj("frame", cell=self.cell)
                    for value in current.vars.values():
                        link(current.obj, value)
                link(obj, (current.obj,))
            current = current.parent
        return obj

    def _comprehension(self, node: Any, frame: Frame | None) -> Val:
        inner = Frame(frame.space if frame is not None else self.space, frame)
        inner.klass = _COMPREHENSION
        inner.self_value = frame.self_value if frame is not None else ()
        out = self.new({ast.ListComp: "list", ast.SetComp: "set", ast.DictComp: "dict"}.get(type(node), "iterator"))
        if isinstance(node, ast.GeneratorExp):
            out.fixed = "generator"
        first = self.ev(node.generators[0].iter, frame)
        self.may += 1

        def body() -> bool:
            for position, generator in enumerate(node.generators):
                source = first if position == 0 else self.ev(generator.iter, inner)
                self.assign(generator.target, self.iterate(source, generator.iter), inner)
                for condition in generator.ifs:
                    self.tested(self.ev(condition, inner), condition)
            if isinstance(node, ast.DictComp):
                link(out, self.ev(node.key, inner))
                hold(out, self.ev(node.value, inner))
            else:
                hold(out, self.ev(node.elt, inner))
            return True

        single = (
            len(node.generators) == 1
            and not node.generators[0].ifs
            and self.never_empty(node.generators[0].iter, first)
        )
        if single:
            self.may -= 1
            body()
            self.may += 1
        else:
            self.branches(lambda: True, body)
        self.may -= 1
        if isinstance(node, ast.GeneratorExp):
            link(out, first)
            out.data = ("lazy", body)
        return (out,)

    def never_empty(self, node: ast.expr, value: Val) -> bool:
        """Whether a loop over the expression is sure to run at least once, by its text alone."""
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            return any(not isinstance(e, ast.Starred) for e in node.elts)
        if isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)):
            return bool(node.value)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("range", "enumerate"):
            if node.func.id == "enumerate":
                return bool(node.args) and self.never_empty(node.args[0], value)
            bounds = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, int)]
            return len(bounds) == len(node.args) and not self.parameters_cell and len(range(*bounds)) > 0
        return False

    def _await(self, node: ast.Await, frame: Frame | None) -> Val:
        value = self.ev(node.value, frame)
        return self.consume(value, node)

    def _yield(self, node: ast.Yield | ast.YieldFrom, frame: Frame | None) -> Val:
        if node.value is not None:
            value = self.ev(node.value, frame)
            if isinstance(node, ast.YieldFrom):
                value = self.iterate(value, node)
            current = frame
            while current is not None and current.klass is _COMPREHENSION:
                current = current.parent
            if current is not None:
                current.returns.extend(value)
        return (self.new(), *(self.sent.get(self.stack[-1], ()) if self.stack else ()))


_Method = Callable[[Expressions, Any, Frame | None], Val]


_DISPATCH: dict[type, _Method] = {
    ast.Constant: Expressions._constant,
    ast.Name: Expressions._name,
    ast.List: Expressions._sequence,
    ast.Tuple: Expressions._sequence,
    ast.Set: Expressions._sequence,
    ast.Dict: Expressions._dict,
    ast.JoinedStr: Expressions._joined,
    ast.BinOp: Expressions._binary,
    ast.UnaryOp: Expressions._unary,
    ast.BoolOp: Expressions._bool,
    ast.Compare: Expressions._compare,
    ast.IfExp: Expressions._if_exp,
    ast.NamedExpr: Expressions._named,
    ast.Attribute: Expressions._attribute,
    ast.Subscript: Expressions._subscript,
    ast.Slice: Expressions._slice,
    ast.Starred: Expressions._starred,
    ast.Call: Expressions._call,
    ast.Lambda: Expressions._lambda,
    ast.ListComp: Expressions._comprehension,
    ast.SetComp: Expressions._comprehension,
    ast.DictComp: Expressions._comprehension,
    ast.GeneratorExp: Expressions._comprehension,
    ast.Await: Expressions._await,
    ast.Yield: Expressions._yield,
    ast.YieldFrom: Expressions._yield,
}
