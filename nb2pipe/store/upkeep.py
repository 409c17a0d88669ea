"""Looking after the far end of a store: how large it is, what nobody needs any more, whether it is what its names say."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from nb2pipe.diagnostics import UsageError
from nb2pipe.store.care import YOUNG, digest_in
from nb2pipe.store.contents import is_digest
from nb2pipe.store.digests import digest_of_bytes, digest_of_file
from nb2pipe.store.elsewhere import RECORD, Elsewhere
from nb2pipe.store.objects import AwayError
from nb2pipe.store.packing import SUFFIX, unpack


def size_there(elsewhere: Elsewhere) -> tuple[int, int]:
    """How many contents there are, and their bytes.

    Raises:
        UsageError: It cannot be reached.
    """
    try:
        found = elsewhere.objects.find("contents")
    except AwayError as error:
        raise _told(elsewhere, error) from None
    return len(found), sum(one.size for one in found.values())


def collect_there(elsewhere: Elsewhere, wanted: set[str]) -> tuple[int, int]:
    """Send what was let go of here, and let go there of contents that are not ``wanted``; how many went, and their bytes.

    Raises:
        UsageError: It cannot be reached.
    """
    young = time.time() - YOUNG
    try:
        elsewhere.send(elsewhere.database)
        found = elsewhere.objects.find("contents")
        # where nobody says how old an object is, it stays: what is to name it may be on its way
        old = {n: f.size for n, f in found.items() if digest_in(n) not in wanted and (f.changed or young) < young}
        elsewhere.objects.remove(old)
        records = elsewhere.objects.find("records")
        known = {name for (name,) in elsewhere.database.execute("select name from sent")}
        last = {match["run"]: name for name in sorted(records) if (match := RECORD.fullmatch(name))}
        left = [n for n in records if (match := RECORD.fullmatch(n)) and n not in (known | {last[match["run"]]})]
        elsewhere.objects.remove(left)  # of senders that were ended between the new and the old
    except AwayError as error:
        raise _told(elsewhere, error) from None
    elsewhere.database.executemany("delete from away where digest = ?", [(digest_in(n),) for n in old])
    return len(old), sum(old.values())


def damaged_there(elsewhere: Elsewhere) -> Iterator[str]:
    """Fetch all that is there; what is not what its name says is let go, or put anew where it is whole here. Which these were.

    Raises:
        UsageError: It cannot be reached.
    """
    objects = elsewhere.objects
    try:
        with TemporaryDirectory(prefix="nb2pipe-") as folder:
            here = Path(folder, "content")
            for name in sorted(objects.find("contents")):
                if objects.fetch(name, here) and _digest(here, packed=name.endswith(SUFFIX)) != digest_in(name):
                    yield _mended(elsewhere, name)
        names = {n: m["digest"] for n in sorted(objects.find("records")) if (m := RECORD.fullmatch(n))}
        for name, digest in names.items():
            if any(digest_of_bytes(data) != digest for data in objects.read([name]).values()):
                objects.remove([name])
                yield name
    except AwayError as error:
        raise _told(elsewhere, error) from None


def _digest(path: Path, *, packed: bool) -> str:
    return unpack(path, None) if packed else digest_of_file(path)


def _mended(elsewhere: Elsewhere, name: str) -> str:
    digest = digest_in(name)
    elsewhere.objects.remove([name])
    elsewhere.database.execute("delete from away where digest = ?", (digest,))
    here = elsewhere.path(digest) if is_digest(digest) else None
    if here is not None and here.is_file() and digest_of_file(here) == digest:
        elsewhere.send_content(digest)
        elsewhere.database.execute("insert or ignore into away values (?)", (digest,))
        return f"{name}, and sent again"
    return name


def _told(elsewhere: Elsewhere, error: Exception) -> UsageError:
    return UsageError(f"the store {elsewhere.address} cannot be used: {error}")
