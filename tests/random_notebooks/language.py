"""Recipes: what Python's own hooks run unseen, and what objects share through them."""

from __future__ import annotations

from tests.random_notebooks.world import SkipError, World, recipe

SPECIAL = (
    ("__bool__(self)", "True", "1 if {0} else 2"),
    ("__len__(self)", "3", "len({0})"),
    ("__contains__(self, v)", "v == 1", "int(1 in {0})"),
    ("__getitem__(self, v)", "v", "{0}[4]"),
    ("__call__(self, v=1)", "v", "{0}(5)"),
    ("__add__(self, v)", "7", "{0} + 1"),
    ("__radd__(self, v)", "8", "1 + {0}"),
    ("__lt__(self, v)", "True", "len(sorted([{0}, {0}]))"),
    ("__eq__(self, v)", "True", "int({0} == 3)"),
    ("__neg__(self)", "9", "-{0}"),
    ("__str__(self)", "'spy'", "len(str({0}))"),
    ("__format__(self, spec)", "'spy'", "len(f'{{{0}:>4}}')"),
    ("__index__(self)", "2", "[5, 6, 7][{0}]"),
    ("__int__(self)", "3", "int({0})"),
    ("__getattr__(self, name)", "len(name)", "{0}.anything"),
)


@recipe("hooks", 12)
def spy(w: World) -> str:
    xs = w.pin(w.any("list"))
    head, value, _ = w.pick(SPECIAL)
    extra = "\n    __hash__ = None" if "__eq__" in head else ""
    name = w.target("spy")
    w.facts.add(f"{name} {head}")
    return f"class Spy:\n    def {head}:\n        {xs}.append(len({xs}) % 7)\n        return {value}{extra}\n{name} = Spy()"


@recipe("hooks", 16)
def use_spy(w: World) -> str:
    name = w.any("spy")
    uses = [use for head, _, use in SPECIAL if f"{name} {head}" in w.facts]
    text = w.pick(uses).format(name)
    found = f"try:\n    print({text})\nexcept Exception as problem:\n    print(type(problem).__name__)"
    return w.pick([found, found, f"try:\n    [{text} for _ in range(2)]\nexcept Exception:\n    pass"])


@recipe("hooks", 8)
def descriptor(w: World) -> str:
    xs = w.pin(w.any("list"))
    return w.pick([
        f"class Field:\n    def __set_name__(self, owner, name):\n        self.name = '_' + name\n    def __get__(self, obj, kind=None):\n        {xs}.append(1)\n        return getattr(obj, self.name, 0)\n    def __set__(self, obj, v):\n        {xs}.append(v % 5)\n        setattr(obj, self.name, v)\nclass Holder:\n    n = Field()\n    def __init__(self):\n        self.items = {xs}\n{w.target('held')} = Holder()",
        f"class Holder:\n    def __init__(self):\n        self._n, self.items = {w.int(0)}, [1]\n    @property\n    def n(self):\n        self.items.append(0)\n        return self._n\n    @n.setter\n    def n(self, v):\n        {xs}.append(v % 9)\n        self._n = v\n    @n.deleter\n    def n(self):\n        {xs}.clear()\n{w.target('held')} = Holder()",
        f"class Holder:\n    __slots__ = ('n', 'items')\n    def __init__(self):\n        self.n, self.items = 1, {xs}\n{w.target('held')} = Holder()",
        f"class Holder:\n    shared = {{'n': 0, 'items': {xs}}}\n    def __init__(self):\n        self.__dict__ = self.shared\n{w.target('held')} = Holder()",
    ])  # fmt: skip


@recipe("hooks", 12)
def use_descriptor(w: World) -> str:
    o = w.any("held")
    return w.pick([f"{o}.n = {w.small()}", f"print({o}.n)", f"{o}.n += 1", f"{o}.items.append({w.int(0)})", f"print({o}.items)", f"{w.target('list')} = {o}.items", f"{w.target('held')} = type({o})()"])  # fmt: skip


@recipe("hooks", 6)
def made_classes(w: World) -> str:
    xs = w.pin(w.any("list"))
    made = w.pick([
        f"class Meta(type):\n    def __init__(cls, name, bases, names):\n        super().__init__(name, bases, names)\n        {xs}.append(len(name))\nclass Made(metaclass=Meta):\n    pass",
        f"class Meta(type):\n    kept = {{}}\n    def __call__(cls, *given):\n        if cls not in cls.kept:\n            cls.kept[cls] = super().__call__(*given)\n        return cls.kept[cls]\nclass Made(metaclass=Meta):\n    def __init__(self):\n        self.items = {xs}",
        f"class Root:\n    def __init_subclass__(cls, **options):\n        super().__init_subclass__(**options)\n        {xs}.append(len(cls.__name__))\nclass Other:\n    pass\nclass Made(Other, Root):\n    pass",
        f"class Made:\n    one = None\n    def __new__(cls):\n        if cls.one is None:\n            cls.one = super().__new__(cls)\n            cls.one.items = {xs}\n        return cls.one",
        f"Made = type('Made', (), {{'items': {xs}, 'go': lambda self: self.items.append(3)}})",
        f"from enum import Enum\nclass Made(Enum):\n    ONE = {xs}\n    TWO = [2]",
    ])  # fmt: skip
    if w.closed:
        raise SkipError
    w.kinds["Made"] = "made"
    return made


@recipe("hooks", 8)
def use_made(w: World) -> str:
    w.any("made")
    return w.pick(["class Child(Made):\n    pass" if w.chance(0.3) else "print(len(Made.__mro__))", "try:\n    Made().items.append(1)\nexcept Exception as problem:\n    print(type(problem).__name__)",
                   "print(getattr(Made, '__name__', '?'))", "try:\n    Made.ONE.value.append(4)\nexcept AttributeError:\n    print('no enum')", "try:\n    Made().go()\nexcept Exception as problem:\n    print(type(problem).__name__)"])  # fmt: skip


@recipe("hooks", 6)
def inherited(w: World) -> str:
    xs = w.pin(w.any("list"))
    v = w.int(0)
    return (f"class Base:\n    seen = {xs}\n    def go(self):\n        self.seen.append('base' == 1)\nclass Left(Base):\n    def go(self):\n        {xs}.append({v})\n        super().go()\n"
            f"class Right(Base):\n    def go(self):\n        {xs}.append(5)\n        super().go()\nclass Both(Left, Right):\n    pass\nBoth().go()")  # fmt: skip


@recipe("functions", 4)
def starred_call(w: World) -> str:
    xs, ys = w.any("list"), w.any("list")
    v = w.int(0)
    return w.pick([
        f"def both(first, second):\n    second.append({v})\nboth(*({xs}, {ys}))",
        f"def both(first, *others):\n    for other in others:\n        other.append({v})\nboth(*[{xs}, {ys}])",
        f"def both(first=None, second=None):\n    first.append({v})\nboth(**{{'first': {xs}, 'second': {ys}}})",
        f"arguments = ({xs}, {ys})\ndef both(*given):\n    given[0].append({v})\nboth(*arguments)",
    ])  # fmt: skip


@recipe("functions", 4)
def dispatched(w: World) -> str:
    xs = w.pin(w.any("list"))
    name = w.target("function")
    w.need("functools")
    return f"@functools.singledispatch\ndef {name}(v):\n    return 0\n@{name}.register\ndef _(v: int):\n    {xs}.append(v % 9)\n    return v + 1\n@{name}.register(str)\ndef _(v):\n    return len(v)"


@recipe("functions", 3)
def loop_closures(w: World) -> str:
    xs = w.pin(w.any("list"))
    d = w.target("thunks")
    return w.pick([f"fns = []\nfor turn in range(2):\n    fns.append(lambda: {xs}.append(turn) or turn)\n{d} = {{'one': fns[0], 'two': fns[1]}}",
                   f"{d} = {{k: (lambda k=k: {xs}.append(len(k)) or k) for k in ('one', 'two')}}"])  # fmt: skip


@recipe("functions", 3)
def stateful_decorator(w: World) -> str:
    name = w.target("function")
    xs = w.pin(w.any("list"))
    return w.pick([
        f"class Memo:\n    def __init__(self, fn):\n        self.fn, self.kept = fn, {{}}\n    def __call__(self, v):\n        if v not in self.kept:\n            self.kept[v] = self.fn(v)\n        return self.kept[v]\n@Memo\ndef {name}(v):\n    return v + len({xs})",
        f"def times(n):\n    def around(fn):\n        done = []\n        def inner(v):\n            done.append(v)\n            return fn(v) * n + len(done)\n        inner.done = done\n        return inner\n    return around\n@times({w.number(1, 3)})\ndef {name}(v):\n    {xs}.append(1)\n    return v",
    ])  # fmt: skip


@recipe("iterators", 4)
def sent(w: World) -> str:
    xs = w.any("list")
    it = w.target("iterator")
    return w.pick([f"def listen():\n    total = 0\n    while True:\n        got = yield total\n        total += 1\n        if got is not None:\n            got.append(total)\n{it} = listen()\nnext({it})\n{it}.send({xs})",
                   f"def ending():\n    try:\n        yield from (1, 2, 3)\n    finally:\n        {w.pin(xs)}.append(0)\n{it} = ending()\nnext({it})\n{it}.close()"])  # fmt: skip


@recipe("iterators", 3)
def teed(w: World) -> str:
    w.need("itertools")
    source = w.any("iterator", "list")
    it = w.target("iterator")
    return f"{it}, spare = itertools.tee({source})\nprint(next({it}, 0), next(spare, 0))"


@recipe("control", 4)
def raised(w: World) -> str:
    xs = w.any("list")
    v = w.int(0)
    return w.pick([
        f"class Trouble(Exception):\n    def __init__(self, text, data):\n        super().__init__(text)\n        self.data = data\ntry:\n    raise Trouble('t', {xs})\nexcept Trouble as error:\n    kept_error = error\nkept_error.data.append({v})",
        f"def risky(values):\n    try:\n        values.append({v})\n        return values[99]\n    except IndexError:\n        values.append(0)\n        return -1\n    finally:\n        values.append(1)\nrisky({xs});",
    ])  # fmt: skip


@recipe("control", 3)
def class_pattern(w: World) -> str:
    xs = w.any("list")
    name = w.any("int")
    return f"match {{'k': {xs}, 'rest': 1}}:\n    case {{'k': [*inside], **others}} if len(inside) < 9:\n        {xs}.append(len(others))\n    case _:\n        {name} = 0"
