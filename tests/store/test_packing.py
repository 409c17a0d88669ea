"""Contents that are packed are found, checked and let go of like any other."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from nb2pipe.diagnostics import UsageError
from nb2pipe.store import care
from nb2pipe.store.contents import packed
from nb2pipe.store.digests import digest_of_bytes
from nb2pipe.store.rooms import Store, opened

LARGE = bytes(range(256)) * 64


def keep(store: Store, folder: Path, data: bytes) -> str:
    (folder / "made").write_bytes(data)
    digest = digest_of_bytes(data)
    store.contents.keep(folder / "made", digest)
    (folder / "made").unlink()
    return digest


def test_a_packed_content_is_a_content(tmp_path: Path) -> None:
    with opened(tmp_path / "results", packs=True) as store:
        digest = keep(store, tmp_path, LARGE)
        place = store.contents.path(digest)
        assert not place.exists()
        assert packed(place).stat().st_size < len(LARGE) / 10
        keep(store, tmp_path, LARGE)
    with opened(tmp_path / "results") as store:  # whoever opens it
        keep(store, tmp_path, LARGE)
        assert not place.exists()
        assert store.contents.is_there(digest)
        assert store.contents.has(digest)
        assert store.contents.take(digest, tmp_path / "taken")
        assert (tmp_path / "taken").read_bytes() == LARGE
        file = store.contents.file(digest)
        assert file.read_bytes() == LARGE
        assert store.contents.file(digest) == file
        assert care.size_of(store).size == packed(place).stat().st_size
        assert list(care.damaged(store)) == []
    assert not file.exists()


def test_what_gains_nothing_is_kept_as_it_is(tmp_path: Path) -> None:
    with opened(tmp_path / "results", packs=True) as store:
        for data in (b"small" * 100, os.urandom(9000)):
            assert store.contents.path(keep(store, tmp_path, data)).read_bytes() == data
        assert len([p for p in store.contents.root.rglob("*") if p.is_file()]) == 2


@pytest.mark.parametrize(
    "bad", [b"", b"no zstd", LARGE, "cut", "other"], ids=["empty", "else", "plain", "cut", "other"]
)
def test_a_damaged_one_is_let_go(tmp_path: Path, bad: bytes | str) -> None:
    with opened(tmp_path / "results", packs=True) as store:
        digest, other = keep(store, tmp_path, LARGE), keep(store, tmp_path, LARGE[1:])
        place = packed(store.contents.path(digest))
        whole = place.read_bytes()
        spoiled = {"cut": whole[:-4], "other": packed(store.contents.path(other)).read_bytes()}.get(str(bad), bad)
        for look in ("take", "has", "check"):
            place.unlink(missing_ok=True)
            place.write_bytes(spoiled if isinstance(spoiled, bytes) else b"")
            if look == "take":
                assert not store.contents.take(digest, tmp_path / "taken")
                assert not (tmp_path / "taken").exists()
            elif look == "has":
                assert not store.contents.has(digest)
            else:
                assert list(care.damaged(store)) == [place]
            assert not place.exists()
        keep(store, tmp_path, LARGE)
        assert store.contents.has(digest)


def test_what_nobody_names_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(care, "YOUNG", -10.0)
    with opened(tmp_path / "results", packs=True) as store:
        digest = keep(store, tmp_path, LARGE)
        assert care.collect(store, 1).contents == 1
        assert not store.contents.is_there(digest)


def test_without_a_library_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path / "results", packs=True) as store:
        digest = keep(store, tmp_path, LARGE)
        for name in ("compression", "zstandard"):
            monkeypatch.setitem(sys.modules, name, None)
        assert store.contents.is_there(digest)
        assert not store.contents.take("0" * 32, tmp_path / "taken")  # which needs none
        with pytest.raises(UsageError, match=r"pip install 'nb2pipe\[zstd\]'"):
            store.contents.take(digest, tmp_path / "taken")
