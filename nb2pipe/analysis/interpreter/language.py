"""Calls whose meaning is the language's own: exec, globals, setattr, super and their like."""

from __future__ import annotations

import ast
from typing import Any

from nb2pipe.analysis.interpreter.expressions import HISTORY
from nb2pipe.analysis.interpreter.imports import Imports
from nb2pipe.analysis.interpreter.machine import FAMILIES, HOLE_NAME, const_of
from nb2pipe.analysis.interpreter.parts import Bound
from nb2pipe.analysis.objects import (
    BOOL,
    HOLE,
    NONE,
    UNKNOWN,
    Class,
    Frame,
    Obj,
    Val,
    hold,
    join,
    link,
    scalar,
    view,
)
from nb2pipe.diagnostics import say

_NAMESPACES = frozenset({"globals", "locals", "vars"})
_SPECIAL = frozenset(
    {"globals", "locals", "vars", "exec", "eval", "setattr", "delattr", "getattr", "super", "type", "isinstance",
     "property", "dataclasses.field", "collections.namedtuple", "object.__new__", "object.__setattr__",
     "importlib.import_module", "__import__", "importlib.reload", "get_ipython"}
)  # fmt: skip


_ACCESSORS = {
    f"pandas.api.extensions.register_{kind.lower()}_accessor": f"pandas.{kind}"
    for kind in ("DataFrame", "Series", "Index")
}
"""Decorators that put a class of the notebook's into one of a library's."""


class _AnyAttribute(dict[str, Val]):
    """The attributes of a class that ``type(name, bases, dict)`` makes: each may be any of the dictionary's."""

    def __init__(self, contents: Val) -> None:
        super().__init__({"*": contents})
        self.contents = contents

    def get(self, name: str, default: Any = None) -> Any:
        """What is set by name, else any of the contents; of special methods only functions."""
        found = super().get(name)
        if found is None:
            found = tuple(o for o in self.contents if o.kind == "function") if name.startswith("__") else self.contents
        return found or default


class Language(Imports):
    """The language's own special calls, and the namespace as an object."""

    def special_call(
        self, name: str, args: list[Val], kwargs: dict[str, Val], node: ast.AST, frame: Frame | None
    ) -> Val | None:
        handler = getattr(self, "_call_" + name.replace(".", "_"), None) if name in _SPECIAL else None
        if handler is not None:
            result: Val | None = handler(args, kwargs, node, frame)
            return result
        if name in _ACCESSORS:
            attribute = const_of(args[0]) if args else UNKNOWN
            if isinstance(attribute, str):
                return (Obj("value", data=("accessor", _ACCESSORS[name], attribute)),)
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
            said = say("`%1` of a string that is computed in parts: what these read and change cannot be seen", mode)
            self.opaque("NB201", said, say("write the code in a cell, or pass it a namespace of its own"), binds=False)
            if isinstance(holed, ast.Expression):
                return self.ev(holed.body, frame)
            self.run_block(holed.body, frame)
            return None
        self.unseen_code()
        if len(args) > 1:  # a namespace of its own: it changes that, not the notebook's names
            self.mutate((o for a in args[1:] for o in a if o.type != "globals()"), deep=True)
            if not any(o.type == "globals()" for a in args[1:] for o in a):
                return None
        self.opaque("NB201", say("`%1` of a string that is computed: what it reads and changes cannot be seen", mode),
                    say("write the code in a cell, or pass it a namespace of its own"), binds=mode == "exec")  # fmt: skip
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
        out.kind = "class"
        self.has_classes = True
        bases = tuple(o for value in args[1:2] for held in value for o in (held.elems or (held,)))
        name = const_of(args[0]) if args else UNKNOWN
        contents = join(*(o.elems for o in (*args[2], *kwargs.get("**", ())))) if len(args) > 2 else ()
        out.data = Class(name if isinstance(name, str) else "type", self.space, _AnyAttribute(contents), bases)
        for attr in contents:
            if attr.kind == "function" and attr.data.klass is None:
                attr.data.klass = out
        link(out, (o for a in args for o in a))
        return (out,)

    def _call_property(self, args: list[Val], kwargs: dict[str, Val], node: ast.AST, frame: Frame | None) -> Val:
        getter = args[0] if args else kwargs.get("fget", ())
        setters = join(*args[1:], *(v for k, v in kwargs.items() if k != "fget"))
        out = self.new(immutable=True)
        out.data = ("property", getter, setters)
        link(out, (*getter, *setters))
        return (out,)

    def _call_dataclasses_field(
        self, args: list[Val], kwargs: dict[str, Val], node: ast.AST, frame: Frame | None
    ) -> Val:
        if "default_factory" not in kwargs:
            return kwargs.get("default") or (self.new(),)
        out = self.new()
        out.data = ("field", kwargs["default_factory"])
        link(out, kwargs["default_factory"])
        return (out,)

    def _call_collections_namedtuple(
        self, args: list[Val], kwargs: dict[str, Val], node: ast.AST, frame: Frame | None
    ) -> Val:
        out = self.new()
        out.kind = "class"
        self.has_classes = True
        given = args[1] if len(args) > 1 else kwargs.get("field_names", ())
        texts = [
            t for o in given for t in (o.const if isinstance(o.const, tuple) else (o.const,)) if isinstance(t, str)
        ]
        texts += [t for o in given for e in o.elems if isinstance(t := e.const, str)]
        fields = tuple(dict.fromkeys(w for t in texts for w in t.replace(",", " ").split()))
        out.data = Class("tuple", self.space, {}, (), fields=fields or ("*",))
        return (out,)

    def _call_object___new__(self, args: list[Val], kwargs: dict[str, Val], node: ast.AST, frame: Frame | None) -> Val:
        classes = tuple(o for a in args[:1] for o in a if o.kind == "class")
        return tuple(self.bare_instance(o) for o in classes) or (self.new(),)

    def _call_object___setattr__(
        self, args: list[Val], kwargs: dict[str, Val], node: ast.AST, frame: Frame | None
    ) -> Val:
        return self._call_setattr(args, kwargs, node, frame)

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
            self.touch("file", f"{str(obj.data).replace('.', '/')}.py", "read")
            for name, patched in self.patches.items():
                if any(owner == obj.data for owner, _ in patched):
                    self.touch("setting", f"patch:{obj.data}.{name}", "write")  # its first value again
        return args[0] if args else NONE

    def item(self, obj: Obj, index: Val, sliced: bool, node: ast.AST) -> Val:
        if obj.type == "globals()":
            name = const_of(index)
            if isinstance(name, str):
                return self.read(name, node, None)
            self.opaque("NB201", say("`globals()` is read at a name that is computed"), say("name the variable"))
            return (self.new(),)
        if obj.kind == "ref" and obj.data in HISTORY:
            return self.read_history("Out", node)
        return super().item(obj, index, sliced, node)

    def store_in(
        self, target: ast.Attribute | ast.Subscript, base: Val, value: Val, frame: Frame | None, index: Val = ()
    ) -> None:
        for obj in base:
            if obj.type == "globals()":
                name = const_of(index)
                if isinstance(name, str):
                    self.bind(None, name, value)
                else:
                    self.opaque("NB201", say("`globals()[…] = …` at a name that is computed"), say("name the variable"))
        base = tuple(o for o in base if o.type != "globals()")
        if base:
            super().store_in(target, base, value, frame, index)

    def call_method(
        self, receiver: Obj, name: str, args: list[Val], kwargs: dict[str, Val], node: ast.AST, frame: Frame | None
    ) -> Val:
        if isinstance(receiver, Bound):
            return self.call_one_with_self(receiver.function, (receiver.target,), args, kwargs, node)
        if receiver.type == "globals()":
            return self._namespace_method(name, args, kwargs, node)
        if receiver.kind == "class" and name == FAMILIES:
            self.rec.libraries.add(FAMILIES)
            found = self.new("list")
            hold(found, (o for o in receiver.holds if o.kind == "class"))
            return (found,)
        if receiver.kind == "class":  # a method that it has of a library: ``ABC.register``, another constructor
            self.dirty(receiver)
            link(receiver, (o for value in (*args, *kwargs.values()) for o in value))
            return join((self.bare_instance(receiver),), self.unknown_call(None, args, kwargs, node))
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
                "NB201",
                say("`globals().keys()`: which names there are cannot be seen"),
                say("name the variables"),
                binds=False,
            )
            return (self.new(),)
        said = say("`globals().%1(…)`: what it reads and changes cannot be seen", name)
        self.opaque("NB201", said, say("name the variables"))
        return (self.new(),)


def _with_holes(text: str, mode: str) -> ast.Module | ast.Expression | None:
    """The tree of code with unknown pieces, each a name that is only read; None where it cannot be told."""
    if HOLE not in text or text.strip() == HOLE:
        return None
    try:
        tree = ast.parse(text.replace(HOLE, HOLE_NAME).strip(), mode=mode)
    except (SyntaxError, ValueError):
        return None
    whole = sum(isinstance(n, ast.Name) and n.id == HOLE_NAME and isinstance(n.ctx, ast.Load) for n in ast.walk(tree))
    if whole != text.count(HOLE) or not isinstance(tree, (ast.Module, ast.Expression)):
        return None
    return tree
