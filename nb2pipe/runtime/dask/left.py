"""What a step leaves on a Dask worker: its values, which Dask moves to other workers, and its process where that is needed."""

from __future__ import annotations

import mmap
import pickle
import threading
import weakref
from collections.abc import Mapping, Sequence
from typing import Any

from nb2pipe.runtime.dask.room import Room
from nb2pipe.runtime.zygote import Child

_laying = threading.Lock()


class Held:
    """A process that has ended its step and holds what cannot leave it. It ends with the last that has it."""

    def __init__(self, room: Room, child: Child) -> None:
        self.room, self.child = room, child
        weakref.finalize(self, child.channel.close)


class Left:
    """What the step of a task has left. Its values are files in the room of a worker, and travel as their bytes.

    ``token`` tells its task from all others.
    """

    def __init__(self, token: str, sizes: Mapping[str, int], room: Room | None, held: Held | None) -> None:
        self.token = token
        self.held = held
        self._sizes = dict(sizes)
        self._room = room
        self._parts: Sequence[Any] = ()

    def __sizeof__(self) -> int:
        """What Dask places tasks by."""
        return object.__sizeof__(self) + sum(self._sizes.values())

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return _received, (self.token, self._sizes, [pickle.PickleBuffer(p) for p in self._parts or self._mapped()])

    def _mapped(self) -> list[mmap.mmap]:
        parts = []
        for name in self._sizes:
            assert self._room is not None  # noqa: S101  it has come from nowhere else
            with (self._room.folder / name).open("rb") as file:
                parts.append(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        return parts

    def lay(self, room: Room) -> None:
        """Put values that have come from another worker into the room, where steps find them."""
        with _laying:
            if self._room is not None:
                return
            for name, part in zip(self._sizes, self._parts, strict=True):
                path = room.folder / name
                if not path.exists():
                    temporary = path.with_name(f"{name}.part")
                    temporary.write_bytes(part)
                    temporary.replace(path)
            self._room, self._parts = room, ()


def _received(token: str, sizes: Mapping[str, int], parts: Sequence[Any]) -> Left:
    """What a step has left on another worker; its process has stayed there."""
    left = Left(token, sizes, None, None)
    left._parts = parts
    return left
