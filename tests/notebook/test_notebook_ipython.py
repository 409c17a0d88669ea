"""Cells are what IPython would run: its own transformer's text, its automagic, its errors, and nothing is a crash."""

from __future__ import annotations

import ast
import textwrap
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.core import inputtransformer2
from IPython.core.inputtransformer2 import TransformerManager
from IPython.core.interactiveshell import InteractiveShell

from nb2pipe.notebook import positions
from nb2pipe.notebook.ipython import as_run, parse_cell, parse_cells
from nb2pipe.notebook.model import Cell, Code


def cell(source: str, index: int = 0) -> Cell:
    return Cell(f"c{index}", index, "code", source)


def parsed(source: str) -> Code:
    return parse_cell(cell(source))


def last(*sources: str) -> Code:
    return parse_cells([cell(s, i) for i, s in enumerate(sources)])[-1]


def meaning(code: Code) -> str:
    """The tree as text, without its places."""
    assert code.tree is not None, code.error
    return ast.unparse(code.tree)


CELLS = {
    "plain": "x = 1\ny = x",
    "line magic": "%matplotlib inline",
    "magic with a name in it": "%cd {folder}",
    "magic in a block": "for i in range(3):\n    %time f(i)\n    !echo {i}",
    "magics and code": "import os\n%time x = 1\n!ls\ny = x\n%timeit -n 1 y\n",
    "command": "!cmd $name {expr + 1}",
    "command for lines": "!!ls",
    "command with quotes": """!grep "it's" 'a "b"' \\\\n""",
    "continued command": "!pip install a \\\n  b \\\n  c\nx = 1",
    "x = !ls": "x = !ls -l",
    "x = %magic": "x = %pwd",
    "several targets": "a, b = !ls",
    "item": "d['k'] = %time f()",
    "attribute": "o.a = !ls",
    "annotated": "x: list = 1\ny = !ls",
    "help": "obj?",
    "help of an attribute": "obj.attr?",
    "source": "obj??",
    "help before": "?obj",
    "source before": "??obj",
    "help of a magic": "%time?",
    "help of a cell magic": "%%time?",
    "wildcard": "np.*load*?",
    "autocall": "/f x",
    "autocall of two": "/f x y",
    "quoted": ",f a b",
    "quoted whole": ";f a b",
    "cell magic": "%%time\nx = 1\ny = x",
    "cell magic with a line": "%%capture out --no-stderr\nprint(1)",
    "nested cell magics": "%%time\n%%capture out\nprint(1)",
    "bash": "%%bash\necho $HOME {x}\n",
    "cell magic without a body": "%%time",
    "cell magic behind blank lines": "\n\n%%time\nx = 1",
    "cell magic that is indented": "  %%time\n  x = 1",
    "cell magic that is not first": "x = 1\n%%time\ny = 2",
    "indented": "    x = 1\n    y = 2",
    "indented unevenly": "    x = 1\n      y = 2",
    "blanks within a text": 'q = """\n  a\n    \n  b\n\t\n"""\nr = f"""{q}\n  \n"""',
    "blanks within a text, behind a magic": '%time 1\nq = """\n  a\n    \n  b"""',
    "blanks in a docstring": 'def f():\n    """a\n    \n    b"""',
    "a text that is indented with its cell": '  q = """\n  a\n   b\n  """\n  r = 1',
    "a line that goes on in a text": "q = 'a\\\n   \\\nb'",
    "indented by tabs": "\tif x:\n\t\ty = 2",
    "a prompt that is Python as well": "In [1]: x = 2",
    "a prompt on the second line": "x = 1\nIn [12]: y = 2",
    "a prompt that is none": "x = 1\ny = 2\nIn [1]: z = 2",
    "prompts": "In [1]: x = 1\n   ...: y = 2",
    "prompts of Python": ">>> x = 1\n>>> if x:\n...     y = 2",
    "only comments": "# one\n# two?\n#!three",
    "empty": "",
    "blank": " \n\t\n",
    "form feed": "x = 1\n\x0c\ny = 2",
    "form feed in a comment": "#\x0c%time x",
    "line separator in a comment": "# a\u2028!ls",
    "await": "x = await f()\nasync for i in g():\n    pass\nasync with h() as j:\n    pass",
    "await in a comprehension": "[await i async for i in f()]",
    "percent in a text": "x = '''\n%time\n!ls\n'''",
    "percent as modulo": "x = (a\n% b)",
    "question in a text": "x = 'a?'\ny = 1  # why?",
    "exclamation": "x != y",
    "matrix": "x = a @ b",
    "semicolon at the end": "x = 1;\nx;",
    "no Python": "x = = 1",
    "no Python beside a magic": "%time 1\nx = (",
    "open text": "x = '''a\nb",
    "words": "this is no Python at all",
    "magic word in the middle of a cell": "x = 1\nls -l",
    "two magic words": "cd ..\nls",
    "surrogate": "x = '\ud800'",
    "null": "x = 1\0",
    "prompt alone": ">>>",
    "percent alone": "%",
    "two percents alone": "%%",
    "exclamation alone": "!",
    "question alone": "?",
    "slash alone": "/",
    "comma alone": ",",
    "slash and blank": "/ f",
    "backslash at the end": "%time x \\",
    "command with a backslash at the end": "!ls \\\n",
    "deep": "-" * 100_000 + "1",
    "deep brackets": "(" * 5000 + ")" * 5000,
    "long number": "x = " + "9" * 5000,
}


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_is_what_ipython_would_run(name: str, shell: InteractiveShell) -> None:
    """The oracle is a real shell without variables: what it makes of the cell is parsed, or is an error."""
    source = CELLS[name]
    code = last(source)
    wanted: ast.Module | None = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            text = shell.transform_cell(source)
            wanted = compile(text, "x", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        assert code.tree is None
        assert code.error is not None
        assert 1 <= (code.error.lineno or 0) <= source.count("\n") + 1
        assert code.error.msg
    else:
        assert code.error is None
        assert code.tree is not None
        assert ast.dump(code.tree) == ast.dump(wanted)


PIECES = ["x", "ls", "cd", "time", " ", " ", "\n", "\n", "\t", "\\\n", "%", "%%", "!", "!!", "?", "??", "/", ",", ";", "=", "(", ")", "'", '"""', "#", ":",
          "if x:", "{x}", "$x", ">>> ", "... ", "In [1]: ", "é", "\x0c", "\x85", ".", "1", "def f():", "return", "await"]  # fmt: skip


def compile_statements(tree: ast.Module) -> None:
    for statement in tree.body:
        compile(ast.Module([statement], []), "x", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_any_text_is_what_ipython_would_run(shell: InteractiveShell, source: str) -> None:
    code = parsed(source)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wanted = compile(
                TransformerManager().transform_cell(source),
                "x",
                "exec",
                ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT,
            )
    except Exception:
        assert code.tree is None or "run_line_magic" in code.text
        return
    if code.error is None:
        assert code.tree is not None
        assert ast.dump(code.tree) == ast.dump(wanted)
    else:
        with pytest.raises(SyntaxError):  # the compiler's word, not the parser's
            compile_statements(wanted)
    for node in ast.walk(code.tree) if code.tree else ():
        if isinstance(node, ast.expr | ast.stmt):
            assert 1 <= node.lineno <= (node.end_lineno or 0) <= source.count("\n") + 1


def test_plain_python_is_left_as_it_is() -> None:
    code = parsed("x = 1\n\ny = x")
    assert (code.text, code.lines, code.error) == ("x = 1\n\ny = x", (), None)


@pytest.mark.parametrize("name", ["blanks within a text", "a text that is indented with its cell", "bash"])
def test_text_can_be_cut_out_of_a_cell_as_it_is_run(name: str, shell: InteractiveShell) -> None:
    own, run = last(CELLS[name]), as_run(last(CELLS[name]))
    assert own.tree is not None
    assert run.tree is not None
    assert ast.dump(own.tree) == ast.dump(run.tree)
    assert own.cell.source.count("\n") == run.cell.source.count("\n")
    texts = [n for n in ast.walk(run.tree) if isinstance(n, ast.Assign) and isinstance(n.value, ast.Constant)]
    for node in texts:
        lines = run.cell.source.split("\n")[node.lineno - 1 : node.end_lineno]
        assert ast.literal_eval("\n".join(lines).partition("=")[2].strip()) == ast.literal_eval(node.value)


def test_plain_lines_of_blanks_change_nothing() -> None:
    code = parsed("def f():\n    x = 1\n    \n    return x")
    assert (code.text, code.lines) == (code.cell.source, ())
    assert as_run(code) is code


def test_the_transformed_text_and_its_lines() -> None:
    source = "\n\nx = 1\n!ls \\\n  -l\ny = 2"
    code = parsed(source)
    assert code.text == TransformerManager().transform_cell(source)
    assert code.lines == (3, 4, 6)


def test_only_code_cells_are_parsed() -> None:
    cells = [cell("x", 0), Cell("m", 1, "markdown", "# x = ="), Cell("r", 2, "raw", "="), cell("y", 3)]
    assert [c.cell.index for c in parse_cells(cells)] == [0, 3]


AUTOMAGIC = {"ls": ("ls", ""), "ls -l": ("ls", "-l"), "cd ..": ("cd", ".."), "pip install a b": ("pip", "install a b"), "pwd": ("pwd", ""), "who": ("who", ""),
             "time f(x)": ("time", "f(x)"), "ls(1)": ("ls", "(1)"), "\n\n  cd ..": ("cd", ".."), "matplotlib inline": ("matplotlib", "inline"),
             "cat a.txt # b": ("cat", "a.txt # b"), "env": ("env", ""), "run other.py": ("run", "other.py"), "store": ("store", "")}  # fmt: skip


@pytest.mark.parametrize("source", AUTOMAGIC)
def test_automagic_where_nothing_has_the_name(source: str, shell: InteractiveShell) -> None:
    name, line = AUTOMAGIC[source]
    assert meaning(last("y = 1", source)) == f"get_ipython().run_line_magic({name!r}, {line!r})"
    if name != "store":  # an extension that a kernel loads by itself, and this shell does not
        assert shell.transform_cell(source).strip() == f"get_ipython().run_line_magic({name!r}, {line!r})"


@pytest.mark.parametrize(
    "source",
    ["ls = 1", "ls == 1", "ls, b = 1, 2", "ls.a", "ls*2", "x", "print", "time.sleep(1)", "list", "if x: ls", "ls\nls", "ls\n\n", "sql", "R", "watermark",
     "memit", "writefile", "capture", "def ls(): pass", "None", "_"],
)  # fmt: skip
def test_what_is_no_automagic(source: str, shell: InteractiveShell) -> None:
    assert meaning(last(source)) == ast.unparse(ast.parse(source))
    assert ast.unparse(ast.parse(shell.transform_cell(source))) == ast.unparse(ast.parse(source))


@pytest.mark.parametrize("source", ["cd ..\nx = 1", "x = 1\ncd ..", "ls -l\ntmp = 1 2", "%time 1\ncd ..", "cd ..\n\n"])
def test_no_automagic_in_a_cell_of_several_lines(source: str) -> None:
    code = last(source)
    assert code.tree is None
    assert code.error is not None


BINDINGS = [
    "ls = 3", "a = 1\nls: int = 3", "a = 1\nls += 1", "(a, [ls, *b]) = f()", "import ls", "import ls.path", "import a as ls", "from a import ls", "from a import b as ls",
    "from a import *", "def ls(): pass", "class ls: pass", "async def ls(): pass", "for ls in a: pass", "with a as ls: pass", "if a:\n    ls = 1",
    "try:\n    a\nexcept E as ls:\n    pass", "match a:\n    case ls:\n        pass", "match a:\n    case [*ls]:\n        pass",
    "match a:\n    case {**ls}:\n        pass", "(ls := 1)", "def f():\n    global ls\n    ls = 1", "del ls", "exec(code)", "globals()['ls'] = 1", "%run a.py",
    "%store -r", "%%capture ls\nprint(1)", "%%time\nls = 1", "ls = !pwd", "%time ls = 1", "%pylab", "get_ipython().push({'ls': 1})",
]  # fmt: skip


@pytest.mark.parametrize("binding", BINDINGS)
def test_no_automagic_where_a_cell_above_may_bind_the_name(binding: str) -> None:
    assert meaning(last("y = 1", binding, "z = 2", "ls")) == "ls"


@pytest.mark.parametrize("binding", BINDINGS)
def test_automagic_above_the_cell_that_binds_the_name(binding: str) -> None:
    first, _ = parse_cells([cell("ls", 0), cell(binding, 1)])
    assert "run_line_magic" in meaning(first)


@pytest.mark.parametrize(
    "other",
    [
        "lst = 1",
        "x.ls = 1",
        "f(ls=1)",
        "def f():\n    ls = 1",
        "class A:\n    ls = 1",
        "a['ls'] = 1",
        "print(ls)",
        "# ls = 1",
        "x = = ls",
        "!ls",
        "%ls",
        "ls",
        "lambda ls: 1",
        "x = 'ls'",
    ],
)
def test_automagic_where_the_cells_above_do_not_bind_the_name(other: str) -> None:
    assert meaning(last(other, "ls")) == "get_ipython().run_line_magic('ls', '')"


def test_automagic_has_the_place_of_the_cell() -> None:
    code = last("\n  ls -l é")
    (statement,) = code.tree.body  # type: ignore[union-attr]
    assert (statement.lineno, statement.col_offset, statement.end_lineno, statement.end_col_offset) == (2, 2, 2, 9)


@pytest.mark.parametrize(
    ("source", "row", "offset", "said"),
    [
        ("x = 1\ny = = 2", 2, 5, "invalid syntax"),
        ("%time 1\n!ls \\\n -l\ny = = 2", 4, 5, "invalid syntax"),
        ("\n\n    x = 1\n    y = = 2", 4, 9, "invalid syntax"),
        ("%time 1\n'é'; y = = 2", 2, 10, "invalid syntax"),
        (">>> x = = 1", 1, 9, "invalid syntax"),
        ("x = (1,\n\n", 1, 5, "'(' was never closed"),
        ("def f():\nx = 1", 2, 1, "expected an indented block after function definition on line 1"),
        ("x = 1\n  y = 2", 2, None, "unexpected indent"),
        ("x = 'abc", 1, 5, "unterminated string literal (detected at line 1)"),
        ("print 'a'", 1, 1, "Missing parentheses in call to 'print'. Did you mean print(...)?"),
        ("x = 1\nreturn x", 2, 1, "'return' outside function"),
        ("!ls\nif x:\n    return x", 3, 5, "'return' outside function"),
        ("for i in a:\n    pass\nelse:\n    break", 4, 5, "'break' outside loop"),
        (
            "if x:\n  with y:\n    try:\n      pass\n    finally:\n      continue",
            6,
            7,
            "'continue' not properly in loop",
        ),
        ("try:\n  pass\nexcept E:\n  continue", 4, 3, "'continue' not properly in loop"),
        ("match x:\n  case 1:\n    break", 3, 5, "'break' outside loop"),
        ("x = 1\nyield x", 2, 1, "'yield' outside function"),
        ("def f():\n    await g()", 2, 5, "'await' outside async function"),
        ("def f():\n    x = 1\n    global x", 3, 5, "name 'x' is assigned to before global declaration"),
        ("nonlocal x", 1, 1, "nonlocal declaration not allowed at module level"),
        ("from __future__ import braces", 1, 1, "not a chance"),
    ],
)
def test_errors_are_at_their_place(source: str, row: int, offset: int, said: str) -> None:
    code = last(source)
    assert code.tree is None
    assert code.error is not None
    assert (code.error.lineno, code.error.offset if offset else None) == (row, offset)
    assert said in code.error.msg
    assert code.error.text == source.split("\n")[row - 1] + "\n"


@pytest.mark.parametrize(
    "source",
    [
        "for i in a:\n    break",
        "while a:\n    if b:\n        continue\n    else:\n        break",
        "for i in a:\n    for j in b:\n        pass\n    else:\n        break",
        "def f():\n    return 1",
        "class A:\n    def f(self):\n        return 1",
        "f = lambda: (yield)",
        "await f()\nx = [await g() for g in h]",
        "async def f():\n    yield 1\n    return",
        "x = 1\nfrom __future__ import annotations",  # IPython compiles one statement at a time
        "x = 1\nglobal x",
        "s = 'return'",
    ],
)
def test_no_error_where_ipython_has_none(source: str) -> None:
    assert last(source).error is None


def test_what_is_nested_too_deeply_is_an_error_of_the_cell() -> None:
    code = last("x = 1\n" + "-" * 200_000 + "1")
    assert code.error is not None
    assert (
        code.error.msg in ("the code is nested too deeply", "too many nested parentheses")
        or "recursion" in code.error.msg
    )


def test_more_magics_than_ipython_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert positions._LIMIT == inputtransformer2.TRANSFORM_LOOP_LIMIT
    monkeypatch.setattr(positions, "_LIMIT", 20)
    monkeypatch.setattr(inputtransformer2, "TRANSFORM_LOOP_LIMIT", 20)
    assert last("\n".join(["!ls"] * 19)).error is None
    code = last("\n".join(["!ls"] * 20))
    assert code.error is not None
    assert code.error.msg == "IPython gives up on a cell with 20 magics and commands"
    TransformerManager().transform_cell("\n".join(["!ls"] * 19))
    with pytest.raises(RuntimeError):
        TransformerManager().transform_cell("\n".join(["!ls"] * 20))


def test_warnings_of_a_cell_are_not_shown() -> None:
    source = textwrap.dedent("""
        x = '\\d'
        if x is 'a':
            assert (x, 'b')
        y = '\x85'
        !ls
    """)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        last(source)
        assert last(source.replace("!ls", "global z")).error is None


def test_the_collector_is_on_again() -> None:
    import gc

    assert gc.isenabled()
    parse_cells([cell("x = =")])
    assert gc.isenabled()
    gc.disable()
    try:
        parse_cells([cell("x")])
        assert not gc.isenabled()
    finally:
        gc.enable()
