"""What is built and published, as a person has it: a wheel in a fresh environment, JupyterLab and Notebook as they come."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.lab.conftest import SAMPLES, TOKEN, serving

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]
ROOT = Path(__file__).parents[2]
LIMIT = 150_000
"""How large all scripts and styles of the front end may be together, compressed, in bytes."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that is built from the sdist, by what `make wheel` runs, but for the front end: it has just been built."""
    folder = tmp_path_factory.mktemp("dist")
    _run(sys.executable, "-m", "build", "--no-isolation", "--sdist", "--outdir", str(folder), str(ROOT))
    [sdist] = folder.glob("nb2pipe-*.tar.gz")
    without_node = {**os.environ, "PATH": str(folder)}
    build = ["-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(folder), str(sdist)]
    _run(sys.executable, *build, environment=without_node)
    [found] = folder.glob("nb2pipe-*.whl")
    return found


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A fresh environment with nothing but ``nb2pipe[lab]`` and Notebook: where its programs are, and what it runs with."""
    home = tmp_path_factory.mktemp("fresh")
    venv.create(home / "venv", with_pip=True)
    programs = home / "venv" / "bin"
    constraints = ["-c", str(ROOT / "constraints-lab.txt")]
    install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", *constraints]
    _run(str(programs / "python"), *install, f"nb2pipe[lab] @ {wheel.as_uri()}", "notebook")
    own = {f"JUPYTER_{n}_DIR": str(home / n.lower()) for n in ("CONFIG", "DATA", "RUNTIME")}
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    return programs, {**os.environ, **own, "PATH": path, "IPYTHONDIR": str(home / "ipython")}


def _run(*command: str, environment: dict[str, str] | None = None) -> str:
    """Run a command; what it printed."""
    done = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:]
    return re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)


def test_jupyter_has_both_parts_enabled(environment: tuple[Path, dict[str, str]]) -> None:
    programs, variables = environment
    listed = _run(str(programs / "jupyter"), "labextension", "list", environment=variables)
    assert re.search(r"^\s*nb2pipe v\S+ enabled OK", listed, re.MULTILINE), listed
    listed = _run(str(programs / "jupyter"), "server", "extension", "list", environment=variables)
    assert re.search(r"nb2pipe\.server enabled", listed), listed
    assert re.search(r"nb2pipe\.server \S+ OK", listed), listed


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_a_sample_is_shown_as_a_pipeline(
    app: str, environment: tuple[Path, dict[str, str]], page: Any, tmp_path: Path
) -> None:
    programs, variables = environment
    folder = tmp_path / "notebooks"
    shutil.copytree(SAMPLES, folder)
    elsewhere = []
    page.on("request", lambda r: elsewhere.append(r.url) if "//127.0.0.1" not in r.url else None)
    with serving([str(programs / "jupyter"), app], folder, variables, tmp_path / "log") as url:
        place = "lab/tree" if app == "lab" else "notebooks"
        page.goto(f"{url}/{place}/churn_training.ipynb?token={TOKEN}")
        page.wait_for_selector(".jp-NotebookPanel .jp-Cell")
        page.locator(".jp-nb2pipe-badge").first.wait_for()
        answered = page.request.get(f"{url}/nb2pipe/about?token={TOKEN}")
        assert answered.status == 200
        assert page.request.get(f"{url}/nb2pipe/about", headers={"Cookie": ""}).status == 403
    assert [r for r in elsewhere if r.startswith("http")] == []


def test_the_front_end_is_small(wheel: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with zipfile.ZipFile(wheel) as found:
        names = [n for n in found.namelist() if "/labextensions/nb2pipe/static/" in n and n.endswith((".js", ".css"))]
        assert any("remoteEntry" in n for n in names)
        size = sum(len(gzip.compress(found.read(name))) for name in names)
    with capsys.disabled():
        print(f"\nthe front end has {size / 1000:.0f} kB, compressed, in {len(names)} files")
    assert size <= LIMIT
