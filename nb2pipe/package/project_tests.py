"""The tests that a project comes with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nb2pipe.package.imports import import_text
from nb2pipe.package.model import Import, Plan
from nb2pipe.package.write import default_text, listed, quoted
from nb2pipe.pipeline.model import Parameter

_OTHERS = {
    "int": '"many"',
    "float": '"much"',
    "bool": '"perhaps"',
    "str": "1",
    "list": "1",
    "dict": "1",
}  # of another type

_UNKNOWN = """\
def test_an_unknown_name_is_refused():
    with pytest.raises(ParameterError, match="there is no parameter"):
        checked(Parameters, {NAME: 1})"""


def project_tests(plan: Plan, name: str, *, record: bool) -> dict[str, str | bytes]:
    """The files of the tests, by name; ``record`` is whether a run is recorded that they compare with."""
    found: dict[str, str | bytes] = {
        "test_parameters.py": parameter_tests(
            plan.parameters, name, Import("Parameters", f"{name}.parameters", "Parameters")
        ),
        "test_pipeline.py": _pipeline(plan, name, record=record),
    }
    if record:
        found["test_steps.py"] = _steps(name)
        found["recorded.py"] = (Path(__file__).parent / "testing" / "recorded.py").read_bytes()
    return found


def imported(imports: list[Import], name: str) -> str:
    """The imports, those of the package last."""
    own = [i for i in imports if i.module.partition(".")[0] == name]
    return f"{import_text(i for i in imports if i not in own)}\n\n{import_text(own)}"


def parameter_tests(parameters: Sequence[Parameter], name: str, source: Import, below: str = "") -> str:
    """The tests of the parameters; ``source`` is where they come from, with what stands ``below`` the imports."""
    known = [p for p in parameters if default_text(p) is not None]
    typed = [p for p in parameters if p.type in _OTHERS]
    imports = [Import("pytest", "pytest"), Import("ParameterError", f"{name}._runtime", "ParameterError"),
               Import("checked", f"{name}._runtime", "checked"), source]  # fmt: skip
    wrong = quoted(f"{parameters[0].name}x" if parameters else "x")
    head = f"{imported(imports, name)}\n\n{below}" if below else imported(imports, name)
    pieces = [
        f'"""The parameters: what they are by default, and what they refuse."""\n\n{head}',
        *([_defaults(known)] if known else []),
        _UNKNOWN.replace("NAME", wrong),
        *([_refused(typed)] if typed else []),
    ]
    return "\n\n\n".join(pieces) + "\n"


def _defaults(parameters: list[Parameter]) -> str:
    lines = ["def test_defaults():", "    parameters = Parameters()"]
    for parameter in parameters:
        text = default_text(parameter)
        told = f"parameters.{parameter.name}"
        lines.append(f"    assert {told} {'is' if text in ('None', 'True', 'False') else '=='} {text}")
    return "\n".join(lines)


def _refused(parameters: list[Parameter]) -> str:
    pairs = [f"({quoted(p.name)}, {_OTHERS[p.type]})" for p in parameters]
    return (
        listed("@pytest.mark.parametrize(", ['("name", "value")', listed("[", pairs, "]", 1).lstrip()], ")")
        + "\ndef test_a_value_of_another_type_is_refused(name, value):\n"
        '    with pytest.raises(ParameterError, match=f"parameter {name}: expected"):\n'
        "        checked(Parameters, {name: value})"
    )


def _pipeline(plan: Plan, name: str, *, record: bool) -> str:
    imports = [Import("inspect", "inspect"), Import("json", "json"), Import("main", f"{name}._runtime", "main"),
               Import("PIPELINE", f"{name}.pipeline", "PIPELINE")]  # fmt: skip
    if record:
        imports.append(Import("check_run", "recorded", "check_run"))
    steps = listed(
        '    assert [step["name"] for step in listed["steps"]] == [', [quoted(s.name) for s in plan.steps], "]", 1
    )
    text = f'''"""The pipeline as a whole."""

{imported(imports, name)}


def test_list(capsys):
    assert main(PIPELINE, ["--list"]) == 0
    listed = json.loads(capsys.readouterr().out)
{steps[4:]}


def test_functions_take_what_the_pipeline_hands_them():
    for step in PIPELINE.steps:
        inspect.signature(step.function).bind(**dict.fromkeys(step.takes))
'''
    if record:
        text += """

def test_the_run_gives_what_was_recorded(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check_run(PIPELINE, tmp_path)
"""
    return text


def _steps(name: str) -> str:
    imports = [Import("pytest", "pytest"), Import("PIPELINE", f"{name}.pipeline", "PIPELINE"),
               Import("check_step", "recorded", "check_step")]  # fmt: skip
    return f'''"""Each step gives what was recorded, when it runs on what was recorded."""

{imported(imports, name)}


@pytest.mark.parametrize("step", [step.name for step in PIPELINE.steps])
def test_step(step, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check_step(PIPELINE, step, tmp_path)
'''
