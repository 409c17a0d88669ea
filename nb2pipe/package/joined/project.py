"""The project around a package of several notebooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nb2pipe.emit.filetree import file_tree
from nb2pipe.package.environment import Environment
from nb2pipe.package.joined.model import Planned
from nb2pipe.package.joined.parameters import parameters_of
from nb2pipe.package.joined.readme import readme
from nb2pipe.package.joined.record import joined_record
from nb2pipe.package.joined.write import package_texts, title_of
from nb2pipe.package.local import names_of_local
from nb2pipe.package.model import Import
from nb2pipe.package.origin import origin
from nb2pipe.package.project import Draft, unlinted
from nb2pipe.package.project_tests import imported, parameter_tests
from nb2pipe.package.write import listed, quoted


def draft(
    planned: Sequence[Planned], name: str, split: str | None, environment: Environment, more: Mapping[str, str]
) -> Draft:
    """The project of notebooks that are joined, in their order; ``more`` are files by path, in place of those that are there."""
    texts: dict[str, str | bytes] = {
        f"src/{name}/{path}": content for path, content in package_texts(planned, name).items()
    }
    for member in planned:
        texts[f"notebooks/{member.member.name}.ipynb"] = origin(member.member.notebook)
    own = joined_record(planned, name, split, environment, file_tree(texts))  # for what README says of steps
    texts["README.md"] = readme(planned, own)
    texts["tests/test_parameters.py"] = parameter_tests(
        list(parameters_of(planned)), name, Import("PIPELINE", f"{name}.pipeline", "PIPELINE"),
        "Parameters = PIPELINE.parameters",
    )  # fmt: skip
    texts["tests/test_pipeline.py"] = _pipeline_tests([s.name for s in own.steps], planned, name)
    texts["requirements.lock"] = "".join(f"{d.name}=={d.version}\n" for d in environment.closure)
    files = file_tree({**texts, **more})
    record = joined_record(planned, name, split, environment, files)
    return Draft(title_of(planned), unlinted(name, record.files, _own(planned)), environment, record, files)


def _own(planned: Sequence[Planned]) -> set[str]:
    """The files that hold lines of notebooks, and of the modules beside them."""
    found = {f"{m.member.name}/{module}" for m in planned for module in ("functions", "steps", *names_of_local(m.plan))}
    return found | {module for m in planned for module in names_of_local(m.plan)}


def _pipeline_tests(steps: Sequence[str], planned: Sequence[Planned], name: str) -> str:
    imports = [Import("importlib", "importlib"), Import("inspect", "inspect"), Import("json", "json"), Import("pytest", "pytest"),
               Import("main", f"{name}._runtime", "main"), Import("PIPELINE", f"{name}.pipeline", "PIPELINE")]  # fmt: skip
    listing = listed('assert [step["name"] for step in listed["steps"]] == [', [quoted(s) for s in steps], "]", 1)
    notebooks = listed("[", [quoted(m.member.name) for m in planned], "]").lstrip()
    return f'''"""The pipeline as a whole."""

{imported(imports, name)}


def test_list(capsys):
    assert main(PIPELINE, ["--list"]) == 0
    listed = json.loads(capsys.readouterr().out)
{listing}


@pytest.mark.parametrize("notebook", {notebooks})
def test_functions_take_what_the_pipeline_hands_them(notebook):
    pipeline = importlib.import_module(f"{name}.{{notebook}}.pipeline").PIPELINE
    for step in pipeline.steps:
        inspect.signature(step.function).bind(**dict.fromkeys(step.takes))
'''
