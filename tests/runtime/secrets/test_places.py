"""Where secrets are looked for, in which order, and what is said where they are not found."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest

from nb2pipe.diagnostics import UsageError
from nb2pipe.runtime.secrets import places


@pytest.fixture(autouse=True)
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "MOUNTED", str(tmp_path / "mounted"))
    monkeypatch.delenv("TOKEN", raising=False)
    monkeypatch.setitem(sys.modules, "keyring", None)


def look(*given: Path, name: str = "TOKEN") -> str:
    return places.look_up({name: "cell 1 (step a)"}, [str(g) for g in given])[0][name]


def folder(place: Path, content: bytes, name: str = "TOKEN") -> Path:
    place.mkdir()
    (place / name).write_bytes(content)
    return place


def test_the_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keyring = types.ModuleType("keyring")
    keyring.get_password = lambda service, name: f"{name} of {service}"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    assert look() == "TOKEN of nb2pipe"
    folder(tmp_path / "mounted", b"mounted")
    assert look() == "mounted"
    monkeypatch.setenv("TOKEN", "environment")
    assert look() == "environment"
    one, two = folder(tmp_path / "one", b"first"), folder(tmp_path / "two", b"second")
    assert look(one, two) == "first"
    assert look(two, one) == "second"


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b"value", "value"),
        (b"value\n", "value"),
        (b"value\r\n", "value"),
        (b"a b\nc d\n\n", "a b\nc d\n"),
        (" ключ".encode(), " ключ"),
    ],
)
def test_a_file_is_its_text_without_the_end_of_the_line(tmp_path: Path, content: bytes, value: str) -> None:
    assert look(folder(tmp_path / "one", content)) == value


def test_a_dotenv_file(tmp_path: Path) -> None:
    pytest.importorskip("dotenv")
    file = tmp_path / ".env"
    file.write_text("# comment\nexport TOKEN='a b $HOME #x'\nEMPTY=\nBARE\n", "utf-8")
    assert look(file) == "a b $HOME #x"
    for name in ("EMPTY", "BARE"):
        with pytest.raises(UsageError, match=rf"secret {name} of .*\.env is empty; cell 1 \(step a\) asks for it"):
            look(file, name=name)


def test_a_dotenv_file_without_the_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dotenv", None)
    with pytest.raises(UsageError, match="needs python-dotenv"):
        look(tmp_path / ".env")


def test_what_is_not_found_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as error:
        places.look_up(
            {"TOKEN": "cell 1 (step a)", "OTHER": "parameter `other`"}, [str(folder(tmp_path / "one", b"x", "Z"))]
        )
    assert str(error.value).splitlines() == [
        f"secret {name} is not found, which {who} asks for; looked at: {tmp_path}/one/{name}, the environment, {tmp_path}/mounted/{name}, "
        "the keyring (`keyring` is not installed)"
        for name, who in (("TOKEN", "cell 1 (step a)"), ("OTHER", "parameter `other`"))
    ] + ["give them in the environment, or with --secrets FILE or --secrets DIR"]


@pytest.mark.parametrize(("value", "said"), [("", "is empty"), ("abc", "has 3 letters, which stand in every output")])
def test_what_cannot_be_one(monkeypatch: pytest.MonkeyPatch, value: str, said: str) -> None:
    monkeypatch.setenv("TOKEN", value)
    with pytest.raises(UsageError, match=f"secret TOKEN of the environment {said}; cell 1"):
        look()


def test_a_short_one_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "1234")
    assert places.look_up({"TOKEN": "x"}, [])[1] == [
        "secret TOKEN has 4 letters only: they are taken out wherever they stand"
    ]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not UTF-8 text"):
        look(folder(tmp_path / "one", b"\xff\xfe\xff\xfe"))
    pytest.importorskip("dotenv")
    with pytest.raises(UsageError, match=r"--secrets .*missing cannot be read: No such file"):
        look(tmp_path / "missing")


def test_a_name_leads_to_no_other_folder(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("outside", "utf-8")
    with pytest.raises(UsageError, match="is not found"):
        look(folder(tmp_path / "one", b"x"), name="../other")


def test_a_keyring_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    keyring = types.ModuleType("keyring")

    def locked(service: str, name: str) -> str:
        raise RuntimeError("the collection is locked\nmore")

    keyring.get_password = locked  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    with pytest.raises(UsageError, match=r"the keyring \(the collection is locked\)"):
        look()
