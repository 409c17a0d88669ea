"""Calls by their row of the table of known calls, and calls of what the table does not know."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from typing import Any

from nb2pipe.analysis.effects import Mode
from nb2pipe.analysis.interpreter.conditions import DATA, OPEN, applies, argument, named_arguments, touches
from nb2pipe.analysis.interpreter.hidden import changes_library, seeds
from nb2pipe.analysis.interpreter.machine import function_of, truth
from nb2pipe.analysis.interpreter.parts import Bound
from nb2pipe.analysis.interpreter.paths import ends, files_in, is_lazy, only_asks, reached, sql_of, tables_in
from nb2pipe.analysis.interpreter.results import MOST, VALUES, Results, is_wrapped, kept
from nb2pipe.analysis.known.table import Call, conditional, pairs
from nb2pipe.analysis.modules import exists
from nb2pipe.analysis.objects import (
    CONTAINERS,
    NONE,
    Frame,
    Obj,
    Val,
    atomic,
    hold,
    is_atom,
    join,
    link,
    view,
)

_EXPRESSION_NAME = re.compile(r"@([^\W\d]\w*)")
_LOOKING = frozenset(
    {"print", "str", "repr", "format", "display", "IPython.display.display", "str.format", "ascii", "type", "id", "len", "hash",
     "callable", "hasattr", "isinstance", "list.append", "set.add", "dict.__setitem__", "list.insert", "dict.setdefault"}
)  # fmt: skip
_DRAWING = re.compile(
    r"\b(?:plot|hist|boxplot|dendrogram|graphics|plotting)\b|Display\b|\bplot_|_plot\b"
    r"|\bAccessor\.(?:__call__|area|barh?|box|density|hexbin|kde|line|pie|scatter)$"
)
"""What draws in libraries that do other things as well: pandas, scikit-learn, SciPy, statsmodels."""
_MAKING_FIGURES = frozenset(
    f"matplotlib.pyplot.{name}"
    for name in ("figure", "subplots", "subplot", "plot", "scatter", "hist", "bar", "barh", "imshow")
)
"""What makes a figure for certain, where none is open."""
_SHOWING = frozenset({"print", "str", "repr", "format", "display", "IPython.display.display", "str.format", "ascii"})
_COMPARING = ("__hash__", "__eq__", "__lt__", "__gt__")
_SHOWN = ("__format__", "__str__", "__repr__")
_ASKED = (
    *_SHOWN, *_COMPARING, "__le__", "__ge__", "__ne__", "__len__", "__iter__", "__next__", "__getitem__", "__contains__", "__bool__",
    "__index__", "__int__", "__float__", "__round__", "__abs__", "__add__", "__radd__", "__array__", "__copy__", "__deepcopy__",
    "__reduce__", "__getstate__", "__reversed__", "__call__",
)  # fmt: skip
"""The special methods that a call may run on what it is given."""
_LOGGING = frozenset({"debug", "info", "warning", "error", "critical", "exception", "log"})
_RESUMING = frozenset({"send", "throw", "close", "__next__", "asend", "athrow", "aclose", "__anext__"})
_MOVING = frozenset(
    {"append", "insert", "extend", "clear", "copy", "items", "keys", "values", "reverse", "appendleft", "__setitem__"}
)
"""Methods of containers that look at nothing that they hold."""
_GENERATORS = frozenset({"random_state", "rng", "generator", "seed"})
"""Parameters that take a random generator in every library: who is given one draws from it."""


def _asked_by(name: str) -> tuple[str, ...]:
    """The special methods that a known call runs on an instance that it is given."""
    if name in _SHOWING:
        return _SHOWN
    if name in ("set.add", "dict.__setitem__", "dict.setdefault"):
        return _COMPARING
    if name == "hasattr":
        return ("__getattr__",)
    return ("__len__", "__bool__") if name == "len" else () if name in _LOOKING else _ASKED


def _functions(given: Iterable[Obj]) -> Val:
    """The functions among what is given, and bound methods."""
    return tuple(
        o
        for o in _callables(given)
        if o.kind == "function"
        or (isinstance(o.data, tuple) and o.data[:1] == ("partial",))
        or (
            o.kind == "method"
            and o.data[0].kind == "value"
            and (isinstance(o.data[0], Bound) or o.data[1] in _CHANGING)
        )
    )


_CHANGING = frozenset({"append", "add", "extend", "update", "insert", "setdefault", "appendleft", "write"})
"""Methods that are handed over to be called on what comes."""


def _arities(function: Obj) -> set[int]:
    """With how many arguments a function may be called: a default is what a call with fewer of them changes."""
    if function.kind == "function":
        spec = function_of(function).node.args
        every = len(spec.args) + len(spec.posonlyargs) + (spec.vararg is not None)
        return {every, every - len(spec.defaults)}
    if isinstance(function.data, tuple) and function.data[:1] == ("partial",):
        targets, args, kwargs = function.data[1:]
        counts = {n - len(args) for t in targets if t.kind == "function" for n in _arities(t)}
        return {max(n, 0) for count in counts for n in (count, count - len(kwargs))} or {1}
    return {1}


def _callables(objects: Iterable[Obj]) -> list[Obj]:
    """What can be called among objects, and in those that a library keeps functions in: lists, partials, keys, estimators."""
    objects = tuple(objects)
    return list(dict.fromkeys((*objects, *(h for h in kept(objects) if h.klass is None))))


def _functions_in(obj: Obj) -> Val:
    """The functions that an object keeps, and those in the containers that it keeps."""
    found: dict[Obj, None] = {}
    stack, seen = [obj], {obj}
    while stack and len(seen) < MOST:
        for held in stack.pop().holds:
            if held.kind == "function":
                found[held] = None
            elif held.type in CONTAINERS and held not in seen:
                seen.add(held)
                stack.append(held)
    return tuple(found)


class Rows(Results):
    """Calls of what is not the notebook's own."""

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
            elif name in _MAKING_FIGURES and self.may == 0 and frame is None:
                self.rec.traits.add("draws")
            return self.apply(row, name, None, args, kwargs, node, frame)
        owner, _, method = name.rpartition(".")
        if owner and args and self.table.klass(owner) is not None:
            found = self.table.method(owner, method)
            if found is not None:  # pd.DataFrame.mean(df): the method by way of its class
                return join(*(self.apply(found, name, o, args[1:], kwargs, node, frame) for o in args[0]))
        source = self.source_object(name)
        if frame is None or frame.space is self.space or frame.space.local:  # not in a library's own source
            self._note_library(name, args, kwargs, node, known=source is not None)
        if source is not None:
            return self.call(source, args, kwargs, node, frame)
        if name[:1].isupper() and "." not in name:
            return self.exception(args, kwargs)
        self.rec.traits.add("unknown-calls")
        opened = self._reach_files(name, args, kwargs)
        if owner and not exists(owner, None):  # a module of the notebook's own making, whose source is not there yet
            self.touch("setting", f"module:{owner.partition('.')[0]}", "write")
        result = self.unknown_call(None, args, kwargs, node, name)
        self._keep_open(result, opened)
        return result

    def _note_library(self, name: str, args: list[Val], kwargs: dict[str, Val], node: ast.AST, *, known: bool) -> None:
        """A function that the table lacks may change what its library keeps to itself; a module beside the notebook is interpreted."""
        owner = name.rpartition(".")[0]
        space = self.spaces.get(owner)
        if not owner or (space is not None and space.local):
            return
        given = [o for value in (*args, *kwargs.values()) for o in value]
        if changes_library(name, given, dropped=node in self.dropped, certain=known or node is self.shown):
            self.change_library(name.partition(".")[0], given)
            if seeds(name):
                self.drawing.add(name.partition(".")[0])
                if not known:
                    self.may_seed()

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
        if isinstance(receiver.data, tuple) and receiver.data[:1] == ("lazy-call",) and name in _RESUMING:
            for value in args:
                node_of = function_of(receiver.data[1]).node
                self.sent[node_of] = join(self.sent.get(node_of, ()), value)
            return self.consume((receiver,), node)
        row = self.table.method(receiver.type, name) if receiver.type is not None else None
        if receiver.immutable and truth(kwargs.get("inplace", NONE)) is not False and "inplace" in kwargs:
            self.change_owner(node.func, frame) if isinstance(node, ast.Call) else None
        if row is not None:
            self.rec.libraries.add((receiver.type or "").partition(".")[0])
            result = self.apply(row, f"{receiver.type}.{name}", receiver, args, kwargs, node, frame)
        else:
            row = self.table.consensus(name) if receiver.type is None and receiver.klass is None else None
            if row is not None and not self.notebook_method(name):
                self.rec.traits.add("guesses")
                self.rec.libraries.update(self.table.owners(name))
                if not any(touch[0] == "file" for touch in row.touches):
                    self._reach_files(name, args, kwargs)
                result = self.apply(row, name, receiver, args, kwargs, node, frame)
            else:
                opened = self._reach_files(name, args, kwargs)
                result = self.unknown_call(receiver, args, kwargs, node)
                self._keep_open(result, opened)
        if receiver.klass is not None:
            self.call_all_methods(receiver, node, [o for value in (*args, *kwargs.values()) for o in value])
        elif receiver.type not in CONTAINERS and not receiver.immutable:
            self.call_kept((receiver,), args, kwargs, node)
            if name in ("close", "pop_all"):
                self.unwind(receiver, node)
        return result

    def call_kept(self, objects: Iterable[Obj], args: list[Val], kwargs: dict[str, Val], node: ast.AST) -> None:
        """A library calls what it keeps of the notebook's: functions, and the methods of instances."""
        found = kept(objects)
        self.call_back(tuple(h for h in found if h.klass is None), args, node)
        given = [o for value in (*args, *kwargs.values()) for o in value]
        for instance in found:
            if instance.klass is not None:
                self.call_all_methods(instance, node, given)

    def unwind(self, context: Obj, node: ast.AST) -> None:
        """A context that keeps others (``ExitStack``, ``closing``) ends them when it ends."""
        held = tuple(context.holds)
        self.call_back((h for h in held if h.kind in ("function", "method")), [], node)
        self.consume(tuple(h for h in held if isinstance(h.data, tuple) and h.data[:1] == ("lazy-call",)), node)
        self.call_dunder(
            tuple(h for h in held if h.klass is not None), ("__exit__", "close"), [(self.new(),)] * 3, node
        )

    def _expression_names(self, args: list[Val], kwargs: dict[str, Val], node: ast.AST, frame: Frame | None) -> None:
        """``df.query("a > @limit")``: pandas looks for ``limit`` where it is called from."""
        for value in (*args[:1], *(kwargs[k] for k in ("expr",) if k in kwargs)):
            for text in (o.const for o in value if isinstance(o.const, str)):
                for name in _EXPRESSION_NAME.findall(text):
                    self.call_back(self.read(name, node, frame), [], node)

    def notebook_method(self, name: str) -> bool:
        """Whether one of the notebook's own classes defines a method of this name."""
        return name in self.method_names

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
        if _DRAWING.search(name):
            self.rec.traits.add("plots")
        given = [o for value in (*args, *kwargs.values()) for o in value]
        named = named_arguments(row, args, kwargs)
        for target in row.mutates:
            self._mutate_target(target, row, receiver, args, named, given, node)
        if not _GENERATORS.isdisjoint(named):
            for parameter in named:
                if parameter in _GENERATORS:
                    self.mutate(o for o in named[parameter] if not atomic(o))
        for obj in given:
            if is_atom(obj):
                continue
            if name not in _LOOKING:
                self._draw(obj, node)
            if self.is_iterator(obj) and not row.lazy and row.returns != "iterator" and name not in _LOOKING:
                self.drain((obj,), node)
            if (
                isinstance(obj.data, tuple)
                and obj.data
                and obj.data[0] in ("lazy", "lazy-call", "lazy-row")
                and not row.lazy
            ):
                self.consume((obj,), node)
            elif obj.klass is not None or obj.type in CONTAINERS:
                self.ask(obj, _asked_by(name), node)
                if (
                    name not in _SHOWING
                    and obj.klass is not None
                    and "." in name
                    and (receiver is None or receiver.type not in CONTAINERS)
                ):
                    self.call_all_methods(obj, node, given)
        if row.keeps and receiver is not None:
            if row.keeps == ("elements",):
                kept = [
                    e
                    for o in given
                    for e in (o.elems or (() if atomic(o) or o.type in CONTAINERS else (self.part(o),)))
                ]
            else:
                kept = given if "*" in row.keeps else [o for k in row.keeps for o in argument(named, k)]
            hold(receiver, kept)
        for holding, held in pairs(row.holds):
            for holder in argument(named, holding):
                hold(holder, argument(named, held))
        for touch in row.touches:
            self._touch(touch, receiver, named, given)
        if name.startswith("logging."):
            self._log(name, kwargs, named, given, node)
        if receiver is not None and receiver.type in CONTAINERS and name.rpartition(".")[2] not in _MOVING:
            self.ask(receiver, _COMPARING, node)
        callbacks: Val = ()
        if row.calls:
            callbacks = tuple(given) if "*" in row.calls else tuple(o for k in row.calls for o in argument(named, k))
        if given and row.alias == "fresh" and not row.keeps and not row.lazy and name not in _LOOKING:
            callbacks = join(callbacks, _functions(given))  # what is neither kept nor given back is called
            self.call_kept((o for o in given if o.type not in CONTAINERS), args, kwargs, node)
        if callbacks and not row.lazy:
            self.call_back(callbacks, args, node)
        out = self.result(row, name, receiver, args, kwargs, named, given, node)
        if row.lazy and callbacks:
            for obj in out:
                obj.data = ("lazy-row", callbacks, args)
                link(obj, callbacks)
                hold(obj, self.callback_results(callbacks))
        return out

    def _log(self, name: str, kwargs: dict[str, Val], named: dict[str, Val], given: list[Obj], node: ast.AST) -> None:
        """Handlers write what is logged to their files, or are the notebook's own."""
        if name in ("logging.basicConfig", "logging.FileHandler"):
            for key in self.file_keys(named["filename"]) if "filename" in named else []:
                self.log_files[key] = None
                self.touch("file", key, "write")
        elif name == "logging.Logger.addHandler":
            self.log_handlers.update(dict.fromkeys(o for o in given if o.klass is not None))
        elif name.rpartition(".")[2] in _LOGGING:
            for key in self.log_files:
                self.touch("file", key, "write")
            for handler in self.log_handlers:
                self.ask(handler, ("emit", "handle", "filter", "format", "write"), node)

    def callback_results(self, callbacks: Val) -> Val:
        """What lazily called functions give is not known before they are called."""
        return (self.new(),)

    def _mutate_target(
        self,
        target: str,
        row: Call,
        receiver: Obj | None,
        args: list[Val],
        named: dict[str, Val],
        given: list[Obj],
        node: ast.AST,
    ) -> None:
        target, condition, wanted = conditional(target)
        if applies(condition, wanted, named) is False:
            return
        deep = target.endswith("*") and target != "*"
        target = target.removesuffix("*") or "*"
        if target == "*":
            self.mutate(given, deep=True)
        elif target == "self":
            if receiver is not None:
                self.mutate((receiver,), deep=deep, spared=DATA)
            elif args:
                self.mutate(args[0], deep=deep)
        elif target in named:
            self.mutate(named[target], deep=deep)
            self.drain((o for o in named[target] if self.is_iterator(o)), node)
        elif row.params[-1:] == ("*",) and target == row.params[-1]:
            self.mutate(given, deep=deep)
        else:
            self.mutate(named.get(OPEN, ()), deep=deep)

    def _touch(self, touch: tuple[Any, ...], receiver: Obj | None, named: dict[str, Val], given: list[Obj]) -> None:
        kind, key, mode, *condition = touch
        if not touches(condition, receiver, named, self.table):
            return
        if kind == "library":
            self.change_library(key, given)
            return
        if kind == "file" and key != "*":
            key, _, suffix = key.partition("+")
            value = (receiver,) if key == "self" and receiver is not None else argument(named, key)
            if not value:
                return
            self._touch_files(value, mode, suffix)
            return
        self.touch(kind, key, mode)

    def _touch_files(self, value: Val, mode: Mode, suffix: str = "") -> list[str]:
        """Touch the files of a value that is used as a path; their keys, without those of addresses."""
        keys = []
        for path in self.file_keys(value):
            if "://" in path:
                self.touch("network", "network", "read" if mode == "read" else "write")
            else:
                keys.append(path if path.endswith(("*", suffix)) else path + suffix)
                self.touch("file", keys[-1], mode)
        return keys

    def _reach_files(self, name: str, args: list[Val], kwargs: dict[str, Val]) -> tuple[str, ...]:
        """Touch what a call that nothing is known of may open; the keys of what it may leave open to be written."""
        written: list[str] = []
        for obj, mode in reached(name, [o for value in (*args, *kwargs.values()) for o in value]):
            keys = self._touch_files((obj,), mode)
            written += keys if is_lazy(name) or (mode == "write" and not ends(name)) else []
        return tuple(dict.fromkeys(written))

    def _keep_open(self, result: Val, keys: tuple[str, ...]) -> None:
        """What is done to what such a call gives may be done to the files that it has opened."""
        for obj in result if keys else ():
            obj.data = ("file", keys)

    def call_back(self, callbacks: Iterable[Obj], args: list[Val], node: ast.AST) -> None:
        """Functions handed to a call are called there, with parts of what it was given."""
        functions = [
            o for o in _callables(callbacks)
            if o.kind in ("function", "class", "method") or o.klass is not None or is_wrapped(o)
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

            def run(function: Obj = function) -> bool:
                for count in sorted(_arities(function)):
                    self.call_one(function, [piece] * count, {}, node, None)
                return True

            self.branches(lambda: True, run)

    def _query(self, text: str, name: str, node: ast.AST) -> None:
        """SQL that something unknown is handed: it goes through frames by the notebook's names for them, and through files."""
        for table in tables_in(text):
            if table in self.space.names:
                self.call_back(self.read(table, node, None), [], node)
        asks = only_asks(text)
        for path in files_in(text):
            self.touch("file", path, "read" if asks else "write")
        if not asks and "." in name:
            self.change_library(name.partition(".")[0])

    def _draw(self, obj: Obj, node: ast.AST) -> None:
        """What a call is given may be a loader that draws when it is gone through."""
        klass = self.table.klass(obj.type) if obj.type is not None else None
        if klass is not None and klass.draws:
            self.draw_by(obj, klass.draws, node)

    def unknown_call(
        self, callee: Obj | None, args: list[Val], kwargs: dict[str, Val], node: ast.AST, name: str = ""
    ) -> Val:
        """A call that nothing is known of: it may change, keep and give back whatever it is handed."""
        self.rec.traits.add("plots-perhaps")
        given = [o for value in (*args, *kwargs.values()) for o in value]
        for text in sql_of(given):
            self._query(text, name, node)
        for obj in given:
            self.consume((obj,), node) if isinstance(obj.data, tuple) and obj.data[:1] in (
                ("lazy",),
                ("lazy-call",),
            ) else None
            if obj.klass is not None:
                self.call_all_methods(obj, node, given)
            self._draw(obj, node)
        self.call_back((o for o in given if o.kind in ("function", "method")), args, node)
        for holder in given:
            if holder.type in CONTAINERS:
                self.call_back(tuple(h for h in holder.holds if h.kind == "function"), args, node)
        if callee is not None and (callee.kind != "value" or (callee.immutable and not callee.holds)):
            callee = None  # what cannot change and holds nothing gives something of its own
        if callee is not None:
            self.mutate((callee,), deep=True)
            link(callee, given)
            self.call_back(_functions_in(callee), args, node)
        self.mutate((o for o in given if o.kind in ("value", "frame")), deep=True)
        mutable = [o for o in given if not o.immutable and o.kind == "value" and o.type not in VALUES]
        for holder in mutable:
            link(holder, (o for o in given if not atomic(o)))
        out = self.new()
        link(out, given)
        if callee is not None:
            view(out, callee)
            link(callee, (out,))
        for obj in given:
            if obj.kind == "value" and not obj.immutable:
                view(out, obj)
        return (out,)
