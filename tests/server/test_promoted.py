"""The quick fix that makes a parameter of a path: what it writes, where it is offered, and that the notebook computes the same."""

from __future__ import annotations

import builtins
import io
import json
from typing import Any

import pytest

from nb2pipe import api
from nb2pipe.notebook.read import from_document
from nb2pipe.server.promoted import CODES, parameter_fix, words_of

Cells = list[tuple[str, str]]
"""The source and the tags of each cell, the tags with blanks between them."""
PATH = "/home/maria/sales.csv"


def found(cells: Cells) -> tuple[int, list[Cells]]:
    """How many findings about paths there are, and the notebook with each fix that is offered, as a page makes it."""
    document = {
        "cells": [
            {"id": f"c{i}", "cell_type": "code", "source": s, "metadata": {"tags": t.split()}, "outputs": [], "execution_count": None}
            for i, (s, t) in enumerate(cells)
        ],
        "metadata": {}, "nbformat": 4, "nbformat_minor": 5,
    }  # fmt: skip
    compiled = api.compile_notebook(from_document(document, "analysis.ipynb"))
    findings = [d for d in api.check(compiled) if d.code in CODES]
    said = words_of(compiled.codes)
    fixes = [parameter_fix(d, said) for d in findings]
    distinct = {json.dumps(fix, sort_keys=True): fix for fix in fixes if fix}
    return len(findings), [applied(cells, fix) for fix in distinct.values()]


def applied(cells: Cells, fix: dict[str, Any]) -> Cells:
    after = list(cells)
    if fix["kind"] == "add-tag":
        after[fix["cell"]] = (cells[fix["cell"]][0], f"{cells[fix['cell']][1]} {fix['tag']}".strip())
        return after
    for edit in fix["edits"]:
        assert after[edit["cell"]][0] == edit["old"]
        after[edit["cell"]] = (edit["new"], after[edit["cell"]][1])
    if fix["added"]:
        after.insert(fix["added"]["above"], (fix["added"]["source"], "parameters"))
    return after


def shown(cells: Cells) -> str:
    """What a notebook prints, where each file holds its own path."""
    printed = io.StringIO()
    known = {
        **vars(builtins),
        "open": lambda file, *_: io.StringIO(file),
        "print": lambda *values: printed.write(f"{values}\n"),
    }
    names: dict[str, Any] = {"__builtins__": known}
    for source, _ in cells:
        exec(source, names)
    return printed.getvalue()


MADE: dict[str, tuple[Cells, Cells]] = {
    "a literal goes to a new cell": (
        [("import json", ""), (f"print(open({PATH!r}).read())", "step:load")],
        [
            (f"sales_path = {PATH!r}", "parameters"),
            ("import json", ""),
            ("print(open(sales_path).read())", "step:load"),
        ],
    ),
    "a literal goes behind the other parameters": (
        [("rate = 2  # the rate\nrate", "parameters"), (f"print(rate, open(file=r{PATH!r}).read())", "")],
        [
            (f"rate = 2  # the rate\nsales_path = r{PATH!r}\nrate", "parameters"),
            ("print(rate, open(file=sales_path).read())", ""),
        ],
    ),
    "all calls that are given it": (
        [(f"def load():\n    return open({PATH!r}, 'r').read()\nprint(open({PATH!r}).read())", ""), (f"print(load(), len({PATH!r}), {PATH!r})", "")],
        [
            (f"sales_path = {PATH!r}", "parameters"),
            ("def load():\n    return open(sales_path, 'r').read()\nprint(open(sales_path).read())", ""),
            ("print(load(), len(sales_path), sales_path)", ""),
        ],
    ),
    "a name of its own": (
        [("sales_path = 1", ""), (f"print(sales_path, open({PATH!r}).read())", "")],
        [
            (f"sales_path_2 = {PATH!r}", "parameters"),
            ("sales_path = 1", ""),
            ("print(sales_path, open(sales_path_2).read())", ""),
        ],
    ),
    "an assignment moves": (
        [("rate = 2", "parameters"), (f"import json\nwhere = {PATH!r}  # the sales\nx = open(where).read()\nprint(x)", "")],
        [
            (f"rate = 2\nwhere = {PATH!r}  # the sales", "parameters"),
            ("import json\nx = open(where).read()\nprint(x)", ""),
        ],
    ),
    "an assignment of a folder moves": (
        [("folder = '/home/maria'\nx = 1\nprint(x)", ""), ("print(open(folder + '/sales.csv').read())", "")],
        [
            ("folder = '/home/maria'", "parameters"),
            ("x = 1\nprint(x)", ""),
            ("print(open(folder + '/sales.csv').read())", ""),
        ],
    ),
    "a cell of nothing but settings": (
        [("import json", ""), (f"# where it is\nwhere = {PATH!r}\nrate = 2", ""), ("print(open(where).read(), rate)", "")],
        [("import json", ""), (f"# where it is\nwhere = {PATH!r}\nrate = 2", "parameters"), ("print(open(where).read(), rate)", "")],
    ),
    "behind letters of more than one byte": (
        [(f"é = 'ü😀'; print(é, open({PATH!r}).read())", "")],
        [(f"sales_path = {PATH!r}", "parameters"), ("é = 'ü😀'; print(é, open(sales_path).read())", "")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", MADE)
def test_a_path_becomes_a_parameter(case: str) -> None:
    before, after = MADE[case]
    assert found(before)[1] == [after]
    assert shown(after) == shown(before)
    assert found(after) == (0, [])


NEVER: dict[str, Cells] = {
    "the name is bound twice": [
        (f"where = {PATH!r}\nx = open(where).read()\nwhere = x", ""),
    ],
    "the name is a loop's as well": [
        (f"import json\nwhere = {PATH!r}\nx = open(where).read()\nfor where in 'ab': print(where)", ""),
    ],
    "the name had a meaning": [(f"import json\nprint(input)\ninput = {PATH!r}\nprint(open(input))", "")],
    "other names may come from anywhere": [
        (f"from os.path import *\nwhere = {PATH!r}\nprint(open(where).read())", ""),
    ],
    "the statement before would be shown": [
        (f"import json\n'shown'\nwhere = {PATH!r}", "step:a"), ("print(open(where).read())", "step:b"),
    ],
    "it is not alone in its line": [(f"import json\nx = 1; where = {PATH!r}\nprint(open(where).read())", "")],
    "the parameters stand below": [(f"print(open({PATH!r}).read())", ""), ("rate = 2", "parameters"), ("print(rate)", "")],
    "it is part of a text": [("user = 'maria'\nprint(open(f'/home/{user}/sales.csv').read())", "")],
    "a cell that is no plain Python": [(f"%time x = open({PATH!r}).read()", "")],
}  # fmt: skip


@pytest.mark.parametrize("case", NEVER)
def test_no_fix_is_offered_where_it_would_change_the_notebook(case: str) -> None:
    findings, fixes = found(NEVER[case])
    assert findings
    assert fixes == []


def test_what_is_a_parameter_already_has_no_finding() -> None:
    assert found([(f"where = {PATH!r}", "parameters"), ("print(open(where).read())", "")]) == (0, [])
