"""Values of recorded runs, loaded from the store."""

from __future__ import annotations

import contextlib
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nb2pipe.diagnostics import UsageError, say
from nb2pipe.records.trusted import loaded
from nb2pipe.replay.compare import Place, compared
from nb2pipe.replay.portrait import portrait
from nb2pipe.runtime.values import Absent
from nb2pipe.store.rooms import Store


def first_difference(store: Store, folder: Path, name: str, a: str, b: str, *, trust: bool = False) -> Place | None:
    """The first place in which two stored values of one name differ; None where they are equal.

    ``folder`` is that of the notebook, beside which modules may stand. Where nothing can be said, the place says why. With
    ``trust`` what others have written is loaded as it is.
    """
    if not (store.contents.has(a) and store.contents.has(b)):
        return Place(say("not compared: not in the store any more, or not kept"), "", "")
    try:
        with _beside(folder), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected, actual = (portrait(_value(store, digest, name, trust=trust)) for digest in (a, b))
    except UsageError as error:
        return Place(say("not compared: %1", *error.args), "", "")
    except Exception as error:  # whatever loading a value raises
        return Place(say("not compared: %1", f"{type(error).__name__}: {error}"), "", "")
    outcome = compared(expected, actual)
    if outcome.difference is None and outcome.unknown:
        return Place(say("not compared: %1", outcome.unknown), "", "")
    return outcome.difference


def _value(store: Store, digest: str, name: str, *, trust: bool) -> Any:
    found = loaded(store, digest, {"__name__": "__main__"}, trust=trust)[name]
    return None if isinstance(found, Absent) else found


@contextlib.contextmanager
def _beside(folder: Path) -> Iterator[None]:
    """Modules beside the notebook can be imported."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
