"""Each name in the tree of a cell stands where the cell's own source has it, whatever IPython made of the text."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.core.inputtransformer2 import TransformerManager

from nb2pipe.notebook.ipython import parse_cell, parse_fragment
from nb2pipe.notebook.model import Cell, Code

# A capital letter stands for a name, a new one at each place; the text after `|` has the places of IPython's own syntax
# marked by the piece of text with which each begins.
FRAGMENTS = {
    "assignment": "A = B + C",
    "parentheses": "A = (B,\n\tC,\n  D)",
    "backslash": "A = B + \\\n    C",
    "wide characters": "A = 'é日😀' ; B = 'ü'; C = D",
    "wide names": "größe = A; π = größe",
    "tabs": "if A:\n\tB = 1\n\tif C:\n\t\tD = 'é'; E = 2",
    "function": "def F(A, b=B):\n    '''doc é\n    ? ! %x\n    '''\n    return A + C",
    "class": "@A\nclass B(C):\n    D: E = F",
    "comprehension": "A = [B for B in C if D]",
    "await": "A = await B",
    "async": "async with A as B:\n    async for C in D:\n        E",
    "text with magics": "A = '''\n%no\n!no {B}\nno?\n''' + C",
    "comment": "# %no !no A?",
    "comment behind": "A = B  # é %no",
    "blank": "",
    "blanks": "    ",
    "form feed": "\x0cA = B",
    "form feed behind": "A = B; C = D\x0c",
    "vertical tab in text": "A = '\x0b'; B = C",
    "line separator in text": "A = '\u2028'; B = C",
    "next line in text": "A = 'é\x85'; B = C",
    "two statements": "A; B; C = D",
    "modulo": "A = B \\\n % C",
    "match": "match A:\n    case B:\n        C",
    "try": "try:\n    A\nexcept B as C:\n    D",
    "lambda": "A = lambda B: C",
    "walrus": "print(A := B)",
    "strings": "A = f'{1}' 'é' ; B = C",
    "line magic|%": "%matplotlib inline",
    "line magic of names|%": "%time x = y + 'é'",
    "continued magic|%": "%time f(1, \\\n  2)",
    "magic in a block|%": "for A in B:\n\t%time f()\n\tC = D",
    "assigned magic|%": "A = %time f()",
    "assigned to an item|%": "A[B], C.d = %sql select \\\n  1",
    "command|!": "!ls $HOME {x} é",
    "command for lines|!": "!!ls",
    "continued command|!": "!ls \\\n  -l \\\n  -a",
    "command in a block|!": "if A:\n    !echo {x}\nelse:\n    B",
    "assigned command|!": "A = !ls -l",
    "assigned behind wide characters|!": "größe['é', A] = !ls",
    "help|alpha": "alpha?",
    "more help|alpha": "alpha.real??",
    "help before|?": "?alpha",
    "more help before|?": "??alpha.real",
    "help for a magic|%": "%time?",
    "help in a block|alpha": "if A:\n  alpha?\nB",
    "autocall|": "/F A",
    "autocall of two|": "/F A B",
    "autocall of an attribute|": "/F.g A",
    "quoted call|": ",F a b",
    "quoted text|": ";F a b",
}
# IPython's own calls; a name of its own in the middle of the text is not of the cell.
OWN = re.compile(r"[A-Z]")
ODD = re.compile("[\x0b\x0c\x85\u2028]")


def fill(texts: list[str], wrap: Callable[[str], str] = str) -> tuple[str, set[tuple[str, int, int]]]:
    """One cell of several fragments with a name of its own at each place, and where each name stands."""
    number = 0

    def name(match: re.Match[str]) -> str:
        nonlocal number
        number += 1
        return f"{'näme' if number % 5 == 0 else 'name'}_{number}"

    source = wrap(OWN.sub(name, "\n".join(texts)))
    return source, {(m[0], *place(source, m.start())) for m in re.finditer(r"n[aä]me_\d+", source)}


def place(source: str, index: int) -> tuple[int, int]:
    return source.count("\n", 0, index) + 1, index - (source.rfind("\n", 0, index) + 1)


def names(code: Code) -> list[ast.Name]:
    assert code.tree is not None, code.error
    return [n for n in ast.walk(code.tree) if isinstance(n, ast.Name)]


def check_names(code: Code, source: str, where: set[tuple[str, int, int]], body: str | None = None) -> None:
    """Each name of the tree is where the source has it, to its end; nothing lies outside of the source."""
    expected = expected_names(source if body is None else body)
    if expected is None:  # IPython itself cannot read magics beside such a letter
        assert ODD.search(source)
        assert code.tree is None
        return
    assert code.tree is not None, (source, code.error, code.text)
    assert {n.id for n in names(code)} == expected
    lines = source.split("\n")
    own = {(n.id, n.lineno, n.col_offset) for n in names(code) if n.id.startswith(("name_", "näme_"))}
    assert own <= where
    for node in ast.walk(code.tree):
        if isinstance(node, ast.Name) and node.id != "get_ipython":
            assert (node.lineno, node.end_col_offset) == (node.end_lineno, node.col_offset + len(node.id))
            assert lines[node.lineno - 1][node.col_offset : node.end_col_offset] == node.id
        if isinstance(node, ast.expr | ast.stmt):
            assert 1 <= node.lineno <= (node.end_lineno or 0) <= len(lines)
            assert 0 <= node.col_offset <= len(lines[node.lineno - 1])
            assert 0 <= (node.end_col_offset or 0) <= len(lines[(node.end_lineno or 0) - 1])
            assert (node.lineno, node.col_offset) < (node.end_lineno, node.end_col_offset)


def expected_names(text: str) -> set[str] | None:
    """The names that IPython itself would compile, by its own transformer; None where that is no Python."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        transformed = TransformerManager().transform_cell(text)
    try:
        tree = compile(transformed, "x", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except SyntaxError:
        return None
    return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}


def parsed(source: str) -> Code:
    return parse_cell(Cell("id", 0, "code", source))


def shells(code: Code) -> list[tuple[int, int]]:
    return [(n.lineno, n.col_offset) for n in names(code) if n.id == "get_ipython"]


@pytest.mark.parametrize(
    "around", [("", ""), ("A = B\n", "\nC = D"), ("\n\n  \n", "\n"), ("# é\n", "\n# é"), ("é = 1\n!x\n", "\n!x\n%y")]
)
@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_each_fragment(fragment: str, around: tuple[str, str]) -> None:
    marker = fragment.partition("|")[2]
    source, where = fill([around[0] + FRAGMENTS[fragment] + around[1]])
    code = parsed(source)
    check_names(code, source, where)
    if code.tree is None:
        return
    calls = shells(code)
    if marker:
        index = source.index(marker, len(around[0]) if not OWN.search(around[0]) else source.index("\n") + 1)
        assert place(source, index) in calls
    assert len(calls) == bool(marker) + sum(text.count("\n!x") + text.count("\n%y") for text in around)


WRAPPERS: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "indented": lambda text: "\n".join(f"    {line}" if line.strip() else line for line in text.split("\n")),
    "indented by tabs": lambda text: "\n".join(f"\t{line}" if line.strip() else line for line in text.split("\n")),
    "blank lines first": lambda text: f"\n  \n\n{text}",
    "prompts": lambda text: "\n".join(
        f"In [7]: {line}" if i == 0 else f"   ...: {line}" for i, line in enumerate(text.split("\n"))
    ),
    "prompts of Python": lambda text: "\n".join(
        f"... {line}" if i else f">>> {line}" for i, line in enumerate(text.split("\n"))
    ),
}
# What a prefix on each line would change: texts over several lines, and what counts lines otherwise than Python.
READABLE = [f for f in FRAGMENTS if not ODD.search(FRAGMENTS[f])]
PLAIN = [f for f in READABLE if "'''" not in FRAGMENTS[f] and "\\\n" not in FRAGMENTS[f]]


@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize("fragment", PLAIN)
def test_each_fragment_wrapped(fragment: str, wrapper: str) -> None:
    if not FRAGMENTS[fragment].strip():
        return
    source, where = fill([f"A = B\n{FRAGMENTS[fragment]}\nC = D"], WRAPPERS[wrapper])
    check_names(parsed(source), source, where)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(sorted(FRAGMENTS)), min_size=1, max_size=12))
def test_any_cell(fragments: list[str]) -> None:
    source, where = fill([FRAGMENTS[f] for f in fragments])
    code = parsed(source)
    check_names(code, source, where)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(PLAIN), min_size=1, max_size=8),
    st.sampled_from(["indented", "indented by tabs", "blank lines first"]),
)
def test_any_cell_wrapped(fragments: list[str], wrapper: str) -> None:
    source, where = fill(["A = 1", *(FRAGMENTS[f] for f in fragments)], WRAPPERS[wrapper])
    code = parsed(source)
    check_names(code, source, where)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(READABLE), max_size=6), st.lists(st.sampled_from(READABLE), max_size=6), st.integers(1, 50)
)
def test_the_line_of_a_syntax_error(before: list[str], after: list[str], first: int) -> None:
    wrong = "wrong é = = 3"
    source, _ = fill([*(FRAGMENTS[f] for f in before), wrong, *(FRAGMENTS[f] for f in after)])
    code = parse_fragment(source, Cell("id", 0, "code", source), first)
    row = source.split("\n").index(wrong) + 1
    assert code.tree is None
    assert code.error is not None
    assert code.error.lineno == row + first - 1
    assert code.error.text == f"{wrong}\n"
    assert code.error.offset == 7  # Python stops at the second word


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(sorted(FRAGMENTS)), min_size=1, max_size=6), st.integers(1, 50))
def test_the_body_of_a_magic(fragments: list[str], first: int) -> None:
    body, where = fill([FRAGMENTS[f] for f in fragments])
    source = "%%time" + "\n" * (first - 1) + body if first > 1 else body
    code = parse_fragment(body, Cell("id", 0, "code", source), first)
    check_names(code, source, {(name, row + first - 1, column) for name, row, column in where}, body)


@pytest.mark.parametrize("lead", ["", "\n", "\n   \n\n"])
@pytest.mark.parametrize("first", ["%%time", "%%time -x é", "%%bash --out x"])
def test_a_cell_magic_has_the_place_of_the_whole_cell(lead: str, first: str) -> None:
    code = parsed(f"{lead}{first}\na = 1\n\nb = 'é'\n")
    (name,) = names(code)
    (statement,) = code.tree.body  # type: ignore[union-attr]
    row = lead.count("\n") + 1
    assert (name.id, name.lineno, name.col_offset) == ("get_ipython", row, 0)
    assert (statement.lineno, statement.col_offset, statement.end_lineno, statement.end_col_offset) == (
        row,
        0,
        row + 3,
        7,
    )


def test_a_call_of_the_shell_spans_what_it_stands_for() -> None:
    source = "x = 1\nif x:\n    y = !ls é \\\n      -l\n    %time z\n    x?\nw = 2"
    code = parsed(source)
    calls = [n for n in ast.walk(code.tree) if isinstance(n, ast.Call) and not isinstance(n.func, ast.Name)]  # type: ignore[arg-type]
    assert sorted((c.lineno, c.col_offset, c.end_lineno, c.end_col_offset) for c in calls) == [
        (3, 8, 4, 8),
        (5, 4, 5, 11),
        (6, 4, 6, 6),
    ]
    assert code.lines == (1, 2, 3, 5, 6, 7)


def test_columns_count_characters() -> None:
    code = parsed("'é日😀'; x = 'ü', y")
    assert [(n.id, n.col_offset, n.end_col_offset) for n in names(code)] == [("x", 7, 8), ("y", 16, 17)]


def test_names_inside_of_formatted_texts() -> None:
    source = "a = f'{b}'\n%time 1\nc = f'{d} é {e}'"
    lines = source.split("\n")
    found = {
        n.id: lines[n.lineno - 1][n.col_offset : n.col_offset + 1] for n in names(parsed(source)) if n.id in "abcd"
    }
    assert found == {"a": "a", "b": "b", "c": "c", "d": "d"}
