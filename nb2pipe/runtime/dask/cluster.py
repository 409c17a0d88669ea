"""A Dask cluster, as a run finds it: reached, looked at before anything runs, and held against what the steps ask for."""

from __future__ import annotations

import contextlib
import gc
import importlib.util
import logging
import os
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from nb2pipe import __version__
from nb2pipe.diagnostics import UsageError
from nb2pipe.pipeline.model import Step
from nb2pipe.runtime.dask.asked import DaskOptions
from nb2pipe.runtime.limits import limits_of
from nb2pipe.runtime.result import RunOptions
from nb2pipe.runtime.surroundings import DECISIVE

ANSWER = 10  # seconds that a scheduler has to answer
PATIENCE = 60  # seconds that a cluster may be without any worker
_NAMES = {"cpus": ("cpu", "cpus"), "gpus": ("gpu", "gpus"), "memory": ("memory", "mem")}
"""What a worker may call the resources that steps ask for, in whatever case."""
_BOOT = Path("/proc/sys/kernel/random/boot_id")


_DEAF = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)"
"""What workers of the run's own do first: a Ctrl-C is for the run, which ends them."""


class Look(NamedTuple):
    """What a worker finds: its nb2pipe, its machine, the folder of the steps (told by what only that one has), a file of the run's."""

    version: str
    machine: str
    folder: tuple[int, int] | None
    sees: bool


def look(cwd: str, marker: str) -> Look:
    """Look around on this machine, for a run whose steps run in ``cwd`` and that has made the file ``marker``."""
    place = Path(cwd)
    stat = place.stat() if place.is_dir() else None
    boot = _BOOT.read_text("ascii").strip() if _BOOT.exists() else ""
    return Look(
        __version__, f"{os.uname().nodename} {boot}", stat and (stat.st_ino, stat.st_mtime_ns), Path(marker).exists()
    )


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster that suits the run. ``own`` says that it is made for it, and ends with it.

    ``shared`` says that all workers see the files that this machine makes for the run, ``same_folder`` that the folder that steps run
    in is one and the same. ``threads`` are those of all workers, ``resources`` what each worker has declared.
    """

    client: Any
    own: bool
    shared: bool
    same_folder: bool
    threads: int
    resources: tuple[Mapping[str, float], ...]

    def options(self, options: RunOptions, asked: DaskOptions) -> RunOptions:
        """The options of a run whose machine is the cluster."""
        jobs = asked.jobs or self.threads
        cpus = float(max(jobs, self.threads)) if options.cpus is None else options.cpus
        changed = replace(options, jobs=jobs, cpus=cpus)
        if self.own or options.gpus is not None:
            return changed
        name = self._declared("gpus")
        return replace(changed, gpus=int(sum(r.get(name, 0) for r in self.resources)) if name else 0)

    def wanted(self, steps: Sequence[Step], options: RunOptions) -> dict[str, dict[str, float]]:
        """What each step asks of a worker, under the names that the workers have declared it.

        Raises:
            UsageError: No worker has declared so much.
        """
        found = {}
        for step in steps:
            limits = limits_of(step, options)
            asked = {"cpus": limits.cpus, "gpus": float(limits.gpus), "memory": float(limits.memory or 0)}
            want = {name: asked[kind] for kind in asked if asked[kind] and (name := self._declared(kind))}
            if limits.gpus and not self.own and not self._declared("gpus"):
                raise UsageError(
                    f"step `{step.name}` asks for {limits.gpus} GPUs, and no worker of the cluster has declared any: "
                    f"`dask worker --resources GPU={limits.gpus}` does"
                )
            if want and not any(all(r.get(n, 0) >= v for n, v in want.items()) for r in self.resources):
                said = ", ".join(f"{n}={v:g}" for n, v in sorted(want.items()))
                raise UsageError(
                    f"step `{step.name}` asks for {said}, and no worker of the cluster has declared so much"
                )
            found[step.name] = want
        return found

    def _declared(self, kind: str) -> str:
        names = sorted({n for r in self.resources for n in r if n.lower() in _NAMES[kind]})
        return names[0] if names else ""


@contextlib.contextmanager
def connected(asked: DaskOptions, cwd: str, note: Callable[[str], None]) -> Iterator[Cluster]:
    """A cluster while a run lasts whose steps run in ``cwd``.

    Raises:
        UsageError: There is no Dask here, nobody answers, or the workers cannot run the steps.
    """
    if importlib.util.find_spec("distributed") is None:
        raise UsageError("--engine dask needs Dask: pip install 'nb2pipe[dask]'")
    with contextlib.ExitStack() as stack:
        stack.enter_context(_quiet())
        address = asked.scheduler or stack.enter_context(_made(asked.jobs or os.cpu_count() or 1))
        client = stack.enter_context(_client(address))
        _wait_for_workers(client, note)
        _check_versions(client)
        yield _looked_at(client, cwd, note, own=asked.scheduler is None)


def _client(address: Any) -> Any:
    """A client of the cluster at an address, or of one that was made here.

    Raises:
        UsageError: Nobody answers.
    """
    import distributed

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of versions that differ: what matters is said later
            return distributed.Client(address, timeout=ANSWER, set_as_default=False, name="nb2pipe")
    except (OSError, ValueError, RuntimeError, TypeError) as error:
        reason = str(error) or type(error).__name__
    # A client that found nobody closes when it is collected. In the thread in which another client's loop starts, it
    # would wait for that client for ever; so that is done now, when no error holds it any longer.
    gc.collect()
    raise UsageError(f"no Dask scheduler answers at {address}: {reason}")


def _made(threads: int) -> Any:
    """A cluster on this machine, which ends with the run.

    Raises:
        UsageError: It cannot be started.
    """
    from distributed import LocalCluster
    from distributed.deploy.utils import nprocesses_nthreads

    workers, each = nprocesses_nthreads(threads)
    try:
        return LocalCluster(
            n_workers=workers, threads_per_worker=each, dashboard_address=":0", silence_logs=logging.CRITICAL,
            preload=[_DEAF],
        )  # fmt: skip
    except (OSError, RuntimeError) as error:
        raise UsageError(f"no Dask cluster can be started here: {error}") from None


def _wait_for_workers(client: Any, note: Callable[[str], None]) -> None:
    if client.nthreads():
        return
    note("the cluster has no worker; waiting for one")
    asking = client.submit(int, pure=False)  # a cluster that grows does so when there is something to do
    until = time.monotonic() + PATIENCE
    while not client.nthreads():
        if time.monotonic() > until:
            raise UsageError(f"no worker of the cluster has come within {PATIENCE} s")
        time.sleep(0.2)
    asking.release()


def _check_versions(client: Any) -> None:
    """See that all of the cluster can read what this machine writes.

    Raises:
        UsageError: One cannot.
    """
    found = client.get_versions(packages=["nb2pipe", *DECISIVE])
    mine = found["client"]
    others = {"the scheduler": found["scheduler"], **{f"worker {a}": v for a, v in sorted(found["workers"].items())}}
    for who, theirs in others.items():
        here, there = _python(mine), _python(theirs)
        if here != there:
            raise UsageError(
                f"{who} has Python {there}, and this machine {here}: steps and values cannot go from one to the other"
            )
        for name in DECISIVE if who != "the scheduler" else ():
            here, there = (v["packages"].get(name) or "" for v in (mine, theirs))
            if here and there and here.partition(".")[0] != there.partition(".")[0]:
                raise UsageError(f"{who} has {name} {there}, and the notebook was compiled with {here}")


def _python(versions: Any) -> str:
    return ".".join(str(versions["host"]["python"]).split(".")[:2])


def _looked_at(client: Any, cwd: str, note: Callable[[str], None], *, own: bool) -> Cluster:
    with tempfile.NamedTemporaryFile(prefix="nb2pipe-look-") as marker:
        mine = look(cwd, marker.name)
        found: dict[str, Any] = dict(sorted(client.run(look, cwd, marker.name, on_error="return").items()))
        try:
            _same_version("the scheduler", client.run_on_scheduler(look, cwd, marker.name))
        except (ImportError, AttributeError) as error:
            _same_version("the scheduler", error)
    for address, theirs in found.items():
        _same_version(f"worker {address}", theirs)
        if theirs.folder is None:
            raise UsageError(
                f"the folder {cwd} is not there on worker {address}: steps run in it on all machines; --cwd names another"
            )
    info = client.scheduler_info(n_workers=-1)["workers"].values()
    others = sorted({theirs.machine.split()[0] for theirs in found.values() if theirs.machine != mine.machine})
    if others:
        note(
            f"steps run on other machines ({', '.join(others)}), with the environment variables and the files of those: what steps "
            "read, and what one writes and another reads, has to be on a file system that all of them share"
        )
    return Cluster(
        client, own, all(t.sees for t in found.values()), all(t.folder == mine.folder for t in found.values()),
        sum(w["nthreads"] for w in info), tuple(dict(w["resources"]) for w in info),
    )  # fmt: skip


def _same_version(who: str, found: Any) -> None:
    """See that ``who`` has this nb2pipe, from what looking around gave there: an error where there is none.

    Raises:
        UsageError: It has not. Steps are sent by the scheduler, which has to know what they are, and run by the workers.
    """
    version = found.version if isinstance(found, Look) else ""
    if version != __version__:
        has = f"has nb2pipe {version}" if version else f"has no nb2pipe that could be used ({found})"
        raise UsageError(f"{who} {has}, and this machine {__version__}: install the same on all")


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Let Dask say nothing on stderr of what is said in other words, or is no fault: workers that come and go."""
    loggers = [logging.getLogger(n) for n in logging.root.manager.loggerDict if n.partition(".")[0] == "distributed"]
    levels = [one.level for one in loggers]
    for one in loggers:
        one.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for one, level in zip(loggers, levels, strict=True):
            one.setLevel(level)
