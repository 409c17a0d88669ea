"""What is let go of a store, and what stays."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from nb2pipe.cli.main import main
from nb2pipe.store import care, results
from nb2pipe.store.results import Result
from nb2pipe.store.rooms import Store, opened


def add(store: Store, step: str, data: bytes, made: float) -> str:
    digest = store.contents.keep_bytes(data)
    facts = {"events": digest, "files": [["", ["a"], len(data), digest, False]]}
    results.add(store.database, Result(f"{step}{made}", "nb.ipynb", step, made, "run", 0.1, facts))
    return digest


def test_the_last_results_of_each_step_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(care, "YOUNG", -10.0)
    now = time.time()
    with opened(tmp_path / "results") as store:
        old, new = add(store, "load", b"old", now - 900), add(store, "load", b"new", now - 10)
        other = add(store, "show", b"other", now - 900)
        assert care.collect(store, 1, older_than=1000.0) == (0, 0, 0, 0)
        assert care.collect(store, 1) == (1, 0, 1, 3)
        assert [store.contents.has(d) for d in (old, new, other)] == [False, True, True]
        assert care.size_of(store) == (2, 0, 2, 8)


def test_what_was_just_kept_waits_for_its_record(tmp_path: Path) -> None:
    with opened(tmp_path / "results") as store:
        digest = store.contents.keep_bytes(b"in flight")
        care.collect(store, 1)
        assert store.contents.has(digest)


def test_what_is_damaged_is_named_and_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".nb2pipe").mkdir()
    with opened(tmp_path / ".nb2pipe" / "results") as store:
        place = store.contents.path(store.contents.keep_bytes(b"whole"))
    os.chmod(place, 0o644)
    place.write_bytes(b"other")
    assert main(["store", "check"]) == 1
    assert str(place) in capsys.readouterr().out
    assert main(["store", "check"]) == 0
    assert main(["store", "du"]) == 0
    assert "0 bytes in 0 contents" in capsys.readouterr().out
