"""Stores that are an address of fsspec (``s3://bucket/folder``), and the folder of this machine that is a copy of each."""

from __future__ import annotations

import os
import re
from pathlib import Path

from nb2pipe.diagnostics import UsageError

_NAME = "address"


def is_address(text: str) -> bool:
    """Whether a store is an address, and no folder."""
    return "://" in text


def copy_of(address: str) -> Path:
    """The folder with the copy of a store elsewhere, made where there is none; it says itself what it is a copy of.

    Raises:
        UsageError: The address is none that can be told to others, or the folder cannot be made.
    """
    from urllib.parse import urlsplit

    from nb2pipe.store.digests import digest_of_text

    parts = urlsplit(address)
    if parts.password or parts.query or parts.fragment or "::" in address:
        # which is not said again: it would stand in logs
        raise UsageError(
            f"the store at {parts.scheme}://{parts.hostname or ''} has to be a plain address: credentials and options come from "
            "the environment or from fsspec's configuration"
        )
    address = address.rstrip("/")
    shown = re.sub(r"[^\w.-]+", "-", address)[-40:].strip("-.")
    chosen = Path(os.environ.get("XDG_CACHE_HOME", ""))
    try:
        place = chosen if chosen.is_absolute() else Path.home() / ".cache"
        folder = place / "nb2pipe" / "stores" / f"{shown}-{digest_of_text(address)[:16]}"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if address_of(folder) != address:
            temporary = folder / f".{_NAME}.{os.getpid()}.part"
            temporary.write_text(address, "utf-8")
            temporary.replace(folder / _NAME)
    except (OSError, RuntimeError) as error:  # RuntimeError: there is no home
        raise UsageError(f"there is no place for a copy of {address}: {getattr(error, 'strerror', error)}") from None
    return folder


def address_of(folder: Path) -> str | None:
    """The address that a folder is a copy of; None where it is a store itself."""
    try:
        return (folder / _NAME).read_text("utf-8")
    except OSError:
        return None
