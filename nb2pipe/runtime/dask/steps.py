"""The scheduler's hold on the steps that run on a Dask cluster, in the place of the parent that forks them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pickle
import queue
import random
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nb2pipe.runtime import sources
from nb2pipe.runtime.channel import Channel
from nb2pipe.runtime.dask.cluster import PATIENCE, Cluster
from nb2pipe.runtime.dask.room import HASHES, Facts, Place
from nb2pipe.runtime.dask.task import Lost, run_step
from nb2pipe.runtime.task import Report, Task
from nb2pipe.runtime.zygote import Child, Gone, ZygoteError, same_hash_seed

_FIRST = 1 << 31  # what stands for process ids here: no process of this machine has such a one
_FIRST_WORKER = 5  # seconds that the first step waits for a worker to be there, to have its place on all of them
_END = 10  # seconds that a worker has to end a process
_WATCH = 1.0  # seconds between two looks at whether there are workers


@dataclass(slots=True)
class _Session:
    """A process on a worker, as the scheduler has it: the other end of its socket, and the task that runs a step there now.

    ``heard`` is what is to be passed on, None at the end; ``over`` says that the step has ended, ``ended`` how the process has: its
    wait status, or what is to be raised, as is ``problem``, which ends it when all else has been heard.
    """

    channel: Channel
    environment: Mapping[str, str]
    future: Any = None
    token: str = ""
    step: str = ""
    worker: str = ""
    begun: bool = False
    killed: bool = False
    problem: ZygoteError | None = None
    ended: int | ZygoteError | None = None
    over: threading.Event = field(default_factory=threading.Event)
    heard: queue.SimpleQueue[Any] = field(default_factory=queue.SimpleQueue)


class Steps:
    """Starts the steps of a run as tasks of Dask's. ``wanted`` says what each asks of a worker.

    With ``same_hashes`` texts have the same hashes in all runs, else in all processes of this one.
    """

    queues = True

    def __init__(
        self, cluster: Cluster, cwd: str, wanted: Mapping[str, Mapping[str, float]], *, same_hashes: bool
    ) -> None:
        from distributed import Queue

        given = os.environ.get(HASHES, "")
        seed = given if given.isdecimal() else str(random.SystemRandom().randrange(1, 1 << 32))
        self.hash_seed = same_hash_seed(os.environ) if same_hashes else seed
        self._cluster, self._client, self._cwd, self._wanted = cluster, cluster.client, cwd, wanted
        self._run = f"nb2pipe-{os.urandom(8).hex()}"
        self._queue = Queue(f"{self._run}-said", client=self._client)
        self._modules: tuple[str, ...] = ()
        self._place: Any = None
        self._lock = threading.Lock()
        self._sessions: dict[int, _Session] = {}
        self._tokens: dict[str, _Session] = {}
        self._steps: dict[str, str] = {}
        self._values: dict[str, Any] = {}
        self._lost = ""
        self._closing = threading.Event()
        self._threads = [threading.Thread(target=t, name="nb2pipe-dask", daemon=True)
                         for t in (self._listen, self._watch)]  # fmt: skip
        for thread in self._threads:
            thread.start()

    # -- what the scheduler asks ------------------------------------------------------------------------------------

    def prepare(self, modules: Sequence[str]) -> None:
        """The first step is going to be started; workers import ``modules`` before they fork."""
        self._modules = tuple(modules)

    def fork(self, *, payload: tuple[Any, ...] = ()) -> Child:
        """A process on whatever worker has room, once it is asked for a step."""
        ours, theirs = socket.socketpair()
        # which GPUs a worker has is the cluster's affair; on a cluster of this run's own they are those of this machine
        session = _Session(Channel(theirs), dict(payload[0]) if payload and self._cluster.own else {})
        pid = _FIRST + len(self._sessions)
        self._sessions[pid] = session
        for target in (self._serve, self._pass_on):
            threading.Thread(target=target, args=(session,), name="nb2pipe-dask-step", daemon=True).start()
        return Child(pid, ours)

    def wait(self, pid: int) -> int:
        """How a process has ended whose socket is closed: its wait status.

        Raises:
            Gone: Its worker is gone, or one that had values for it.
            ZygoteError: It could not be started.
        """
        ended = self._sessions[pid].ended
        if isinstance(ended, int):
            return ended
        raise ended or ZygoteError("it has no process any more")

    def kill(self, pid: int) -> None:
        """End a process; a worker that is there has ended it when this returns."""
        from distributed import Event

        session = self._sessions[pid]
        with self._lock:
            session.killed, future = True, session.future
        if future is not None and not session.over.is_set():
            with contextlib.suppress(Exception):  # the cluster may be gone, and the process with it
                future.cancel()
                if not session.begun:
                    Event(session.token, client=self._client).set()  # as if it had run
            if session.begun and not self._lost:
                session.over.wait(_END)
        session.heard.put(None)

    def close(self) -> None:
        """End all that still runs, and let workers forget the run."""
        self._closing.set()
        for session in self._sessions.values():
            if session.future is not None and not session.over.is_set():
                with contextlib.suppress(Exception):
                    session.future.cancel()
            session.heard.put(None)
        self._values.clear()
        self._place = None
        if self._lost:
            return
        with contextlib.suppress(Exception):
            self._queue.put(["", b""])
            for thread in self._threads:
                thread.join(_END)
            self._client.sync(self._forget)
            self._queue.close()

    async def _forget(self) -> None:
        from distributed import Event

        await asyncio.gather(*(Event(t, client=self._client).clear() for t in self._steps))

    # -- what steps are asked ---------------------------------------------------------------------------------------

    def _serve(self, session: _Session) -> None:
        """Hand on the tasks that a process is asked for, until it is not needed any more."""
        try:
            while (task := session.channel.receive()) is not None:
                self._submit(session, task)
        except OSError:
            pass
        except Exception as error:  # of Dask's, whatever it is
            self._end(session, ZygoteError(self._lost or f"it could not be given to the cluster: {error}"))
            return
        session.future = None
        session.channel.sock.close()

    def _submit(self, session: _Session, task: Task) -> None:
        if self._lost:
            raise ZygoteError(self._lost)
        place = self._placed(task.folder)
        with self._lock:
            if session.killed:
                return
            left = {self._values[f].key: self._values[f] for f, _ in task.files if f in self._values}
            token = f"{self._run}-{len(self._steps)}"
            self._steps[token], self._tokens[token] = task.step, session
            host = session.future
            session.token, session.step, session.begun = token, task.step, False
            session.over.clear()
            future = session.future = self._client.submit(
                run_step, place, token, task, session.environment, [left[k] for k in sorted(left)], host,
                key=f"{task.step}-{token}", pure=False, retries=0, resources=self._wanted.get(task.step) or None,
                workers=[session.worker] if host is not None else None,
            )  # fmt: skip
        future.add_done_callback(lambda done: self._done(session, token, done))

    def _placed(self, folder: str) -> Any:
        with self._lock:
            if self._place is None:
                own = dict(os.environ) if self._cluster.own else None
                cells = b"" if self._cluster.shared else sources.kept_in(Path(folder))
                shared = str(Path(folder) / sources.NAME) if self._cluster.shared else ""
                facts = Facts(self._run, self._queue.name, self._modules, self._cwd, self.hash_seed, own, shared, cells)
                self._place = self._client.submit(Place, facts, key=f"{self._run}-place", pure=False)
                self._give_to_all(self._place)
            return self._place

    def _give_to_all(self, place: Any) -> None:
        """Have all workers know the place: Dask gives steps to who has what they need, however much that has to do.

        Where that fails, or no worker is there yet, the place is sent to others with the steps that they take over.
        """
        from distributed import wait

        with contextlib.suppress(Exception):
            with self._client.as_current():
                wait([place], timeout=_FIRST_WORKER)
            self._client.replicate([place])

    # -- what comes back --------------------------------------------------------------------------------------------

    def _listen(self) -> None:
        """Hear what workers say, in the order in which they say it."""
        try:
            while True:
                for token, said in (self._queue.get(), *self._queue.get(batch=True)):
                    if not token:
                        return
                    for message in pickle.loads(said):
                        self._hear(self._tokens[token], token, message)
        except BaseException:  # Dask's client may end a wait with any
            if not self._closing.is_set():
                self._lost = "the scheduler of the cluster does not answer any more"
                for session in list(self._sessions.values()):
                    self._end(session, ZygoteError(self._lost))

    def _hear(self, session: _Session, token: str, message: Any) -> None:
        kind, what = message
        if kind == "failed":  # from `_done`: what the task had said before has been heard
            self._end(session, session.problem or ZygoteError("it failed"))
        elif kind == "ended":
            self._end(session, what)
        elif kind == "began":
            session.worker, session.begun = what, True
            session.heard.put(("began", None))
        else:
            if kind == "report":
                session.over.set()
                self._keep(session, what)
            session.heard.put(message)

    def _keep(self, session: _Session, report: Report) -> None:
        if not self._cluster.shared:
            with self._lock:
                self._values |= {f.name: session.future for f in report.files}

    def _done(self, session: _Session, token: str, future: Any) -> None:
        """A task is over: what it did is told by itself, but not why it could not."""
        if future.status == "finished" or session.over.is_set() or session.killed or session.token != token:
            return
        error = None if future.status != "error" else future.exception()
        if isinstance(error, Lost) and str(error) != token:
            step = self._steps.get(str(error), "")
            self._fail(session, token, Gone(f"what `{step}` had left was lost with a Dask worker", frozenset({step})))
        elif error is None or isinstance(error, Lost) or type(error).__name__ == "KilledWorker":
            self._fail(session, token, self._worker_lost(session))
        elif isinstance(error, ZygoteError):
            self._fail(session, token, ZygoteError(f"no process could be started: {error}"))
        else:
            self._fail(session, token, ZygoteError(f"Dask could not run it: {type(error).__name__}: {error}"))

    @staticmethod
    def _worker_lost(session: _Session) -> Gone:
        return Gone(f"its Dask worker {session.worker} was lost" if session.begun else "its Dask worker was lost")

    def _fail(self, session: _Session, token: str, problem: ZygoteError) -> None:
        """A task can give nothing any more; what it had said before is heard first."""
        session.problem = problem
        with contextlib.suppress(Exception):
            self._queue.put([token, pickle.dumps([("failed", None)], protocol=5)])

    def _end(self, session: _Session, how: int | ZygoteError) -> None:
        if not session.over.is_set():
            session.ended = how
            session.over.set()
            session.heard.put(None)

    @staticmethod
    def _pass_on(session: _Session) -> None:
        """Tell the scheduler what was heard of a process; it may take its time, and no other process waits for that."""
        with contextlib.suppress(OSError):
            while (message := session.heard.get()) is not None:
                session.channel.send(message)
            session.channel.sock.shutdown(socket.SHUT_RDWR)

    def _watch(self) -> None:
        """Let nobody wait for ever for a worker that is gone, or for one that does not come."""
        without = None
        while not self._closing.wait(_WATCH):
            going = [s for s in list(self._sessions.values()) if s.token and not s.over.is_set() and not s.killed]
            if not going:
                without = None
                continue
            begun = [s for s in going if s.begun]
            try:
                workers = self._client.nthreads()
            except Exception:  # noqa: S112  `_listen` says it
                continue
            for session in begun:
                if session.worker not in workers:
                    self._fail(session, session.token, self._worker_lost(session))
            without = None if workers else without or time.monotonic()
            if without is not None and time.monotonic() - without > PATIENCE:
                for session in going:
                    why = f"no worker of the cluster was left, and none has come within {PATIENCE} s"
                    self._fail(session, session.token, ZygoteError(why))
