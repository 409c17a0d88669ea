"""Recipes: functions, closures, decorators, classes, objects, generators and iterators."""

from __future__ import annotations

from tests.random_notebooks.world import SkipError, World, recipe


def body_list(w: World) -> str:
    """A global list that a body may change."""
    return w.pin(w.any("list"))


@recipe("functions", 12)
def pure_function(w: World) -> str:
    other = w.pin(w.int())
    default = w.pick(["", "", f", by={w.int(0)}"])
    used = " + by" if default else ""
    name = w.target("function")
    if name in other:
        raise SkipError
    return w.pick([
        f"def {name}(v{default}):\n    return (v * 2{used} + {other}) % 97",
        f"{name} = lambda v{default}: (v{used} + {other}) % 97",
        f"def {name}(v, *rest{default}, **options):\n    total = v{used}\n    for r in rest:\n        total += r\n    return total + {other}",
        f"def {name}(v{default}):\n    def inner():\n        return v + {other}\n    return inner(){used}",
        f"def {name}(v{default}):\n    if v > 50:\n        return 50\n    return {name}(v + 17){used} if v > 20 else v + {other}",
    ])  # fmt: skip


@recipe("functions", 9)
def changing_function(w: World) -> str:
    name_int = w.pin(w.any("int"))
    other = w.pin(w.int(0))
    xs = w.pin(w.any("list"))
    name = w.target("function")
    return w.pick([
        f"def {name}(v):\n    global {name_int}\n    {name_int} += v\n    return {name_int}",
        f"def {name}(v):\n    {xs}.append(v % 10)\n    return len({xs})",
        f"def {name}(v, memo=[]):\n    memo.append(v % 10)\n    return sum(memo) + {other}",
        f"def {name}(v):\n    {name}.calls = getattr({name}, 'calls', 0) + 1\n    return {name}.calls + v",
        f"def {name}(v, seen_before={xs}):\n    seen_before.append(v % 10)\n    return len(seen_before)",
        f"def {name}(v):\n    global {name_int}\n    try:\n        return {name_int} + v\n    finally:\n        {name_int} = v % 13",
    ])  # fmt: skip


@recipe("functions", 4)
def changes_container(w: World) -> str:
    d = w.pin(w.any("dict", "lists", "nested"))
    kind = w.kinds[d]
    name = w.target("function")
    change = {
        "dict": f"{d}['a'] = {d}.get('a', 0) + v",
        "lists": f"{d}.setdefault('b', []).append(v)",
        "nested": f"{d}[0].append(v)",
    }[kind]
    return f"def {name}(v):\n    {change}\n    return len({d}) + v"


@recipe("functions", 7)
def closure(w: World) -> str:
    other = w.pin(w.int(0))
    name, maker = w.target("thunk"), w.pick(("make", "build"))
    start = w.pick([other, *[f"len({xs})" for xs in w.names("list")]])
    w.pin(start)
    return w.pick([
        f"def {maker}(start):\n    count = start\n    def inner():\n        nonlocal count\n        count += 1\n        return count\n    return inner\n{name} = {maker}({start})",
        f"def {maker}():\n    kept = [{start}]\n    def inner():\n        kept.append(len(kept))\n        return sum(kept) % 97\n    return inner\n{name} = {maker}()",
        f"{name} = lambda box=[{start}]: box.append(1) or len(box)",
        f"def {maker}(step):\n    return lambda: step * 2 + {other}\n{name} = {maker}({start})",
    ])  # fmt: skip


@recipe("functions", 3)
def two_closures(w: World) -> str:
    up, look = "tick", "draw"
    if w.closed and (w.kinds.get(up) != "thunk" or w.kinds.get(look) != "thunk"):
        raise SkipError
    w.kinds[up] = w.kinds[look] = "thunk"
    return f"def pair_up():\n    state = {{'v': {w.int(0)}}}\n    def up():\n        state['v'] += 1\n        return state['v']\n    def look():\n        return state['v']\n    return up, look\n{up}, {look} = pair_up()"


@recipe("functions", 5)
def decorated(w: World) -> str:
    xs = body_list(w)
    name = w.target("function")
    other = w.pin(w.int(0))
    w.need("functools")
    return w.pick([
        f"def logged(fn):\n    @functools.wraps(fn)\n    def wrapper(*args):\n        {xs}.append(len(args))\n        return fn(*args)\n    return wrapper\n@logged\ndef {name}(v):\n    return v + {other}",
        f"def counted(fn):\n    def wrapper(v):\n        wrapper.n += 1\n        return fn(v) + wrapper.n\n    wrapper.n = 0\n    return wrapper\n@counted\ndef {name}(v):\n    return v * 2",
        f"@functools.lru_cache(maxsize=None)\ndef {name}(v):\n    return v + {other} + len({xs})",
        f"def register(fn):\n    {xs}.append(len({xs}))\n    return fn\n@register\ndef {name}(v):\n    return v + {other}",
        f"def base(left, right):\n    return left * 3 + right\n{name} = functools.partial(base, {w.int(0)})",
        f"def base(left, acc):\n    acc.append(left)\n    return len(acc)\n{name} = functools.partial(base, acc={xs})",
    ])  # fmt: skip


@recipe("functions", 6)
def list_changer(w: World) -> str:
    other = w.pin(w.int(0))
    name = w.target("changer")
    return w.pick([
        f"def {name}(values):\n    values.append({other})",
        f"def {name}(values):\n    values += [{other}]\n    return values",
        f"def {name}(values, n={other}):\n    values[:] = [v + n for v in values][:5]",
        f"def {name}(values):\n    values = values + [{other}]\n    return values",
        f"def {name}(values):\n    for other in (values,):\n        other.insert(0, {other})\n    return values",
        f"{name} = lambda values: values.append({other})",
        f"def {name}(values):\n    def go():\n        values.append({other})\n    go()",
        f"def {name}(*lists):\n    for values in lists:\n        values.append(len(lists))",
        f"def {name}(values):\n    copy_of = list(values)\n    copy_of.append({other})\n    return copy_of",
    ])  # fmt: skip


@recipe("functions", 8)
def call_changer(w: World) -> str:
    name = w.any("changer")
    arguments = [
        *w.names("list"),
        *[f"{n}[0]" for n in w.names("nested")],
        *[f"{o}.items" for o in w.names("object")],
        *[f"{d}['a']" for d in w.names("lists")],
    ]
    argument = w.pick(arguments)
    return w.pick(
        [
            f"{name}({argument})",
            f"{name}({argument});",
            f"got = {name}({argument})",
            f"for each in ({argument},): {name}(each)",
            f"list(map({name}, [{argument}]))",
        ]
    )


@recipe("functions", 8)
def call_function(w: World) -> str:
    name = w.any("function", "thunk")
    call = f"{name}({w.int()})" if w.kinds[name] == "function" else f"{name}()"
    options = [f"{call}", f"print({call})", f"[{call} for _ in range(2)]"]
    if w.kinds[name] == "function":
        options += [
            f"list(map({name}, (1, 2)))",
            f"sorted([3, 1, 2], key={name})",
            f"max((1, 2, 3), key={name})",
            f"(lambda fn: fn(3))({name})",
        ]
    text = w.pick(options)
    if w.chance(0.5):
        value = call
        return f"{w.target('int')} = {value}"
    return text


@recipe("functions", 4)
def thunks(w: World) -> str:
    fs = [
        *w.names("thunk"),
        *[f"(lambda: {w.pin(w.int())})" for _ in range(2)],
        *[f"(lambda: {w.pin(xs)}.append(1) or len({xs}))" for xs in w.names("list")[:1]],
    ]
    one, two = w.pick(fs), w.pick(fs)
    w.pin(one), w.pin(two)
    return f"{w.target('thunks')} = {{'one': {one}, 'two': {two}}}"


@recipe("functions", 4)
def call_thunks(w: World) -> str:
    d = w.any("thunks")
    return w.pick([f"print([fn() for fn in {d}.values()])", f"{d}['one']()", f"for fn in {d}.values(): fn()"])


@recipe("functions", 3)
def function_state(w: World) -> str:
    name = w.any("function")
    return w.pick(
        [
            f"{name}.note = {w.int()}",
            f"print(getattr({name}, 'note', None), getattr({name}, 'calls', None))",
            f"alias = {name}\nalias.note = 1",
        ]
    )


@recipe("functions", 3)
def alias_function(w: World) -> str:
    name = w.any("function")
    target = w.target("function")
    w.pin(name)
    return w.pick([f"{target} = {name}", f"_old = {name}\n{target} = lambda v: _old(v) + 1"])


@recipe("classes", 10)
def make_class(w: World) -> str:
    other = w.pin(w.int())
    xs = w.pick([*[w.pin(n) for n in w.names("list")], "[]"])
    name = w.target("class")
    if name in other:
        raise SkipError
    return w.pick([
        f"class {name}:\n    made = 0\n    kind = {other}\n    def __init__(self, n):\n        self.n = n\n        self.items = [n]\n        {name}.made += 1\n    def bump(self, v=1):\n        self.n += v\n        return self\n    def total(self):\n        return sum(self.items) + {other}",
        f"class {name}:\n    shared = {xs}\n    made = 0\n    kind = 7\n    def __init__(self, n, items=None):\n        self.n, self.items = n, {name}.shared\n    def bump(self, v=1):\n        self.items.append(v)\n        return self\n    def total(self):\n        return len(self.shared) + self.n\n    def __repr__(self):\n        return f'{name}({{self.n}}, {{self.items}})'",
        f"class {name}:\n    made = 0\n    registry = {{}}\n    kind = 3\n    def __init__(self, n):\n        self._n = n\n        self.items = {xs}\n        type(self).registry[n] = self\n    @property\n    def n(self):\n        return self._n + {other}\n    @n.setter\n    def n(self, v):\n        self._n = v % 97\n    def bump(self, v=1):\n        self.n = self._n + v\n        return self\n    @classmethod\n    def total(cls):\n        cls.made += 1\n        return cls.made + len(cls.registry)",
        f"class {name}:\n    made = 0\n    kind = 1\n    def __init__(self, n):\n        self.n, self.items = n, []\n    def __len__(self):\n        return len(self.items)\n    def __bool__(self):\n        return True\n    def __iadd__(self, v):\n        self.items.append(v)\n        return self\n    def __call__(self):\n        self.n += 1\n        return self.n\n    def bump(self, v=1):\n        self += v\n        return self()\n    def total(self):\n        return self.n + len(self)\n    def __eq__(self, other):\n        return self.n == other.n\n    __hash__ = None",
    ])  # fmt: skip


@recipe("classes", 3)
def data_class(w: World) -> str:
    w.need("dataclass")
    name = w.target("class")
    other = w.pin(w.int(0))
    return f"@dataclass\nclass {name}:\n    n: int = {other}\n    items: list = field(default_factory=list)\n    made = 0\n    kind = 2\n    def bump(self, v=1):\n        self.items.append(v)\n        return self\n    def total(self):\n        return len(self.items) + {other}"


@recipe("classes", 3)
def subclass(w: World) -> str:
    base = w.any("class")
    name = w.target("class")
    if name == base:
        raise SkipError
    w.pin(base)
    other = w.pin(w.int(0))
    return f"class {name}({base}):\n    def bump(self, v={other}):\n        super().bump(v)\n        return self\n    def total(self):\n        return super().total() + {other}"


@recipe("classes", 10)
def make_object(w: World) -> str:
    value = w.pick([f"{w.pick(w.names('class'))}({w.int()})", *w.names("object")])
    return f"{w.target('object')} = {value}"


@recipe("classes", 14)
def change_object(w: World) -> str:
    o, v = w.any("object"), w.int()
    return w.pick([
        f"{o}.bump({v});", f"{o}.bump();", f"{o}.items.append({v})", f"{o}.n = {w.small()}", f"setattr({o}, 'extra', {v})", f"{o}.items = [{v}]",
        f"vars({o})['extra'] = {v}", f"{o}.__dict__.update(extra={v})", f"{o}.n += 1", f"for each in [{o}]: each.bump({v})", f"other_one = {o}\nother_one.items.append({v})",
        *[f"{o}.items = {xs}" for xs in w.names("list")], f"bump = {o}.bump\nbump(2);", f"getattr({o}, 'bump')(3);",
        *[f"{o}.peer = {p}" for p in w.names("object")[:2]], *[f"{o}.peer = {xs}" for xs in w.names("list")[:1]],
    ])  # fmt: skip


@recipe("classes", 6)
def change_class(w: World) -> str:
    c = w.pick([*w.names("class"), *[f"type({o})" for o in w.names("object")]])
    v = w.int()
    return w.pick([f"{c}.made = {v}", f"{c}.made += 1", f"{c}.kind = {v}", f"print({c}.made, {c}.kind)", f"setattr({c}, 'kind', {v})", f"{c}.total = lambda self=None: {w.pin(w.int(0))}",
                   *[f"{c}.items = {xs}" for xs in w.names("list")[:1]]])  # fmt: skip


@recipe("classes", 4)
def from_object(w: World) -> str:
    o = w.any("object")
    return w.pick([lambda: f"{w.target('list')} = {o}.items", lambda: f"{w.target('int')} = {o}.total()", lambda: f"print(vars({o}).get('extra'), hasattr({o}, 'peer'))",
                   lambda: f"{w.target('list')} = [{o}.n, *{o}.items]"])()  # fmt: skip


@recipe("classes", 2)
def deep_object(w: World) -> str:
    w.need("copy")
    o = w.any("object")
    return f"{w.target('object')} = copy.{w.pick(('copy', 'deepcopy'))}({o})"


@recipe("iterators", 10)
def make_iterator(w: World) -> str:
    xs = w.pick([*[w.pin(n) for n in w.names("list", "tuple")], "range(6)"])
    other = w.pin(w.int(0))
    options = [f"iter({xs})", f"(v + {other} for v in {xs})", f"map(lambda v: v + {other}, {xs})", f"filter(None, {xs})", f"iter([{other}, 2, 3])", f"reversed([1, 2, {other}])",
               f"(v for v in range({w.number(3, 8)}) if v != {other})"]  # fmt: skip
    its = w.names("iterator")
    options += [w.pick(its)] if its else []
    options += [f"(v * 2 for v in {w.pin(w.pick(its))})"] if its else []
    if "itertools" in w.imports:
        options += [
            f"itertools.count({other})",
            f"itertools.cycle([1, {other}])",
            f"itertools.accumulate({xs})",
            f"itertools.islice({xs}, 3)",
        ]
    value = w.pick(options)
    name = w.target("iterator")
    return f"{name} = {value}"


@recipe("iterators", 4)
def generator_function(w: World) -> str:
    other = w.pin(w.int(0))
    xs = w.pick([*[w.pin(n) for n in w.names("list")], "[1]"])
    name = w.target("iterator")
    return w.pick([
        f"def produce(n):\n    for i in range(n):\n        yield i + {other}\n{name} = produce({w.number(2, 5)})",
        f"def produce(values):\n    for v in values:\n        values.append(v) if len(values) < 4 else None\n        yield v\n{name} = produce({xs})",
        f"def produce():\n    total = 0\n    while True:\n        total += {other}\n        {xs}.append(total % 7) if len({xs}) < 6 else None\n        yield total % 97\n{name} = produce()",
    ])  # fmt: skip


@recipe("iterators", 10)
def use_iterator(w: World) -> str:
    it = w.any("iterator")
    w.need("itertools") if w.chance(0.5) else None
    options = [lambda: f"{w.target('int')} = next({it}, 0)", lambda: f"print(next({it}, None))", lambda: f"next({it}, None)",
               lambda: f"for _turn, v in zip(range(3), {it}):\n    print(v)\n    if v != {w.number()}: break", lambda: f"print(list(zip((1, 2), {it})))"]  # fmt: skip
    if "itertools" in w.imports:
        options += [lambda: f"{w.target('list')} = list(itertools.islice({it}, {w.number(1, 3)}))"]
    return w.pick(options)()


@recipe("classes", 3)
def context_manager(w: World) -> str:
    xs = body_list(w)
    w.need("contextlib")
    return w.pick([
        f"@contextlib.contextmanager\ndef within(v):\n    {xs}.append(v)\n    yield {xs}\n    {xs}.append(-v)\nwith within({w.number(1, 5)}) as inside:\n    inside.append({w.int(0)})",
        f"class Scope:\n    def __enter__(self):\n        {xs}.append(1)\n        return self\n    def __exit__(self, *_):\n        {xs}.append(2)\n        return True\nwith Scope():\n    {xs}.append({w.int(0)})\n    raise KeyError('gone')",
        f"with contextlib.suppress(ZeroDivisionError):\n    {xs}.append({w.int()} // {w.int(0)})",
    ])  # fmt: skip
