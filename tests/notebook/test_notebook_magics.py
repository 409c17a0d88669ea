"""The table of magics against the magics of the installed IPython and ipykernel, and against IPython's own formatter."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import MAGIC_NO_VAR_EXPAND_ATTR
from IPython.utils.text import DollarFormatter

from nb2pipe.notebook.magics import MAGICS, interpolated_names, is_loaded, lookup_magic, shell_effect, split_magic

OURS = {"line": {"autosave", "less", "more", "man", "clear", "connect_info", "qtconsole", "subshell"}}
# Those that a kernel loads by itself as extensions, and a bare shell does not.
BY_EXTENSION = {"store"}


@pytest.fixture(scope="module")
def magics(shell: InteractiveShell) -> dict[str, dict[str, Callable[..., Any]]]:
    """What `%lsmagic` lists in a kernel, with the functions."""
    found: dict[str, dict[str, Callable[..., Any]]] = shell.magics_manager.lsmagic()
    return found


# Those of which nothing can be said: with a reason that the user is shown.
OPAQUE = {"code_wrap", "ed", "edit", "load", "loadpy", "macro", "recall", "rep", "rerun", "reset_selective", "sc"}


def test_every_magic_of_ipython_has_a_row(magics: dict[str, dict[str, Any]]) -> None:
    assert len(magics["line"]) > 80
    assert len(magics["cell"]) > 20
    assert OURS["line"] <= set(magics["line"])
    assert {name for name in magics["line"] if lookup_magic(name, "line") is None} == set()
    assert {name for name in magics["cell"] if lookup_magic(name, "cell") is None} == set()
    rows = [MAGICS[name] for kind in ("line", "cell") for name in magics[kind]]
    assert {row.name for row in rows if row.opaque} == OPAQUE
    assert not any(row.extension for row in rows)


def test_no_row_says_more_than_ipython_has(magics: dict[str, dict[str, Any]]) -> None:
    """A row for what is not there would hide that the cell fails, and a wrong kind would hide it too."""
    own = {name for name, row in MAGICS.items() if not row.extension} - BY_EXTENSION - {"cmd"}
    assert {name for name in own if lookup_magic(name, "line")} == set(magics["line"])
    assert {name for name in own if lookup_magic(name, "cell")} == set(magics["cell"])
    assert {name for name in own if is_loaded(name)} == set(magics["line"])


def test_what_ipython_does_not_fill_in_is_not_read(magics: dict[str, dict[str, Any]]) -> None:
    """`%time d = {k: v}` hands its text on as it is; the braces are Python's."""
    kept = {
        name
        for kind in ("line", "cell")
        for name, f in magics[kind].items()
        if getattr(f, MAGIC_NO_VAR_EXPAND_ATTR, False)
    }
    assert {"time", "timeit", "prun"} <= kept
    assert {name for name in kept if MAGICS[name].uses == "braces"} == set()


@pytest.mark.parametrize(
    ("name", "kind", "body"),
    [
        ("time", "line", "transparent"),
        ("time", "cell", "transparent"),
        ("capture", "cell", "transparent"),
        ("prun", "cell", "transparent"),
        ("debug", "cell", "transparent"),
        ("timeit", "line", "detached"),
        ("timeit", "cell", "detached"),
        ("bash", "cell", "text"),
        ("sh", "cell", "text"),
        ("html", "cell", "text"),
        ("system", "cell", "text"),
        ("!", "cell", "text"),
    ],
)
def test_bodies(name: str, kind: Any, body: str) -> None:
    row = lookup_magic(name, kind)
    assert row is not None
    assert row.body == body


@pytest.mark.parametrize(
    ("name", "touch"),
    [
        ("pushd", ("cwd", "cwd", "write")),
        ("pwd", ("cwd", "cwd", "read")),
        ("matplotlib", ("setting", "matplotlib", "write")),
        ("pip", ("setting", "packages", "write")),
        ("ls", ("file", "*", "read")),
        ("mv", ("file", "*", "write")),
        ("bash", ("file", "*", "write")),
        ("load_ext", ("setting", "ipython", "write")),
        ("pastebin", ("network", "network", "write")),
    ],
)
def test_touches(name: str, touch: tuple[str, str, str]) -> None:
    assert touch in MAGICS[name].touches


def test_rows_are_consistent() -> None:
    for name, row in MAGICS.items():
        assert row.name == name
        assert row.body == "none" or row.kind in ("cell", "both")
        assert row.defines == "" or row.kind in ("cell", "both")
        for kind, key, mode in row.touches:
            assert kind in ("file", "random", "environment", "cwd", "setting", "display", "network", "clock")
            assert key
            assert mode in ("read", "write", "set")


@pytest.mark.parametrize(("name", "kind"), [("time", "line"), ("capture", "cell"), ("ls", "line")])
def test_lookup(name: str, kind: Any) -> None:
    assert lookup_magic(name, kind) is MAGICS[name]


@pytest.mark.parametrize(
    ("name", "kind"), [("capture", "line"), ("ls", "cell"), ("nothing", "line"), ("", "cell"), ("xmode", "cell")]
)
def test_lookup_of_what_may_not_stand_there(name: str, kind: Any) -> None:
    assert lookup_magic(name, kind) is None


def test_extensions_are_not_there_from_the_start() -> None:
    assert [is_loaded(name) for name in ("ls", "store", "sql", "memit", "capture", "nothing")] == [
        True,
        True,
        False,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("line", "parts"),
    [("%time x = 1", ("time", "x = 1")), ("%%bash", ("bash", "")), ("  %cd  a b ", ("cd", "a b")), ("", ("", ""))],
)
def test_split_magic(line: str, parts: tuple[str, str]) -> None:
    assert split_magic(line) == parts


TEXTS = {
    "echo $x {y + 1}": ("x", "y"),
    "echo ${x}": ("x",),
    "echo $x.real $x.": ("x",),
    "echo $$x": (),
    "echo '$x'": (),
    "echo 'a' $x": ("x",),
    'echo "$x"': ("x",),
    "echo $HOME": ("HOME",),
    "echo $1 $@ $(ls)": (),
    "awk '{print $1}' {x}": ("x",),
    "{{x}} {x}": ("x",),
    "{d['a']} {o.b}": ("d", "o"),
    "{f(x, key=y)}": ("f", "x", "y"),
    "{[k for k in d]}": ("d",),
    "{x!r}": ("x",),
    "{x:.2f}": (),
    "{a[1:3]}": ("a",),
    "{ x }": ("x",),
    "{'x'}": (),
    "{": (),
    "}": (),
    "{x} {": ("x",),
    "{}": (),
    "": (),
}


@pytest.mark.parametrize("text", TEXTS)
def test_names_that_are_filled_in(text: str) -> None:
    assert interpolated_names(text) == TEXTS[text]


class Namespace(dict[str, Any]):
    """Notes what is asked of it."""

    def __init__(self, **values: Any) -> None:
        super().__init__(values)
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.asked.add(name)
        return super().__getitem__(name)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "$",
                "{",
                "}",
                "x",
                "y",
                " ",
                "'",
                '"',
                ".",
                "+",
                "a b",
                "$x",
                "{x}",
                "{y + x}",
                "\\",
                "!r",
                ":",
                "1",
                "-l",
                "|",
            ]
        ),
        max_size=10,
    ).map("".join)
)
def test_all_that_ipython_reads_is_named(text: str) -> None:
    space = Namespace(x=1, y=2)
    try:
        filled = DollarFormatter().vformat(text, [], space)
    except Exception:
        filled = text
    found = interpolated_names(text)
    if filled != text:
        assert space.asked - {"__builtins__"} <= set(found)
    assert all(name.isidentifier() for name in found)


def test_names_are_those_of_the_expression() -> None:
    for expression in ("a + b", "f(a)[b].c", "{a: b}", "[a, *b]"):
        wanted = {n.id for n in ast.walk(ast.parse(expression)) if isinstance(n, ast.Name)}
        if not expression.startswith("{"):
            assert set(interpolated_names(f"x {{{expression}}} y")) == wanted


@pytest.mark.parametrize(
    ("command", "effect"),
    [
        ("ls -l", "read"),
        ("cat a.txt | head", "read"),
        ("echo a", "none"),
        ("echo a > b.txt", "write"),
        ("echo a >> b.txt", "write"),
        ("ls 2>&1", "read"),
        ("ls > /dev/null", "read"),
        ("pip install pandas", "install"),
        ("pip list", "none"),
        ("python -m pip install x", "install"),
        ("conda install x && ls", "install"),
        ("ls; rm a.txt", "write"),
        ("cat a || wget b", "write"),
        ("A=1 sudo ls", "read"),
        ("/usr/bin/ls", "read"),
        ("python --version", "none"),
        ("python train.py", "write"),
        ("it's broken", "write"),
        ("", "none"),
    ],
)
def test_shell_effects(command: str, effect: str) -> None:
    assert shell_effect(command) == effect
