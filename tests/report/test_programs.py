"""Findings for programs: JSON, SARIF 2.1.0 and GitHub's workflow commands."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from nb2pipe.diagnostics import Diagnostic, Severity, Span
from nb2pipe.notebook.model import Cell, Notebook
from nb2pipe.report.many import Report, render
from tests.report.found import ALL, LATER, notebook, report

CASES = Path(__file__).parent / "cases"


@pytest.mark.parametrize(("form", "suffix"), [("json", "json"), ("sarif", "sarif"), ("github", "github")])
def test_golden(form: Any, suffix: str, golden: Callable[[Path, str], None]) -> None:
    text = render([report()], form)
    golden(
        CASES / f"all.{suffix}", re.sub(r'"version": "\d+\.\d+\.\d+[^"]*",\n(\s+"rules")', r'"version": "0",\n\1', text)
    )


def test_json_form() -> None:
    found = json.loads(render([report()], "json"))
    assert len(found) == len(ALL)
    assert found[0] == {
        "code": "NB103", "severity": "error", "message": "`rate` is read before any cell defines it", "cell": 6, "line": 2,
        "column": 23, "hint": "move cell 12 above cell 7",
    }  # fmt: skip
    for one in found:
        assert list(one) == ["code", "severity", "message", "cell", "line", "column", "hint"]
    whole = found[list(ALL).index("whole")]
    assert (whole["cell"], whole["line"], whole["column"]) == (None, None, None)


def test_json_of_several_notebooks_names_them() -> None:
    found = json.loads(render([report("a.ipynb"), report("b.ipynb"), Report(notebook("c.ipynb"), ())], "json"))
    assert [f["path"] for f in found] == ["a.ipynb"] * len(ALL) + ["b.ipynb"] * len(ALL)
    assert list(found[0]) == ["path", "code", "severity", "message", "cell", "line", "column", "hint"]
    assert json.loads(render([Report(notebook(), ())], "json")) == []


def check_sarif(text: str) -> dict[str, Any]:
    """What the SARIF 2.1.0 schema requires of the objects that are written here, and that nothing else is in them."""
    log = json.loads(text)
    assert set(log) == {"$schema", "version", "runs"}
    assert log["version"] == "2.1.0"
    for run in log["runs"]:
        assert set(run) == {"tool", "columnKind", "results"}
        assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
        assert set(run["tool"]) == {"driver"}
        driver = run["tool"]["driver"]
        assert set(driver) == {"name", "version", "rules"}
        for rule in driver["rules"]:
            assert set(rule) == {"id", "help"}
            assert set(rule["help"]) == {"text"}
        assert len({r["id"] for r in driver["rules"]}) == len(driver["rules"])
        for result in run["results"]:
            assert {"ruleId", "ruleIndex", "level", "message", "locations"} <= set(result)
            assert set(result) <= {
                "ruleId",
                "ruleIndex",
                "level",
                "message",
                "locations",
                "relatedLocations",
                "properties",
            }
            assert result["level"] in ("none", "note", "warning", "error")
            assert isinstance(result["message"]["text"], str)
            assert result["message"]["text"]
            assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
            for location in [*result["locations"], *result.get("relatedLocations", [])]:
                assert set(location) <= {"id", "message", "physicalLocation", "logicalLocations"}
                place = location["physicalLocation"]
                assert set(place) == {"artifactLocation", "region"}
                assert re.fullmatch(r"[A-Za-z0-9._~:/%-]+", place["artifactLocation"]["uri"])
                assert place["region"]["startLine"] in range(1, 10**9)
                for logical in location.get("logicalLocations", []):
                    assert set(logical) == {"name", "fullyQualifiedName"}
    return log


@pytest.mark.parametrize("path", ["analysis.ipynb", "my notes/a#1 ü.ipynb", "/abs/x y.ipynb", "back\\slash.ipynb"])
def test_sarif_is_valid(path: str) -> None:
    log = check_sarif(render([report(path), report("other.ipynb")], "sarif"))
    [run] = log["runs"]
    assert len(run["results"]) == 2 * len(ALL)
    first = run["results"][0]
    assert first["properties"] == {"cell": 6, "line": 2, "column": 23}
    assert first["locations"][0]["logicalLocations"][0]["name"] == "cell 7, line 2"
    assert first["relatedLocations"][0]["message"] == {"text": "defined later"}
    assert [r["level"] for r in run["results"]].count("note") == 2


def test_sarif_without_findings_is_valid() -> None:
    assert check_sarif(render([Report(notebook(), ())], "sarif"))["runs"][0]["results"] == []


def parse_command(line: str) -> tuple[str, dict[str, str], str]:
    """A workflow command as GitHub's runner reads it (ActionCommand.TryParseV2)."""
    kind, properties, data = re.fullmatch(r"::(\w+) ([^:]*)::(.*)", line).groups()

    def plain(text: str, codes: str) -> str:
        for code in codes.split():
            text = text.replace(f"%{code}", chr(int(code, 16)))
        return text.replace("%25", "%")

    values = dict(p.split("=", 1) for p in properties.split(","))
    return kind, {k: plain(v, "0D 0A 3A 2C") for k, v in values.items()}, plain(data, "0D 0A")


def test_github_commands_come_out_as_they_went_in() -> None:
    path = "a,b:c%0A/analysis.ipynb"
    commands = [parse_command(line) for line in render([report(path)], "github").splitlines()]
    assert [c[0] for c in commands] == [
        {"info": "notice"}.get(d.severity.value, d.severity.value) for d in ALL.values()
    ]
    for (_, properties, message), diagnostic in zip(commands, ALL.values(), strict=True):
        assert properties == {"file": path, "line": "1", "title": diagnostic.code}
        assert diagnostic.message in message
        assert diagnostic.hint in message
    assert commands[0][2].startswith("cell 7, line 2: `rate` is read before any cell defines it\n")
    assert commands[list(ALL).index("whole")][2].startswith("100% of it, a: b\n")


def physical_lines(form: Any, subject: Report) -> list[int]:
    if form == "github":
        return [int(parse_command(line)[1]["line"]) for line in render([subject], form).splitlines()]
    results = json.loads(render([subject], form))["runs"][0]["results"]
    return [r["locations"][0]["physicalLocation"]["region"]["startLine"] for r in results]


def every_line(subject: Notebook) -> tuple[Diagnostic, ...]:
    return tuple(
        Diagnostic(Span(c.index, i), "NB101", Severity.ERROR, line)
        for c in subject.cells
        for i, line in enumerate(c.source.split("\n"), 1)
        if line
    )


@pytest.mark.parametrize("form", ["github", "sarif"])
@pytest.mark.parametrize("written", ["nbformat", "one string", "minified", "crlf"])
def test_lines_of_the_file(form: str, written: str) -> None:
    subject = notebook()
    made = nbformat.v4.new_notebook(metadata={"cells": [{"source": ["no cell\n"]}], "title": 'a "source": ["x'})
    for cell in subject.cells:
        made.cells.append(
            nbformat.v4.new_code_cell(cell.source)
            if cell.kind == "code"
            else nbformat.v4.new_markdown_cell(cell.source)
        )
    made.cells[0]["outputs"] = [nbformat.v4.new_output("stream", text='{"cells": [{"source": "\n"}]}\n\\')]
    text = nbformat.writes(made)
    if written == "one string":
        text = json.dumps(json.loads(json.dumps(made)), indent=1)
    elif written == "minified":
        text = json.dumps(json.loads(text))
    elif written == "crlf":
        text = text.replace("\n", "\r\n")
    found = every_line(subject)
    lines = physical_lines(form, Report(subject, found, None, text))
    assert len(lines) == len(found) > 20
    for line, diagnostic in zip(lines, found, strict=True):
        there = text.split("\n")[line - 1]
        assert json.dumps(diagnostic.message, ensure_ascii=False)[1:-1] in there.replace("\\u001b", "\\u001b") or (
            json.dumps(diagnostic.message)[1:-1] in there
        )
    if written == "nbformat":
        assert len(set(lines)) == len(lines)


def test_lines_of_a_text_notebook() -> None:
    text = "# %% [markdown]\n# Title\n\n# %%\nx = 1\ny = 2\n\n# %%\nx = 1\n# %%\n# %magic\n"
    cells = (
        Cell("a", 0, "markdown", "Title"),
        Cell("b", 1, "code", "x = 1\ny = 2"),
        Cell("c", 2, "code", "x = 1"),
        Cell("d", 3, "code", "%magic"),
    )
    subject = Notebook("n.py", "python3", cells)
    found = tuple(Diagnostic(Span(c, n), "NB101", Severity.ERROR, "m") for c, n in ((1, 1), (1, 2), (2, 1)))
    assert physical_lines("github", Report(subject, found, None, text)) == [5, 6, 9]


def test_a_file_that_does_not_match_gives_the_first_line() -> None:
    found = (LATER,)
    assert physical_lines("github", Report(notebook(), found, None, '{"cells": []}')) == [1]
    assert physical_lines("github", Report(notebook(), found, None, "")) == [1]
