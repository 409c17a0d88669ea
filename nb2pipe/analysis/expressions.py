"""Abstract evaluation of expressions: what a value may be, and what evaluating it reads and changes."""

from __future__ import annotations

import ast
import builtins
from abc import abstractmethod
from collections.abc import Callable, Iterable
from typing import Any

from nb2pipe.analysis.machine import Machine, const_of, truth
from nb2pipe.analysis.objects import (
    ATOMS,
    BOOL,
    HOLE,
    INT,
    NONE,
    STR,
    UNKNOWN,
    Class,
    Frame,
    Function,
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
from nb2pipe.analysis.scopes import scope_of

BUILTINS = frozenset(dir(builtins))
INJECTED = frozenset({"get_ipython", "display", "exit", "quit", "In", "Out", "_ih", "_oh", "_dh", "_", "__", "___", "_i",
                      "_ii", "_iii", "__name__", "__doc__", "__builtins__", "__builtin__", "__file__", "__spec__",
                      "__loader__", "__package__", "__annotations__", "__session__"})  # fmt: skip
HISTORY = frozenset({"_", "__", "___", "Out", "_oh"})
_BINARY = {ast.Add: "__add__", ast.Sub: "__sub__", ast.Mult: "__mul__", ast.Div: "__truediv__", ast.FloorDiv: "__floordiv__",
           ast.Mod: "__mod__", ast.Pow: "__pow__", ast.MatMult: "__matmul__", ast.BitAnd: "__and__", ast.BitOr: "__or__",
           ast.BitXor: "__xor__", ast.LShift: "__lshift__", ast.RShift: "__rshift__"}  # fmt: skip
_NUMBERS = {"int": 0, "bool": 0, "float": 1, "complex": 2}
_SEQUENCES = frozenset({"list", "tuple", "str", "bytes", "bytearray", "collections.deque"})
_ARRAYS = ("numpy.ndarray", "pandas.DataFrame", "pandas.Series", "pandas.Index", "torch.Tensor")


_LABELS = frozenset({"str", "int", "float"})
_SELECTIONS = frozenset({"list", "slice", "bool", "numpy.ndarray", "pandas.Series", "pandas.DataFrame", "pandas.Index"})


def _selects(index: Val, *, sliced: bool) -> bool | None:
    """Whether indexing takes several of the items, or one by its label; None where that is not known."""
    kinds = {o.type for o in index}
    if sliced or (kinds and kinds <= _SELECTIONS):
        return True
    return False if kinds and kinds <= _LABELS else None


class Expressions(Machine):
    """Evaluation of every form of expression."""

    @abstractmethod
    def call(self, callee: Val, args: list[Val], kwargs: dict[str, Val], node: ast.AST, frame: Frame | None) -> Val:
        """The value of calling ``callee``, with the effects of the call."""

    @abstractmethod
    def call_dunder(self, value: Val, names: tuple[str, ...], args: list[Val], node: ast.AST) -> Val | None:
        """Call the first of the special methods that the notebook's own classes define; None where there is none."""

    @abstractmethod
    def attribute(self, obj: Obj, name: str, node: ast.AST, frame: Frame | None) -> Val:
        """The value of ``obj.name``."""

    @abstractmethod
    def iterate(self, value: Val, node: ast.AST) -> Val:
        """The elements of an iterable, with the effects of iterating it."""

    @abstractmethod
    def lookup_special(self, name: str, node: ast.AST) -> Val | None:
        """The value of a global name that no cell binds: star imports, opaque cells, IPython's own names."""

    @abstractmethod
    def resolve_pending(self, space: Space, name: str) -> None:
        """Interpret the definition of a source module's name that has not been needed so far."""

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

    # -- atoms ------------------------------------------------------------------------------------------------

    def _constant(self, node: ast.Constant, frame: Frame | None) -> Val:
        value = node.value
        if value is None:
            return NONE
        if self.parameters_cell:
            return ATOMS.get(type(value).__name__, STR)
        return (scalar("ellipsis" if value is ... else type(value).__name__, value),)

    def _name(self, node: ast.Name, frame: Frame | None) -> Val:
        return self.read(node.id, node, frame)

    def read(self, name: str, node: ast.AST, frame: Frame | None) -> Val:
        """The value of a name by Python's scoping rules; a global of the notebook is recorded as used."""
        current = frame
        if current is not None and name not in current.globals:
            while current is not None:
                found = current.vars.get(name)
                if found is not None and not (current.is_class and current is not frame):
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
            if binding.must == -2:
                self.history_read = True
            value = binding.value
            for obj in value:
                if obj.kind in ("module", "ref"):
                    self.rec.traits.add("modules")
                    self.rec.libraries.add(str(obj.data).partition(".")[0])
                    break
            return value
        special = self.lookup_special(name, node)
        if special is not None:
            return special
        if name in BUILTINS:
            return self._builtin(name)
        self.use(name, node, frame)
        return (self.new(),)

    def _builtin(self, name: str) -> Val:
        if name in BUILTINS:
            return (Obj("ref", data=name),)
        return (self.new(),)

    # -- displays -----------------------------------------------------------------------------------------------

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
                    self.call_dunder(value, ("__hash__",), [], element)
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

    def _shown(self, value: Val, node: ast.AST) -> None:
        """A value is turned into text."""
        if any(not (atomic(obj) and obj.type in ("str", "int", "bool", "None")) for obj in value):
            self.rec.traits.add("shows")
        self.call_dunder(value, ("__format__", "__str__", "__repr__"), [], node)

    # -- operators ----------------------------------------------------------------------------------------------

    def _binary(self, node: ast.BinOp, frame: Frame | None) -> Val:
        left = self.ev(node.left, frame)
        right = self.ev(node.right, frame)
        return self.operate(type(node.op), left, right, node)

    def operate(self, op: type[ast.operator], left: Val, right: Val, node: ast.AST) -> Val:
        """The value of a binary operator."""
        if op is ast.Add:
            texts = self.text(left), self.text(right)
            if texts[0] is not None or texts[1] is not None:
                return (
                    scalar("str", (HOLE if texts[0] is None else texts[0]) + (HOLE if texts[1] is None else texts[1])),
                )
        if op is ast.Mod and left and left[0].type == "str":
            text = self.text(left)
            self._shown(right, node)
            return STR if text is None else (scalar("str", _percent(text)),)
        if op is ast.Div and left and (left[0].type or "").startswith("pathlib."):
            base, tail = self.text(left), self.text(right)
            joined = f"{HOLE if base is None else base}/{HOLE if tail is None else tail}"
            return (scalar(left[0].type or "pathlib.Path", joined),)
        if all(atomic(o) and o.type in _NUMBERS for o in (*left, *right)):
            rank = max((_NUMBERS[o.type or "int"] for o in (*left, *right)), default=0)
            return ATOMS[("float" if op is ast.Div and rank == 0 else ("int", "float", "complex")[rank])]
        dunder = _BINARY[op]
        result = self.call_dunder(left, (dunder,), [right], node)
        if result is None:
            result = self.call_dunder(right, ("__r" + dunder[2:],), [left], node)
        if result is not None:
            return result
        types = [o.type for o in (*left, *right)]
        for array in reversed(_ARRAYS):
            if array in types:
                return (self.new(array),)
        kinds = {o.type for o in left}
        if op in (ast.Add, ast.Mult) and kinds & _SEQUENCES:
            obj = self.new(next(iter(kinds)), immutable=bool(kinds & {"tuple", "str", "bytes"}))
            for source in (*left, *right):
                hold(obj, source.elems)
            return (obj,)
        if op in (ast.BitOr, ast.BitAnd, ast.Sub, ast.BitXor) and kinds & {"set", "dict"}:
            obj = self.new(next(iter(kinds)))
            for source in (*left, *right):
                hold(obj, source.elems)
            return (obj,)
        if all(atomic(o) for o in (*left, *right)):
            same = {o.type for o in (*left, *right)}
            return (scalar(same.pop() or "float"),) if len(same) == 1 else (scalar("float"),)
        obj = self.new()
        link(obj, (p for o in (*left, *right) if o.type is None and not o.immutable for p in (o,)))
        return (obj,)

    def _unary(self, node: ast.UnaryOp, frame: Frame | None) -> Val:
        value = self.ev(node.operand, frame)
        if isinstance(node.op, ast.Not):
            known = truth(value)
            self.call_dunder(value, ("__bool__", "__len__"), [], node)
            return BOOL if known is None else (scalar("bool", not known),)
        const = const_of(value)
        if isinstance(node.op, ast.USub) and isinstance(const, (int, float)) and not isinstance(const, bool):
            return (scalar(type(const).__name__, -const),)
        if all(atomic(o) for o in value):
            return tuple(scalar(o.type or "float") for o in value[:1])
        result = self.call_dunder(value, ("__neg__", "__pos__", "__invert__"), [], node)
        return result if result is not None else (self.new(value[0].type if value else None),)

    def _bool(self, node: ast.BoolOp, frame: Frame | None) -> Val:
        value = self.ev(node.values[0], frame)
        results = [value]

        def rest() -> bool:
            results.extend(self.ev(other, frame) for other in node.values[1:])
            return True

        self.branches(lambda: True, rest)
        return join(*results)

    def _compare(self, node: ast.Compare, frame: Frame | None) -> Val:
        left = self.ev(node.left, frame)
        rights = [self.ev(other, frame) for other in node.comparators]
        value = join(left, *rights)
        self.call_dunder(
            value, ("__eq__", "__lt__", "__gt__", "__le__", "__ge__", "__ne__", "__contains__"), [value], node
        )
        if any(isinstance(op, (ast.In, ast.NotIn)) for op in node.ops):
            for obj in rights[-1]:
                if obj.type == "globals()":
                    self.call((Obj("method", data=(obj, "__contains__")),), [left], {}, node, frame)
                if self.is_iterator(obj):
                    self.drain((obj,))
            return BOOL
        if any(isinstance(op, (ast.Is, ast.IsNot)) for op in node.ops):
            if not any(o.immutable for o in left) and not any(o.immutable for r in rights for o in r):
                self.rec.traits.add("identity")
            if all(isinstance(op, (ast.Is, ast.IsNot)) for op in node.ops):
                return BOOL
        if all(atomic(o) for o in value):
            return BOOL
        for array in _ARRAYS:
            if any(o.type == array for o in value):
                return (self.new(array),)
        return (self.new(),)

    @abstractmethod
    def drain(self, value: Iterable[Obj]) -> None:
        """Take something out of iterators."""

    def is_iterator(self, obj: Obj) -> bool:
        """Whether iterating the object changes it, as far as is known."""
        if obj.fixed in ("generator", "file") or (obj.type == "iterator"):
            return True
        if obj.type is not None:
            klass = self.table.klass(obj.type)
            return klass is not None and klass.iterator
        return False

    def _if_exp(self, node: ast.IfExp, frame: Frame | None) -> Val:
        test = self.ev(node.test, frame)
        known = truth(test)
        if known is not None:
            return self.ev(node.body if known else node.orelse, frame)
        results: list[Val] = []

        def branch(expr: ast.expr) -> Callable[[], bool]:
            def run() -> bool:
                results.append(self.ev(expr, frame))
                return True

            return run

        self.branches(branch(node.body), branch(node.orelse))
        return join(*results)

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

    # -- access -------------------------------------------------------------------------------------------------

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

    def item(self, obj: Obj, index: Val, sliced: bool, node: ast.AST) -> Val:
        """The value of ``obj[index]``."""
        self.call_dunder(index, ("__hash__", "__eq__", "__index__"), [], node)
        result = self.call_dunder((obj,), ("__getitem__", "__class_getitem__"), [index], node)
        if result is not None:
            return result
        kind = obj.type
        if kind in ("list", "tuple", "dict", "collections.deque", "collections.OrderedDict"):
            if sliced:
                out = self.new(kind, immutable=kind == "tuple")
                hold(out, obj.elems)
                return (out,)
            return obj.elems or (self.new(),)
        if kind == "collections.defaultdict":
            self.mutate((obj,))
            made: Val = ()
            for held in list(obj.holds):
                if held.kind == "function":
                    made = join(made, self.call((held,), [], {}, node, None))
            hold(obj, made)
            return obj.elems or (self.part(obj),)
        if kind in ("str", "bytes", "range"):
            return STR if kind == "str" else INT
        if kind is not None:
            klass = self.table.klass(kind)
            if klass is not None:
                if klass.select and klass.item_alias == "fresh":
                    chosen = _selects(index, sliced=sliced)
                    several = self.typed_any(klass.select) if chosen is not False else ()
                    return join(several, self.typed_any(klass.item) if chosen is not True else ())
                if klass.item_alias == "fresh" or klass.immutable:
                    return self.typed_any(klass.item)
                if klass.item_alias == "view":
                    out = self.typed(klass.item or kind)
                    if not out.immutable:
                        view(out, obj)
                    return (out,)
                if obj.elems:
                    return obj.elems
                part = self.part(obj)
                return (part,)
        if obj.kind in ("ref", "module", "class"):
            return (obj,)
        return join(obj.elems, (self.part(obj),)) if obj.elems else (self.part(obj),)

    def typed_any(self, names: str | None) -> Val:
        """A new object of each of the known types, with ``|`` between them: it is one of these."""
        return tuple(self.typed(name) for name in names.split("|")) if names is not None else (self.new(),)

    def typed(self, name: str | None) -> Obj:
        """A new object of a known type."""
        if name in ATOMS:
            return ATOMS[name][0]
        if name is None:
            return self.new()
        klass = self.table.klass(name)
        return self.new(
            name, immutable=klass is not None and klass.immutable, fixed=klass.fixed or "" if klass is not None else ""
        )

    def _slice(self, node: ast.Slice, frame: Frame | None) -> Val:
        for bound in (node.lower, node.upper, node.step):
            if bound is not None:
                self.ev(bound, frame)
        return ATOMS["slice"]

    def _starred(self, node: ast.Starred, frame: Frame | None) -> Val:
        return self.iterate(self.ev(node.value, frame), node)

    # -- calls --------------------------------------------------------------------------------------------------

    def _call(self, node: ast.Call, frame: Frame | None) -> Val:
        callee = self.ev(node.func, frame)
        args: list[Val] = []
        for arg in node.args:
            if isinstance(arg, ast.Starred):
                args.append(self.iterate(self.ev(arg.value, frame), arg))
            else:
                args.append(self.ev(arg, frame))
        kwargs: dict[str, Val] = {}
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
        obj.data = Function(node, space, frame, name, defaults, None, "", scope)
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
                    self.ev(condition, inner)
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

    @abstractmethod
    def assign(self, target: ast.expr, value: Val, frame: Frame | None) -> None:
        """Bind a target of any form."""

    def _await(self, node: ast.Await, frame: Frame | None) -> Val:
        value = self.ev(node.value, frame)
        return self.consume(value, node)

    @abstractmethod
    def consume(self, value: Val, node: ast.AST) -> Val:
        """Run what is lazy in a value (generator, coroutine); what it gives."""

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
        return (self.new(),)


_COMPREHENSION = Obj("frame")


def _percent(text: str) -> str:
    """A %-format with its fields unknown."""
    import re

    return re.sub(r"%(\([^)]*\))?[-#0 +]*(\*|\d+)?(\.(\*|\d+))?[a-zA-Z]", HOLE, text).replace("%%", "%")


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
__all__ = ["BUILTINS", "HISTORY", "INJECTED", "Class", "Expressions"]
