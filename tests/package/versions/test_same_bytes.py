"""The same notebook gives the same project, wheel and sdist, byte for byte, wherever it is compiled and by whomever."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.making import code, text, write
from tests.package.versions.making import files_in

ROOT = Path(__file__).parents[3]
SAMPLES = ROOT / "sample_notebooks"
HARD = (
    text("# Größe der Läden\n\nWas sie *verkaufen* → €."),
    code(
        "regions = {'south', 'north', 'east', 'west'}  # where — überall\n"
        "limits: dict = {'b': {'y', 'x', 'z'}, 'a': (1, {'q', 'p'})}\nname = 'Zürich'",
        "parameters",
    ),
    "import math\nimport json as j\nfrom pathlib import Path\nimport helper_module",
    "def weight(x):\n    return x * len(regions) + len(limits)",
    "class Shop:\n    'A shop.'\n    sizes = {3, 1, 2}",
    text("## Load"),
    "print(name)\nrows = [weight(i) for i in range(3)]",
    text("## Äußeres"),
    "exec('made = 1')",
    text("## End"),
    "shop = Shop()\ntotal = helper_module.add(sum(rows), 1)\ntotal",
)


@dataclass(frozen=True)
class Place:
    """An environment: its variables, what `python` is given, the umask, where the notebook lies and is compiled from."""

    name: str
    variables: dict[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    umask: int = 0o022
    folder: str = "work"
    away: bool = False
    outputs: bool = True


PLACES = (
    Place("plain"),
    Place("hash seed", {"PYTHONHASHSEED": "1"}),
    Place("another hash seed, and no random one", {"PYTHONHASHSEED": "4242"}),
    Place("time zone and time of builds", {"TZ": "Asia/Tokyo", "SOURCE_DATE_EPOCH": "1700000000"}),
    Place("locale", {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
    Place("another locale", {"LC_ALL": "C.UTF-8", "LANGUAGE": "de", "COLUMNS": "40", "NO_COLOR": "1"}),
    Place("working directory", away=True),
    Place("umask", umask=0o077),
    Place("user", {"HOME": "/nonexistent", "USER": "ann", "LOGNAME": "ann", "USERNAME": "ann"}),
    Place("path", folder="a longer path/with späces/and.dots"),
    Place("outputs stripped", outputs=False),
    Place("optimized Python", {"PYTHONDONTWRITEBYTECODE": "1"}, ("-OO", "-X", "utf8")),
)


def _compile(place: Place, notebook: Path, beside: list[Path], root: Path) -> dict[str, bytes]:
    """Compile a notebook in an environment; gives the project, the wheel and the sdist."""
    folder = root / place.folder
    shutil.rmtree(root, ignore_errors=True)
    folder.mkdir(parents=True)
    for path in beside:
        shutil.copy(path, folder)
    document = json.loads(notebook.read_text("utf-8"))
    for cell in document["cells"]:
        if cell["cell_type"] == "code" and place.outputs:
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "seen\n"}]
            cell["execution_count"] = 3
    (folder / notebook.name).write_text(json.dumps(document), "utf-8")
    cwd = root if place.away else folder
    environment = {
        k: v for k, v in os.environ.items() if k not in ("PYTHONHASHSEED", "SOURCE_DATE_EPOCH", "NB2PIPE_STORE")
    }
    environment |= {"PYTHONPATH": str(ROOT), **place.variables}
    command = [sys.executable, *place.options, "-m", "nb2pipe"]
    path, out, store = (os.path.relpath(p, cwd) for p in (folder / notebook.name, folder / "out", folder / "store"))
    for arguments in (
        ["compile", path, "-o", out, "--store", store],
        ["publish", out, "--to", os.path.join(out, "dist")],
    ):
        done = subprocess.run(
            [*command, *arguments], cwd=cwd, env=environment, umask=place.umask, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    assert (folder / "store" / "versions").is_dir()
    return files_in(folder / "out")


@pytest.mark.parametrize(("which", "places"), [("hard", PLACES), ("churn_training.ipynb", PLACES[::4])])
def test_same_bytes_wherever_and_whoever(which: str, places: Sequence[Place], tmp_path: Path) -> None:
    beside = [tmp_path / "helper_module.py"]
    beside[0].write_text("KINDS = {'b', 'a'}\n\n\ndef add(a, b):\n    return a + b\n")
    notebook = write(tmp_path / "läden.ipynb", HARD) if which == "hard" else SAMPLES / which
    first: dict[str, bytes] = {}
    for place in places:
        made = _compile(place, notebook, beside, tmp_path / "root")
        assert sum(name.endswith((".whl", ".tar.gz")) for name in made) == 2
        first = first or made
        assert made.keys() == first.keys(), place.name
        assert [n for n in first if made[n] != first[n]] == [], place.name
