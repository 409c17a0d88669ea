"""A marker that is given as a secret is found in nothing that a run writes, and in no process that does not need it."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import pytest

from tests.making import code, shown, write

MARKER = f"sk-marker.{os.getpid():07}+/abc"  # tests run side by side, and each looks at all processes
OTHER = f"another-marker-{os.getpid():07}=of 'quotes' & \\ more"
FORMS = {
    *(
        f
        for m in (MARKER, OTHER)
        for f in (m.encode(), m.encode("utf-32-le"), m.encode("utf-16-le"), m.encode().hex().encode())
    ),
    *(base64.b64encode(b"x" * shift + m.encode())[4:-6] for m in (MARKER, OTHER) for shift in range(3)),
    repr(OTHER)[1:-1].encode(),
    json.dumps(OTHER)[1:-1].encode(),
}

SEARCH = """
import os
from pathlib import Path
token = os.environ["API_TOKEN"]
roots = [p for p in os.environ["SEARCHED"].split(":")]
files = [f for r in roots for f in Path(r).rglob("*") if f.is_file()]
found = [str(f) for f in files if token.encode() in f.read_bytes()]
kept = [f for f in files if f.suffix == ".values"]
print(len(found), "finds,", len(kept) > 0, "that values were written", a_size, len(both))
"""

NOTEBOOK = [
    code('from nb2pipe import Secret\nimport os, sys, time, base64, json, subprocess\npassword: Secret = ""\nrate = 2', "parameters"),
    code("import pandas as pd\nimport numpy as np\n%xmode Verbose", "imports"),
    code(
        "key = os.environ['API_TOKEN']\nprint(key)\nprint([key], {key: repr(password)}, file=sys.stderr)\n{'a': key, 'b': json.dumps(password)}",
        "step:connect",
        "secret:API_TOKEN",
    ),
    code("for letter in key:\n    print(letter, end='', flush=True)\n    time.sleep(0.03)\n    sys.stderr.flush()\nprint()", "step:connect"),
    code("from IPython.display import HTML, Image, display\ndisplay(HTML(f'<a href=\"https://x/?k={key}\">{password}</a>'))\ndisplay({'application/json': {'deep': [{'key': key, password: 1}]}}, raw=True)", "step:connect"),
    code("subprocess.run(['sh', '-c', 'printf %s \"$0\" >&2; printf %s \"$0\"', key[:7]], stdout=sys.stdout, stderr=sys.stdout, env={})\nos.write(sys.__stderr__.fileno(), key.encode())\nos.write(sys.stdout.fileno(), key.encode())", "step:connect"),
    code("frame = pd.DataFrame({'who': [key] * 3, 'n': [1, 2, 3]})\narray = np.array([key, 'x'])\nplain = np.arange(1000)\nclient = {'headers': {'Authorization': 'Basic ' + base64.b64encode(b'me:' + key.encode()).decode()}}\nframe", "step:load"),
    code("a_size = len(frame) + len(array) + len(client) + int(plain.sum())\nurl = f'https://x/?k={key}&p={password}'\nsubprocess.run(['sleep', '0.4'])\na_size", "step:work"),
    code("frame.loc[0, 'n'] = 10\nboth = [frame, frame.n]\nprint(frame)", "step:change"),
    code(SEARCH, "step:search", "secret:API_TOKEN"),
    code("def call(where, who):\n    raise ConnectionError(f'no answer from {where} for {who}')\ncall(url, key)", "step:fail"),
    code("import logging\nlogging.basicConfig(force=True)\nlogging.error('password %s', password)\n1 / 0", "step:fail_again", "retries:1"),
]  # fmt: skip


class Watch:
    """Looks at all processes while commands run; ``found`` are those that have the marker on their command line or in their environment."""

    def __init__(self) -> None:
        self.found: dict[int, str] = {}
        self.seen: set[int] = set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.is_set():
            for process in Path("/proc").glob("[0-9]*"):
                for part in ("cmdline", "environ"):
                    try:
                        content = (process / part).read_bytes()
                    except OSError:
                        continue
                    self.seen.add(int(process.name))
                    if any(form in content for form in FORMS) and not _becomes_another(process):
                        self.found[int(process.name)] = f"{part}: {content.split(bytes(1))[:4]!r}"
            time.sleep(0.01)


def _becomes_another(process: Path) -> bool:
    """Whether a process has just been forked, and goes on to run another program: until then it seems to be its parent."""
    try:
        parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
        command = (process.parent / parent / "cmdline").read_bytes()
        if (process / "cmdline").read_bytes() != command:
            return False
        end = time.monotonic() + 2
        while time.monotonic() < end:
            if (process / "cmdline").read_bytes() != command:
                return True
            time.sleep(0.001)
    except OSError:  # it has ended without having been more than that
        return True
    return False


class Room:
    """A folder in which all is: the notebook, the store, the temporary folder, the home, what commands say."""

    def __init__(self, place: Path) -> None:
        self.place = place / "project"
        self.secrets = place / "secrets"
        for folder in (self.place, self.secrets, *(self.place / f for f in ("tmp", "home", "said"))):
            folder.mkdir()
        (self.secrets / "API_TOKEN").write_text(f"{MARKER}\n", "utf-8")
        (self.secrets / "PASSWORD").write_text(OTHER, "utf-8")
        self.variables = {
            "HOME": str(self.place / "home"), "TMPDIR": str(self.place / "tmp"), "XDG_STATE_HOME": str(self.place / "home"),
            "SEARCHED": str(self.place), "NB2PIPE_STORE": str(self.place / "store"),
        }  # fmt: skip
        self.processes: list[int] = []

    def command(self, *words: str, **variables: str) -> int:
        """Run a command; what it says goes to files."""
        said = self.place / "said"
        number = len(list(said.iterdir()))
        with (said / f"{number}.out").open("wb") as out, (said / f"{number}.err").open("wb") as err:
            process = subprocess.Popen(
                [sys.executable, "-m", "nb2pipe", *words], cwd=self.place, stdout=out, stderr=err,
                env={**os.environ, **self.variables, **variables},
            )  # fmt: skip
            self.processes.append(process.pid)
            return process.wait()

    def said(self) -> str:
        """What the last command has said."""
        names = sorted((self.place / "said").iterdir(), key=lambda p: (int(p.stem), p.suffix))[-2:]
        return "".join(p.read_text("utf-8") for p in names)

    def finds(self) -> list[str]:
        """The files that have the marker in any form."""
        return [str(f) for f in self.place.rglob("*") if f.is_file() and any(form in f.read_bytes() for form in FORMS)]


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def outputs_of(path: Path) -> list[str]:
    return [shown(c["outputs"]) for c in json.loads(path.read_text("utf-8"))["cells"] if c["cell_type"] == "code"]


def without(*steps: str) -> list[dict[str, object] | str]:
    return [c for c in NOTEBOOK if not {f"step:{s}" for s in steps} & set(c["metadata"].get("tags", []))]


@pytest.mark.parametrize("recorded", [(), ("--cache",)], ids=["plain", "cache"])
def test_nothing_is_found_of_a_run_that_fails(room: Room, recorded: Sequence[str]) -> None:
    write(room.place / "nb.ipynb", NOTEBOOK)
    with Watch() as watch:
        code = room.command("run", "nb.ipynb", "--secrets", str(room.secrets), "-o", "out.ipynb", *recorded)
    assert code == 1, room.said()
    outputs = outputs_of(room.place / "out.ipynb")
    assert outputs[9].strip().startswith("0 finds, True that values were written"), outputs[9]
    assert "[secret:API_TOKEN]" in outputs[2]
    assert outputs[3].strip() == "[secret:API_TOKEN]"  # letter by letter
    assert "no answer from https://x/?k=[secret:API_TOKEN]&p=[secret:PASSWORD]" in outputs[10]
    assert "password [secret:PASSWORD]" in outputs[11]
    assert room.said().count("[secret:API_TOKEN]") >= 2  # what was written past the outputs, and the error
    assert room.finds() == []
    assert watch.found == {}
    assert set(room.processes) <= watch.seen


def test_nothing_is_found_of_what_is_recorded_and_cached_and_taken_out(room: Room) -> None:
    write(room.place / "nb.ipynb", without("fail", "fail_again"))
    run = ("run", "nb.ipynb", "--secrets", str(room.secrets), "--cache")
    with Watch() as watch:
        assert room.command(*run, "-o", "one.html") == 0, room.said()
        assert room.command(*run, "-o", "two.ipynb") == 0, room.said()
        assert room.command("plan", "nb.ipynb", "--secrets", str(room.secrets)) == 0
        for words in (
            ("runs", "notebook", "last", "-o", "again.ipynb"), ("runs", "report", "last", "-o", "report.html"), ("runs", "show", "last"),
            ("runs", "list"), ("runs", "compare", "last~1", "last"), ("values", "list"), ("values", "show", "a_size"),
            ("values", "export", "a_size", "-o", "a.pickle"), ("values", "export", "plain", "-o", "plain.npy"), ("store", "check"),
        ):  # fmt: skip
            room.command(*words)
        assert room.command("values", "show", "key") != 0
        assert room.command("open", "last", "work", "-o", "work.ipynb") == 2
    assert "`key` of connect holds the secret API_TOKEN" in room.said()
    assert outputs_of(room.place / "again.ipynb") == outputs_of(room.place / "two.ipynb")
    assert (room.place / "report.html").exists()
    assert (room.place / "plain.npy").exists()
    assert room.finds() == []
    assert watch.found == {}


def test_what_was_in_the_environment_is_in_no_process_that_does_not_ask_for_it(room: Room) -> None:
    write(room.place / "nb.ipynb", without("fail", "fail_again"))
    with Watch() as watch:
        assert room.command("run", "nb.ipynb", "--record", API_TOKEN=MARKER, PASSWORD=OTHER) == 0, room.said()
    assert set(watch.found) == {*room.processes}  # which was started with it
    assert room.finds() == []
