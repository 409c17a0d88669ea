"""A notebook run top to bottom in a fresh kernel: what it shows, and portraits of what it computes."""

from __future__ import annotations

import asyncio
import copy
import math
import pickle
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nb2pipe.diagnostics import Nb2pipeError, say
from nb2pipe.interpreters import start_there
from nb2pipe.replay.place import Place, environment, lay_out
from nb2pipe.replay.portrait import Node

if TYPE_CHECKING:
    from nb2pipe.replay.compare import Portrait

PROBE = Path(__file__).with_name("probe.py")
SEEDING = Path(__file__).with_name("seeding.py")
CLOCK = Path(__file__).with_name("clock.py")
COMMANDS = Path(__file__).with_name("commands.py")
_PATIENCE = 900.0  # seconds, for a probe
_BUILTINS = "__import__('builtins')"


class NotebookFails(Nb2pipeError):
    """The notebook itself does not run from top to bottom."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What to look at behind a cell: the names, under a key of one's own."""

    cell: int
    key: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Replay:
    """What a run has given: portraits by the probe's key and the name, and the outputs of cells by their position.

    ``redrawn`` are the cells that have changed or cleared what they had shown; ``seconds`` is how long the cells took.
    """

    values: Mapping[str, Mapping[str, Portrait]]
    outputs: Mapping[int, Sequence[Mapping[str, Any]]]
    redrawn: frozenset[int] = frozenset()
    seconds: float = 0.0


@dataclass(slots=True)
class _Seen:
    outputs: dict[int, Any] = field(default_factory=dict)
    redrawn: set[int] = field(default_factory=set)


def replay(
    document: Any, place: Place, probes: Sequence[Probe], timeout: float | None = None, *, alike: bool = False
) -> Replay:
    """Run a notebook (an nbformat node) in a fresh copy of its folder; its cells that are tagged ``skip`` are left out.

    ``timeout`` is in seconds, for each cell; ``alike`` is whether the shared random states begin with a seed, the time
    with a clock that goes on by looks, and commands run away from a terminal.

    Raises:
        NotebookFails: A cell fails that is not expected to, or takes too long.
    """
    working, values = lay_out(place), place.fresh("kernel")
    seen = _Seen()
    client = _client(copy.deepcopy(document), working, seen, timeout)
    started = time.monotonic()
    asyncio.run(_execute(client, seen, probes, values, alike=alike))
    seconds = time.monotonic() - started
    found: dict[str, dict[str, Portrait]] = {}
    for number, probe in enumerate(probes):
        found.setdefault(probe.key, {}).update(read_portraits(values / str(number)))
    return Replay(found, seen.outputs, frozenset(seen.redrawn), seconds)


async def _execute(client: Any, seen: _Seen, probes: Sequence[Probe], values: Path, *, alike: bool) -> None:
    """Run the cells in order, and look behind each at what is asked for."""
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}  # what the kernel itself has to say
    async with client.async_setup_kernel(cleanup_kc=True, env=environment(), **quiet):
        if alike:
            await _do_unseen(client, _ours(SEEDING, "seed()"))
            await _do_unseen(client, _ours(CLOCK, "start()"))
            await _do_unseen(client, _ours(COMMANDS, "start()"))
        for position, cell in enumerate(client.nb.cells):
            if cell.cell_type == "code" and "skip" not in cell.metadata.get("tags", ()):
                which = position + 1
                cell.outputs = []
                try:
                    await client.async_execute_cell(cell, position)
                except CellExecutionError as error:
                    raise NotebookFails(
                        say("cell %1 of the notebook fails: %2: %3", which, str(error.ename), str(error.evalue))
                    ) from None
                except CellTimeoutError:
                    raise NotebookFails(
                        say("cell %1 of the notebook takes longer than %2 s", which, f"{client.timeout:g}")
                    ) from None
                except DeadKernelError:
                    raise NotebookFails(say("cell %1 of the notebook ends its kernel", which)) from None
                except (ValueError, KeyError, RuntimeError) as error:  # the kernel's messages cannot be read
                    raise NotebookFails(
                        say("cell %1 of the notebook disturbs its kernel: %2", which, str(error))
                    ) from None
                seen.outputs[position] = cell.outputs
            for number, probe in enumerate(probes):
                if probe.cell == position:
                    await _do_unseen(
                        client, _ours(PROBE, f"portraits(_values, {probe.names!r}, {str(values / str(number))!r})")
                    )


def _client(document: Any, working: Path, seen: _Seen, timeout: float | None) -> Any:
    """A client whose kernel is this Python, and which notes the cells that change what they have shown."""
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient

    from nb2pipe.kernels import CLIENT

    class ThisPython(KernelSpecManager):
        def get_kernel_spec(self, kernel_name: str) -> Any:
            argv = [*start_there(), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
            return KernelSpec(argv=argv, display_name=kernel_name, language="python")

    class Client(NotebookClient):  # type: ignore[misc]  # untyped
        def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:
            if msg["msg_type"] in ("clear_output", "update_display_data"):
                seen.redrawn.add(cell_index)
            return super().process_message(msg, cell, cell_index)

    manager = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=ThisPython(), client_class=CLIENT)
    whole = None if timeout is None else math.ceil(timeout)  # it takes no fraction of a second
    return Client(
        document, km=manager, timeout=whole, allow_errors=False, resources={"metadata": {"path": str(working)}},
    )  # fmt: skip


def _ours(path: Path, call: str) -> str:
    """A file of ours, and then a call of what it defines, as an expression that binds no name."""
    program = f"{path.read_text('utf-8')}\n{call}\n"
    name = f"nb2pipe.replay.{path.stem}"
    module = f"{{'__name__': {name!r}, '__file__': {str(path)!r}, '_values': {_BUILTINS}.globals()}}"
    return f"{_BUILTINS}.exec({program!r}, {module})"


async def _do_unseen(client: Any, code: str) -> None:
    """Have the kernel run something of ours; nothing of it is left in the namespace, the history or the outputs."""
    with suppress(TimeoutError):  # the values then count as unknown
        await client.kc.execute_interactive(
            code, silent=True, store_history=False, allow_stdin=False, stop_on_error=False, timeout=_PATIENCE,
            output_hook=lambda _: None,
        )  # fmt: skip


def read_portraits(path: Path) -> dict[str, Portrait]:
    """The portraits that a probe has written, none where it could not."""
    if not path.exists():
        return {}
    return {name: tuple(Node(*node) for node in nodes) for name, nodes in pickle.loads(path.read_bytes()).items()}
