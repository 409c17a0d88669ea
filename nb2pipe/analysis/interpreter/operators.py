"""Abstract evaluation of operators and comparisons."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

from nb2pipe.analysis.interpreter.gradients import remember
from nb2pipe.analysis.interpreter.machine import const_of, truth
from nb2pipe.analysis.interpreter.parts import Parts
from nb2pipe.analysis.objects import (
    ATOMS,
    BOOL,
    HOLE,
    STR,
    Frame,
    Obj,
    Val,
    atomic,
    hold,
    join,
    link,
    scalar,
)

BINARY = {ast.Add: "__add__", ast.Sub: "__sub__", ast.Mult: "__mul__", ast.Div: "__truediv__", ast.FloorDiv: "__floordiv__",
           ast.Mod: "__mod__", ast.Pow: "__pow__", ast.MatMult: "__matmul__", ast.BitAnd: "__and__", ast.BitOr: "__or__",
           ast.BitXor: "__xor__", ast.LShift: "__lshift__", ast.RShift: "__rshift__"}  # fmt: skip
_NUMBERS = {"int": 0, "bool": 0, "float": 1, "complex": 2}
_SEQUENCES = frozenset({"list", "tuple", "str", "bytes", "bytearray", "collections.deque"})
_SPREADING = (
    "sympy.Basic",
    "sympy.Matrix",
    "numpy.ndarray",
    "pandas.DataFrame",
    "pandas.Series",
    "pandas.Index",
    "torch.Tensor",
)
"""What an operator gives where one side is of it; of two, the later one for arithmetic and the earlier one for comparisons."""


class Operators(Parts):
    """Operators."""

    def tested(self, value: Val, node: ast.AST) -> None:
        """A value is asked whether it is true."""
        self.call_dunder(value, ("__bool__", "__len__"), [], node)

    def hashed(self, value: Val, node: ast.AST) -> None:
        """A value is a key or an element of a set: it is hashed, and compared with what is there."""
        self.call_dunder(value, ("__hash__",), [], node)
        self.call_dunder(value, ("__eq__",), [value], node)

    def _shown(self, value: Val, node: ast.AST) -> None:
        """A value is turned into text."""
        if any(not (atomic(obj) and obj.type in ("str", "int", "bool", "None")) for obj in value):
            self.rec.traits.add("shows")
        self.call_dunder(value, ("__format__", "__str__", "__repr__"), [], node)

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
        dunder = BINARY[op]
        result = self.call_dunder(left, (dunder,), [right], node)
        if result is None:
            result = self.call_dunder(right, ("__r" + dunder[2:],), [left], node)
        if result is not None:
            return result
        types = [o.type for o in (*left, *right)]
        for array in reversed(_SPREADING):
            if array in types:
                made = self.typed(array)
                remember(made, (*left, *right))
                return (made,)
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
            self.tested(value, node)
            return BOOL if known is None else (scalar("bool", not known),)
        const = const_of(value)
        if isinstance(node.op, ast.USub) and isinstance(const, (int, float)) and not isinstance(const, bool):
            return (scalar(type(const).__name__, -const),)
        if all(atomic(o) for o in value):
            return tuple(scalar(o.type or "float") for o in value[:1])
        result = self.call_dunder(value, ("__neg__", "__pos__", "__invert__"), [], node)
        if result is not None:
            return result
        made = self.new(value[0].type if value else None)
        remember(made, value)
        return (made,)

    def _bool(self, node: ast.BoolOp, frame: Frame | None) -> Val:
        value = self.ev(node.values[0], frame)
        results = [value]

        self.tested(value, node)

        def rest() -> bool:
            for other in node.values[1:]:
                results.append(self.ev(other, frame))
                if other is not node.values[-1]:
                    self.tested(results[-1], node)
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
                    self.drain((obj,), node)
                if obj.klass is not None and self.find(obj.klass, "__contains__") is None:
                    self.iterate((obj,), node)
            return BOOL
        if any(isinstance(op, (ast.Is, ast.IsNot)) for op in node.ops):
            if not any(sides and all(o.immutable for o in sides) for sides in (left, join(*rights))):
                self.rec.traits.add("identity")
            if all(isinstance(op, (ast.Is, ast.IsNot)) for op in node.ops):
                return BOOL
        if all(atomic(o) for o in value):
            return BOOL
        for array in _SPREADING:
            if any(o.type == array for o in value):
                return (self.typed(array),)
        return (self.new(),)

    def _if_exp(self, node: ast.IfExp, frame: Frame | None) -> Val:
        test = self.ev(node.test, frame)
        self.tested(test, node)
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


def _percent(text: str) -> str:
    """A %-format with its fields unknown."""
    return re.sub(r"%(\([^)]*\))?[-#0 +]*(\*|\d+)?(\.(\*|\d+))?[a-zA-Z]", HOLE, text).replace("%%", "%")
