"""Which interpreter a kernel runs, by what is installed for Jupyter."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from nb2pipe.diagnostics import UsageError
from nb2pipe.runtime.kernels import OWN, Kernel, file_names_native, kernel_named, names
from tests.environments.conftest import Install, install

__all__ = ["install"]
REST = ("-m", "ipykernel_launcher", "-f", "{connection_file}")


@pytest.mark.parametrize(
    ("argv", "kernel"),
    [
        (("python", *REST), OWN),
        (("/bin/sh", *REST), Kernel("/bin/sh")),
        (("sh", *REST), Kernel("SH")),
        (("{resource_dir}/python", *REST), Kernel("FOLDER/python")),
        (("/bin/sh", "-Xfrozen_modules=off", "-X", "frozen_modules=off", *REST), Kernel("/bin/sh")),
        (("/bin/sh", "-O", "-X", "utf8", *REST), Kernel("/bin/sh", ("-O", "-X", "utf8"))),
        (("/bin/sh", "/somewhere/ipykernel_launcher.py", "-f", "x"), Kernel("/bin/sh")),
    ],
    ids=lambda a: " ".join(a) if isinstance(a, tuple) and not isinstance(a, Kernel) else "",
)
def test_the_interpreter_and_its_options(argv: tuple[str, ...], kernel: Kernel, install: Install) -> None:
    folder = install("mine", *argv)
    (folder / "python").symlink_to("/bin/sh")
    found = kernel_named("Mine")
    assert found is not None
    program = kernel.program.replace("FOLDER", str(folder))
    assert found == kernel._replace(program=found.program if program == "SH" else program)
    assert Path(found.program).is_absolute()


@pytest.mark.parametrize(
    ("argv", "said", "problem"),
    [
        (("sh", "run", "-n", "ml", "python", *REST), {}, "started by `sh run -n ml`, from which its interpreter cannot be told"),
        (("sh", "-c", "exec python"), {}, "from which its interpreter cannot be told; give --python a program"),
        (("/nowhere/python", *REST), {}, "started by `/nowhere/python -m ipykernel_launcher -f`, which is not there"),
        (("sh", *REST), {"language": "R"}, "is one for R; nb2pipe compiles Python"),
        (("sh", *REST), {"metadata": {"kernel_provisioner": {"provisioner_name": "far"}}}, "is started by `far`"),
        (("sh", *REST), {"argv": None}, "cannot be read"),
    ],
    ids=["conda", "shell", "gone", "R", "far", "broken"],
)  # fmt: skip
def test_what_is_no_interpreter_is_told(
    argv: tuple[str, ...], said: dict[str, object], problem: str, install: Install
) -> None:
    install("odd", *argv, **said)
    with pytest.raises(UsageError, match=problem):
        kernel_named("odd")


def test_variables_and_names(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIVEN", "there")
    install("spark", "python", *REST, env={"SPARK_HOME": "${GIVEN}/spark", "ALSO": "$UNKNOWN"})
    assert kernel_named("spark") == Kernel(sys.executable, (), (("ALSO", "$UNKNOWN"), ("SPARK_HOME", "there/spark")))
    assert {"spark", "python3"} <= {*names()}
    assert kernel_named("nowhere") is None
    assert kernel_named("python3") == OWN == kernel_named("python")


@pytest.mark.parametrize(
    ("content", "native"),
    [
        (json.dumps({"metadata": {"kernelspec": {"display_name": "x", "name": "python3"}}}, indent=1), True),
        (json.dumps({"metadata": {"kernelspec": {"display_name": "x", "language": "python", "name": "conda-ml"}}}), False),
        (json.dumps({"cells": []}), True),
        ("# ---\n# jupyter:\n#   kernelspec:\n#     display_name: Python 3\n#     language: python\n#     name: venv\n# ---\n", False),
        ("# ---\n# jupyter:\n#   kernelspec:\n#     display_name: Python 3\n#     name: python3\n# ---\n", True),
    ],
    ids=["python3", "another", "none", "text", "text of python3"],
)  # fmt: skip
def test_a_file_tells_from_afar(content: str, native: bool, tmp_path: Path) -> None:
    (tmp_path / "nb").write_text(content)
    assert file_names_native(str(tmp_path / "nb")) is native
