"""`run --watch`: what a saved change touches is run again, until Ctrl-C."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nb2pipe.cli.main import main
from tests.making import code, shown, write


class Watching:
    """The command, and the lines that it says."""

    def __init__(self, folder: Path, *words: str) -> None:
        command = [sys.executable, "-m", "nb2pipe", "run", "nb.ipynb", "--watch", *words]
        self.process = subprocess.Popen(
            command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        self.lines: queue.Queue[str] = queue.Queue()
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.put(line.rstrip("\n"))

    def until(self, beginning: str) -> list[str]:
        """The lines up to the next that begins so."""
        found = [self.lines.get(timeout=60)]
        while not found[-1].startswith(beginning):
            found.append(self.lines.get(timeout=60))
        return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / ".nb2pipe").mkdir()
    (tmp_path / "helper.py").write_text("import deeper\n")
    (tmp_path / "deeper.py").write_text("factor = 2\n")
    (tmp_path / "data.txt").write_text("5")
    save(tmp_path, "print(n * 10)")
    return tmp_path


def save(folder: Path, last: str) -> None:
    """Save the notebook as Jupyter does: another file takes its place."""
    cells = [
        code("name = 'data'", "parameters"),
        code("import helper\nn = int(open(name + '.txt').read()) * helper.deeper.factor", "step:load"),
        code("'other'", "step:other"),
        code(last, "step:show"),
    ]
    write(folder / "new.ipynb", cells).replace(folder / "nb.ipynb")


@pytest.fixture
def watching(folder: Path) -> Iterator[Watching]:
    found = Watching(folder, "-o", "out.ipynb")
    try:
        yield found
    finally:
        found.process.kill()
        found.process.wait()
        found.thread.join()
        assert found.process.stderr is not None
        found.process.stderr.close()


def printed(folder: Path) -> str:
    return shown(json.loads((folder / "out.ipynb").read_text())["cells"][-1]["outputs"])


def ran(lines: list[str]) -> list[str]:
    return [line.split()[1] for line in lines if line.startswith("ok ")]


def test_what_a_change_touches_is_run_again(folder: Path, watching: Watching) -> None:
    assert watching.until("watching")[-1] == "watching nb.ipynb and 3 files; Ctrl-C ends"
    assert printed(folder) == "100"
    save(folder, "print(n * 100)")
    assert ran(watching.until("watching")) == ["show"]
    assert printed(folder) == "1000"
    (folder / "data.txt").write_text("6")
    lines = watching.until("watching")
    assert (lines[0], ran(lines), printed(folder)) == ("changed  data.txt", ["load", "show"], "1200")
    (folder / "deeper.py").write_text("factor = 3\n")
    lines = watching.until("watching")
    assert (lines[0], ran(lines)[0], printed(folder)) == ("changed  deeper.py", "load", "1800")
    # outputs are no change, and what cannot be read is waited for
    document = json.loads((folder / "nb.ipynb").read_text())
    document["cells"][0] |= {
        "execution_count": 7,
        "outputs": [{"output_type": "stream", "name": "stdout", "text": "a"}],
    }
    (folder / "nb.ipynb").write_text(json.dumps(document))
    whole = (folder / "nb.ipynb").read_text()
    (folder / "nb.ipynb").write_text(whole[:200])
    lines = watching.until("waiting")
    assert len(lines) == 1
    assert "nb.ipynb is not a notebook: it is cut off" in lines[0]
    (folder / "nb.ipynb").unlink()
    assert "there is no such file" in watching.until("waiting")[-1]
    save(folder, "raise ValueError('no')")
    lines = watching.until("watching")
    assert lines[0] == "changed  nb.ipynb"
    assert any("ValueError: no" in line for line in lines)
    save(folder, "print(n ===)")  # it says what is wrong with it, and stays
    watching.until("watching")
    save(folder, "print(n)")
    assert ran(watching.until("watching")) == ["show"]
    assert printed(folder) == "18"


def test_ctrl_c_ends_it_while_it_waits_and_while_it_runs(folder: Path, watching: Watching) -> None:
    watching.until("watching")
    save(folder, "import time, os\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(60)")
    watching.until("start    show")
    while not (folder / "pid").exists() or not (folder / "pid").read_text():
        time.sleep(0.05)
    watching.process.send_signal(signal.SIGINT)
    assert watching.process.wait(30) == 130
    with pytest.raises(ProcessLookupError):
        os.kill(int((folder / "pid").read_text()), 0)
    (folder / "nb.ipynb").unlink()
    save(folder, "print(n)")
    other = Watching(folder)
    other.until("watching")
    other.process.send_signal(signal.SIGINT)
    assert other.process.wait(30) == 130
    assert other.until("interrupted")[-1] == "interrupted"
    assert other.process.stderr is not None
    other.thread.join()
    other.process.stderr.close()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--watch", "--resume", "last"], "goes with no --resume"),
        (["--watch", "--sweep", "-p", "name", "a,b"], "goes with no --sweep"),
        (["--watch", "--no-cache"], "goes with no --no-cache"),
        (["--watch", "--engine", "papermill"], "goes with no --engine papermill"),
        (["--watch", "-p", "nmae", "a"], "did you mean `name`?"),
    ],
)
def test_what_cannot_be_watched_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    monkeypatch.chdir(folder)
    assert main(["run", "nb.ipynb", *words]) == 2
    assert message in capsys.readouterr().err
    assert main(["run", "none.ipynb", "--watch"]) == 2
