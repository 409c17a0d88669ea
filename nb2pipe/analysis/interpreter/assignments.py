"""Abstract execution of what binds, changes and deletes."""

from __future__ import annotations

import ast

from nb2pipe.analysis.interpreter.calls import Calls
from nb2pipe.analysis.interpreter.machine import const_of, function_of
from nb2pipe.analysis.interpreter.operators import BINARY
from nb2pipe.analysis.objects import (
    FRAMES,
    STR,
    Binding,
    Frame,
    Obj,
    Val,
    atomic,
    elements,
    hold,
    join,
    link,
    view,
)
from nb2pipe.diagnostics import say


class Assignments(Calls):
    """Assignment, augmented assignment and deletion, to every form of target."""

    def _assign(self, node: ast.Assign, frame: Frame | None) -> bool:
        value = self.ev(node.value, frame)
        for target in node.targets:
            self.assign(target, value, frame)
        return True

    def _ann_assign(self, node: ast.AnnAssign, frame: Frame | None) -> bool:
        if frame is None or frame.is_class:
            self.ev(node.annotation, frame)
        if node.value is not None:
            value = self.ev(node.value, frame)
            if len(value) == 1 and value[0].type is None and value[0].kind == "value" and not value[0].immutable:
                value[0].type = self.type_of_annotation(node.annotation, None) if value[0].cell == self.cell else None
            self.assign(node.target, value, frame)
        elif not isinstance(node.target, ast.Name):
            self.ev(node.target, frame)
        elif frame is not None and frame.is_class:
            frame.vars.setdefault(node.target.id, ())
        return True

    def _aug_assign(self, node: ast.AugAssign, frame: Frame | None) -> bool:
        target = node.target
        if isinstance(target, ast.Name):
            old = self.read(target.id, target, frame)
            right = self.ev(node.value, frame)
            self.assign(target, self.augment(node, old, right), frame)
            return True
        base = self.ev(target.value, frame)
        right = self.ev(node.value, frame)
        index: Val = ()
        if isinstance(target, ast.Subscript):
            index = self.ev(target.slice, frame)
            olds = join(*(self.item(o, index, isinstance(target.slice, ast.Slice), target) for o in base))
        else:
            olds = join(*(self.attribute(o, target.attr, target, frame) for o in base))
        value = self.augment(node, olds, right)
        self.store_in(target, base, value, frame, index)
        return True

    def augment(self, node: ast.AugAssign, old: Val, right: Val) -> Val:
        """``old op= right``: changes what can be changed, else makes something new."""
        changed: list[Obj] = []
        result: Val = ()
        for obj in old:
            plain = BINARY[type(node.op)]
            special = None
            if obj.klass is not None or any(o.klass is not None for o in right):
                special = self.call_dunder((obj,), ("__i" + plain[2:], plain), [right], node)
                if special is None and obj.klass is not None:
                    special = self.call_dunder(right, ("__r" + plain[2:],), [(obj,)], node)
            if special is not None:
                result = join(result, special)
            elif obj.immutable:
                result = join(result, self.operate(type(node.op), (obj,), right, node))
            else:
                changed.append(obj)
                hold(obj, (e for r in right for e in (r.elems or (() if atomic(r) else (r,)))))
                result = join(result, (obj,))
        self.mutate(changed)
        if any(obj.type is None for obj in changed):  # one for them all, or values would double at every turn
            result = join(result, (self.new(),))
        return result or (self.new(),)

    def assign(self, target: ast.expr, value: Val, frame: Frame | None) -> None:
        if isinstance(target, ast.Name):
            self.bind(frame, target.id, value)
        elif isinstance(target, (ast.Tuple, ast.List)):
            self._unpack(target, value, frame)
        elif isinstance(target, ast.Starred):
            rest = self.new("list")
            hold(rest, value)
            self.assign(target.value, (rest,), frame)
        elif isinstance(target, (ast.Attribute, ast.Subscript)):
            base = self.ev(target.value, frame)
            index: Val = ()
            if isinstance(target, ast.Subscript):
                index = self.ev(target.slice, frame)
                self.hashed(index, target)
            self.store_in(target, base, value, frame, index)

    def _unpack(self, target: ast.Tuple | ast.List, value: Val, frame: Frame | None) -> None:
        count = len(target.elts)
        starred = any(isinstance(e, ast.Starred) for e in target.elts)
        columns: list[Val] = [()] * count
        rest = []
        for obj in value:
            data = obj.data
            if isinstance(data, tuple) and data[:1] == ("parts",) and len(data[1]) == count and not starred:
                columns = [join(c, part) for c, part in zip(columns, data[1], strict=True)]
            else:
                rest.append(obj)
        if rest:
            pieces = self.iterate(tuple(rest), target)
            fresh = (
                len(pieces) == 1
                and not pieces[0].names
                and pieces[0].cell == self.cell
                and not (pieces[0].holds or pieces[0].held_by or pieces[0].views or pieces[0].immutable)
            )
            columns = [join(c, (self.new(pieces[0].type),) if fresh else pieces) for c in columns]
        for element, column in zip(target.elts, columns, strict=True):
            self.assign(element, column, frame)

    def store_in(
        self, target: ast.Attribute | ast.Subscript, base: Val, value: Val, frame: Frame | None, index: Val = ()
    ) -> None:
        """``base.attr = value`` or ``base[index] = value``: a change to the object."""
        outer = self.span
        if frame is None:
            self.span = self.span_of(target)
        for obj in base:
            if obj.kind in ("module", "ref"):
                self.store_in_module(obj, target, value)
                continue
            if obj.kind == "class":
                if isinstance(target, ast.Attribute):
                    obj.data.attrs[target.attr] = join(obj.data.attrs.get(target.attr, ()), value)
                self.dirty(obj)
                link(obj, value)
                continue
            if obj.type == "decimal.Context":
                self.touch("setting", "decimal", "write")
            if isinstance(target, ast.Subscript):
                self.call_dunder((obj,), ("__setitem__",), [(self.new(),), value], target)
            elif obj.klass is not None:
                self.call_dunder((obj,), ("__setattr__",), [STR, value], target)
                self._set_by_class(obj, target, value)
            if obj.type == "pandas.DataFrame" and _is_column(target, index):
                if obj not in self.rec.dirty:  # the column is put in the place of another; its memory stays as it was
                    self.dirty(obj)
                    self.rec.columns.add(obj)
            else:
                self.mutate((obj,), deep=obj.type == "collections.ChainMap")
            if obj.klass is None and (obj.immutable or not (obj.names or obj.held_by or obj.views)):
                self.change_owner(target.value, frame)
            if isinstance(target, ast.Attribute) and obj.attrs is not None:
                known = obj.attrs.get(target.attr)
                fresh = known is None and self.may == 0
                obj.attrs[target.attr] = value if fresh else join(known or (), value)
                link(obj, value)
            elif obj.type in FRAMES:
                hold(obj, elements("pandas.Series", value))
            elif obj.type != "numpy.ndarray":
                hold(obj, value)
            if isinstance(target, ast.Attribute) and obj.attrs is None:
                key = (obj, target.attr)
                self.attributes_set[key] = join(self.attributes_set.get(key, ()), value)
        self.span = outer

    def _set_by_class(self, obj: Obj, target: ast.Attribute, value: Val | None) -> None:
        """What a property or descriptor of the class does where the attribute is set, or (None) deleted."""
        if target.attr == "__dict__" and value is not None:  # the attributes are those of another object
            for other in value:
                view(obj, other)
        for found in (self.find(obj.klass, target.attr) or ()) if obj.klass is not None else ():
            given = [] if value is None else [value]
            if found.kind == "function" and function_of(found).static == "setter":
                self.call_function(found, [(obj,), *given], {}, target, (obj,))
            elif isinstance(found.data, tuple) and found.data[:1] == ("property",):
                for setter in found.data[2]:
                    self.call_one_with_self(setter, (obj,), given, {}, target)
            else:
                name = "__delete__" if value is None else "__set__"
                self.call_dunder((found,), (name,), [(obj,), *given], target)

    def change_owner(self, node: ast.expr, frame: Frame | None) -> None:
        """``df.index.name = value``: what a library's attribute gives may be a part that the tables take for a copy."""
        while isinstance(node, (ast.Attribute, ast.Subscript)):
            node = node.value
            if isinstance(node, ast.Name):
                self.mutate(o for o in self.read(node.id, node, frame) if o.kind == "value" and not o.immutable)

    def store_in_module(self, obj: Obj, target: ast.expr, value: Val) -> None:
        """A module's attribute or a library's mapping is set: os.environ[...], plt.rcParams[...], np.foo = ..."""
        name = self.table.canonical(str(obj.data))
        if name == "os.environ":
            self.touch("environment", "environment", "write")
        elif name.endswith("rcParams"):
            self.touch("setting", "matplotlib", "write")
        elif name.startswith("pandas.options"):
            self.touch("setting", "pandas", "write")
        elif name.startswith("plotly.io"):
            self.touch("setting", "plotly", "write")
        elif name == "sys.path":
            self.touch("setting", "sys.path", "write")
        else:
            if isinstance(target, ast.Attribute) and self.patch(name, target.attr, value):
                return
            space = self.spaces.get(str(obj.data))
            if space is not None and isinstance(target, ast.Attribute):
                old = space.names.get(target.attr)
                space.names[target.attr] = Binding(join(old.value if old else (), value), self.cell)
            self.change_module(obj)

    def patch(self, owner: str, name: str, value: Val) -> bool:
        """``module.name = value``, ``library.Class.name = value``: a state of the process, and what others find there."""
        top = owner.partition(".")[0]
        space = self.spaces.get(owner)
        if (space is not None and space.local) or not top.isidentifier():
            return False
        self.patches.setdefault(name, []).append((owner, value))
        patch = Obj("module", data=f"patch:{owner}.{name}")
        link(patch, value)  # what changes it changes the state
        self.rec.patches.append(patch)
        self.touch("setting", f"patch:{owner}.{name}", "write")
        if top == "IPython":
            self.touch("setting", "ipython", "write")
        return True

    def _delete(self, node: ast.Delete, frame: Frame | None) -> bool:
        for target in node.targets:
            self._delete_target(target, frame)
        return True

    def _delete_target(self, target: ast.expr, frame: Frame | None) -> None:
        if isinstance(target, (ast.Tuple, ast.List)):
            for element in target.elts:
                self._delete_target(element, frame)
        elif isinstance(target, ast.Name):
            if frame is not None and target.id not in frame.globals:
                self.put(frame.vars, target.id, None)
                return
            self.unbind(target.id, target, frame)
        elif isinstance(target, (ast.Attribute, ast.Subscript)):
            base = self.ev(target.value, frame)
            if isinstance(target, ast.Subscript):
                index = self.ev(target.slice, frame)
                self.hashed(index, target)
                self.call_dunder(base, ("__delitem__",), [(self.new(),)], target)
            else:
                self.call_dunder(base, ("__delattr__",), [STR], target)
                for obj in base:
                    self._set_by_class(obj, target, None)
            if isinstance(target, ast.Subscript) and any(o.type == "globals()" for o in base):
                name = const_of(index)
                if isinstance(name, str):
                    self.unbind(name, target, None)
                else:
                    self.opaque("NB201", say("`del globals()[…]` at a name that is computed"), say("name the variable"))
                base = tuple(o for o in base if o.type != "globals()")
            for obj in base:
                if obj.kind in ("module", "ref"):
                    self.store_in_module(obj, target, ())
            self.mutate(o for o in base if o.kind not in ("module", "ref"))

    def unbind(self, name: str, node: ast.AST, frame: Frame | None) -> None:
        """``del name`` of a global: it must be bound, and is not afterwards."""
        space = frame.space if frame is not None else self.space
        if space is self.space:
            self.use(name, node, frame)
            self.rec.deleted[name] = self.span
        self.put(space.names, name, None)


def _is_column(target: ast.expr, index: Val) -> bool:
    """Whether ``frame[index] = value`` sets a column, and not what ``loc`` and its like select."""
    if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Attribute) and target.value.attr in _LOCATORS:
        return False
    return bool(index) and all(o.type == "str" for o in index)


_LOCATORS = frozenset({"loc", "iloc", "at", "iat"})
