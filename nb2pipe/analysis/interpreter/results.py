"""What a known call gives back, and what that shares with what the call was given."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from nb2pipe.analysis.interpreter.classes import Classes
from nb2pipe.analysis.interpreter.conditions import applies, argument, touches, undrawing
from nb2pipe.analysis.interpreter.conditions import given as is_given
from nb2pipe.analysis.interpreter.gradients import TENSOR, remember, want_gradient
from nb2pipe.analysis.interpreter.machine import truth
from nb2pipe.analysis.known.table import Call, conditional
from nb2pipe.analysis.objects import (
    ATOMS,
    CONTAINERS,
    FALSE,
    FRAMES,
    HOLE,
    NONE,
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
    reach,
    scalar,
    view,
)

_COMPARING = frozenset({"id", "copy.deepcopy", "numpy.shares_memory", "numpy.may_share_memory", "operator.is_", "operator.is_not",
                        "pickle.dumps", "pickle.dump"})  # fmt: skip
"""Calls whose result tells whether two of the things they are given are one object."""
_PICKLING = frozenset(
    {"pickle.dumps", "pickle.dump", "joblib.dump", "torch.save", "cloudpickle.dumps", "cloudpickle.dump", "dill.dump"}
)
"""Calls that look for the classes of instances, and for functions, under their names in the notebook."""
_LENDING = frozenset(
    {"head", "tail", "transpose", "squeeze", "rename", "rename_axis", "set_axis", "drop", "dropna", "drop_duplicates", "set_index",
     "reset_index", "astype", "infer_objects", "convert_dtypes", "fillna", "ffill", "bfill", "replace", "clip", "round", "copy", "get",
     "xs", "pop", "assign", "filter", "select_dtypes", "reindex", "reindex_like", "sort_index", "sort_values", "to_frame", "truncate",
     "tz_localize", "tz_convert", "add_prefix", "add_suffix", "droplevel", "swaplevel", "pipe", "set_flags", "align", "where", "mask"}
)  # fmt: skip
"""Methods of frames whose result may stand on the same memory until one of the two is written to."""
_AT_LEAST = frozenset({"numpy.atleast_1d", "numpy.atleast_2d", "numpy.atleast_3d"})
_PATHS = frozenset({"os.path.join", "pathlib.Path", "pathlib.PurePath", "str", "pathlib.Path.joinpath", "os.fspath"})
_MAPPINGS = frozenset(
    {"dict", "collections.OrderedDict", "collections.defaultdict", "collections.Counter", "collections.ChainMap"}
)
_COMBINATIONS = frozenset(
    {"itertools.product", "itertools.combinations", "itertools.permutations", "itertools.pairwise"}
)
_TUPLES = _COMBINATIONS | {"enumerate", "zip", "itertools.zip_longest"}
VALUES = frozenset({"pandas.DataFrame", "pandas.Series", "pandas.Index", "numpy.ndarray", "str"})

_COPYING = {"copy.copy": ("__copy__", False), "copy.deepcopy": ("__deepcopy__", True), "sklearn.base.clone": ("", True)}
"""What copies: the special method that it asks for, and whether what is in the object is copied too."""
_WRAPPED = (("wraps",), ("attribute",), ("partial",))
MOST = 1000  # objects that are looked at: more is what the analysis has made of a loop


def is_wrapped(obj: Obj) -> bool:
    """Whether an object that is called calls another, which it was made of."""
    return isinstance(obj.data, tuple) and obj.data[:1] in _WRAPPED


def kept(objects: Iterable[Obj]) -> list[Obj]:
    """The functions, and the instances of classes, of the notebook that libraries find in objects, however deep they keep them."""
    found: dict[Obj, None] = {}
    seen: set[Obj] = set()
    stack = [held for obj in objects if obj.kind == "value" and obj.klass is None for held in obj.holds]
    while stack and len(seen) < MOST:
        obj = stack.pop()
        if obj in seen:
            continue
        seen.add(obj)
        if (
            obj.kind in ("function", "method")
            or obj.klass is not None
            or (is_wrapped(obj) and obj.data[0] != "attribute")
        ):
            found[obj] = None
        elif obj.kind == "value":
            stack += obj.holds
    return list(found)


class Results(Classes):
    """Results of known calls."""

    def _pickled(self, given: Iterable[Obj]) -> None:
        """What is pickled names its classes and functions: they have to be there under their names."""
        for obj in reach(given):
            found = obj.klass if obj.klass is not None else obj if obj.kind in ("class", "function") else None
            name = getattr(found.data, "name", "") if found is not None else ""
            binding: Binding | None = self.space.names.get(name)
            if binding is not None and found in binding.value:
                self.use(name, None, Frame(self.space))

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
        alias, condition, wanted = conditional(row.alias)
        so = applies(condition, wanted, named)
        if condition and name in FRAMES and "copy" not in named and not self.table.copy_on_write:
            so = None
        if so is None:
            either = (row._replace(alias=alias), row._replace(alias="fresh"))
            return join(*(self.result(r, name, receiver, args, kwargs, named, given, node) for r in either))
        if so is False:
            alias = "fresh"
        if row.returns == "list" and alias == "fresh" and name.startswith(("str.", "re.", "glob.")):
            out = self.new("list")
            hold(out, STR)
            return (out,)
        if name in _COMPARING:
            self.rec.traits.add("identity")
        if name in _PICKLING:
            self._pickled(given)
        if name in _COPYING and args:
            hook, deep = _COPYING[name]
            made = self.call_dunder(args[0], (hook,), [(self.new(),)] if deep else [], node) if hook else None
            copies = tuple(self._copy(o, {}, deep=deep) for o in args[0])
            return copies if made is None else join(made, copies)
        if name in ("functools.partial", "functools.partialmethod") and args:
            out = self.new(name)
            out.data = ("partial", args[0], args[1:], kwargs)
            link(out, given)
            return (out,)
        if name == "iter" and len(args) > 1:
            out = self.new("iterator")
            out.data = ("lazy-row", args[0], [])
            link(out, args[0])
            return (out,)
        rows = self._rows_of(name, receiver, args, node)
        if rows is not None:
            return rows
        if name in _PATHS:
            known = self._path_result(name, receiver, args)
            if known is not None:
                return known
        if name in _AT_LEAST and len(args) == 1:  # of one array the array itself, of several a tuple
            return tuple(self._view_of(o) for o in args[0])
        if alias == "self":
            if name.endswith(".requires_grad_") and receiver is not None:
                want_gradient((receiver,))
            return (receiver,) if receiver is not None else (args[0] if args else NONE)
        if alias.startswith("arg:"):
            value = tuple(o for o in argument(named, alias[4:]) if o.type != "None")
            if value and is_given(argument(named, alias[4:])):
                return value
            if value:  # it may be None, and is left out then
                fresh = row._replace(alias="fresh")
                return join(value, self.result(fresh, name, receiver, args, kwargs, named, given, node))
            alias = "fresh"
        if row.returns == "None":
            return NONE
        if row.returns in ATOMS and alias == "fresh" and not row.fixed:
            return ATOMS[row.returns]
        if row.items or row.returns == "like":
            return self._parts(row, args)
        if alias == "fresh" and row.returns is not None and "|" in row.returns:
            return self.typed_any(row.returns)
        out = self.typed(row.returns)
        if row.fixed:
            if row.fixed not in ("address", "weakref"):
                self.rec.traits.add("opens")
            out = self.new(row.returns, fixed=row.fixed)
            keys = [k for t in row.touches if t[0] == "file" and t[2] == "write" and touches(list(t[3:]), receiver, named, self.table)
                    for k in (self.file_keys((receiver,) if t[1] == "self" and receiver else named.get(t[1], ())) if t[1] != "*" else ["*"])
                    if "://" not in k]  # fmt: skip
            if keys:
                out.data = ("file", tuple(dict.fromkeys(keys)))
            elif row.fixed == "connection" and receiver is not None:
                out.data = receiver.data
        if row.seeds:
            seed, condition, wanted = conditional(row.seeds)
            needless = seed == "*" or applies(condition, wanted, named) is False
            if (needless or is_given(kwargs.get(seed, ()))) and all(
                undrawing(o, self.table) for k, v in (*kwargs.items(), *(("", a) for a in args)) if k != seed for o in v
            ):
                out.data = "seeded"
        sources = ([receiver] if receiver is not None else []) + given
        if alias.startswith("view:"):
            for viewed in (o for k in alias[5:].split(",") for o in argument(named, k) if not o.immutable):
                view(out, viewed)
                hold(out, viewed.elems)
        elif alias == "view":
            base = receiver if receiver is not None else (args[0][0] if args and args[0] else None)
            if base is not None and not base.immutable:
                view(out, base)
                hold(out, base.elems)
        elif alias == "elements":
            pieces: Val = ()
            for source in sources:
                if source.kind == "value":
                    pieces = join(pieces, source.elems)
                    if source.type not in CONTAINERS and not source.immutable and not source.elems:
                        pieces = join(pieces, (self.part(source),))
            if row.returns == "iterator":
                link(out, sources)  # it goes through them as they will be
            pieces = join(pieces, *_fallbacks(name, args), named.get("default", ()))
            if row.returns is None or row.returns == "object":
                return pieces or (self.new(),)
            hold(out, pieces)
        elif alias == "later":
            link(out, sources)
            hold(out, (self.new(),))
        elif alias == "args":
            hold(out, sources)
            if row.returns is None:  # it may be one of them: what changes it changes them
                for source in sources:
                    if source.kind == "value" and not source.immutable and source.type not in CONTAINERS:
                        view(out, source)
            if out.immutable and sources:
                out = self.new(row.returns)
                hold(out, sources)
        if name in FRAMES:
            hold(out, elements(name, argument(named, "data")))
        if alias == "fresh" and out.type is None and row.constant:
            return STR
        if receiver is not None and name.rpartition(".")[2] in _LENDING:
            self.lend(receiver, (out,))
        remember(out, sources)
        if out.type == TENSOR and truth(named.get("requires_grad", FALSE)) is not False:
            want_gradient((out,))
        return (out,)

    def _parts(self, row: Call, args: list[Val]) -> Val:
        """A tuple whose parts are known: parts that know each other, or two of the type of each argument."""
        if row.items:
            parts = [self.typed(t) for t in row.items]
            for part in parts:
                link(part, parts)
                if row.alias == "args":
                    link(part, (o for a in args for o in a))
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
        if name not in _TUPLES and (receiver is None or not name.endswith(".items")):
            return None
        starred = isinstance(node, ast.Call) and any(isinstance(a, ast.Starred) for a in node.args)
        sources = [o for value in args for o in value]
        if name == "enumerate" and args:
            parts = [ATOMS["int"], self._pieces(args[0])]
        elif name in ("zip", "itertools.zip_longest") and args:
            parts = [self._pieces(value) for value in args]
        elif receiver is not None and name.endswith(".items") and receiver.type in _MAPPINGS:
            parts = [join(STR, tuple(h for h in receiver.holds if h not in receiver.elems)), self._pieces((receiver,))]
            sources = [receiver]
        elif name in _COMBINATIONS:
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
            elif not atomic(obj) and obj.type not in CONTAINERS:
                pieces = join(pieces, (self.part(obj),) if obj.type is None else (self.new(),))
        return pieces

    def _copy(self, obj: Obj, made: dict[Obj, Obj], *, deep: bool) -> Obj:
        """A copy of an object, which keeps what the object keeps or copies of it."""
        if atomic(obj) or obj.kind != "value" or obj in made:
            return made.get(obj, obj)
        out = made[obj] = self.new(obj.type, immutable=obj.immutable, klass=obj.klass, fixed=obj.fixed)
        plain = obj.klass is not None or obj.type is None or obj.type in CONTAINERS
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
        else:
            link(out, part(tuple(kept((obj,)))))
        return out

    def _path_result(self, name: str, receiver: Obj | None, args: list[Val]) -> Val | None:
        texts = [self.text(a) for a in args]
        if receiver is not None:
            texts.insert(0, receiver.const if isinstance(receiver.const, str) else None)
        if name in ("str", "os.fspath"):
            return (scalar("str", texts[0]),) if texts and texts[0] is not None else None
        joined = "/".join(HOLE if t is None else t for t in texts) or "."
        return (scalar("str" if name == "os.path.join" else "pathlib.Path", joined),)


def _fallbacks(name: str, args: list[Val]) -> list[Val]:
    """The arguments that a call may give as they are, besides what is in them."""
    if name in ("min", "max"):
        return args if len(args) > 1 else []
    if name in ("next", "dict.fromkeys") or name.rpartition(".")[2] in ("get", "pop"):
        return args[1:2]
    return args[2:] if name == "functools.reduce" else []
