"""Keys: the salt of a store, and the user's own, which signs what runs keep; it never stands in a store."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
from pathlib import Path
from typing import NamedTuple

from nb2pipe.diagnostics import say
from nb2pipe.store.results import Result

_LENGTH = 32
_SIGNATURE = "signature"


class Key(NamedTuple):
    """The key of the user; without ``secret`` there is none, and ``why`` says why."""

    secret: bytes
    why: str = ""


def random_key(file: Path, length: int) -> bytes:
    """The key in a file that only its owner can read, made where there is none.

    Raises:
        OSError: It cannot be read or written.
    """
    with contextlib.suppress(FileNotFoundError):
        found = file.read_bytes()
        if len(found) == length:
            return found
    temporary = file.with_name(f".{file.name}.{os.getpid()}.part")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(os.urandom(length))
    with contextlib.suppress(FileExistsError):  # of two runs that begin at once, one makes it
        os.link(temporary, file)
    if len(file.read_bytes()) != length:
        temporary.replace(file)
    temporary.unlink(missing_ok=True)
    return file.read_bytes()


def key_file() -> Path:
    """Where the user's key is: in the folder for what programs keep, XDG_STATE_HOME or ``~/.local/state``."""
    chosen = Path(os.environ.get("XDG_STATE_HOME", ""))
    folder = chosen if chosen.is_absolute() else Path.home() / ".local" / "state"
    return folder / "nb2pipe" / "key"


def user_key() -> Key:
    """The user's key, made where there is none; one that others can read or write signs nothing."""
    file: Path | str = say("a key of your own")
    try:
        file = key_file()
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        secret = random_key(file, _LENGTH)
        found = file.stat()
    except (OSError, RuntimeError) as error:  # RuntimeError: there is no home
        why = getattr(error, "strerror", None) or str(error)
        return Key(b"", say("%1 cannot be kept: %2", file if isinstance(file, str) else str(file), why))
    if found.st_uid != os.getuid() or found.st_mode & 0o077:
        why = say("%1 is not yours alone: `chmod 600` it, or remove it if others may have read it", str(file))
        return Key(b"", why)
    return Key(secret)


def sealed(key: Key, result: Result) -> Result:
    """A result with the user's signature, where there is a key."""
    if not key.secret:
        return result
    return result._replace(facts={**result.facts, _SIGNATURE: _signature(key, result)})


def is_own(key: Key, result: Result) -> bool:
    """Whether the user has signed a result, and nothing of it was changed since."""
    found = result.facts.get(_SIGNATURE)
    return bool(key.secret) and isinstance(found, str) and hmac.compare_digest(found, _signature(key, result))


def _signature(key: Key, result: Result) -> str:
    facts = {name: value for name, value in result.facts.items() if name != _SIGNATURE}
    text = json.dumps(["nb2pipe result", *result[:-1], facts], sort_keys=True)
    return hmac.new(key.secret, text.encode("utf-8"), hashlib.sha256).hexdigest()
