"""Abstract calls: the notebook's own functions are interpreted where they are called, others by their row of the table."""

from __future__ import annotations

import ast
import re
from abc import abstractmethod
from collections.abc import Iterable
from typing import Any

from nb2pipe.analysis.expressions import Expressions
from nb2pipe.analysis.known.table import Call
from nb2pipe.analysis.machine import (
    CALL_DEPTH,
    HOLE_TEXT,
    SOURCE_BUDGET,
    SOURCE_DEPTH,
    Region,
    const_of,
    function_of,
    truth,
)
from nb2pipe.analysis.objects import (
    ATOMS,
    NONE,
    STR,
    TRUE,
    UNKNOWN,
    Binding,
    Class,
    Frame,
    Function,
    Obj,
    Val,
    atomic,
    hold,
    join,
    link,
    reach,
    scalar,
    view,
)

_CONTAINERS = frozenset({"list", "dict", "set", "tuple", "collections.deque", "collections.OrderedDict", "frozenset"})
_EXPRESSION_NAME = re.compile(r"@([^\W\d]\w*)")
_AT_LEAST = frozenset({"numpy.atleast_1d", "numpy.atleast_2d", "numpy.atleast_3d"})
_MAPPINGS = frozenset(
    {"dict", "collections.OrderedDict", "collections.defaultdict", "collections.Counter", "collections.ChainMap"}
)
_LOOKING = frozenset(
    {"print", "str", "repr", "format", "display", "IPython.display.display", "str.format", "ascii", "type", "id", "len", "hash",
     "callable", "hasattr", "isinstance", "list.append", "set.add", "dict.__setitem__", "list.insert", "dict.setdefault"}
)  # fmt: skip
_SHOWING = frozenset({"print", "str", "repr", "format", "display", "IPython.display.display", "str.format", "ascii"})


_DATA = frozenset({"pandas.DataFrame", "pandas.Series", "numpy.ndarray"})
"""What estimators and figures were once given and keep, and do not change when they change themselves."""


_COMPARING = frozenset({"id", "copy.deepcopy", "numpy.shares_memory", "numpy.may_share_memory", "operator.is_", "operator.is_not",
                        "pickle.dumps", "pickle.dump"})  # fmt: skip
"""Calls whose result tells whether two of the things they are given are one object."""


class Calls(Expressions):
    """Calls of every kind of callable."""

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

    def call(self, callee: Val, args: list[Val], kwargs: dict[str, Val], node: ast.AST, frame: Frame | None) -> Val:
        results = [self.call_one(obj, args, kwargs, node, frame) for obj in callee]
        return results[0] if len(results) == 1 else join(*results)

    def call_one(self, obj: Obj, args: list[Val], kwargs: dict[str, Val], node: ast.AST, frame: Frame | None) -> Val:
        """Call one object."""
        kind = obj.kind
        if kind == "function":
            return self.call_function(obj, args, kwargs, node)
        if kind == "class":
            return self.instantiate(obj, args, kwargs, node)
        if kind in ("ref", "module"):
            return self.call_ref(str(obj.data), args, kwargs, node, frame)
        if kind == "method":
            receiver, name = obj.data
            return self.call_method(receiver, name, args, kwargs, node, frame)
        if isinstance(obj.data, tuple) and obj.data and obj.data[0] == "wraps":
            result = self.call(obj.data[1], args, kwargs, node, frame)
            link(obj, result)
            if obj.fixed:
                self.mutate((obj,))  # its cache
            return result
        called = self.call_dunder((obj,), ("__call__", "forward"), args, node, kwargs)
        if called is not None:
            return called
        if obj.type is not None:
            klass = self.table.klass(obj.type)
            if klass is not None and klass.callable:
                return self.call_method(obj, klass.callable, args, kwargs, node, frame)
            row = self.table.method(obj.type, "__call__")
            if row is not None:
                return self.apply(row, obj.type + ".__call__", obj, args, kwargs, node, frame)
        return self.unknown_call(obj, args, kwargs, node)

    # -- the notebook's own functions -----------------------------------------------------------------------------

    def call_function(
        self, obj: Obj, args: list[Val], kwargs: dict[str, Val], node: ast.AST, self_value: Val = ()
    ) -> Val:
        """Interpret a function's body with these arguments, in the bindings of this moment."""
        function = function_of(obj)
        scope = function.scope
        assert scope is not None  # noqa: S101  set where functions are made
        self.rec.traits.add("calls")
        if scope.generator and not getattr(node, "_consuming", False):
            out = self.new("iterator", fixed="generator")
            out.data = ("lazy-call", obj, args, kwargs, self_value)
            link(out, (obj, *(o for a in (*args, *kwargs.values()) for o in a)))
            return (out,)
        if isinstance(function.node, ast.AsyncFunctionDef) and not getattr(node, "_consuming", False):
            out = self.new(None, fixed="coroutine")
            out.data = ("lazy-call", obj, args, kwargs, self_value)
            link(out, (obj, *(o for a in (*args, *kwargs.values()) for o in a)))
            return (out,)
        return self.run_function(obj, args, kwargs, node, self_value)

    def run_function(
        self, obj: Obj, args: list[Val], kwargs: dict[str, Val], node: ast.AST, self_value: Val = ()
    ) -> Val:
        """Run the body now, within the limits of depth and budget."""
        function = function_of(obj)
        scope = function.scope
        assert scope is not None  # noqa: S101  set where functions are made
        if self.stack.count(function.node) >= 2 or len(self.stack) >= CALL_DEPTH or self.budget <= 0:
            return self.summarise(obj, args, kwargs)
        if function.space.module:
            self.rec.libraries.add(function.space.module)
            if not function.space.local:
                return self.run_source(obj, args, kwargs, node, self_value)
        return self.run_body(obj, args, kwargs, node, self_value)

    def run_source(self, obj: Obj, args: list[Val], kwargs: dict[str, Val], node: ast.AST, self_value: Val) -> Val:
        """A function of an installed module: interpreted a few calls deep, with a small budget of its own."""
        function = function_of(obj)
        if self.source_depth:
            if self.source_depth >= SOURCE_DEPTH:
                return self.summarise(obj, args, kwargs)
            self.source_depth += 1
            value = self.run_body(obj, args, kwargs, node, self_value)
            self.source_depth -= 1
            return value
        if function.node in self.given_up:
            return self.unknown_call(None, args, kwargs, node)
        outer, self.budget = self.budget, min(self.budget, SOURCE_BUDGET)
        given = self.budget

        def body() -> Val:
            self.source_depth = 1
            return self.run_body(obj, args, kwargs, node, self_value)

        found = self.bounded(body)
        self.source_depth = 0
        self.budget = outer - (given - self.budget)
        if found is None:
            self.given_up.add(function.node)
            return self.unknown_call(None, args, kwargs, node)
        return found

    def run_body(self, obj: Obj, args: list[Val], kwargs: dict[str, Val], node: ast.AST, self_value: Val) -> Val:
        """Interpret a body in a frame of its own."""
        function = function_of(obj)
        scope = function.scope
        assert scope is not None  # noqa: S101  set where functions are made
        inner = Frame(
            function.space, function.frame, names=scope.locals, globals=scope.globals, nonlocals=scope.nonlocals
        )
        inner.klass = function.klass
        inner.self_value = self_value
        self.bind_arguments(function, inner, args, kwargs)
        self.stack.append(function.node)
        outer_loops, self.loops = self.loops, []
        region = Region(0)
        self.functions.append(region)
        try:
            if isinstance(function.node, ast.Lambda):
                inner.returns.extend(self.ev(function.node.body, inner))
                alive = True
            else:
                body = function.node.body
                alive = self.in_region(region, lambda: self.run_block(body, inner))
        finally:
            self.functions.pop()
            self.loops = outer_loops
            self.stack.pop()
        value = tuple(dict.fromkeys(inner.returns))
        if not isinstance(function.node, ast.Lambda) and (alive or not value):
            value = join(value, NONE)
        return join(value)

    def bind_arguments(self, function: Function, inner: Frame, args: list[Val], kwargs: dict[str, Val]) -> None:
        """Bind parameters to arguments as Python does; what is left open may be any of what was given."""
        spec = function.node.args
        positional = [*spec.posonlyargs, *spec.args]
        rest = kwargs.get("**", ())
        for position, arg in enumerate(positional):
            if position < len(args):
                value = args[position]
            elif arg.arg in kwargs:
                value = kwargs[arg.arg]
            else:
                value = join(function.defaults.get(arg.arg, ()), rest)
            inner.vars[arg.arg] = self._annotated(value, arg.annotation, function)
        for arg in spec.kwonlyargs:
            value = kwargs.get(arg.arg) or join(function.defaults.get(arg.arg, ()), rest)
            inner.vars[arg.arg] = self._annotated(value, arg.annotation, function)
        if spec.vararg is not None:
            extra = self.new("tuple", immutable=True)
            for value in args[len(positional) :]:
                hold(extra, value)
            inner.vars[spec.vararg.arg] = (extra,)
        if spec.kwarg is not None:
            extra = self.new("dict")
            known = {a.arg for a in (*positional, *spec.kwonlyargs)}
            for name, value in kwargs.items():
                if name not in known:
                    hold(extra, value)
            inner.vars[spec.kwarg.arg] = (extra,)

    def _annotated(self, value: Val, annotation: ast.expr | None, function: Function) -> Val:
        if value:
            return value
        return (self.new(self.type_of_annotation(annotation, function)),)

    def type_of_annotation(self, annotation: ast.expr | None, function: Function | None) -> str | None:
        """The type that an annotation names, where the table knows it; nothing is evaluated or recorded."""
        if not isinstance(annotation, (ast.Name, ast.Attribute)):
            return None
        parts: list[str] = []
        current: ast.expr = annotation
        while isinstance(current, ast.Attribute):
            parts.append(current.attr)
            current = current.value
        if not isinstance(current, ast.Name):
            return None
        space = function.space if function is not None else self.space
        binding: Binding | None = space.names.get(current.id)
        root = (
            str(binding.value[0].data)
            if binding and binding.value and binding.value[0].kind in ("ref", "module")
            else current.id
        )
        name = self.table.canonical(".".join([root, *reversed(parts)]))
        return name if name in ATOMS or self.table.klass(name) is not None else None

    def summarise(self, obj: Obj, args: list[Val], kwargs: dict[str, Val]) -> Val:
        """Too deep or too long to interpret: the function may do what its text mentions, to all that it is given."""
        function = function_of(obj)
        scope = function.scope
        given = [o for value in (*args, *kwargs.values()) for o in value]
        if self.stack.count(function.node) < 2 and scope is not None:
            for name in sorted(scope.mentions - scope.locals):
                binding: Binding | None = function.space.names.get(name)
                if binding is None:
                    continue
                if function.space is self.space:
                    self.use(name, None, Frame(self.space))
                if any(o.kind == "value" for o in binding.value):
                    self.mutate((o for o in binding.value if o.kind == "value"), deep=True)
            for name in sorted(scope.globals):
                self.bind(Frame(function.space, globals=frozenset({name})), name, (self.new(),))
        self.mutate(given, deep=True)
        out = self.new()
        link(out, given)
        return (out,)

    def consume(self, value: Val, node: ast.AST) -> Val:
        results: Val = ()
        for obj in value:
            data = obj.data
            if isinstance(data, tuple) and data and data[0] == "lazy-call":
                self.dirty(obj)
                target, args, kwargs, self_value = data[1:]
                if self.stack.count(function_of(target).node) < 1:
                    found = self.run_function(target, args, kwargs, node, self_value)
                    if obj.fixed == "generator":
                        hold(obj, found)
                        results = join(results, obj.elems)
                    else:
                        results = join(results, found)
                else:
                    results = join(results, obj.elems)
            elif isinstance(data, tuple) and data and data[0] == "lazy":
                self.dirty(obj)
                if obj not in self.consuming:
                    self.consuming.add(obj)
                    self.branches(lambda: True, data[1])
                    self.consuming.discard(obj)
                results = join(results, obj.elems)
            elif isinstance(data, tuple) and data and data[0] == "lazy-row":
                self.drain((obj,))
                self.call_back(data[1], data[2], node)
                results = join(results, obj.elems)
            elif obj.fixed == "coroutine" or obj.type is None:
                results = join(results, (self.part(obj),))
            else:
                results = join(results, (obj,))
        return results

    # -- the notebook's own classes ---------------------------------------------------------------------------------

    def instantiate(self, obj: Obj, args: list[Val], kwargs: dict[str, Val], node: ast.AST) -> Val:
        """A new instance of one of the notebook's classes; ``__init__`` is interpreted."""
        klass: Class = obj.data
        base = self.library_base(obj)
        instance = self.new(base, klass=obj)
        instance.attrs = {}
        instance.holds.add(obj)
        obj.held_by.add(instance)
        given = [o for value in (*args, *kwargs.values()) for o in value]
        if base is not None and base.startswith(("enum.", "typing.NamedTuple")):
            return (self.part_of_class(obj),)
        init = self.find(obj, "__init__") or self.find(obj, "__new__")
        if init:
            for function in init:
                if function.kind == "function":
                    self.call_function(function, [(instance,), *args], kwargs, node, (instance,))
                else:
                    hold(instance, given)
        else:
            fields = [n for n in klass.attrs if not n.startswith("__")]
            for position, value in enumerate(args):
                if position < len(fields):
                    instance.attrs[fields[position]] = value
                link(instance, value)
            for name, value in kwargs.items():
                instance.attrs[name] = value
                link(instance, value)
            post = self.find(obj, "__post_init__")
            for function in post or ():
                self.call_one(function, [(instance,)], {}, node, None)
        return (instance,)

    def part_of_class(self, obj: Obj) -> Obj:
        """A member of an enumeration: it belongs to its class."""
        member = self.new("enum.Enum", immutable=True)
        member.holds.add(obj)
        obj.held_by.add(member)
        return member

    def library_base(self, obj: Obj) -> str | None:
        """The first type from a library among the bases of a class of the notebook."""
        seen = {obj}
        stack = [obj]
        while stack:
            current = stack.pop()
            if current.kind in ("ref", "module"):
                return self.table.canonical(str(current.data))
            if current.kind == "class":
                for base in current.data.bases:
                    if base not in seen:
                        seen.add(base)
                        stack.append(base)
        return None

    def find(self, obj: Obj, name: str, skip_own: bool = False) -> Val | None:
        """An attribute of a class of the notebook, along its bases (depth first)."""
        klass: Class = obj.data
        if not skip_own:
            found = klass.attrs.get(name)
            if found is not None:
                return found
        for base in klass.bases:
            if base.kind == "class" and base is not obj:
                found = self.find(base, name)
                if found is not None:
                    return found
        return None

    def call_dunder(
        self, value: Val, names: tuple[str, ...], args: list[Val], node: ast.AST, kwargs: dict[str, Val] | None = None
    ) -> Val | None:
        result: Val | None = None
        for obj in value:
            klass = obj.klass
            if klass is None and not (obj.kind == "class" and names == ("__class_getitem__",)):
                if obj.type in ("list", "tuple", "dict", "set") and any(h.klass is not None for h in obj.holds):
                    self.call_dunder(tuple(h for h in obj.holds if h.klass is not None), names, args, node)
                continue
            if klass is None:
                continue
            for name in names:
                methods = self.find(klass, name)
                if methods is None:
                    continue
                for method in methods:
                    if method.kind == "function":
                        found = self.call_function(method, [(obj,), *args], kwargs or {}, node, (obj,))
                        result = join(result or (), found)
                if name not in ("__eq__", "__lt__", "__gt__", "__le__", "__ge__", "__ne__"):
                    break
        return result

    def call_all_methods(self, obj: Obj, node: ast.AST, given: list[Obj]) -> None:
        """A library may call any method of an instance that it is handed."""
        if obj.klass is None or obj in self.consuming:
            return
        self.consuming.add(obj)
        unknown = self.new()
        link(unknown, given)
        seen: set[str] = set()
        stack = [obj.klass]
        self.may += 1
        while stack:
            klass = stack.pop()
            if klass.kind != "class" or (klass.data.space.module and not klass.data.space.local):
                continue  # a class of an installed module: what libraries call on each other is in the tables
            stack.extend(klass.data.bases)
            for name, value in klass.data.attrs.items():
                if name in seen or name in ("__init__", "__new__"):
                    continue
                seen.add(name)
                for method in value:
                    if method.kind == "function":
                        function = method

                        def run(function: Obj = function) -> bool:
                            count = len(function_of(function).node.args.args) - 1
                            self.call_function(function, [(obj,), *[(unknown,)] * max(count, 0)], {}, node, (obj,))
                            return True

                        self.branches(lambda: True, run)
        self.may -= 1
        self.consuming.discard(obj)

    # -- calls by the table -------------------------------------------------------------------------------------------

    def call_ref(self, dotted: str, args: list[Val], kwargs: dict[str, Val], node: ast.AST, frame: Frame | None) -> Val:
        """Call something named by its dotted path in a library, or a builtin."""
        special = self.special_call(dotted, args, kwargs, node, frame)
        if special is not None:
            return special
        name = self.table.canonical(dotted)
        row = self.table.call(name)
        self.rec.libraries.add(name.partition(".")[0])
        if row is not None:
            if name in _SHOWING:
                self.rec.traits.add("shows")
            return self.apply(row, name, None, args, kwargs, node, frame)
        owner, _, method = name.rpartition(".")
        if owner and args and self.table.klass(owner) is not None:
            found = self.table.method(owner, method)
            if found is not None:  # pd.DataFrame.mean(df): the method by way of its class
                return join(*(self.apply(found, name, o, args[1:], kwargs, node, frame) for o in args[0]))
        source = self.source_object(name)
        if source is not None:
            return self.call(source, args, kwargs, node, frame)
        if name[:1].isupper() and "." not in name:
            return self.exception(args, kwargs)
        self.rec.traits.add("unknown-calls")
        return self.unknown_call(None, args, kwargs, node, name)

    def exception(self, args: list[Val], kwargs: dict[str, Val]) -> Val:
        """An exception object: it keeps what it is given."""
        out = self.new()
        link(out, (o for value in (*args, *kwargs.values()) for o in value))
        return (out,)

    def call_method(
        self, receiver: Obj, name: str, args: list[Val], kwargs: dict[str, Val], node: ast.AST, frame: Frame | None
    ) -> Val:
        """Call a method of an object whose class is not the notebook's own."""
        if receiver.kind == "super":
            return self.call_super(receiver, name, args, kwargs, node)
        if receiver.type == "str" and name in ("format", "join"):
            self.rec.traits.add("shows")
        if name in ("query", "eval") and (receiver.type is None or receiver.type.startswith("pandas.")):
            self._expression_names(args, kwargs, node, frame)
        row = self.table.method(receiver.type, name) if receiver.type is not None else None
        if row is not None:
            self.rec.libraries.add((receiver.type or "").partition(".")[0])
            result = self.apply(row, f"{receiver.type}.{name}", receiver, args, kwargs, node, frame)
        else:
            row = self.table.consensus(name) if receiver.type is None and receiver.klass is None else None
            if row is not None and not self.notebook_method(name):
                self.rec.traits.add("guesses")
                self.rec.libraries.update(self.table.owners(name))
                result = self.apply(row, name, receiver, args, kwargs, node, frame)
            else:
                result = self.unknown_call(receiver, args, kwargs, node)
        if receiver.klass is not None:
            self.call_all_methods(receiver, node, [o for value in (*args, *kwargs.values()) for o in value])
        elif receiver.type not in _CONTAINERS and not receiver.immutable:
            self.call_back(tuple(h for h in receiver.holds if h.kind == "function"), args, node)
        return result

    def _expression_names(self, args: list[Val], kwargs: dict[str, Val], node: ast.AST, frame: Frame | None) -> None:
        """``df.query("a > @limit")``: pandas looks for ``limit`` where it is called from."""
        for value in (*args[:1], *(kwargs[k] for k in ("expr",) if k in kwargs)):
            for text in (o.const for o in value if isinstance(o.const, str)):
                for name in _EXPRESSION_NAME.findall(text):
                    self.call_back(self.read(name, node, frame), [], node)

    def notebook_method(self, name: str) -> bool:
        """Whether one of the notebook's own classes defines a method of this name."""
        return name in self.method_names

    def call_super(self, receiver: Obj, name: str, args: list[Val], kwargs: dict[str, Val], node: ast.AST) -> Val:
        """``super().name(...)``: the next class that has it; of a library's class nothing but the instance changes."""
        klass, instance = receiver.data
        methods = self.find(klass, name, skip_own=True) if klass is not None else None
        given = [o for value in (*args, *kwargs.values()) for o in value]
        if methods is not None:
            return join(*(self.call_one_with_self(m, instance, args, kwargs, node) for m in methods))
        if name in ("__init__", "__init_subclass__", "__setattr__", "__setitem__"):
            for obj in instance:
                hold(obj, given)
            self.mutate(instance)
            return NONE
        if name == "__new__":
            return (self.new(),)
        base = self.library_base(klass) if klass is not None else None
        row = self.table.method(base, name) if base is not None else None
        if row is not None and instance:
            return self.apply(row, f"{base}.{name}", instance[0], args, kwargs, node, None)
        return self.unknown_call(instance[0] if instance else None, args, kwargs, node)

    def call_one_with_self(
        self, method: Obj, instance: Val, args: list[Val], kwargs: dict[str, Val], node: ast.AST
    ) -> Val:
        """Call a function found in a class with its instance as first argument."""
        if method.kind == "function":
            return self.call_function(method, [instance, *args], kwargs, node, instance)
        return self.call_one(method, args, kwargs, node, None)

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
        """The effects and the result of a call by its row of the table."""
        given = [o for value in (*args, *kwargs.values()) for o in value]
        named = dict(kwargs)
        for position, value in enumerate(args):
            if position < len(row.params) and row.params[position] != "*":
                named.setdefault(row.params[position], value)
        for target in row.mutates:
            self._mutate_target(target, row, receiver, args, named, given)
        for obj in given:
            if self.is_iterator(obj) and not row.lazy and row.returns != "iterator" and name not in _LOOKING:
                self.drain((obj,))
            if (
                isinstance(obj.data, tuple)
                and obj.data
                and obj.data[0] in ("lazy", "lazy-call", "lazy-row")
                and not row.lazy
            ):
                self.consume((obj,), node)
            elif obj.klass is not None or (obj.type in _CONTAINERS and any(h.klass is not None for h in obj.holds)):
                self.call_dunder(
                    (obj,), ("__str__", "__repr__", "__len__", "__hash__", "__array__", "__float__"), [], node
                )
                if (
                    name not in _SHOWING
                    and obj.klass is not None
                    and "." in name
                    and (receiver is None or receiver.type not in _CONTAINERS)
                ):
                    self.call_all_methods(obj, node, given)
        if row.keeps and receiver is not None:
            if row.keeps == ("elements",):
                kept = [
                    e
                    for o in given
                    for e in (o.elems or (() if atomic(o) or o.type in _CONTAINERS else (self.part(o),)))
                ]
            else:
                kept = given if "*" in row.keeps else [o for k in row.keeps for o in named.get(k, ())]
            hold(receiver, kept)
        if row.holds:
            for holder in named.get(row.holds[0], ()):
                hold(holder, named.get(row.holds[1], ()))
        for touch in row.touches:
            self._touch(touch, row, receiver, args, named)
        callbacks = tuple(o for k in row.calls for o in named.get(k, ()))
        if callbacks and not row.lazy:
            self.call_back(callbacks, args, node)
        out = self.result(row, name, receiver, args, kwargs, named, given, node)
        if row.lazy and callbacks:
            for obj in out:
                obj.data = ("lazy-row", callbacks, args)
                link(obj, callbacks)
                hold(obj, self.callback_results(callbacks))
        return out

    def callback_results(self, callbacks: Val) -> Val:
        """What lazily called functions give is not known before they are called."""
        return (self.new(),)

    def _mutate_target(
        self, target: str, row: Call, receiver: Obj | None, args: list[Val], named: dict[str, Val], given: list[Obj]
    ) -> None:
        target, _, condition = target.partition("?")
        if condition:
            flag = named.get(condition)
            if flag is None or truth(flag) is False:
                return
        deep = target.endswith("*") and target != "*"
        target = target.removesuffix("*") or "*"
        if target == "*":
            self.mutate(given, deep=True)
        elif target == "self":
            if receiver is not None:
                self.mutate((receiver,), deep=deep, spared=_DATA)
            elif args:
                self.mutate(args[0], deep=deep)
        elif target in named:
            self.mutate(named[target], deep=deep)
            self.drain(o for o in named[target] if self.is_iterator(o))
        elif row.params[-1:] == ("*",) and target == row.params[-1]:
            self.mutate(given, deep=deep)

    def _touch(
        self, touch: tuple[Any, ...], row: Call, receiver: Obj | None, args: list[Val], named: dict[str, Val]
    ) -> None:
        kind, key, mode, *condition = touch
        if condition and condition[0] == "unless":
            if receiver is not None and receiver.data == "seeded":
                return
            klass = self.table.klass(receiver.type) if receiver is not None else None
            if klass is not None and klass.seedless:
                return
        elif condition:
            value = named.get(condition[1])
            const = None if value is None else const_of(value)
            if const is not UNKNOWN and const not in condition[2]:
                return
            if const is UNKNOWN and value is not None and all(not atomic(o) for o in value) and kind == "random":
                return
        if kind == "file" and key != "*":
            value = (receiver,) if key == "self" and receiver is not None else named.get(key, ())
            if not value:
                return
            for path in self.file_keys(value):
                if "://" in path:
                    self.touch("network", "network", "read" if mode == "read" else "write")
                else:
                    self.touch("file", path, mode)
            return
        self.touch(kind, key, mode)

    def result(
        self,
        row: Call,
        name: str,
        receiver: Obj | None,
        args: list[Val],
        kwargs: dict[str, Val],
        named: dict[str, Val],
        given: list[Obj],
        node: ast.AST,
    ) -> Val:
        """What the call gives, and what that shares with what it was given."""
        alias = row.alias
        if name in _COMPARING:
            self.rec.traits.add("identity")
        if name in ("copy.copy", "copy.deepcopy") and args:
            return tuple(self._copy(o, {}, deep=name == "copy.deepcopy") for o in args[0])
        rows = self._rows_of(name, receiver, args, node)
        if rows is not None:
            return rows
        if name in ("os.path.join", "pathlib.Path", "pathlib.PurePath", "str", "pathlib.Path.joinpath", "os.fspath"):
            known = self._path_result(name, receiver, args)
            if known is not None:
                return known
        if name == "numpy.ndarray.astype" and receiver is not None and truth(named.get("copy", TRUE)) is not True:
            return (self._view_of(receiver),)
        if name in _AT_LEAST and len(args) == 1:  # of one array the array itself, of several a tuple
            return tuple(self._view_of(o) for o in args[0])
        if alias == "self":
            return (receiver,) if receiver is not None else (args[0] if args else NONE)
        if alias.startswith("arg:"):
            value = named.get(alias[4:])
            if value:
                return value
        if row.returns == "None":
            return NONE
        if row.returns in ATOMS and alias == "fresh":
            return ATOMS[row.returns]
        if row.items or row.returns == "like":
            return self._parts(row, args)
        if alias == "fresh" and row.returns is not None and "|" in row.returns:
            return self.typed_any(row.returns)
        out = self.typed(row.returns)
        if row.fixed:
            out = self.new(row.returns, fixed=row.fixed)
        if row.seeds:
            seed = kwargs.get(row.seeds)
            if seed is not None and all(o.type != "None" for o in seed):
                out.data = "seeded"
        sources = ([receiver] if receiver is not None else []) + given
        if alias == "view":
            base = receiver if receiver is not None else (args[0][0] if args and args[0] else None)
            if base is not None and not base.immutable:
                view(out, base)
                hold(out, base.elems)
        elif alias == "elements":
            pieces: Val = ()
            for source in sources:
                if source.kind == "value":
                    pieces = join(pieces, source.elems)
                    if source.type not in _CONTAINERS and not source.immutable and not source.elems:
                        pieces = join(pieces, (self.part(source),))
            if row.returns == "iterator":
                link(out, sources)  # it goes through them as they will be
            pieces = join(pieces, *_fallbacks(name, args))
            if row.returns is None or row.returns == "object":
                return pieces or (self.new(),)
            hold(out, pieces)
        elif alias == "args":
            if out.immutable and not atomic(out):
                pass
            hold(out, sources)
            if out.immutable and sources:
                out = self.new(row.returns)
                hold(out, sources)
        if alias == "fresh" and out.type is None and row.constant:
            return STR
        return (out,)

    def _parts(self, row: Call, args: list[Val]) -> Val:
        """A tuple whose parts are known: parts that know each other, or two of the type of each argument."""
        if row.items:
            parts = [self.typed(t) for t in row.items]
            for part in parts:
                link(part, parts)
        else:
            parts = [self.new(a[0].type if a else None) for a in args for _ in (0, 1)]
        out = self.new("tuple", immutable=True)
        hold(out, parts)
        out.data = ("parts", tuple((p,) for p in parts))
        return (out,)

    def _view_of(self, obj: Obj) -> Obj:
        out = self.new("numpy.ndarray")
        if not obj.immutable:
            view(out, obj)
        return out

    def _rows_of(self, name: str, receiver: Obj | None, args: list[Val], node: ast.AST) -> Val | None:
        """What gives tuples (``enumerate``, ``zip``, ``dict.items``): their parts are told apart."""
        starred = isinstance(node, ast.Call) and any(isinstance(a, ast.Starred) for a in node.args)
        sources = [o for value in args for o in value]
        if name == "enumerate" and args:
            parts = [ATOMS["int"], self._pieces(args[0])]
        elif name in ("zip", "itertools.zip_longest") and args:
            parts = [self._pieces(value) for value in args]
        elif receiver is not None and name.endswith(".items") and receiver.type in _MAPPINGS:
            parts = [join(STR, tuple(h for h in receiver.holds if h not in receiver.elems)), self._pieces((receiver,))]
            sources = [receiver]
        elif name in ("itertools.product", "itertools.combinations", "itertools.permutations", "itertools.pairwise"):
            parts, starred = [self._pieces(value) for value in args], True
        else:
            return None
        pair = self.new("tuple", immutable=True)
        for part in parts:
            hold(pair, part)
        if not starred:
            pair.data = ("parts", tuple(parts))
        out = self.new("list" if receiver is not None else "iterator")
        hold(out, (pair,))
        link(out, sources)
        return (out,)

    def _pieces(self, value: Val) -> Val:
        """What is in a value, as iterating it gives it."""
        pieces: Val = ()
        for obj in value:
            if obj.elems:
                pieces = join(pieces, obj.elems)
            elif not atomic(obj) and obj.type not in _CONTAINERS:
                pieces = join(pieces, (self.part(obj),) if obj.type is None else (self.new(),))
        return pieces

    def _copy(self, obj: Obj, made: dict[Obj, Obj], *, deep: bool) -> Obj:
        """A copy of an object, which keeps what the object keeps or copies of it."""
        if atomic(obj) or obj.kind != "value" or obj in made:
            return made.get(obj, obj)
        out = made[obj] = self.new(obj.type, immutable=obj.immutable, klass=obj.klass, fixed=obj.fixed)
        plain = obj.klass is not None or obj.type is None or obj.type in _CONTAINERS
        if obj.klass is not None:
            link(out, (obj.klass,))

        def part(value: Val) -> Val:
            return tuple(self._copy(o, made, deep=True) for o in value) if deep else value

        if obj.attrs is not None:
            out.attrs = {name: part(value) for name, value in obj.attrs.items()}
            for value in out.attrs.values():
                link(out, value)
        if plain:
            hold(out, part(obj.elems))
            link(out, part(tuple(o for o in obj.holds if o.kind == "value" and o not in obj.elems)))
        return out

    def _path_result(self, name: str, receiver: Obj | None, args: list[Val]) -> Val | None:
        texts = [self.text(a) for a in args]
        if receiver is not None:
            texts.insert(0, receiver.const if isinstance(receiver.const, str) else None)
        if name in ("str", "os.fspath"):
            return (scalar("str", texts[0]),) if texts and texts[0] is not None else None
        joined = "/".join(HOLE_TEXT if t is None else t for t in texts) or "."
        return (scalar("str" if name == "os.path.join" else "pathlib.Path", joined),)

    def drain(self, value: Iterable[Obj]) -> None:
        """Something is taken out of iterators: those that they take it from change with them."""
        stack = list(value)
        seen = set(stack)
        while stack:
            obj = stack.pop()
            self.mutate((obj,))
            for held in obj.holds:
                if held not in seen and self.is_iterator(held):
                    seen.add(held)
                    stack.append(held)

    def call_back(self, callbacks: Iterable[Obj], args: list[Val], node: ast.AST) -> None:
        """Functions handed to a call are called there, with parts of what it was given."""
        functions = [
            o for o in callbacks
            if o.kind in ("function", "class", "method") or o.klass is not None or (isinstance(o.data, tuple) and o.data[:1] == ("wraps",))
        ]  # fmt: skip
        if not functions:
            return
        pieces: Val = ()
        for value in args:
            for obj in value:
                if obj.kind == "value" and obj not in functions and not atomic(obj):
                    pieces = join(pieces, obj.elems or (self.part(obj) if obj.type is None else self.new(),))
        piece = pieces or (self.new(),)
        for function in functions:
            counts = {1}
            if function.kind == "function":
                spec = function_of(function).node.args
                every = len(spec.args) + len(spec.posonlyargs) + (spec.vararg is not None)
                counts = {every, every - len(spec.defaults)}  # a default is what a call with fewer arguments changes

            def run(function: Obj = function, counts: set[int] = counts) -> bool:
                for count in sorted(counts):
                    self.call_one(function, [piece] * count, {}, node, None)
                return True

            self.branches(lambda: True, run)

    def unknown_call(
        self, callee: Obj | None, args: list[Val], kwargs: dict[str, Val], node: ast.AST, name: str = ""
    ) -> Val:
        """A call that nothing is known of: it may change, keep and give back whatever it is handed."""
        given = [o for value in (*args, *kwargs.values()) for o in value]
        for obj in given:
            self.consume((obj,), node) if isinstance(obj.data, tuple) and obj.data[:1] in (
                ("lazy",),
                ("lazy-call",),
            ) else None
            if obj.klass is not None:
                self.call_all_methods(obj, node, given)
        self.call_back((o for o in given if o.kind in ("function", "method")), args, node)
        for holder in given:
            if holder.type in _CONTAINERS:
                self.call_back(tuple(h for h in holder.holds if h.kind == "function"), args, node)
        if callee is not None and callee.kind == "value":
            self.mutate((callee,), deep=True)
            link(callee, given)
            self.call_back(tuple(h for h in callee.holds if h.kind == "function"), args, node)
        self.mutate((o for o in given if o.kind in ("value", "frame")), deep=True)
        mutable = [o for o in given if not o.immutable and o.kind == "value" and o.type not in _VALUES]
        for holder in mutable:
            link(holder, (o for o in given if not atomic(o)))
        out = self.new()
        link(out, given)
        if callee is not None and callee.kind == "value":
            view(out, callee)
            link(callee, (out,))
        for obj in given:
            if obj.kind == "value" and not obj.immutable:
                view(out, obj)
        return (out,)


def _fallbacks(name: str, args: list[Val]) -> list[Val]:
    """The arguments that a call may give as they are, besides what is in them."""
    if name in ("min", "max"):
        return args if len(args) > 1 else []
    if name in ("next", "dict.fromkeys") or name.rpartition(".")[2] in ("get", "pop"):
        return args[1:2]
    return args[2:] if name == "functools.reduce" else []


_VALUES = frozenset({"pandas.DataFrame", "pandas.Series", "pandas.Index", "numpy.ndarray", "str"})
__all__ = ["Calls", "reach"]
