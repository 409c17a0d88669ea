"""Recipes: random draws, files, settings, magics, history, imports in other forms, opaque code."""

from __future__ import annotations

from tests.random_notebooks.world import SkipError, World, recipe

FILES = ("one.txt", "two.txt", "data.json", "sub/three.txt")


@recipe("random", 6)
def seed(w: World) -> str:
    if w.closed:
        raise SkipError
    kind = w.pick(("random", "np"))
    w.need(kind)
    w.facts.add(f"seeded {kind}")
    if kind == "np":
        w.facts.add("seeded")
    return f"{kind}.seed({w.int(0)})" if kind == "random" else f"np.random.seed({w.number()})"


@recipe("random", 12)
def draw(w: World) -> str:
    options = []
    if "seeded random" in w.facts:
        options += [lambda: f"{w.target('int')} = random.randint(0, 50)", lambda: "print(random.random())", lambda: f"random.shuffle({w.any('list')})", lambda: f"{w.target('list')} = random.sample(range(20), 3)", lambda: "print(random.choice('abc'))",
                    lambda: f"{w.target('int')} = random.choice({w.any('list')} or [0])", lambda: "state = random.getstate()\nprint(random.random())\nrandom.setstate(state)"]  # fmt: skip
    if "seeded np" in w.facts:
        options += [
            lambda: f"{w.target('vector')} = np.random.randint(0, 9, 4)",
            lambda: "print(np.random.rand())",
            lambda: "print(np.random.normal(size=2).round(4))",
            lambda: f"{w.target('vector')} = np.random.permutation(5)",
            lambda: f"np.random.shuffle({w.any('vector')})",
        ]
        if w.names("frame"):
            options += [lambda: f"print({w.any('frame')}.sample(2)['a'].tolist())"]
    return w.pick(options)()


@recipe("random", 6)
def generators(w: World) -> str:
    w.need("np")
    if w.names("rng") and w.chance(0.7):
        r = w.any("rng")
        return w.pick([lambda: f"print({r}.integers(0, 99))", lambda: f"{w.target('vector')} = {r}.integers(0, 9, 4)", lambda: f"{r}.shuffle({w.any('list', 'vector')})", lambda: f"{w.target('rng')} = {r}", lambda: f"{w.target('rng')} = {r}.spawn(1)[0]",
                       lambda: f"print({r}.choice(5), {r}.random())", lambda: f"{w.target('int')} = int({r}.integers(50))"])()  # fmt: skip
    return f"{w.target('rng')} = np.random.default_rng({w.number()})"


@recipe("random", 2)
def random_function(w: World) -> str:
    if "seeded random" not in w.facts:
        raise SkipError
    return f"def {w.target('function')}(v):\n    return v + random.randint(0, 9)"


@recipe("files", 10)
def write_file(w: World) -> str:
    path = w.pick(FILES[:3])
    if path == "data.json":
        w.need("json")
        value = w.pick([*w.names("list", "dict", "nested", "lists"), f"[{w.int(0)}]"])
        if w.closed and path not in w.files:
            raise SkipError
        w.files.append(path)
        return f"with open({path!r}, 'w') as fh:\n    json.dump(json.loads(json.dumps({value}, default=int)), fh)"
    if w.closed and path not in w.files:
        raise SkipError
    w.files.append(path)
    if w.chance(0.3):
        w.need("Path")
        return f"Path({path!r}).write_text('line ' + str({w.int()}) + '\\n');"
    return w.pick([f"with open({path!r}, '{w.pick('wa')}') as fh:\n    fh.write('line ' + str({w.int()}) + '\\n')", f"with open({path!r}, 'a') as fh:\n    print('more', {w.int()}, file=fh)",
                   f"fh = open({path!r}, 'w')\nfh.write(str({w.int()}))\nfh.close()"])  # fmt: skip


@recipe("files", 10)
def read_file(w: World) -> str:
    path = w.pick(w.files)
    w.need("os") if w.chance(0.3) else None
    options = [
        lambda: f"print(open({path!r}).read())",
        lambda: f"with open({path!r}) as fh:\n    {w.target('str')} = fh.read()[:9]",
        lambda: f"print(len(open({path!r}).readlines()))",
        lambda: f"!cat {path}",
        lambda: f"lines = !cat {path}\nprint(len(lines))",
    ]
    if "os" in w.imports:
        options += [
            lambda: f"print(os.path.exists({path!r}), os.path.getsize({path!r}))",
            lambda: "print(sorted(p for p in os.listdir('.') if p != 'nb.ipynb'))",
        ]
    return w.pick(options)()


@recipe("files", 4)
def move_files(w: World) -> str:
    if w.closed or w.depth:
        raise SkipError
    w.need("os")
    path = w.pick(w.files)
    if w.chance(0.5):
        w.files[:] = [f for f in w.files if f != path]
        return (
            f"os.remove({path!r})"
            if w.chance(0.5)
            else f"os.replace({path!r}, 'moved.txt')\nprint(open('moved.txt').read())"
        )
    w.files.append(w.pick(("one.txt", "two.txt")))
    return f"with open({path!r}) as source, open({w.files[-1] + '.new'!r}, 'w') as fh:\n    fh.write(source.read())\nos.replace({w.files[-1] + '.new'!r}, {w.files[-1]!r})"


@recipe("files", 3)
def csv(w: World) -> str:
    w.need("pd")
    if "t.csv" in w.files:
        return w.pick(
            [lambda: f"{w.target('frame')} = pd.read_csv('t.csv')", lambda: "print(pd.read_csv('t.csv').shape)"]
        )()
    if w.closed:
        raise SkipError
    f = w.any("frame")
    w.files.append("t.csv")
    return f"{f}[['a', 'b', 'k']].to_csv('t.csv', index=False)"


@recipe("files", 3)
def path_variable(w: World) -> str:
    w.need("Path")
    if w.names("path") and w.chance(0.7):
        p = w.any("path")
        return w.pick(
            [
                f"{p}.write_text('t' * {w.number()});",
                f"print({p}.read_text() if {p}.exists() else 'none')",
                f"{p}.unlink(missing_ok=True)",
                f"with {p}.open('a') as fh: fh.write('z')",
            ]
        )
    return f"{w.target('path')} = Path('{w.pick(('one.txt', 'log.txt'))}')"


@recipe("settings", 7)
def settings(w: World) -> str:
    options = [("np", f"np.set_printoptions(precision={w.number(1, 5)})"), ("np", "np.set_printoptions(suppress=True, threshold=5)"), ("pd", f"pd.set_option('display.max_rows', {w.number(2, 6)})"), ("pd", f"pd.options.display.precision = {w.number(1, 4)}"),
               ("os", f"os.environ['MODE'] = str({w.int()})"), ("os", "os.makedirs('sub', exist_ok=True)\nos.chdir('sub')"), ("os", "os.chdir('..') if os.path.basename(os.getcwd()) == 'sub' else None"), ("warnings", f"warnings.filterwarnings('{w.pick(('ignore', 'always', 'error'))}', category=ResourceWarning)"),
               ("np", "old = np.seterr(divide='ignore')"), ("warnings", "warnings.simplefilter('ignore')"), ("os", "os.environ.pop('MODE', None);"), ("os", "os.environ.setdefault('MODE', 'x');"), ("pd", "pd.reset_option('display.max_rows')")]  # fmt: skip
    module, text = w.pick(options)
    w.need(module)
    if "chdir" in text and (w.closed or w.files):
        raise SkipError
    return text


@recipe("settings", 7)
def use_settings(w: World) -> str:
    options = [("np", "print(np.array([1.23456789, 2.3456789]))"), ("pd", "print(pd.Series(range(8)))"), ("pd", "print(pd.Series([1.23456789]))"), ("os", "print(os.environ.get('MODE'))"), ("os", "print(os.path.basename(os.getcwd()))"), ("warnings", "warnings.warn('look out', stacklevel=1)"),
               ("np", "print(np.arange(8))"), ("np", "print(np.array([1.0]) / np.array([0.0]))"), ("warnings", "warnings.warn('old', ResourceWarning, stacklevel=1)")]  # fmt: skip
    module, text = w.pick(options)
    w.need(module)
    if "'error'" in text:
        raise SkipError
    if text.startswith("warnings.warn('old'"):
        return f"try:\n    {text}\nexcept ResourceWarning:\n    print('raised')"
    return text


@recipe("magics", 8)
def magics(w: World) -> str:
    if w.depth:
        raise SkipError
    value = w.small()
    return w.pick([
        lambda: f"%time {w.target('int')} = {value}", lambda: f"!echo {{{w.any('int')}}}", lambda: f"{w.target('list')} = !echo {{{w.int(0)}}}\n{_last(w)} = [int(v) for v in {_last(w)}]", lambda: f"%env MODE={w.number()}", lambda: "!echo $MODE",
        lambda: f"out = !printf 'a\\nb\\n'\n{w.target('int')} = len(out)", lambda: f"%timeit -n1 -r1 -q {w.any('int')} + 1", lambda: "import os; print(os.environ.get('MODE'))" if w.imports.add("os") is None else "", lambda: "%precision 3",
        lambda: "1.23456789", lambda: f"!printf '%s\\n' {{{w.int(0)}}} >> one.txt" if w.files.append("one.txt") is None else "", lambda: "%xmode Plain",
    ])()  # fmt: skip


def _last(w: World) -> str:
    return [n for n, k in w.kinds.items() if k == "list"][-1]


@recipe("magics", 4)
def shown(w: World) -> str:
    if w.depth:
        raise SkipError
    name = w.pick(list(w.kinds))
    return (
        w.pick([lambda: f"display({name})", lambda: f"display({name}, display_id='one');"])()
        if "display" in w.imports or w.chance(0.5)
        else f"print(type({name}).__name__)"
    )


@recipe("odd", 5)
def odd_imports(w: World) -> str:
    if w.closed or w.depth:
        raise SkipError
    return w.pick([
        lambda: f"from math import *\n{w.target('int')} = floor(pi * {w.number(1, 9)})", lambda: f"import math as m_\n{w.target('int')} = m_.factorial({w.number(1, 5)})", lambda: f"import os.path as op\n{w.target('str')} = op.join('a', 'b')",
        lambda: f"import json as j\n{w.target('str')} = j.dumps([{w.int(0)}])", lambda: f"from operator import add as plus\n{w.target('int')} = plus({w.int(0)}, 1)", lambda: f"import math\nmath.scale = {w.number()}\n{w.target('int')} = math.scale",
        lambda: f"from functools import reduce\n{w.target('int')} = reduce(lambda p_, q_: p_ + q_, {w.ints()}, 0)",
    ])()  # fmt: skip


@recipe("odd", 4)
def opaque(w: World) -> str:
    if w.depth:
        raise SkipError
    value = w.small()
    return w.pick([
        lambda: f"exec('{w.target('int')} = ' + str({value}))", lambda: f"globals()['{w.target('int')}'] = {value}", lambda: f"print(eval('{w.any('int')} + 1'))", lambda: f"print('{w.any('int')}' in globals())", lambda: f"print(eval({w.any('int')!r}))",
        lambda: f"exec({w.any('list') + '.append(1)'!r})", lambda: f"globals().update({w.target('int')}={value})", lambda: f"print(locals()['{w.any('int')}'])",
    ])()  # fmt: skip


@recipe("odd", 4)
def history(w: World) -> str:
    if w.depth:
        raise SkipError
    return w.pick(
        [
            "print(len(In) > 0)",
            "print(_)" if "echoed" in w.facts else "pass",
            "print(sorted(Out))",
            "print(__name__)",
        ]
    )
