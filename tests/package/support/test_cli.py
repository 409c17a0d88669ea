"""The command line is made from the parameters, and tells what is wrong in one line."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nb2pipe.package import support
from nb2pipe.package.support._cli import main
from nb2pipe.package.support._files import load
from nb2pipe.package.support._pipeline import Pipeline, Step
from tests.package.support.sales import PIPELINE, Parameters

SEEN: list[Any] = []


def look(**values: Any) -> None:
    SEEN.append(Parameters(**values))


NAMES = tuple(Parameters.__dataclass_fields__)
LOOK = Pipeline("sales-report", Parameters, Step(look, takes=NAMES))


def seen(*arguments: str) -> Any:
    SEEN.clear()
    assert main(LOOK, arguments) == 0
    return SEEN[0]


GIVEN: list[tuple[str, dict[str, Any]]] = [
    ("", {}),
    ("--month x --rate 2", {"month": "x", "rate": 2.0}),
    ("--month=1 --rate -0.0", {"month": "1", "rate": 0.0}),
    ("--min-rows 7", {"min_rows": 7}),
    ("--min_rows 7 --no-strict", {"min_rows": 7, "strict": False}),
    ("--strict --kind gross", {"kind": "gross"}),
    ('--columns ["b","c"]', {"columns": ["b", "c"]}),
    ("--columns ['b'] --options {1:True}", {"columns": ["b"], "options": {1: True}}),
    ("--limit none --parameter-step text", {"limit": None, "step": "text"}),
    ("--limit 3 --parameter-step [1]", {"limit": 3.0, "step": [1]}),
    ("--limit None --parameter-step None", {}),
]


@pytest.mark.parametrize(("line", "changes"), GIVEN)
def test_parameters_from_the_command_line(line: str, changes: dict[str, Any]) -> None:
    found = seen(*line.split())
    assert found == Parameters(**changes)
    assert repr(found) == repr(Parameters(**changes)) or "rate" in changes


def test_where_parameters_come_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALES_REPORT_MONTH", "environment")
    monkeypatch.setenv("SALES_REPORT_RATE", "1.5")
    monkeypatch.setenv("SALES_REPORT_STRICT", "no")
    monkeypatch.setenv("SALES_REPORT_COLUMNS", '["e"]')
    (tmp_path / "p.json").write_text('{"month": "file", "rate": 1, "min_rows": 4}')
    found = seen("-f", str(tmp_path / "p.json"), "--min-rows", "5")
    assert found == Parameters(month="file", rate=1.0, min_rows=5, strict=False, columns=["e"])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("p.toml", 'month = 2026-02-01\ncolumns = ["x"]'),
        ("p.yaml", "month: 2026-02-01\ncolumns: [x]"),
        ("p.yml", "month: 2026-02-01\ncolumns: [x]"),
    ],
)
def test_files_of_parameters(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert seen("--parameters-file", str(tmp_path / name)) == Parameters(month="2026-02-01", columns=["x"])


WRONG = [
    ("--mont x", "there is no option --mont; did you mean --month?"),
    ("--rates=3", "there is no option --rates; did you mean --rate?"),
    ("extra", "there is no option extra"),
    ("--rate x", "--rate: expected float, got 'x'"),
    ("--rate 3", "parameter rate must be at most 2, got 3.0"),
    ("--rate", "argument --rate: expected one argument"),
    ("--min-rows 1.5", "--min_rows: expected int, got '1.5'"),
    ("--kind nett", "--kind: expected Literal['net', 'gross'], got 'nett'; did you mean net?"),
    ("--columns x", "--columns: expected list[str], got 'x'"),
    ("--columns [1]", "--columns: expected list[str], got '[1]'"),
    ("--step load", "--step and --run-dir go together"),
    ("--run-dir x", "--step and --run-dir go together"),
    ("--step loud --run-dir x", "there is no step loud; did you mean load?"),
    ("-f missing.json", "missing.json cannot be read: No such file or directory"),
    ("-f p.txt", "p.txt cannot be read: expected a .json, .toml or .yaml file"),
    ("-f broken.json", "broken.json cannot be read: Expecting"),
    ("-f broken.toml", "broken.toml cannot be read: "),
    ("-f broken.yaml", "broken.yaml cannot be read: "),
    ("-f list.json", "list.json has to hold names with their values, not a list"),
    ("-f unknown.json", "unknown.json: there is no parameter mont; did you mean month?"),
    ("-f typed.json", "typed.json: parameter rate: expected float, got str ('x')"),
]


@pytest.mark.parametrize(("line", "message"), WRONG)
def test_what_is_wrong_is_said_in_one_line(
    line: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    texts = {"p.txt": "", "broken.json": "{", "broken.toml": "a = [", "broken.yaml": "a: [", "list.json": "[]",
             "unknown.json": '{"mont": 1}', "typed.json": '{"rate": "x"}'}  # fmt: skip
    for name, text in texts.items():
        Path(name).write_text(text)
    assert main(PIPELINE, line.split()) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"sales-report: {message}")
    assert err.count("\n") == 1


def test_a_wrong_environment(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("SALES_REPORT_RATE", "x")
    assert main(PIPELINE, []) == 2
    assert capsys.readouterr().err == "sales-report: SALES_REPORT_RATE: expected float, got 'x'\n"


@pytest.mark.parametrize(
    ("name", "near"), [("MOTH", "MONTH"), ("MIN_ROW", "MIN_ROWS"), ("RATES", "RATE"), ("HOME", ""), ("MONTHS_DIR", "")]
)
def test_a_variable_that_is_nearly_a_parameters(
    name: str, near: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(f"SALES_REPORT_{name}", "3")
    assert main(PIPELINE, []) == (2 if near else 0)
    told = f"SALES_REPORT_{name}: there is no such parameter; did you mean SALES_REPORT_{near}?"
    assert capsys.readouterr().err == (f"sales-report: {told}\n" if near else "")


def test_yaml_without_pyyaml(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    (tmp_path / "p.yaml").write_text("month: x")
    assert main(PIPELINE, ["-f", str(tmp_path / "p.yaml")]) == 2
    assert "PyYAML has to be installed" in capsys.readouterr().err


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(PIPELINE, ["--help"])
    assert caught.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    for part in ("the month to report, 100% of it (default: '2026-01')", "--min-rows INT", "--strict, --no-strict",
                 "--kind {net,gross}", "--columns JSON", "(default: ['a'])", "SALES_REPORT_NAME", "--parameter-step"):  # fmt: skip
        assert part in text


def test_list(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALES_REPORT_RATE", "x")  # a list does not depend on it
    assert main(PIPELINE, ["--list"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["name", "parameters", "steps", "edges"]
    assert found["name"] == "sales-report"
    assert found["parameters"][0] == {
        "name": "month", "type": "str", "default": "2026-01", "help": "the month to report, 100% of it",
    }  # fmt: skip
    assert [p["type"] for p in found["parameters"]] == [
        "str", "float", "int", "bool", "Literal['net', 'gross']", "list[str]", "dict", "float | None", "Any",
    ]  # fmt: skip
    assert found["steps"][0] == {"name": "setup", "takes": [], "gives": [], "needs": [], "leaves": []}
    assert found["edges"][1] == {"source": "load", "target": "extend", "values": ["rows", "table"]}


def test_one_step(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--run-dir", str(tmp_path)]
    assert main(PIPELINE, ["--step", "extend", *where]) == 1
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"sales-report: rows is not in {tmp_path / 'load'}: step load has to run first\n")
    assert main(PIPELINE, ["--step", "load", *where, "--month", "x"]) == 0
    assert load(tmp_path, "load", ["rows"]) == {"rows": ["x", 1.08]}


def raising(error: BaseException) -> Pipeline:
    def fail() -> None:
        raise error

    return Pipeline("p", Parameters, Step(fail))


def test_how_a_run_ends(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(PIPELINE, []) == 0
    assert main(raising(KeyboardInterrupt()), []) == 130
    assert capsys.readouterr() == ("", "")
    with pytest.raises(SystemExit) as caught:
        main(raising(SystemExit(7)), [])
    assert caught.value.code == 7


def test_as_a_package(tmp_path: Path) -> None:
    package = tmp_path / "report"
    shutil.copytree(Path(support.__file__).parent, package / "_runtime", ignore=shutil.ignore_patterns("__pycache__"))
    text = (
        (Path(__file__).parent / "sales.py")
        .read_text()
        .replace("nb2pipe.package.support._pipeline", "._runtime._pipeline")
    )
    (package / "pipeline.py").write_text(text)
    (package / "__init__.py").write_text('"""Sales, 100% of them.\n\nFor the meeting.\n"""\n')
    (package / "__main__.py").write_text(
        "from ._runtime._cli import main\nfrom .pipeline import PIPELINE\n\nraise SystemExit(main(PIPELINE))\n"
    )

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "report", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert "\n\nSales, 100% of them.\n\n" in run("--help").stdout
    good, bad = run("--rate", "1"), run("--no-strict")
    assert (good.returncode, good.stdout, good.stderr) == (0, "", "")
    assert (bad.returncode, bad.stdout) == (1, "")
    assert "_runtime" not in bad.stderr
    assert bad.stderr.splitlines()[0] == "Traceback (most recent call last):"
    assert bad.stderr.splitlines()[-2:] == ["ValueError: not strict", "step count failed"]
