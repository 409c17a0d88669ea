"""Files that are waited for: what counts as a change, and what a run does to its own files."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from nb2pipe.runtime.watching import Watch


def soon(*acts: Callable[[], object]) -> threading.Thread:
    """Do one thing after another while somebody waits."""

    def work() -> None:
        for act in acts:
            time.sleep(0.3)
            act()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def replaced(path: Path, text: str) -> None:
    other = path.with_suffix(".new")
    other.write_text(text)
    other.replace(path)


def test_a_file_that_is_written_or_replaced_is_waited_for_until_it_is_quiet(tmp_path: Path) -> None:
    notebook = tmp_path / "nb.ipynb"
    notebook.write_text("a")
    watched = Watch([str(notebook)])
    begun = time.monotonic()
    thread = soon(*(lambda n=n: replaced(notebook, str(n)) for n in range(4)))
    assert watched.wait() == (str(notebook),)
    assert not thread.is_alive()  # several saves in a row are one change
    assert time.monotonic() - begun > 1.2
    assert notebook.read_text() == "3"
    watched.begin()
    status = notebook.stat()
    soon(lambda: (replaced(notebook, "4"), os.utime(notebook, ns=(status.st_atime_ns, status.st_mtime_ns))))
    assert watched.wait() == (str(notebook),)  # of the same size and time, and another file


def test_files_come_and_go(tmp_path: Path) -> None:
    watched = Watch([])
    there, absent = tmp_path / "a.csv", tmp_path / "b.csv"
    there.write_text("1")
    os.utime(there, (1, 1))
    watched.rests_on(map(str, (there, absent)), watched.begin())
    assert watched.files == (str(there),)
    soon(lambda: absent.write_text("1"))
    assert watched.wait() == (str(absent),)
    watched.begin()
    soon(there.unlink)
    assert watched.wait() == (str(there),)
    watched.rests_on([str(absent)], watched.begin())
    assert watched.files == (str(absent),)


def test_what_is_saved_during_a_run_counts_and_what_runs_write_themselves_does_not(tmp_path: Path) -> None:
    notebook, data = tmp_path / "nb.ipynb", tmp_path / "a.csv"
    notebook.write_text("1")
    data.write_text("1")
    os.utime(data, (1, 1))
    watched = Watch([str(notebook)])

    def run(*acts: Callable[[], object]) -> None:
        begun = watched.begin()
        for act in acts:
            act()
        watched.rests_on([str(data)], begun)

    run(lambda: data.write_text("22"))  # it is new to the watch, and changed since the run began
    assert watched.wait() == (str(data),)
    run(lambda: data.write_text("333"))
    assert watched.wait() == (str(data),)
    assert watched.own == set()
    run(lambda: data.write_text("4444"), lambda: notebook.write_text("22"))  # each run changes it
    assert watched.own == {str(data)}
    assert watched.files == (str(notebook),)
    assert watched.wait() == (str(notebook),)
