"""Where secrets come from: files and folders that the user names, the environment, what an orchestrator mounts, the keyring."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from nb2pipe.diagnostics import UsageError, listed, say

MOUNTED = "/run/secrets"
"""Where Docker, Podman and Kubernetes' examples mount secrets, a file each."""
SERVICE = "nb2pipe"
"""What the keyring knows our secrets by."""
SHORTEST = 4
"""Letters that a secret has at least: fewer stand everywhere, and to take them out would leave no output whole."""
SHORT = 8
"""Letters below which a secret may stand in an output by chance."""


class Place(NamedTuple):
    """A place to look for secrets in: what it is called, and what it has under a name; None for nothing."""

    name: Callable[[str], str]
    get: Callable[[str], str | None]


def look_up(asked: Mapping[str, str], given: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """The values of secrets by name, and what there is to say of them. ``asked`` says of each who asks for it.

    The first place that has a secret counts: ``given``, files in the manner of dotenv and folders with a file for each secret,
    in their order; the environment; `MOUNTED`; the keyring, where there is one.

    Raises:
        UsageError: A place cannot be read, or a secret is nowhere, is empty, or is too short.
    """
    places = [
        *map(_given, given),
        Place(lambda _: say("the environment"), os.environ.get),
        _folder(MOUNTED),
        _keyring(),
    ]
    found, missing = {}, []
    notes: list[str] = []
    for name, who in asked.items():
        where, value = next(((p.name(name), v) for p in places if (v := p.get(name)) is not None), ("", None))
        if value is None:
            looked = listed([p.name(name) for p in places])
            missing.append(say("secret %1 is not found, which %2 asks for; looked at: %3", name, who, looked))
        elif not value:
            missing.append(say("secret %1 of %2 is empty; %3 asks for it", name, where, who))
        elif len(value) < SHORTEST:
            words = say(
                "secret %1 of %2 has %3 letters, which stand in every output; %4 asks for it",
                name,
                where,
                len(value),
                who,
            )
            missing.append(words)
        else:
            found[name] = value
            if len(value) < SHORT:
                words = say("secret %1 has %2 letters only: they are taken out wherever they stand", name, len(value))
                notes.append(words)
    if missing:
        said = say("give them in the environment, or with --secrets FILE or --secrets DIR")
        for one in reversed(missing):
            said = say("%1\n%2", one, said)
        raise UsageError(said)
    return found, notes


def _given(path: str) -> Place:
    if Path(path).is_dir():
        return _folder(path)
    values = _dotenv(path)
    return Place(lambda _: path, lambda name: None if name not in values else values[name] or "")


def _dotenv(path: str) -> dict[str, str | None]:
    try:
        dotenv: Any = importlib.import_module("dotenv")
    except ImportError:
        raise UsageError(
            f"--secrets {path}: needs python-dotenv; `pip install python-dotenv`, or give a folder"
        ) from None
    try:
        with Path(path).open(encoding="utf-8-sig") as file:
            return dict(dotenv.dotenv_values(stream=file, interpolate=False))
    except OSError as error:
        raise UsageError(f"--secrets {path} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise UsageError(f"--secrets {path} is not UTF-8 text") from None


def _folder(folder: str) -> Place:
    def get(name: str) -> str | None:
        file = Path(folder, name)
        if Path(name).name != name or not file.is_file():
            return None
        try:
            text = file.read_bytes().decode("utf-8")
        except OSError as error:
            raise UsageError(f"secret {name}: {file} cannot be read: {error.strerror or error}") from None
        except UnicodeDecodeError:
            raise UsageError(f"secret {name}: {file} is not UTF-8 text") from None
        return text.removesuffix("\n").removesuffix("\r")  # as `$(cat FILE)` has it, but for further lines

    return Place(lambda name: os.path.join(folder, name), get)


def _keyring() -> Place:
    """The keyring of the user's session, asked only for what is nowhere else: to import it is dear, and it may ask back."""
    state: str = say("the keyring (service %1)", SERVICE)

    def get(name: str) -> str | None:
        nonlocal state
        try:
            keyring: Any = importlib.import_module("keyring")
        except ImportError:
            state = say("the keyring (`keyring` is not installed)")
            return None
        try:
            found: str | None = keyring.get_password(SERVICE, name)
        except Exception as error:  # each backend has its own kinds
            why = str(error).splitlines()[0] if str(error) else type(error).__name__
            state = say("the keyring (%1)", why)
            return None
        return found

    return Place(lambda _: state, get)
