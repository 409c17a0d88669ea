"""What the user has kept is told from what others have put into the store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nb2pipe.store import results
from nb2pipe.store.keys import is_own, key_file, sealed, user_key
from nb2pipe.store.results import Result
from nb2pipe.store.rooms import opened


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


RESULT = Result(
    "recipe", "nb.ipynb", "load", 1.5, "run", 0.25, {"files": [("", ("a",), 3, "digest", False)], "events": "e"}
)


def test_the_key_is_the_users_alone_and_stays(state: Path) -> None:
    key = user_key()
    assert len(key.secret) == 32
    assert user_key() == key
    assert key_file() == state / "nb2pipe" / "key"
    assert (key_file().stat().st_mode & 0o777, key_file().parent.stat().st_mode & 0o777) == (0o600, 0o700)
    key_file().unlink()
    assert user_key().secret != key.secret


def test_a_state_folder_that_is_no_absolute_path_counts_for_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "here")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert key_file() == tmp_path / ".local" / "state" / "nb2pipe" / "key"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_key_that_others_can_read_signs_nothing(mode: int) -> None:
    user_key()
    key_file().chmod(mode)
    key = user_key()
    assert (key.secret, "is not yours alone" in key.why) == (b"", True)
    assert "signature" not in sealed(key, RESULT).facts
    assert not is_own(key, RESULT)


def test_what_was_signed_is_known_again(tmp_path: Path) -> None:
    key = user_key()
    with opened(tmp_path / "results") as store:
        results.add(store.database, sealed(key, RESULT))
        (found,) = results.find(store.database, "recipe")
    assert is_own(key, found)
    assert not is_own(key, RESULT)


@pytest.mark.parametrize(
    "change",
    [{"recipe": "other"}, {"step": "other"}, {"run": "other"}, {"made": 2.5},
     {"facts": {"files": [["", ["a"], 3, "other", False]], "events": "e"}}, {"facts": {"events": "e"}}],
    ids=str,
)  # fmt: skip
def test_what_was_changed_is_not(change: dict[str, Any]) -> None:
    key = user_key()
    found = sealed(key, RESULT)
    facts = {**change.get("facts", found.facts), "signature": found.facts["signature"]}
    assert not is_own(key, found._replace(**{**change, "facts": facts}))


def test_another_users_signature_is_a_strangers() -> None:
    key = user_key()
    key_file().unlink()
    assert not is_own(user_key(), sealed(key, RESULT))
