"""Another environment: an interpreter that has IPython, what that needs, one small package, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import distribution
from pathlib import Path

import pytest

from nb2pipe.package.environment import environment_of

Install = Callable[..., Path]


@pytest.fixture(scope="session")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    site = next(folder.glob("lib/python3*/site-packages"))
    for found in environment_of(["IPython"]).closure:
        files = distribution(found.name).files or ()
        for top in {f.parts[0] for f in files if f.parts[0] not in ("..", "__pycache__")}:
            (site / top).symlink_to(distribution(found.name).locate_file(top))
    (site / "onlythere.py").write_text("class Thing:\n    def __init__(self, n):\n        self.n = n\n")
    (site / "onlythere-1.0.dist-info").mkdir()
    (site / "onlythere-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: onlythere\nVersion: 1.0\n")
    (site / "onlythere-1.0.dist-info" / "RECORD").write_text("onlythere.py,,\n")
    return folder / "bin" / "python"


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Installs a kernel under a name: what its specification says, and the words that start it."""
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))

    def install(name: str, *argv: str | Path, **said: object) -> Path:
        folder = tmp_path / "jupyter" / "kernels" / name
        folder.mkdir(parents=True)
        words = [str(word) for word in argv]
        if len(words) == 1:
            words += ["-Xfrozen_modules=off", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        spec = {"argv": words, "display_name": name, "language": "python", **said}
        (folder / "kernel.json").write_text(json.dumps(spec))
        return folder

    return install
