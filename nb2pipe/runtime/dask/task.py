"""What runs on a Dask worker: a task of Dask's, which runs a step in a process beside the worker and passes on what that says."""

from __future__ import annotations

import pickle
import select
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from nb2pipe.runtime.channel import Channel
from nb2pipe.runtime.dask.left import Held, Left
from nb2pipe.runtime.dask.room import Place, Room
from nb2pipe.runtime.task import Report, Task

_LOOK = 0.1  # seconds between two looks at whether the task is still wanted
_MANY = 200  # messages that are passed on at once, at most


class Lost(Exception):
    """What the task with this token had done, or left, is lost with its worker."""


def run_step(
    place: Place, token: str, task: Task, environment: Mapping[str, str], left: Sequence[Left], host: Left | None
) -> Left:
    """Run a step in a new process, or in the one that ``host`` holds, with the values that others have ``left``.

    Dask runs a task again when its worker is lost, though the step may have done something that must not be done twice,
    and would draw other numbers than those that others have had. It is the scheduler of nb2pipe who decides, so this
    task runs once.

    Raises:
        Lost: It has run before, or the process is not there any more.
        ZygoteError: No process can be started.
    """
    from distributed import Event, get_client, get_worker

    worker = get_worker()
    key = worker.get_current_task()
    once = Event(token, client=get_client())
    if once.is_set():
        raise Lost(token)
    once.set()
    room = place.room()
    held = None if host is None else host.held
    if host is not None and held is None:
        raise Lost(host.token)
    for one in left:
        one.lay(room)
    carried = not room.facts.shared
    if carried:
        task = replace(task, folder=str(room.folder))
    child = room.fork(environment) if held is None else held.child

    def wanted() -> bool:
        found = worker.state.tasks.get(key)
        return found is not None and found.state in ("executing", "long-running")

    relay = _Relay(room, token, worker.address)
    relay.say(("began", worker.address))
    channel = Channel(child.channel)
    channel.send(task)
    report = relay.run(channel, wanted)
    if report is None:  # the process has ended, or nobody wants what it does
        if not wanted():
            room.kill(child.pid)
        relay.say(("ended", room.wait(child.pid)), now=True)
        child.channel.close()
        return Left(token, {}, None, None)
    if held is None and (report.unstorable or report.together):
        held = Held(room, child)
    elif held is None:
        child.channel.close()
    sizes = {f.name: f.size for f in report.files} if carried else {}
    return Left(token, sizes, room if carried else None, held)


class _Relay:
    """Passes on what a process says, many messages at once where it says much."""

    def __init__(self, room: Room, token: str, worker: str) -> None:
        self._room, self._token = room, token
        self._said: list[Any] = []

    def say(self, message: Any, *, now: bool = False) -> None:
        """Say something, now or with what comes next."""
        self._said.append(message)
        if now or len(self._said) >= _MANY:
            self.flush()

    def flush(self) -> None:
        """Say now what is to be said."""
        if self._said:
            self._room.say([self._token, pickle.dumps(self._said, protocol=5)])
            self._said = []

    def run(self, channel: Channel, wanted: Any) -> Report | None:
        """Pass on all until the report; None where there is none."""
        looked = time.monotonic()
        while True:
            ready = select.select([channel.sock], [], [], 0 if self._said else _LOOK)[0]
            if not ready:
                self.flush()
            if time.monotonic() - looked >= _LOOK:
                looked = time.monotonic()
                if not wanted():
                    return None
            if ready:
                try:
                    message = channel.receive()
                except OSError:
                    message = None
                if message is None:
                    return None
                kind, what = message
                if kind == "sure":
                    self.flush()
                    channel.send(None)
                    continue
                self.say(message, now=kind == "report")
                if isinstance(what, Report):
                    return what
