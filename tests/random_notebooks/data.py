"""Recipes: numpy arrays and pandas frames, their views, and what changes them in place."""

from __future__ import annotations

from tests.random_notebooks.world import World, recipe


@recipe("arrays", 10)
def make_vector(w: World) -> str:
    w.need("np")
    vs = w.names("vector")
    value = w.pick([f"np.arange({w.number(3, 8)})", f"np.array([{w.int(0)}, 2, {w.int(0)}, 1])", f"np.zeros({w.number(3, 5)})", f"np.full(4, {w.int(0)})", f"np.linspace(0, 1, {w.number(3, 5)})",
                    *vs, *[f"{v}[1:]" if w.chance(0.3) else f"{v}[::-1]" for v in vs], *[f"{v} * 2" for v in vs], *[f"{v}.copy()" for v in vs], *[f"np.asarray({v})" for v in vs], *[f"{v}.view()" for v in vs],
                    *[f"{v}[:]" for v in vs], *[f"np.sort({v})" for v in vs], *[f"np.atleast_1d({v})" for v in vs], *[f"np.ravel({v})" for v in vs], *[f"{v}.astype(float, copy=False)" for v in vs],
                    *[f"{m}[0]" for m in w.names("matrix")], *[f"{m}.ravel()" for m in w.names("matrix")], *[f"{m}[:, 1]" for m in w.names("matrix")], *[f"{m}.reshape(-1)" for m in w.names("matrix")],
                    *[f"np.diagonal({m}).copy()" for m in w.names("matrix")]])  # fmt: skip
    return f"{w.target('vector')} = {value}"


@recipe("arrays", 14)
def change_vector(w: World) -> str:
    a, v = w.any("vector"), w.int()
    w.need("np")
    return w.pick([
        f"{a}[0] = {v}", f"{a} += 1", f"{a} *= 2", f"{a}[:2] = {v}", f"{a}[{a} > 2] = 0", f"np.add({a}, 1, out={a})", f"{a}.sort()", f"{a}.fill({v})", f"{a}[-1] += 1", f"np.put({a}, [0], {v})",
        f"np.copyto({a}, {w.number()}, casting='unsafe')", f"{a}.flat[0] = {v}", f"part = {a}[:2]\npart += 1", f"np.multiply({a}, {a}, out={a})\nnp.remainder({a}, 97, out={a})",
        f"for i in range(2): {a}[i] = i", f"np.clip({a}, 0, 50, out={a})", f"{a}[:] = {a}[::-1].copy()", f"np.minimum({a}, 3, {a})", f"np.put_along_axis({a}, np.array([0]), {v}, 0)",
        f"np.random.shuffle({a})" if "seeded" in w.facts else f"{a}.partition(1)",
    ])  # fmt: skip


@recipe("arrays", 7)
def make_matrix(w: World) -> str:
    w.need("np")
    ms = w.names("matrix")
    value = w.pick(["np.arange(6).reshape(2, 3)", "np.zeros((2, 2))", f"np.array([[1, {w.int(0)}], [3, 4]])", *ms, *[f"{m}.T" for m in ms], *[f"{m}[:, :2]" for m in ms], *[f"np.swapaxes({m}, 0, 1)" for m in ms],
                    *[f"{v}[:2][None, :].repeat(2, axis=0)" for v in w.names("vector")], *[f"{v}.reshape(1, -1)[:, :2].T.repeat(2, axis=1)" for v in w.names("vector")], *[f"np.vstack([{v}[:2], {v}[:2]])" for v in w.names("vector")],
                    *[f"np.transpose({m})" for m in ms], *[f"{m} @ {m}.T % 97" for m in ms], *[f"np.array({m})" for m in ms]])  # fmt: skip
    return f"{w.target('matrix')} = {value}"


@recipe("arrays", 8)
def change_matrix(w: World) -> str:
    m, v = w.any("matrix"), w.int()
    w.need("np")
    return w.pick([
        f"{m}[0, 0] = {v}", f"{m}[0] += 1", f"{m}.T[1] = {v}", f"{m} += 1", f"{m}[:, 1] *= 2", f"np.fill_diagonal({m}, {v})", f"for row in {m}: row[0] = {v}", f"{m}[0].sort()", f"{m}.ravel()[0] = {v}", f"row = {m}[1]\nrow[:] = 0",
        f"np.add({m}, 1, out={m})", f"first, *_ = {m}\nfirst += 1", f"np.negative({m}, out={m})", f"{m}.reshape(-1)[1] = {v}",
    ])  # fmt: skip


@recipe("arrays", 4)
def from_arrays(w: World) -> str:
    a = w.any("vector", "matrix")
    return w.pick([lambda: f"{w.target('int')} = int({a}.sum())", lambda: f"{w.target('list')} = [int(v) for v in {a}.ravel()]", lambda: f"{w.target('int')} = {a}.shape[0] + {a}.ndim",
                   lambda: f"print({a}.mean().round(3), {a}.max())"])()  # fmt: skip


@recipe("frames", 10)
def make_frame(w: World) -> str:
    w.need("pd")
    frames = w.names("frame")
    xs = w.pick([*[f"({n} + [1, 2, 3])[:3]" for n in w.names("list")], "[3, 1, 2]"])
    value = w.pick([f"pd.DataFrame({{'a': {xs}, 'b': [{w.int(0)}, 5, 6], 'k': ['u', 'v', 'u']}})", "pd.DataFrame({'a': range(3), 'b': 1, 'k': list('uvu')})", *frames, *[f"{f}.copy()" for f in frames], *[f"{f}.copy(deep=False)" for f in frames],
                    *[f"{f}[{f}['a'] >= 0]" for f in frames], *[f"{f}[['a', 'b', 'k']]" for f in frames], *[f"{f}.assign(z={w.int(0)})" for f in frames], *[f"{f}.sort_values('a')" for f in frames], *[f"pd.concat([{f}, {f}.iloc[:1]], ignore_index=True)" for f in frames if w.chance(0.3)],
                    *[f"{f}.loc[:, :]" for f in frames], *[f"{f}.head(3)" for f in frames]])  # fmt: skip
    return f"{w.target('frame')} = {value}"


@recipe("frames", 18)
def change_frame(w: World) -> str:
    f, v = w.any("frame"), w.int()
    return w.pick([
        f"{f}['c'] = {f}['a'] + {v}", f"{f}['a'] = {f}['a'] * 2", f"{f}.loc[{f}['a'] > {w.number()}, 'b'] = {w.number()}", f"{f}.iloc[0, 0] = {w.number()}", f"{f}.drop(columns='c', inplace=True, errors='ignore')",
        f"{f}.sort_values('b', inplace=True)", f"{f}.reset_index(drop=True, inplace=True)", f"{f}['a'] += 1", f"{f}['d'] = {f}.groupby('k')['a'].transform('sum')", f"if 'c' not in {f}: {f}.insert(0, 'c', 1)",
        f"{f}.rename(columns={{'c': 'e'}}, inplace=True)", f"{f}.eval('e = a + b', inplace=True)", f"{f}.at[{f}.index[0], 'b'] = {w.number()}", f"{f}.attrs['n'] = {v}", f"{f}.index.name = 'i'", f"{f}.columns.name = 'cols'",
        f"if 'c' in {f}: taken = {f}.pop('c')", f"{f}.loc[len({f}) - 1, 'a'] = {w.number()}", f"if 'c' in {f}: del {f}['c']", f"{f}.fillna(0, inplace=True)", f"{f}.replace(1, 11, inplace=True)", f"{f}.set_index({f}.index + 1, inplace=True)",
        f"for name in ('a', 'b'): {f}[name] = {f}[name] % 50", f"{f}.update(pd.DataFrame({{'b': [1]}}))" if "pd" in w.imports else f"{f}['b'] = 2", f"{f}[['a', 'b']] = {f}[['b', 'a']].to_numpy()", f"{f}.index = range(len({f}))",
        f"{f}.columns = list({f}.columns)", f"{f}.drop_duplicates(inplace=True)", f"{f}.rename_axis('ix', inplace=True)",
    ])  # fmt: skip


@recipe("frames", 9)
def from_frame(w: World) -> str:
    f = w.any("frame")
    return w.pick([
        lambda: f"{w.target('series')} = {f}['a']", lambda: f"{w.target('series')} = {f}.groupby('k')['a'].sum()", lambda: f"{w.target('series')} = {f}['a'] + {f}['b']", lambda: f"{w.target('int')} = int({f}['b'].sum())",
        lambda: f"print({f}.groupby('k').agg({{'a': 'sum'}}))", lambda: f"print({f}.describe().round(2).to_string())", lambda: f"{w.target('list')} = {f}['a'].astype(int).tolist()",
        lambda: f"print({f}.query('a > @{w.pick(w.names('int'))}')['a'].tolist())", lambda: f"print({f}.apply(lambda row: row['a'] + {w.int(0)}, axis=1).tolist())", lambda: f"print({f}['k'].map({{'u': 1}}).tolist())",
        lambda: f"{w.target('vector')} = {f}['a'].to_numpy(copy=True)", lambda: f"print({f}.eval('a + b').tolist())", lambda: f"{w.target('series')} = {f}.loc[:, 'b']", lambda: f"{w.target('series')} = {f}.pop('c') if 'c' in {f} else {f}['b']",
        lambda: f"for key, part in {f}.groupby('k'):\n    print(key, part['a'].tolist())", lambda: f"for row in {f}.itertuples(): print(row.a, end=' ')", lambda: f"print({f}.merge({w.pick(w.names('frame'))}[['k']].drop_duplicates(), on='k').shape)",
        lambda: f"{f}.pipe(lambda frame: print(frame.shape))", lambda: f"print({f}['a'].apply({w.pick(w.names('function'))}).tolist())",
    ])()  # fmt: skip


@recipe("frames", 6)
def change_series(w: World) -> str:
    s, v = w.any("series"), w.int()
    return w.pick([f"{s}.iloc[0] = {v}", f"{s} += 1", f"{s}.sort_values(inplace=True)", f"{s}.name = 'renamed'", f"{s}[{s} > 3] = 0", f"{s}.loc[{s}.index[0]] = {v}", f"{s}.clip(upper=60, inplace=True)", f"{s}.index.name = 'j'", f"print({s}.cumsum().tolist())",
                   f"print({s}.value_counts().to_dict())"])  # fmt: skip


@recipe("frames", 3)
def series_alias(w: World) -> str:
    s = w.any("series")
    return f"{w.target('series')} = {w.pick([s, f'{s}.copy()', f'{s}[:]', f'{s}.rename(chr(98))', f'{s}.iloc[:2]'])}"
