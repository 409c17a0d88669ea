"""A store that is an address of fsspec: what one machine records others have, and nothing that is damaged is taken."""

from __future__ import annotations

import gzip
import json
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.registry import _registry

from nb2pipe.diagnostics import UsageError
from nb2pipe.store import care, elsewhere, results, results_folder, runs, store_folder
from nb2pipe.store.objects import AwayError, Objects
from nb2pipe.store.results import Result
from nb2pipe.store.rooms import Store, opened, sending
from nb2pipe.store.runs import Run, StepRun
from nb2pipe.store.upkeep import collect_there, damaged_there, size_there

RUN = "20261126-100000-abcd"
LARGE = bytes(range(256)) * 64


@pytest.fixture
def address(request: pytest.FixtureRequest) -> str:
    return f"memory://{request.node.name}"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """From now on this is the machine of that name: what it keeps of addresses is its own."""
    return lambda name: monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / name))


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def there(address: str, told: list[str]) -> Callable[..., Any]:
    return lambda packs=False: opened(results_folder(Path.cwd(), address), packs=packs, say=told.append)


def record(
    store: Store, run: str = RUN, step: str = "load", content: bytes = b"what it gave", status: str = "ok"
) -> str:
    """A run with a step, a metric and a result with a content, as runs leave them; the digest of the content."""
    digest = store.contents.keep_bytes(content)
    results.note(store.database, "packages", "what is installed")
    runs.begin(store.database, Run(run, "/nb.ipynb", "", time.time(), None, {"parameters": {}, "packages": "packages"}))
    runs.step(store.database, run, StepRun(step, "ok", {"key": "recipe", "values": {"a": digest}}))
    runs.measure(store.database, run, step, ("loss", 0.5, 1, 2.0))
    facts = {"events": digest, "parts": {}, "files": [["", ["a"], 1, digest, False]]}
    results.add(store.database, Result("recipe", "/nb.ipynb", step, time.time(), run, 0.1, facts))
    results.refuse(store.database, "recipe", "reads the clock")
    if status != "running":
        runs.end(store.database, run, status)
    return digest


def objects(address: str, folder: str) -> dict[str, bytes]:
    files, root = fsspec.core.url_to_fs(address)
    return {p.removeprefix(root).lstrip("/"): files.cat_file(p) for p in files.find(f"{root}/{folder}")}


def spoil(address: str, name: str, data: bytes) -> None:
    files, root = fsspec.core.url_to_fs(address)
    files.pipe_file(f"{root}/{name}", data)


def test_what_one_machine_has_recorded_another_has(machine: Any, there: Any, tmp_path: Path) -> None:
    machine("one")
    with there() as store:
        digest = record(store)
        salt = store.salt
    machine("two")
    with there() as store:
        run = runs.named(store.database, "last")
        assert (run.id, run.status, [s.name for s in run.steps]) == (RUN, "ok", ["load"])
        assert runs.metrics_of(store.database, RUN) == (("load", ("loss", 0.5, 1, 2.0)),)
        assert [r.facts["events"] for r in results.find(store.database, "recipe")] == [digest]
        assert results.noted(store.database, "packages") == "what is installed"
        assert results.refusal(store.database, "recipe") == "reads the clock"
        assert store.contents.is_there(digest)
        assert not store.contents.path(digest).exists()
        assert store.contents.take(digest, tmp_path / "taken")
        assert (tmp_path / "taken").read_bytes() == store.contents.read(digest) == b"what it gave"
        assert store.salt == salt
        runs.remove(store.database, RUN)
        store.database.execute("delete from results")
    machine("one")
    with there() as store:
        assert runs.newest(store.database) == ()
        assert list(results.find(store.database, "recipe")) == []


def test_what_is_known_is_not_asked_for_again(machine: Any, there: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    machine("one")
    with there() as store:
        record(store)
    asked = []
    for name in ("find", "read", "fetch", "has", "put", "remove"):
        real = getattr(Objects, name)
        monkeypatch.setattr(Objects, name, lambda self, *a, n=name, real=real: asked.append(n) or real(self, *a))
    with there():
        pass
    assert asked == ["find"]
    machine("two")
    with there() as store:  # the content is there: only the record of the new run is sent
        record(store, f"{RUN}2")
    assert asked[1:] == ["find", "read", "read", "put"]


def test_a_damaged_content_is_made_again(machine: Any, there: Any, address: str, tmp_path: Path) -> None:
    machine("one")
    with there() as store:
        digest = record(store)
    (name,) = objects(address, "contents")
    spoil(address, name, b"what it")
    machine("two")
    with there() as store:
        assert not store.contents.has(digest)
        assert not store.contents.take(digest, tmp_path / "taken")
        assert store.contents.read(digest) is None
        assert not any(store.contents.root.rglob("*.*"))
        record(store, f"{RUN}2")
    assert objects(address, "contents") == {name: b"what it gave"}


def test_a_damaged_record_is_none(machine: Any, there: Any, address: str, told: list[str]) -> None:
    machine("one")
    with there() as store:
        record(store)
    name = next(n for n in objects(address, "records") if RUN in n)
    whole = objects(address, "records")[name]
    machine("two")
    for bad in (whole[:-20], gzip.compress(json.dumps({"form": 1, "run": RUN, "runs": [[RUN, 3]]}).encode())):
        spoil(address, name, bad)
        with there() as store:
            assert runs.newest(store.database) == ()
        assert f"of run {RUN} cannot be read" in told.pop()
    machine("one")
    with there() as store:
        assert list(damaged_there(store.elsewhere)) == [name]
    assert not any(RUN in n for n in objects(address, "records"))


def test_rows_of_strangers_lead_nowhere(machine: Any, there: Any, address: str, tmp_path: Path) -> None:
    (tmp_path / "private").write_text("mine")
    machine("one")
    for bad in (f"../../{'../' * 20}{tmp_path}/private", "contents", ""):
        with there() as store:
            run = f"{RUN}{len(bad)}"
            record(store, run)
            facts = {"events": bad, "files": [["", ["a"], 1, bad, False]]}
            results.add(store.database, Result("r", "/nb.ipynb", "load", 1.0, run, 0.1, facts))
            assert not store.contents.is_there(bad)
            assert not store.contents.has(bad)
        assert b"mine" not in objects(address, "").values()


def test_a_run_that_goes_on_elsewhere_is_not_lost(machine: Any, there: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    machine("one")
    with there() as store:
        record(store, status="running")
        facts = {"pid": 1, "process": "gone", "parameters": {}}
        runs.begin(store.database, Run("20261126-100001-abcd", "/nb.ipynb", "", time.time(), None, facts))
        runs.tell(store.database, RUN, {"pid": 1, "process": runs.process_of(1)})
    machine("two")
    with there() as store:
        assert [r.status for r in runs.newest(store.database)] == ["lost", "running"]
        later = time.time() + 3600
        monkeypatch.setattr(time, "time", lambda: later)
        assert runs.named(store.database, RUN).status == "lost"


def test_what_cannot_be_sent_stays_and_is_sent_later(
    machine: Any, there: Any, address: str, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: Any) -> None:
        raise AwayError(ConnectionError("no route to https://host/x?signature=secret"))

    machine("one")
    with there():
        pass
    with monkeypatch.context() as patch:
        for name in ("put", "find", "fetch", "read"):
            patch.setattr(Objects, name, unreachable)
        with there() as store:
            digest = record(store)
            assert store.contents.has(digest)
            assert not store.contents.has("0" * 32)
        assert len(told) == 1  # once
        assert "cannot be reached (ConnectionError: no route to https://host/x?...)" in told[0]
        assert "signature" not in told[0]
        with pytest.raises(UsageError, match="cannot be used: ConnectionError"):
            size_there(store.elsewhere)
        machine("two")
        with pytest.raises(UsageError, match="cannot be used: ConnectionError"), there():
            pass
    assert not objects(address, "contents")
    machine("one")
    with there() as store:
        assert runs.named(store.database, RUN).status == "ok"
    assert list(objects(address, "contents").values()) == [b"what it gave"]


def test_it_is_sent_while_a_run_goes_on(
    machine: Any, there: Any, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elsewhere, "_EVERY", 0.02)
    machine("one")
    with there() as store, sending(store):
        record(store, status="running")
        until = time.monotonic() + 20
        while not any(RUN in n for n in objects(address, "records")) and time.monotonic() < until:
            time.sleep(0.02)
        assert len(objects(address, "contents")) == 1
        runs.end(store.database, RUN, "ok")
    assert not [t for t in threading.enumerate() if t.name.startswith("nb2pipe-send")]
    assert sum(RUN in n for n in objects(address, "records")) == 1


def test_processes_that_use_one_copy_do_not_take_each_others_records_for_gone(
    machine: Any, there: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine("one")
    with there() as store:
        listed, find = threading.Event(), Objects.find

        def slowly(self: Objects, folder: str) -> Any:
            found = find(self, folder)
            listed.set()
            time.sleep(0.2)
            return found

        monkeypatch.setattr(Objects, "find", slowly)

        def open_too() -> None:
            with there():
                pass

        other = threading.Thread(target=open_too)
        other.start()
        assert listed.wait(20)
        record(store)
        store.elsewhere.send(store.database)
        other.join()
        assert runs.named(store.database, RUN).status == "ok"
        assert len(list(results.find(store.database, "recipe"))) == 1


def test_what_nobody_needs_goes_there_too(
    machine: Any, there: Any, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine("one")
    with there() as store:
        record(store, content=b"old")
        record(store, f"{RUN}2", content=b"new")
        runs.remove(store.database, RUN)
        store.contents.keep_bytes(b"of nobody")
    assert sorted(objects(address, "contents").values()) == [b"new", b"old"]
    with there() as store:
        assert collect_there(store.elsewhere, set()) == (0, 0)  # they may be waiting for their records
    monkeypatch.setattr(care, "YOUNG", -10.0)
    monkeypatch.setattr("nb2pipe.store.upkeep.YOUNG", -10.0)
    with there() as store:
        assert care.collect(store, 1).results == 1
        assert collect_there(store.elsewhere, care.named(store, 1)) == (1, 3)
        assert size_there(store.elsewhere) == (1, 3)
    machine("two")
    with there() as store:
        assert [r.id for r in runs.newest(store.database)] == [f"{RUN}2"]
        assert len(list(results.find(store.database, "recipe"))) == 1


def test_what_is_damaged_there_is_sent_again_where_it_is_whole_here(machine: Any, there: Any, address: str) -> None:
    machine("one")
    with there(packs=True) as store:
        record(store, content=LARGE)
        record(store, f"{RUN}2", content=b"small")
        assert list(damaged_there(store.elsewhere)) == []
    packed, plain = sorted(objects(address, "contents"), key=lambda n: not n.endswith(".zst"))
    before = objects(address, "contents")
    for name in (packed, plain):
        spoil(address, name, before[name][:-3])
    with there(packs=True) as store:
        assert sorted(damaged_there(store.elsewhere)) == sorted(f"{n}, and sent again" for n in (packed, plain))
    assert objects(address, "contents") == before
    spoil(address, plain, b"")
    machine("two")
    with there() as store:
        assert list(damaged_there(store.elsewhere)) == [plain]
    assert [*objects(address, "contents")] == [packed]


def test_contents_are_packed_on_their_way(
    machine: Any, there: Any, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elsewhere, "_BIG", 9000)
    machine("one")
    with there(packs=True) as store:
        digest = record(store, content=LARGE)
        assert store.contents.path(digest).stat().st_size == len(LARGE)
    ((name, data),) = objects(address, "contents").items()
    assert name.endswith(".zst")
    assert len(data) < len(LARGE) / 10
    for packs in (False, True):
        machine(f"two{packs}")
        with there(packs=packs) as store:
            assert store.contents.take(digest, tmp_path / f"taken{packs}")
        assert (tmp_path / f"taken{packs}").read_bytes() == LARGE


def test_the_copy_does_not_grow_for_ever(
    machine: Any, there: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NB2PIPE_COPY_GIB", str(len(LARGE) * 1.5 / 2**30))
    machine("one")
    with there() as store:
        first = record(store, content=LARGE)
        time.sleep(0.02)
        second = record(store, f"{RUN}2", content=LARGE[1:])
        unsent = store.contents.keep_bytes(LARGE[2:])
    with there() as store:
        assert [store.contents.path(d).exists() for d in (first, second, unsent)] == [False, False, True]
        assert store.contents.take(first, tmp_path / "taken")
    monkeypatch.setenv("NB2PIPE_COPY_GIB", "much")
    with pytest.raises(UsageError, match="NB2PIPE_COPY_GIB has to be a number of GiB, and is 'much'"), there():
        pass


def test_a_network_folder_has_no_object_that_is_not_whole(
    machine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"file://{tmp_path}/shared"
    machine("one")
    with opened(results_folder(tmp_path, address)) as store:
        digest = record(store)
        monkeypatch.setattr("shutil.move", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            store.elsewhere.objects.put("contents/ff/f", b"half")
        assert list(store.elsewhere.objects.find("contents")) == []
        monkeypatch.undo()
    machine("two")
    with opened(results_folder(tmp_path, address)) as store:
        assert store.contents.read(digest) == b"what it gave"


def test_an_address_has_no_credentials(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for bad in ("sftp://me:hidden@host/x", "https://host/x?sig=hidden", "s3://b/x#hidden", "simplecache::s3://hidden"):
        with pytest.raises(UsageError, match="has to be a plain address") as caught:
            results_folder(tmp_path, bad)
        assert "hidden" not in str(caught.value).replace("s3://hidden", "")
    with pytest.raises(UsageError, match="is no folder"):
        store_folder(tmp_path, "s3://bucket/x")


def test_all_else_is_kept_in_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NB2PIPE_STORE", "s3://bucket/x")
    assert store_folder(tmp_path) == tmp_path / ".nb2pipe"


def test_what_is_not_installed_is_named(machine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine("one")
    for module, bad, needed in (
        ("fsspec.core", "s3://b/x", r"nb2pipe\[s3\]"),
        ("fsspec.core", "memory://x", r"nb2pipe\[remote\]"),
        ("s3fs", "s3://b/x", r"nb2pipe\[s3\]"),
        ("gcsfs", "gs://b/x", "gcsfs"),
    ):
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, module, None)
            patch.delitem(_registry, "s3", raising=False)
            with (
                pytest.raises(UsageError, match=f"needs `pip install '?{needed}"),
                opened(results_folder(tmp_path, bad)),
            ):
                pass
    with (
        pytest.raises(UsageError, match="Protocol not known: nowhere"),
        opened(results_folder(tmp_path, "nowhere://x")),
    ):
        pass


def test_a_folder_has_none_of_this(tmp_path: Path) -> None:
    with opened(tmp_path / "results") as store:
        record(store)
        assert store.elsewhere is None
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            store.database.execute("select * from unsent")
