"""Recipes: containers and callbacks of the standard library, views that libraries give, modules changed at run time."""

from __future__ import annotations

from tests.random_notebooks.world import SkipError, World, recipe


@recipe("library", 8)
def named_tuples(w: World) -> str:
    xs = w.pick([*w.names("list"), "[1]"])
    made = w.pick([f"from collections import namedtuple\nPoint = namedtuple('Point', 'x y')\n{w.target('point')} = Point({xs}, {w.int(0)})",
                   f"from typing import NamedTuple\nclass Point(NamedTuple):\n    x: list\n    y: int = 2\n{w.target('point')} = Point({xs})",
                   f"from types import SimpleNamespace\n{w.target('point')} = SimpleNamespace(x={xs}, y=1)"])  # fmt: skip
    if w.closed:
        raise SkipError
    return made


@recipe("library", 10)
def use_point(w: World) -> str:
    p = w.any("point")
    return w.pick([f"{p}.x.append({w.int(0)})", f"print({p})", f"{w.target('list')} = {p}.x", f"x_, y_ = getattr({p}, '_fields', None) and {p} or ([], 0)\nx_.append(1)", f"{w.target('point')} = {p}"])  # fmt: skip


@recipe("library", 8)
def views(w: World) -> str:
    d = w.any("dict", "lists")
    return f"{w.target('dview')} = {w.pick([f'{d}.keys()', f'{d}.values()', f'{d}.items()'])}"


@recipe("library", 6)
def use_views(w: World) -> str:
    return f"print(list({w.any('dview')}))"


@recipe("library", 6)
def chain_map(w: World) -> str:
    d = w.any("dict")
    name = w.target("dict")
    return w.pick([
        f"from collections import ChainMap\nlayers = ChainMap({d}, {{'z': 1}})\nlayers['y'] = {w.int(0)}",
        f"from collections import defaultdict\nmade_of = defaultdict(lambda: {d})\nmade_of['q']['w'] = 2",
        f"from collections import OrderedDict\nordered = OrderedDict({d})\nordered['o'] = 1\n{name} = dict(ordered)",
        f"from types import MappingProxyType\nproxy = MappingProxyType({d})\n{d}['p'] = 4\nprint(dict(proxy))",
    ])  # fmt: skip


@recipe("library", 8)
def callbacks(w: World) -> str:
    xs = w.pin(w.any("list"))
    return w.pick([
        f"import re\nprint(re.sub('a', lambda m: {xs}.append(m.start()) or 'b', 'aXa'))",
        f"import json as js\nprint(js.dumps({{'a': {{1}}}}, default=lambda v: {xs}.append(1) or 'set'))",
        f"import heapq\nprint(heapq.nsmallest(2, [3, 1, 2], key=lambda v: {xs}.append(v) or v))",
        f"import operator\noperator.methodcaller('append', {w.int(0)})({xs})",
        f"import functools as ft\nprint(sorted([2, 1], key=ft.cmp_to_key(lambda p, q: {xs}.append(0) or p - q)))",
        f"import itertools as its\nprint([k for k, _ in its.groupby([1, 1, 2], key=lambda v: {xs}.append(v) or v)])",
        f"print(next(iter(lambda: {xs}.append(6) or 1, 2)))",
        f"import bisect\nbisect.insort({xs}, {w.int(0)})",
        f"import heapq\nheapq.heapify({xs})\nheapq.heappush({xs}, {w.int(0)})",
        f"from contextlib import ExitStack\nwith ExitStack() as stack:\n    stack.callback({xs}.append, {w.int(0)})",
        f"import threading\nworker = threading.Thread(target={xs}.append, args=({w.number()},))\nworker.start()\nworker.join()",
        f"import threading\ndef work(values):\n    values.append({w.int(0)})\nworker = threading.Thread(target=work, args=({xs},))\nworker.start()\nworker.join()",
        f"from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(1) as pool:\n    print(list(pool.map(lambda v: {xs}.append(v) or v, (1, 2))))",
    ])  # fmt: skip


@recipe("library", 5)
def awaited(w: World) -> str:
    if w.depth:
        raise SkipError
    xs = w.pin(w.any("list"))
    return w.pick([
        f"import asyncio\nasync def later(v):\n    await asyncio.sleep(0)\n    {xs}.append(v)\n    return v\nprint(await asyncio.gather(later(1), later({w.int(0)})))",
        f"class Ticks:\n    def __aiter__(self):\n        self.n = 0\n        return self\n    async def __anext__(self):\n        self.n += 1\n        {xs}.append(self.n)\n        if self.n > 2:\n            raise StopAsyncIteration\n        return self.n\nasync for tick_ in Ticks():\n    pass",
    ])  # fmt: skip


@recipe("library", 5)
def patched(w: World) -> str:
    if w.depth:
        raise SkipError
    v = w.int(0)
    xs = w.pin(w.any("list"))
    return w.pick([f"import math\nmath.sqrt = lambda v: {v}", "import math\nprint(math.sqrt(4))", f"import json\njson.extra = {xs}", "import json\nprint(getattr(json, 'extra', None))",
                   f"import statistics\nstatistics.median = lambda v: {xs}.append(len(v)) or v", "import statistics\nprint(statistics.median([3]))", f"import builtins\nbuiltins.shared_thing = {v}", "print(globals().get('shared_thing'))"])  # fmt: skip


@recipe("library", 4)
def buffers(w: World) -> str:
    if w.depth or w.closed:
        raise SkipError
    return w.pick(["raw = bytearray(b'abc')\nwindow = memoryview(raw)", "window[0] = 122\nprint(bytes(raw))" if "window" in w.facts else "import io\nwindow_text = io.StringIO()\nprint('in', file=window_text)\nprint(repr(window_text.getvalue()))"])  # fmt: skip


@recipe("arrays", 4)
def windows(w: World) -> str:
    w.need("np")
    a = w.any("vector")
    return w.pick([f"parts_ = np.array_split({a}, 2)\nparts_[0][:1] = {w.number()}", f"with np.nditer({a}, op_flags=['readwrite']) as each_:\n    for v in each_: v[...] = v * 2 % 97",
                   f"np.add.at({a}, [0, 0], 1)", f"row_, = {a}[None, :]\nrow_[0] = {w.number()}", f"rows_ = {a}.tolist()\nrows_.append(1)\nprint(rows_)",
                   f"where_ = np.where({a} > 1)[0]\nwhere_[:1] = 0\nprint(where_)"])  # fmt: skip


@recipe("frames", 5)
def frame_callbacks(w: World) -> str:
    f = w.any("frame")
    xs = w.pin(w.any("list"))
    return w.pick([f"{f}['a'].map(lambda v: {xs}.append(int(v)));", f"{f}.groupby('k').agg({{'a': lambda s: {xs}.append(len(s)) or 1}});", f"{f}.apply(lambda row: {xs}.append(1), axis=1);", f"for _, row in {f}.iterrows(): {xs}.append(int(row['a']))",
                   f"{f}.attrs.setdefault('seen', []).append({w.number()})\nprint({f}.attrs)", f"grouped = {f}.groupby('k')\n{f}['b'] = 0\nprint(grouped['b'].sum().tolist())", f"cols_ = {f}.columns.tolist()\ncols_.append('x')\nprint(cols_)"])  # fmt: skip


@recipe("files", 5)
def file_objects(w: World) -> str:
    if w.closed or w.depth:
        raise SkipError
    v = w.int(0)
    return w.pick([
        f"import csv\nwith open('t.csv', 'w', newline='') as fh:\n    csv.writer(fh).writerow([1, {v}])", "import os\nprint(os.path.exists('t.csv') and open('t.csv').read())",
        f"import sqlite3\ncon = sqlite3.connect('d.db')\ncon.execute('create table if not exists t (a)')\ncon.execute('insert into t values (?)', ({v},))\ncon.commit()\ncon.close()",
        "import sqlite3\ncon = sqlite3.connect('d.db')\ncon.execute('create table if not exists t (a)')\nprint(con.execute('select a from t').fetchall())\ncon.close()",
        f"import pickle\nwith open('x.pkl', 'wb') as fh:\n    pickle.dump([{v}], fh)", "import os, pickle\nif os.path.exists('x.pkl'):\n    print(pickle.loads(open('x.pkl', 'rb').read()))",
        "import os\nos.makedirs('deep/er', exist_ok=True)", f"from pathlib import Path\nPath('deep').mkdir(exist_ok=True)\n(Path('deep') / 'f.txt').write_text(str({v}));",
        "from pathlib import Path\nprint(sorted(p.name for p in Path('deep').glob('*.txt')))", "from pathlib import Path\nfor p in Path('deep').glob('*.txt'): p.unlink()",
    ])  # fmt: skip


@recipe("magics", 4)
def written_module(w: World) -> str:
    if w.closed or w.depth:
        raise SkipError
    xs = w.any("list")
    return w.pick(["with open('helper_mod.py', 'w') as fh:\n    print('KEPT = []\\ndef keep(v):\\n    KEPT.append(v)\\n    return len(KEPT)', file=fh)", "import os\nif os.path.exists('helper_mod.py'):\n    import helper_mod\n    print(helper_mod.keep(1), helper_mod.KEPT)",
                   f"get_ipython().user_ns['pushed'] = {xs}", "print(globals().get('pushed'))", f"get_ipython().run_line_magic('env', 'SET_BY=' + str({w.int(0)}))", "import os\nprint(os.environ.get('SET_BY'))"])  # fmt: skip


@recipe("settings", 3)
def singletons(w: World) -> str:
    if w.closed or w.depth:
        raise SkipError
    v = w.int(0)
    return w.pick([f"import os\nenviron = os.environ\nenviron['ALIAS'] = str({v})", "import os\nprint(os.environ.get('ALIAS'))", "import decimal\ndecimal.getcontext().prec = 5", "import decimal\nprint(decimal.Decimal(1) / 7)",
                   "import logging\nlogging.getLogger('random').setLevel(logging.DEBUG)", "import logging\nprint(logging.getLogger('random').level)", "import sys\nsys.setrecursionlimit(4000)", "import sys\nprint(sys.getrecursionlimit())"])  # fmt: skip
