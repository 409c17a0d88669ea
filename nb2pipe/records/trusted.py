"""Values of a store are loaded as they are where the user has signed them, and those of others only where they are harmless."""

from __future__ import annotations

from typing import Any

from nb2pipe.diagnostics import UsageError, say
from nb2pipe.runtime.strangers import Harmful
from nb2pipe.runtime.task import files_of
from nb2pipe.runtime.values import as_bound, load_file
from nb2pipe.store import results
from nb2pipe.store.keys import is_own, user_key
from nb2pipe.store.rooms import Store


def loaded(store: Store, digest: str, namespace: dict[str, Any], *, trust: bool) -> dict[str, Any]:
    """The values of the file with this digest, by name; with ``trust`` they are loaded whoever wrote them.

    Raises:
        UsageError: It is not in the store, or was written by another and may do harm.
    """
    if not store.contents.has(digest):
        raise UsageError(say("what has the digest %1 is not in the store any more, or was not kept", digest))
    known = None if trust else _proof(store, digest)
    try:
        return as_bound(load_file(store.contents.file(digest), namespace, known))
    except Harmful as error:
        wanted = ", ".join(f"`{n}`" for n in error.args[:3])
        raise UsageError(
            say("it was not written by you and needs %1, which may do harm; --trust loads it as it is", wanted)
        ) from None


def _proof(store: Store, digest: str) -> str:
    """What the user has signed of the file with this digest; "" where nothing is."""
    key = user_key()
    for result in results.naming(store.database, digest):
        if is_own(key, result):
            for file in files_of(result.facts):
                if file.digest == digest:
                    return file.proof
    return ""
