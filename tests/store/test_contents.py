"""Contents by digest: there whole or not at all, once, and never given out damaged."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nb2pipe.diagnostics import UsageError
from nb2pipe.store import rooms
from nb2pipe.store.digests import digest_of_bytes, digest_of_file
from nb2pipe.store.rooms import Store, opened, room


def file(folder: Path, data: bytes, name: str = "value") -> tuple[Path, str]:
    path = folder / name
    path.write_bytes(data)
    return path, digest_of_bytes(data)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    with opened(tmp_path / "results") as found:
        yield found  # type: ignore[misc]  # a fixture


def test_what_is_kept_is_taken(store: Store, tmp_path: Path) -> None:
    path, digest = file(tmp_path, b"x" * 3_000_000)
    assert digest == digest_of_file(path)
    store.contents.keep(path, digest)
    assert store.contents.take(digest, tmp_path / "taken")
    assert (tmp_path / "taken").read_bytes() == path.read_bytes()
    assert (tmp_path / "taken").stat().st_ino == path.stat().st_ino  # linked, and not copied


def test_equal_contents_are_kept_once(store: Store, tmp_path: Path) -> None:
    for name in ("a", "b"):
        path, digest = file(tmp_path, b"same", name)
        store.contents.keep(path, digest)
    assert store.contents.keep_bytes(b"same") == digest
    assert sum(f.is_file() for f in store.contents.root.rglob("*")) == 1


@pytest.mark.parametrize("size", [100, 3_000_000])
@pytest.mark.parametrize("damage", ["cut", "changed", "empty"])
def test_what_is_damaged_is_let_go(store: Store, tmp_path: Path, size: int, damage: str) -> None:
    path, digest = file(tmp_path, os.urandom(size))
    store.contents.keep(path, digest)
    place = store.contents.path(digest)
    data = place.read_bytes()
    place.unlink()
    place.write_bytes({"cut": data[:-1], "changed": bytes([data[0] ^ 1]) + data[1:], "empty": b""}[damage])
    assert not store.contents.has(digest)
    assert not store.contents.take(digest, tmp_path / "taken")
    assert not (tmp_path / "taken").exists()
    assert not place.exists()
    assert store.contents.read(digest) is None
    store.contents.keep(path, digest)
    assert store.contents.take(digest, tmp_path / "taken")


def test_a_digest_leads_to_no_other_file(store: Store, tmp_path: Path) -> None:
    """A record that others have written may say anything; what is not what it says is let go."""
    path, _ = file(tmp_path, b"mine")
    for digest in (f"xx{path}", f"../../../{path.name}", "ab/../../../value", "", "A" * 32, "a" * 31):
        assert not store.contents.take(digest, tmp_path / "taken")
        assert store.contents.read(digest) is None
        assert not store.contents.has(digest)
        assert not store.contents.is_there(digest)
    assert path.read_bytes() == b"mine"


def test_a_large_file_that_nobody_touched_is_not_read_again(store: Store, tmp_path: Path) -> None:
    path, digest = file(tmp_path, b"y" * 2_000_000)
    os.utime(path, (1_000_000_000, 1_000_000_000))
    assert store.digests.of(path) == digest
    rows = store.database.execute("select digest from files").fetchall()
    assert rows == [(digest,)]
    path.write_bytes(b"z" * 2_000_000)
    assert store.digests.of(path) != digest


def test_the_room_of_a_run_that_was_killed_is_cleared(store: Store) -> None:
    left = store.folder / "work" / "run-left"
    left.mkdir(parents=True)
    (left / "lock").touch()
    with room(store) as one, room(store) as two:
        assert one.exists()
        assert two.exists()
        assert not left.exists()
    assert not one.exists()


@pytest.mark.parametrize("shared", [".", "results", "results/work"])
def test_the_room_of_a_run_is_no_place_that_others_can_write_to(tmp_path: Path, shared: str) -> None:
    store_folder = tmp_path / "store"
    with opened(store_folder / "results") as store:
        with room(store) as made:
            assert made.is_relative_to(store_folder)
        (store_folder / shared).chmod(0o777)
        with room(store) as made:
            assert not made.is_relative_to(store_folder)
            assert made.stat().st_mode & 0o777 == 0o700
            path, digest = file(made, b"x")
            store.contents.keep(path, digest)
            assert store.contents.take(digest, made / "taken")
        assert not made.exists()


def test_the_group_of_the_user_alone_is_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path / "results") as store:
        (tmp_path / "results").chmod(0o775)
        for alone in (True, False):
            monkeypatch.setattr(rooms, "_is_group_of_one", lambda gid, alone=alone: alone)
            with room(store) as made:
                assert made.is_relative_to(tmp_path / "results") == alone


def test_a_room_is_held_against_other_processes(store: Store, tmp_path: Path) -> None:
    script = (
        "from pathlib import Path\nfrom nb2pipe.store.rooms import opened, room\n"
        f"with opened(Path({str(store.folder)!r})) as store, room(store):\n    pass\n"
    )
    with room(store) as one:
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
        subprocess.run([sys.executable, "-c", script], env=environment, check=True, timeout=60)
        assert one.exists()


def test_a_store_that_cannot_be_made_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot be used"), opened(tmp_path / "file" / "results"):
        pass
