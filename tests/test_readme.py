"""Every command that the README shows is run, in the order in which it stands there, and does what it is said to do."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
COMMANDS = [
    line.split("  #")[0].strip()
    for block in BLOCKS
    for line in block.splitlines()
    if line.strip() and not line.startswith("#")
]
MAKE = {"demo", "test", "check", "bench", "help"}
FINDINGS = {"nb2pipe check sample_notebooks/exploration_mess.ipynb": 1}
"""The commands that end with another code than 0, because the notebook is shown for its faults."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the samples, to run in."""
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "sample_notebooks", folder / "sample_notebooks")
    (folder / ".nb2pipe").mkdir()  # the mark of a project, whose store it is
    return folder


def test_there_are_commands() -> None:
    assert sum(c.startswith("nb2pipe ") for c in COMMANDS) >= 6


RECORDED = next(c for c in COMMANDS if " --cache" in c)
COMPILE = next(c for c in COMMANDS if c.startswith("nb2pipe compile "))


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("nb2pipe ")])
def test_commands_of_nb2pipe(command: str, folder: Path) -> None:
    behind = COMMANDS.index(command) > COMMANDS.index(COMPILE)
    if behind and not (folder / "churn_training").exists():  # another process of the tests has compiled it
        _run(COMPILE, folder)
    if command.startswith("nb2pipe runs ") and not (folder / ".nb2pipe" / "results").exists():
        _run(RECORDED, folder)
    _run(command, folder)


def _run(command: str, folder: Path) -> None:
    done = subprocess.run(
        ["sh", "-c", command.replace("nb2pipe ", f"{sys.executable} -m nb2pipe ", 1)], cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert done.returncode == FINDINGS.get(command, 0), done.stderr


@pytest.mark.parametrize("command", [c for c in COMMANDS if not c.startswith("nb2pipe ")])
def test_other_commands_are_targets_of_make_or_the_installation(command: str) -> None:
    """They are what runs these tests and what a new machine is set up with; here they are looked up."""
    if command.startswith("make "):
        assert command.split()[1] in MAKE
        assert re.search(rf"^{command.split()[1]}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    else:
        assert (
            command in ("pip install .", "git clone https://github.com/nb2pipe/nb2pipe && cd nb2pipe")
            or (ROOT / command.split()[1]).exists()
        )


def test_the_picture_is_what_the_command_draws() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "nb2pipe", "graph", "sample_notebooks/monthly_sales_report.ipynb", "--format", "svg"],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert done.stdout == (ROOT / "docs" / "pictures" / "monthly_sales_report.svg").read_text("utf-8")


def test_the_table_has_the_steps_of_the_sample() -> None:
    from nb2pipe import api

    compiled = api.compile_notebook(api.load(str(ROOT / "sample_notebooks" / "monthly_sales_report.ipynb")))
    assert re.findall(r"^    ✓ (\w+) ", README, re.MULTILINE) == [s.name for s in compiled.pipeline.steps]


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#:]+)\)", README))
def test_links_lead_somewhere(link: str) -> None:
    assert (ROOT / link).exists()
