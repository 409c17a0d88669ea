"""Which steps get which secrets, what becomes of values that hold one, and what the cache knows of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nb2pipe import api
from nb2pipe.diagnostics import UsageError
from nb2pipe.runtime.result import Listener, RunOptions
from tests.making import code, compiled, run, shown, write
from tests.runtime.caching_bench import Bench

TOKEN = "sk-0123456789"
READ = code("import os\nkey = os.environ['TOKEN']\nprint(len(key), key)", "secret:TOKEN")


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", TOKEN)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return Bench(tmp_path)


def outputs(place: Path, cells: list[Any], **options: Any) -> list[str]:
    """What each cell shows."""
    result = run(compiled(write(place / "nb.ipynb", cells)), **options)
    return [shown(result.outputs.get(i, [])) for i in range(len(cells))]


# -- who gets it ---------------------------------------------------------------------------------------------------------


def test_a_tag_gives_it_and_the_environment_is_as_before_afterwards(tmp_path: Path) -> None:
    assert outputs(tmp_path, [READ]) == ["13 [secret:TOKEN]"]
    assert os.environ["TOKEN"] == TOKEN


@pytest.mark.parametrize(
    "ask",
    [
        "os.environ['TOKEN']",
        "os.getenv('TOKEN')",
        "os.environ.get('TOKEN', 'x')",
        "'TOKEN' in os.environ",
        "os.environb[b'TOKEN']",
    ],
)
@pytest.mark.parametrize("cache", [False, True])
def test_a_step_without_the_tag_does_not_just_miss_it(bench: Bench, ask: str, cache: bool) -> None:
    bench.edit([READ, f"import os\nprint({ask})"])
    result = bench.run(cache=cache)
    assert result.outcomes["cell_2"].ename == "SecretWithheld"
    assert "tag the cell `secret:TOKEN`" in result.outcomes["cell_2"].detail


def test_a_step_without_the_tag_may_look_at_all_else_and_set_its_own(tmp_path: Path) -> None:
    cells = [
        READ,
        "import os\nprint('TOKEN' in dict(os.environ), os.environ.get('ANOTHER'), 'ANOTHER' in os.environ)\n!echo [$TOKEN]",
        "os.environ['TOKEN'] = 'mine'\nprint(os.environ['TOKEN'])",
        "print(os.environ['TOKEN'])",
    ]
    assert outputs(tmp_path, cells)[1:] == ["False None False\n[]", "mine", "mine"]


def test_a_variable_that_is_missing_fails_as_ever(tmp_path: Path) -> None:
    assert outputs(tmp_path, [READ, "import os\nos.environ['ANOTHER']"])[1] == "ERROR KeyError: 'ANOTHER'"


def test_the_tag_of_a_shared_cell_is_that_of_each_step_that_runs_it(tmp_path: Path) -> None:
    setup = code("import os\nkey = os.environ['TOKEN']\nurl = 'https://x/?k=' + key", "setup", "secret:TOKEN")
    assert outputs(tmp_path, [setup, "print(url)", "print(len(url))"])[1:] == ["https://x/?k=[secret:TOKEN]", "26"]


def test_a_parameter_typed_secret_is_bound_wherever_its_cell_runs(tmp_path: Path) -> None:
    for text in (
        "from nb2pipe import Secret\ntoken: Secret = ''\nn = 1",
        "token: 'Secret' = ''\nn = 1",
        "import os\nimport nb2pipe\ntoken: nb2pipe.Secret = os.environ.get('TOKEN')\nn = 1",
    ):
        cells = [code(text, "parameters"), "print(token, n)", "print(len(token))"]
        for parameters in ({}, {"n": 1}):
            assert outputs(tmp_path, cells, parameters=parameters)[1:] == ["[secret:TOKEN] 1", "13"]


def test_a_parameter_can_be_another_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTHER", "other-value")
    cells = [code("token: 'Secret' = 'secret:TOKEN'", "parameters"), "print(token, len(token))"]
    assert outputs(tmp_path, cells)[1] == "[secret:TOKEN] 13"
    assert outputs(tmp_path, cells, parameters={"token": "secret:OTHER"})[1] == "[secret:OTHER] 11"


def test_papermill_may_put_a_name_in_and_no_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import papermill as pm

    monkeypatch.setenv("OTHER", "other-value")
    notebook = write(tmp_path / "nb.ipynb", [code("token: 'Secret' = ''\nn = 1", "parameters"), "print(token, n)"])
    made = tmp_path / "out.ipynb"
    pm.execute_notebook(
        str(notebook),
        str(made),
        {"token": "secret:OTHER", "n": 2},
        engine_name="nb2pipe",
        cwd=str(tmp_path),
        progress_bar=False,
    )
    assert "[secret:OTHER] 2" in made.read_text("utf-8")
    assert "other-value" not in made.read_text("utf-8")
    result = run(compiled(made))
    assert shown(result.outputs[2]) == "[secret:OTHER] 2"
    with pytest.raises(pm.exceptions.PapermillException, match="parameter `token` is a secret"):
        pm.execute_notebook(str(notebook), str(made), {"token": "a-value"}, engine_name="nb2pipe", progress_bar=False)


def test_a_secret_in_the_text_of_a_cell_is_told(tmp_path: Path) -> None:
    told: list[str] = []

    class Told(Listener):
        def note(self, text: str) -> None:
            told.append(text)

    subject = compiled(write(tmp_path / "nb.ipynb", ["1", code(f"print('{TOKEN}')", "secret:TOKEN")]))
    api.run(subject, api.RunRequest(RunOptions(cwd=str(tmp_path))), Told())
    assert told == ["secret TOKEN stands in the text of cell 2, which is copied as it is: see NB507"]


@pytest.mark.parametrize("value", [TOKEN, "secret:", 7, None])
def test_a_value_is_no_name_of_a_secret_and_not_repeated(tmp_path: Path, value: Any) -> None:
    cells = [code("token: 'Secret' = ''", "parameters"), "print(token)"]
    with pytest.raises(UsageError, match="parameter `token` is a secret: give the name of one") as error:
        outputs(tmp_path, cells, parameters={"token": value})
    assert TOKEN not in str(error.value)


def test_what_is_not_found_is_told_before_anything_runs(tmp_path: Path) -> None:
    cells = ["open('ran', 'w').close()", code("1", "secret:NOWHERE"), code("2", "secret:NOWHERE_EITHER")]
    with pytest.raises(UsageError) as error:
        outputs(tmp_path, cells)
    assert str(error.value).count("is not found") == 2
    assert "secret NOWHERE is not found, which cell 2 (step cell_2) asks for" in str(error.value)
    assert not (tmp_path / "ran").exists()


def test_what_is_left_out_needs_no_secrets(tmp_path: Path) -> None:
    from nb2pipe.runtime.choice import Choice

    cells = ["a = 1\nprint(a)", code("print(a)", "secret:NOWHERE")]
    assert outputs(tmp_path, cells, choice=Choice(until="cell_1"))[0] == "1"


def test_papermill_writes_before_anybody_can_look(tmp_path: Path) -> None:
    from nb2pipe.runtime.papermill.asked import PapermillOptions

    subject = compiled(write(tmp_path / "nb.ipynb", [READ]))
    with pytest.raises(UsageError, match="secrets go with the local engine"):
        api.run(subject, api.RunRequest(RunOptions(cwd=str(tmp_path)), papermill=PapermillOptions()))


@pytest.mark.parametrize(
    "cells", [[READ], [code("token: 'Secret' = ''", "parameters"), "print(token)"]], ids=["tag", "parameter"]
)
def test_what_is_recorded_into_a_package_has_no_secrets(tmp_path: Path, cells: list[Any]) -> None:
    subject = compiled(write(tmp_path / "nb.ipynb", cells))
    files = dict(api.package(subject).tree.files)
    assert not any(b"Secret" in content for path, content in files.items() if path.endswith(".py"))
    with pytest.raises(
        UsageError, match="--record writes what steps give into the package, and the notebook has secrets"
    ):
        api.package(subject, record=True)


# -- values that hold one ------------------------------------------------------------------------------------------------


def test_values_are_handed_over_in_memory_as_they_are(tmp_path: Path) -> None:
    cells = [
        READ,
        "import numpy as np\nshared = [key]\nholder = {'a': shared}\narray = np.array([key, 'x'])\nbig = np.frombuffer(bytearray(key.encode() * 9000), 'u1')\ndef f():\n    return key",
        "shared.append(1)\narray[1] = 'y'\nbig[0] = 7\nprint(holder['a'] is shared, holder, array, big[:2], f())",
        "print(len(holder['a']), array[1], big[0], big.flags.writeable)",
    ]
    found = outputs(tmp_path, cells)
    assert found[2] == "True {'a': ['[secret:TOKEN]', 1]} ['[secret:TOKEN]' 'y'] [  7 107] [secret:TOKEN]"
    assert found[3] == "2 y 7 True"


def test_a_note_names_the_value_and_a_record_too(bench: Bench) -> None:
    bench.edit([READ, "print(len(key))"])
    result = bench.run()
    assert result.notes == ["`key` of cell_1 holds the secret TOKEN: it is handed over in memory, and not stored"]
    assert result.outcomes["cell_1"].held == {"key": "TOKEN"}
    assert result.outcomes["cell_1"].unkept == "`key` holds the secret TOKEN"
    assert result.outcomes["cell_1"].files == ()


def test_what_the_notebook_puts_into_the_environment_is_handed_over_too(tmp_path: Path) -> None:
    cells = [READ, "import os\nos.environ['URL'] = 'https://x/' + key", "import os\nprint(os.environ['URL'])"]
    assert outputs(tmp_path, cells)[2] == "https://x/[secret:TOKEN]"


def test_a_value_that_cannot_leave_its_process_goes_on_there(tmp_path: Path) -> None:
    cells = [
        READ,
        "parts = (p for p in [key, 'b'])",
        "print(next(parts))",
        code("import os\nprint(next(parts), len(os.environ['TOKEN']))", "secret:TOKEN"),
    ]
    assert outputs(tmp_path, cells)[2:] == ["[secret:TOKEN]", "b 13"]


def test_a_step_in_the_process_of_another_has_its_own_secrets_only(tmp_path: Path) -> None:
    cells = [
        READ,
        code("import os\nparts = (len(os.environ[n]) for n in ['TOKEN'] * 2)\nprint(next(parts))", "secret:TOKEN"),
        "import os\nprint(os.environ.get('TOKEN'), parts)",
    ]
    assert outputs(tmp_path, cells)[2].startswith("ERROR SecretWithheld")


# -- the cache -----------------------------------------------------------------------------------------------------------


def test_another_value_of_a_secret_runs_the_steps_that_ask_for_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.edit([code("import os\nn = len(os.environ['TOKEN'])", "secret:TOKEN"), "print(n)", "m = 1"])
    assert bench.ran() == [1, 2, 3]
    assert bench.ran() == []
    monkeypatch.setenv("TOKEN", "sk-9876543210")
    assert bench.ran() == [1]
    assert bench.reason(1) == "secret TOKEN changed"


@pytest.mark.parametrize(
    "text", ["token: 'Secret' = ''\nn = 1", "from nb2pipe import Secret\ntoken: Secret = ''\nn = 1"]
)
@pytest.mark.parametrize("parameters", [{}, {"n": 2}], ids=["default", "given"])
def test_another_value_of_a_parameter_too(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, text: str, parameters: dict[str, int]
) -> None:
    bench.edit([code(text, "parameters"), "print(token[0])", "print(n)"])
    assert 2 in bench.ran(**parameters)
    assert bench.ran(**parameters) == []
    monkeypatch.setenv("TOKEN", f"x{TOKEN}")
    assert 2 in bench.ran(**parameters)
    assert bench.reason(2) == "secret TOKEN changed"


def test_without_a_key_nothing_of_a_secret_is_known_later(bench: Bench) -> None:
    state = bench.folder / "state" / "nb2pipe"
    bench.edit([READ.copy() | {"source": "import os\nprint(len(os.environ['TOKEN']))"}, "print(1)"])
    assert bench.ran() == [1, 2]
    (state / "key").chmod(0o644)
    assert bench.ran(full=False) == [1]


def test_what_a_cell_shows_is_shown_again_without_it(bench: Bench) -> None:
    bench.edit([code("import os\nprint('key', os.environ['TOKEN'])", "secret:TOKEN")])
    assert bench.ran() == [1]
    assert bench.ran() == []
    assert bench.last is not None
    assert shown(bench.last.outputs[0]) == "key [secret:TOKEN]"


def test_a_file_that_is_named_by_a_secret_is_not_looked_up(bench: Bench) -> None:
    bench.edit([code("import os\nprint(os.path.exists(os.environ['TOKEN']))", "secret:TOKEN")])
    assert bench.ran() == [1]
    assert bench.unkept(1) == "reads or writes what is named by a secret"


# -- what it costs -------------------------------------------------------------------------------------------------------


def test_a_run_without_secrets_imports_nothing_for_them(tmp_path: Path) -> None:
    cells = [
        "import sys\nprint(sorted(m for m in sys.modules if m.startswith('nb2pipe.runtime.secrets.') or m.startswith('keyring')))"
    ]
    write(tmp_path / "nb.ipynb", cells)
    script = (
        "import sys\nfrom nb2pipe.cli.main import main\nmain(['run', 'nb.ipynb', '-o', 'out.ipynb'])\n"
        "print(sorted(m for m in sys.modules if m.startswith('nb2pipe.runtime.secrets.')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "['nb2pipe.runtime.secrets.asked']"
    assert "scrubber" not in (tmp_path / "out.ipynb").read_text("utf-8")
