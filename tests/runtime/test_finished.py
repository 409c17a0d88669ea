"""What a process without xxhash leaves to the scheduler: the digests that it would have given, of what it has read."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from nb2pipe.diagnostics import say
from nb2pipe.runtime.channel import Channel, NotPlainError
from nb2pipe.runtime.finished import finish
from nb2pipe.runtime.observed import Observed, content_of, names_in
from nb2pipe.runtime.task import Metric, Report, ValueFile
from nb2pipe.store.digests import StandIns, digest_of_file


def test_stand_ins_become_digests(tmp_path: Path) -> None:
    (tmp_path / "values").write_bytes(b"values")
    (tmp_path / "read").write_text("before")
    read, folder, gone = str(tmp_path / "read"), str(tmp_path), str(tmp_path / "gone")
    seen = Observed(
        files={read: content_of(read, StandIns()), gone: "absent"},
        folders={folder: names_in(folder, StandIns().of_text)},
    )
    report = Report("step", files=[ValueFile("values", ("x",), 6, "", False, "proof")], observed=seen)
    finish(report, tmp_path)
    assert report.files[0].digest == digest_of_file(tmp_path / "values")
    assert (seen.files, seen.folders, seen.torn) == (
        {read: content_of(read), gone: "absent"},
        {folder: names_in(folder)},
        [],
    )


def test_what_was_changed_meanwhile_is_torn(tmp_path: Path) -> None:
    (tmp_path / "read").write_text("before")
    read, folder = str(tmp_path / "read"), str(tmp_path)
    seen = Observed(files={read: content_of(read, StandIns())}, folders={folder: names_in(folder, StandIns().of_text)})
    (tmp_path / "read").write_text("behind")
    (tmp_path / "new").touch()
    finish(Report("step", observed=seen), tmp_path)
    assert seen.torn == [
        f"reads {read}, which was changed meanwhile",
        f"looks through {folder}, in which files came or went meanwhile",
    ]


def test_a_digest_that_is_there_stays(tmp_path: Path) -> None:
    seen = Observed(files={"/a": "0" * 32}, folders={"/b": "1" * 32})
    report = Report("step", files=[ValueFile("nowhere", ("x",), 6, "2" * 32, False, "proof")], observed=seen)
    finish(report, tmp_path)
    assert (report.files[0].digest, seen.files, seen.folders) == ("2" * 32, {"/a": "0" * 32}, {"/b": "1" * 32})


def test_a_step_elsewhere_hands_over_nothing_but_what_is_plain() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        plain, other = Channel(ours, plain=True), Channel(theirs)
        report = Report("step", metrics=[Metric("m", 1.0, None, 0.0)], observed=Observed())
        other.send(("report", report))
        assert plain.receive() == ("report", report)
        other.send(("report", Report("step", observed=Observed(unseen=[say("reads %1", "x")]))))
        assert plain.receive()[1].observed.unseen[0].arguments == ("x",)
        other.send(("event", Path("of the notebook")))
        with pytest.raises(NotPlainError, match=r"pathlib.*please report"):
            plain.receive()
