"""Puts back what a step of a recorded run took; the first cell of a notebook that `nb2pipe open` wrote calls this."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nb2pipe.records.trusted import loaded
from nb2pipe.runtime import states
from nb2pipe.runtime.values import Absent
from nb2pipe.store.addresses import copy_of, is_address
from nb2pipe.store.rooms import opened


def take(namespace: dict[str, Any], *, store: str, folder: str, values: Mapping[str, str], trust: bool = False) -> None:
    """Bind values in ``namespace``, and put states of the process back, as a step found them.

    ``values`` are the digests of their files in ``store``, in the order in which they were made; ``folder`` is the notebook's.
    With ``trust`` what others have written to the store is loaded as it is.

    Raises:
        UsageError: The store has one of them no more, or one was written by another and may do harm.
    """
    os.chdir(folder)
    sys.path.insert(0, folder)
    held: dict[str, Any] = {}
    files: dict[str, list[str]] = {}
    for name, digest in values.items():
        files.setdefault(digest, []).append(name)
    with opened(copy_of(store) if is_address(store) else Path(store)) as found:
        # first the states by which modules are found and imported, then values
        early = {d: n for d, n in files.items() if all(map(states.restored_early, n))}
        for digest in early:
            held |= loaded(found, digest, namespace, trust=trust)
        for name in sorted(held, key=states.restore_rank):
            _restore(name, held[name])
        for digest, names in files.items():
            if digest not in early:
                values_of = loaded(found, digest, namespace, trust=trust)
                held |= {name: values_of[name] for name in names}
    namespace |= {n: v for n, v in held.items() if not n.startswith("<") and not isinstance(v, Absent)}
    for name in sorted(n for n in held if n.startswith("<") and not states.restored_early(n)):
        _restore(name, held[name])


def _restore(name: str, value: Any) -> None:
    if value is not None and not isinstance(value, Absent):
        states.state_of(name).restore(value)
