"""Signatures of lock files, made and checked by OpenSSH."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from nb2pipe.diagnostics import UsageError

NAMESPACE = "nb2pipe"
"""What the signatures are for, so that none that was made for something else counts."""


def signer(how: str) -> Callable[[bytes], bytes]:
    """What signs a lock file; ``how`` is "ssh:" and the path of a key.

    Raises:
        UsageError: There is no such way to sign, or no such key; also when it signs and that fails.
    """
    way, _, key = how.partition(":")
    if way != "ssh" or not key:
        raise UsageError(
            f"--sign {how}: signatures are made by ssh keys: --sign ssh:KEY, such as ssh:~/.ssh/id_ed25519"
        )
    path = Path(key).expanduser()
    if not path.is_file():
        raise UsageError(f"--sign {how}: there is no key {path}")

    def sign(content: bytes) -> bytes:
        done = _ssh_keygen(["sign", "-n", NAMESPACE, "-f", str(path)], content)
        if done.returncode:
            raise UsageError(f"--sign {how}: ssh-keygen could not sign: {_first_line(done.stderr)}")
        return done.stdout

    return sign


def signed_by(content: bytes, signature: bytes, signers: Path) -> str:
    """Who of ``signers`` (a file of allowed signers, as in ssh-keygen(1)) has signed a content; "" where nobody has.

    Raises:
        UsageError: There is no such file.
    """
    if not signers.is_file():
        raise UsageError(f"there is no file of allowed signers {signers}")
    with tempfile.NamedTemporaryFile(suffix=".sig") as file:
        file.write(signature)
        file.flush()
        found = _ssh_keygen(["find-principals", "-s", file.name, "-f", str(signers)], b"")
        for name in found.stdout.decode("utf-8", "replace").split("\n"):
            arguments = ["verify", "-n", NAMESPACE, "-f", str(signers), "-I", name, "-s", file.name]
            if name and not _ssh_keygen(arguments, content).returncode:
                return name
    return ""


def is_signature(content: bytes, signature: bytes) -> bool:
    """Whether a signature is one of this content, whoever made it."""
    with tempfile.NamedTemporaryFile(suffix=".sig") as file:
        file.write(signature)
        file.flush()
        return not _ssh_keygen(["check-novalidate", "-n", NAMESPACE, "-s", file.name], content).returncode


def _ssh_keygen(arguments: Sequence[str], content: bytes) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["ssh-keygen", "-Y", *arguments], input=content, capture_output=True, check=False)
    except FileNotFoundError:
        raise UsageError("signatures need ssh-keygen, of OpenSSH, which is not installed") from None


def _first_line(text: bytes) -> str:
    return next((line for line in text.decode("utf-8", "replace").splitlines() if line.strip()), "it says nothing")
