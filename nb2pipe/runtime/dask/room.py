"""What a run has on a Dask worker: a folder, the parent that forks the processes of steps, a way to speak to the scheduler."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import threading
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from nb2pipe.runtime import sources
from nb2pipe.runtime.parent import SEEDED
from nb2pipe.runtime.zygote import Child, Zygote, ZygoteError

HASHES = "PYTHONHASHSEED"


class Facts(NamedTuple):
    """What every worker is told of a run.

    ``queue`` is where its messages go, ``modules`` what steps import, ``cwd`` where they run. All have the seed of hashes
    ``seed``, so that sets have one order in all of them. ``environment`` is there where it is not to be the worker's own.
    ``shared`` is a file that the run's machine has made, which a worker sees that can use the run's own folder; without one
    values are in folders of the workers, where the text of the notebook's ``cells`` is needed as well.
    """

    run: str
    queue: str
    modules: tuple[str, ...]
    cwd: str
    seed: str
    environment: Mapping[str, str] | None
    shared: str
    cells: bytes


class Place:
    """The room of a run on whatever worker this is. It can be sent to another, where it makes a room of its own."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._room: Room | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return Place, (self._facts,)

    def room(self) -> Room:
        """The room, made if there is none yet.

        Raises:
            ZygoteError: This worker has not what the run needs.
        """
        if self._room is None:
            self._room = _room(self._facts)
        return self._room


class Room:
    """The room itself. It is gone with the last that has it: the place, values in it, a process that was left."""

    def __init__(self, facts: Facts, folder: Path, zygote: Zygote, say: Any) -> None:
        self.facts = facts
        self.folder = folder
        self.say = say
        self._zygote = zygote
        self._lock = threading.Lock()

    def fork(self, environment: Mapping[str, str]) -> Child:
        """A new process for steps."""
        with self._lock:
            return self._zygote.fork(payload=(dict(environment), True))

    def wait(self, pid: int) -> int:
        """Wait for a process that has hung up; its wait status."""
        with self._lock:
            return self._zygote.wait(pid)

    def kill(self, pid: int) -> None:
        """End a process, and what it has started."""
        self._zygote.kill(pid)


_rooms: weakref.WeakValueDictionary[str, Room] = weakref.WeakValueDictionary()
_making = threading.Lock()


def _room(facts: Facts) -> Room:
    with _making:
        room = _rooms.get(facts.run)
        if room is None:
            room = _rooms[facts.run] = _made(facts)
        return room


def _made(facts: Facts) -> Room:
    from distributed import Queue, get_client, get_worker

    if not Path(facts.cwd).is_dir():
        raise ZygoteError(f"the folder {facts.cwd} is not there on the worker {get_worker().address}")
    if facts.shared and not Path(facts.shared).exists():
        raise ZygoteError(f"the worker {get_worker().address} does not see the folder of the run")
    environment = dict(os.environ if facts.environment is None else facts.environment)
    given = (
        environment.get(HASHES, "") if facts.environment is not None else ""
    )  # Dask gives its workers one of its own
    environment |= {HASHES: facts.seed, SEEDED: given}
    folder = Path(tempfile.mkdtemp(prefix="nb2pipe-", dir=get_worker().local_directory))
    if facts.cells:
        sources.put_in(folder, facts.cells)
    zygote = Zygote(facts.modules, facts.cwd, env=environment)
    queue = Queue(facts.queue, client=get_client())
    room = Room(facts, folder, zygote, queue.put)
    weakref.finalize(room, _leave, zygote, folder, queue).atexit = False  # with the worker all of it ends by itself
    return room


def _leave(zygote: Zygote, folder: Path, queue: Any) -> None:
    """Nobody has the room any more. This is called wherever that happens, and must not hold it up."""

    def leave() -> None:
        with contextlib.suppress(Exception):  # the scheduler may be gone
            queue.close()
        zygote.close()
        shutil.rmtree(folder, ignore_errors=True)

    threading.Thread(target=leave, name="nb2pipe-leave", daemon=True).start()
