"""Recipes: scalars, containers, aliases, control flow."""

from __future__ import annotations

from tests.random_notebooks.world import SkipError, World, recipe


@recipe("basic", 12)
def assign_int(w: World) -> str:
    value = w.small()
    return f"{w.target('int')} = {value}"


@recipe("basic", 12)
def augment_int(w: World) -> str:
    name = w.any("int")
    return f"{name} {w.pick(('+', '-', '*'))}= {w.number(1, 5)}"


@recipe("basic", 3)
def shrink_int(w: World) -> str:
    name = w.any("int")
    return f"{name} %= 97"


@recipe("basic", 4)
def swap(w: World) -> str:
    left, right = w.any("int"), w.any("int")
    return f"{left}, {right} = {right}, {left}"


@recipe("basic", 4)
def star(w: World) -> str:
    xs = w.any("list", "tuple")
    first, rest = w.target("int"), w.target("list")
    return f"{first}, *{rest} = [{w.number()}, *{xs}]"


@recipe("basic", 4)
def walrus(w: World) -> str:
    value = w.small()
    name = w.target("int")
    return f"if ({name} := {value}) > {w.number()}:\n    print('big', {name})"


@recipe("basic", 5)
def assign_str(w: World) -> str:
    value = w.pick(
        [
            f'f"""w{{{w.int()}}}"""',
            repr(w.pick(("a", "b", "c"))),
            f"str({w.int()})",
            f"'-'.join(['p', str({w.int(0)})])",
        ]
    )
    return f"{w.target('str')} = {value}"


@recipe("basic", 3)
def augment_str(w: World) -> str:
    return f"{w.any('str')} += {w.pick(('a', 'b'))!r}"


@recipe("basic", 3)
def several(w: World) -> str:
    value = w.ints()
    one, two = w.target("list"), w.target("list")
    return f"{one} = {two} = {value}"


@recipe("basic", 4)
def delete(w: World) -> str:
    if w.closed:
        raise SkipError
    name = w.pick([n for n in w.kinds if n not in w.pinned and w.kinds[n] != "class"])
    del w.kinds[name]
    return f"del {name}"


@recipe("basic", 3)
def comprehension_leak(w: World) -> str:
    name = w.target("int")
    return f"{w.target('list')} = [({name} := v) for v in range({w.number(1, 4)})]"


@recipe("containers", 12)
def assign_list(w: World) -> str:
    value = w.ints()
    return f"{w.target('list')} = {value}"


@recipe("containers", 16)
def change_list(w: World) -> str:
    xs = w.any("list")
    v = w.int()
    return w.pick([
        f"{xs}.append({v})", f"{xs}.append({v})", f"{xs}.extend([{v}, {w.number()}])", f"{xs} += [{v}]", f"{xs}.insert(0, {v})",
        f"{xs}.sort()", f"{xs}.reverse()", f"{xs}[-1:] = [{v}]", f"if {xs}: {xs}[0] += {w.number(1, 3)}", f"{xs}[:0] = ({v},)",
        f"del {xs}[2:]", f"{xs} and {xs}.pop()",
        f"{xs}.clear()", f"{xs} *= 2\ndel {xs}[6:]", f"{xs}[:] = [v for v in {xs} if v % 2 == 0]", f"{xs}.__setitem__(slice(0, 1), [{v}])",
        f"list.append({xs}, {v})", f"[{xs}.append(v) for v in range(2)]", f"for v in range(2): {xs}.append(v)",
        f"add = {xs}.append\nadd({v})", f"list(map({xs}.append, (1, 2)))",
    ])  # fmt: skip


@recipe("containers", 8)
def alias_list(w: World) -> str:
    source = w.any("list")
    value = w.pick(
        [
            source,
            source,
            f"{source}[:]",
            f"{source}[1:]",
            f"({source}, 1)[0]",
            f"{source} or [1]",
            f"{source}.copy()",
            f"[{source}][0]",
        ]
    )
    return f"{w.target('list')} = {value}"


@recipe("containers", 6)
def assign_nested(w: World) -> str:
    inner = w.pick([*w.names("list"), "[0]", "[1, 2]"])
    value = w.pick(
        [
            f"[{inner}, [1]]",
            f"[[{w.int(0)}], {inner}]",
            f"[{inner}] * 2",
            "[list(r) for r in ([1], [2, 3])]",
            f"[{inner}, {w.pick([*w.names('list'), '[5]'])}]",
        ]
    )
    return f"{w.target('nested')} = {value}"


@recipe("containers", 8)
def change_nested(w: World) -> str:
    rows = w.any("nested")
    v = w.int()
    return w.pick([
        f"{rows}[0].append({v})", f"{rows}[-1].append({v})", f"{rows}.append([{v}])", f"{rows}[0] = [{v}]", f"for row in {rows}: row.append({v})",
        f"{rows}[0] += [{v}]", f"{rows}[0], {rows}[-1] = {rows}[-1], {rows}[0]", f"first, *_ = {rows}\nfirst.append({v})",
        f"{rows}.append({rows}[0])", f"for i, row in enumerate({rows}): row.insert(0, i)", f"[row.append(0) for row in {rows} if len(row) < 3]",
        *[f"{rows}.append({xs})" for xs in w.names("list")[:1]],
    ])  # fmt: skip


@recipe("containers", 5)
def from_nested(w: World) -> str:
    rows = w.any("nested")
    value = w.pick(
        [
            f"{rows}[0]",
            f"{rows}[-1]",
            f"[v for r in {rows} for v in r]",
            f"max({rows}, key=len)",
            f"next(iter({rows}))",
            f"sum({rows}, [])",
            f"list({rows})[0]",
        ]
    )
    return f"{w.target('list')} = {value}"


@recipe("containers", 3)
def copy_nested(w: World) -> str:
    rows = w.any("nested")
    w.need("copy")
    value = w.pick([f"copy.deepcopy({rows})", f"copy.copy({rows})", f"list({rows})", f"{rows}[:]", rows])
    return f"{w.target('nested')} = {value}"


@recipe("containers", 7)
def assign_dict(w: World) -> str:
    value = w.pick([f"{{'a': {w.int()}}}", f"{{'a': {w.int()}, 'b': {w.int(0)}}}", f"dict(b={w.int(0)})", f"dict.fromkeys('ab', {w.int(0)})", "{c: i for i, c in enumerate('abc')}",
                    *w.names("dict"), *[f"{{**{d}, 'c': {w.int(0)}}}" for d in w.names("dict")], *[f"{d} | {{'a': 1}}" for d in w.names("dict")]])  # fmt: skip
    return f"{w.target('dict')} = {value}"


@recipe("containers", 9)
def change_dict(w: World) -> str:
    d, k, v = w.any("dict"), w.key(), w.int()
    return w.pick([
        f"{d}[{k}] = {v}", f"{d}[{k}] = {d}.get({k}, 0) + 1", f"{d}.update({{{k}: {v}}})", f"{d}.update(c={v})", f"{d}.pop({k}, None)",
        f"{d}.setdefault({k}, {v})", f"{d} |= {{{k}: {v}}}", f"for key in {d}: {d}[key] += 1", f"if {k} in {d}: del {d}[{k}]",
        f"{d}.clear()", f"for key, value in list({d}.items()): {d}[key] = value % 7",
    ])  # fmt: skip


@recipe("containers", 5)
def assign_lists(w: World) -> str:
    xs = w.pick([*w.names("list"), "[1]"])
    value = w.pick(
        [
            f"{{'a': {xs}, 'b': []}}",
            f"{{'a': {xs}}}",
            "{k: [] for k in 'abc'}",
            f"dict.fromkeys('abc', {xs})",
            *w.names("lists"),
            *[f"dict({n})" for n in w.names("lists")],
        ]
    )
    return f"{w.target('lists')} = {value}"


@recipe("containers", 6)
def change_lists(w: World) -> str:
    d, k, v = w.any("lists"), w.key(), w.int()
    return w.pick([
        f"{d}['a'].append({v})", f"{d}.setdefault({k}, []).append({v})", f"for values in {d}.values(): values.append({v})",
        f"{d}.get({k}, []).append({v})", f"{d}['b'] = {d}['a']", f"{d}['a'] = [{v}]", f"{d}['a'] += [{v}]", *[f"{d}['c'] = {xs}" for xs in w.names("list")[:1]],
    ])  # fmt: skip


@recipe("containers", 3)
def from_lists(w: World) -> str:
    d = w.any("lists")
    return f"{w.target('list')} = {w.pick([f'{d}[{w.pick(chr(97))!r}]', f'list({d}.values())[0]', f'{d}.get(chr(97))', f'next(iter({d}.values()))'])}"


@recipe("containers", 4)
def sets(w: World) -> str:
    if w.chance(0.5) and w.names("set"):
        s, v = w.any("set"), w.small()
        return w.pick(
            [
                f"{s}.add({v})",
                f"{s} |= {{{v}}}",
                f"{s}.update([{v}])",
                f"{s}.discard({w.number()})",
                f"{s} -= {{{v}}}",
                f"{s}.clear()",
                f"{s}.intersection_update({{1, 2, 3, {v}}})",
                f"{s}.update(range({v}, 900, {w.number(20, 99)}))",
                f"{s} -= {{*range(0, 900, {w.number(2, 4)})}}",
                f"{s} and {s}.pop()",
            ]
        )
    value = w.pick(
        [
            f"{{{w.int()}, 1}}",
            "set()",
            f"set({w.ints()})",
            f"{{n * 7919 % 1000 for n in range({w.number(5, 40)})}}",
            *w.names("set"),
            *[f"{s} | {{{w.int(0)}}}" for s in w.names("set")],
        ]
    )
    return f"{w.target('set')} = {value}"


@recipe("containers", 4)
def tuples(w: World) -> str:
    if w.chance(0.4) and w.names("mixed"):
        box, v = w.any("mixed"), w.int()
        return w.pick([f"{box}[0].append({v})", f"{box}[1]['a'] = {v}", f"head, *rest = {box}\nhead.append({v})"])
    if w.chance(0.5):
        value = f"({w.pick([*w.names('list'), '[1]'])}, {w.pick([*w.names('dict'), '{}'])})"
        return f"{w.target('mixed')} = {value}"
    value = w.pick([f"({w.int()}, {w.int(0)})", f"tuple({w.ints()})", *[f"{t} + (1,)" for t in w.names("tuple")]])
    return f"{w.target('tuple')} = {value}"


@recipe("containers", 3)
def queues(w: World) -> str:
    w.need("deque")
    if w.chance(0.6) and w.names("deque"):
        q, v = w.any("deque"), w.int()
        return w.pick(
            [
                f"{q}.append({v})",
                f"{q}.appendleft({v})",
                f"{q}.rotate(1)",
                f"{q} and {q}.popleft()",
                f"{q}.extend([{v}])",
            ]
        )
    value = f"deque({w.ints()}, maxlen={w.number(2, 5)})"
    return f"{w.target('deque')} = {value}"


@recipe("containers", 3)
def counters(w: World) -> str:
    w.need("Counter")
    if w.chance(0.6) and w.names("counter"):
        c = w.any("counter")
        return w.pick(
            [f"{c}[{w.key()}] += {w.number(1, 3)}", f"{c}.update('abca')", f"{c}.subtract('a')", f"{c} += Counter('b')"]
        )
    return f"{w.target('counter')} = Counter({w.pick([repr('abac'), '', *w.names('str')])})"


@recipe("control", 6)
def matched(w: World) -> str:
    subject = w.pick([*w.names("list", "tuple", "dict"), "[1, 2]"])
    name, v = w.any("int"), w.number()
    return (f"match {subject}:\n    case [first, *_]:\n        {name} = {w.int(0)}\n"
            f"    case {{'a': got}}:\n        {name} += got % 97\n    case _:\n        {name} = {v}")  # fmt: skip


@recipe("control", 6)
def counted(w: World) -> str:
    name = w.any("int")
    return w.pick([
        f"for {name} in range({w.number(1, 4)}):\n    pass",
        f"for {name} in {w.pick([*w.names('list', 'tuple', 'vector'), '(4, 5)'])}:\n    if {name} == {w.number()}: break",
        f"while {name} > 9:\n    {name} //= 2",
        f"steps = 0\nwhile steps < 3:\n    steps += 1\n    {name} += steps\nelse:\n    {name} -= 1",
    ])  # fmt: skip


@recipe("control", 4)
def asserted(w: World) -> str:
    return f"assert {w.int()} != 123456, 'unlikely'"


@recipe("control", 6)
def caught(w: World) -> str:
    name = w.any("int")
    xs = w.pick([*w.names("list"), "[]"])
    return w.pick([
        f"try:\n    {name} = {xs}[{w.number(0, 3)}]\nexcept IndexError as error:\n    {name} = -1",
        f"try:\n    {name} = {w.int()} // {w.int(0)}\nexcept ZeroDivisionError:\n    print('zero')\nfinally:\n    {name} += 1",
        f"try:\n    {xs}.append({w.int()})\n    raise ValueError({name})\nexcept ValueError as error:\n    {name} = error.args[0] + 1",
        f"try:\n    missing_name\nexcept NameError:\n    {name} = {w.int()}",
        f"try:\n    {name} = int({w.pick(['1', 'one'])!r})\nexcept ValueError:\n    {name} = 0\nelse:\n    {name} += 10",
    ])  # fmt: skip
