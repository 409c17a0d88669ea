"""A compiled notebook, run: with the cache and its record, or without."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from nb2pipe.analysis.amend import Fact
from nb2pipe.api.compiling import Compiled, compile_notebook, recompile, subject_of
from nb2pipe.api.interpreting import check_home
from nb2pipe.api.resuming import Interrupted, parameters_with
from nb2pipe.api.secrecy import secrets_of
from nb2pipe.diagnostics import Refused, UsageError, say
from nb2pipe.interpreters import asking as asking_there
from nb2pipe.notebook.read import from_document, read_plain
from nb2pipe.pipeline.model import Pipeline
from nb2pipe.rules.run import refusing

if TYPE_CHECKING:
    from nb2pipe.runtime.cache import Cache
    from nb2pipe.runtime.choice import Chosen
    from nb2pipe.runtime.dask.asked import DaskOptions
    from nb2pipe.runtime.papermill.asked import PapermillOptions
    from nb2pipe.runtime.planning import Planned
    from nb2pipe.runtime.recording import Recording
    from nb2pipe.runtime.result import Listener, RunOptions, RunResult
    from nb2pipe.runtime.script import Script
    from nb2pipe.runtime.secrets.held import Secrets
    from nb2pipe.runtime.zygote import Starter


class RunRequest(NamedTuple):
    """What to run a notebook with: parameters, their raw texts where they came from a command line, and how.

    With ``cache`` what steps gave in earlier runs stands for them where it holds, and what they give is kept in ``store``;
    with ``trust`` also what others have written there is taken as it is.
    With ``record`` and without ``cache`` every step runs, and all is kept as well. The record goes to the MLflow at ``mlflow`` too.
    With ``papermill`` each step is a notebook that papermill runs in a fresh kernel, with ``dask`` a task of a Dask cluster.
    ``resume`` is a run to go on with; that, and a choice of steps that are to be taken from the cache, imply it.
    ``secrets`` are files and folders to look for secrets in, before the environment. ``sweep`` is what the record says of the sweep
    that the run is one of. With ``packs`` values are kept packed by zstd.
    """

    options: RunOptions
    parameters: Mapping[str, Any] = MappingProxyType({})
    texts: Mapping[str, str] = MappingProxyType({})
    output: str | None = None
    cache: bool = False
    store: str | None = None
    trust: bool = False
    record: bool = False
    mlflow: str | None = None
    papermill: PapermillOptions | None = None
    resume: Interrupted | None = None
    secrets: tuple[str, ...] = ()
    dask: DaskOptions | None = None
    packs: bool = False
    sweep: Mapping[str, Any] | None = None

    @property
    def caches(self) -> bool:
        """Whether the run has to do with earlier ones."""
        return self.cache or self.resume is not None or self.options.choice.needs_cache

    @property
    def is_recorded(self) -> bool:
        """Whether the run leaves a record."""
        return self.caches or self.record or self.mlflow is not None


@contextlib.contextmanager
def _cache(
    compiled: Compiled, todo: Script, given: Mapping[str, Any], request: RunRequest, zygote: Starter | None,
    listener: Listener | None, started: float, secrets: Secrets | None,
) -> Iterator[tuple[Cache, Recording]]:  # fmt: skip
    """The cache of a run, and its record."""
    import os

    from nb2pipe.runtime.caching import Subject, cache_of
    from nb2pipe.runtime.recording import Recording, described
    from nb2pipe.runtime.result import Listener
    from nb2pipe.runtime.script import put_in
    from nb2pipe.runtime.zygote import same_hash_seed
    from nb2pipe.store import results_folder
    from nb2pipe.store.rooms import opened, room, sending
    from nb2pipe.store.runs import new_id

    subject = Subject(compiled.notebook.path, compiled.folder, compiled.codes, compiled.analysis, compiled.pipeline)
    seed = same_hash_seed(os.environ) if zygote is None else zygote.hash_seed
    run = new_id(started)
    with (
        opened(
            results_folder(compiled.folder, request.store), packs=request.packs, say=listener.note if listener else None
        ) as store,
        sending(store),
        room(store) as folder,
    ):
        light = request.options.guards == "light"
        resumed = request.resume.runs if request.resume else ()
        cache = cache_of(
            subject, todo.tasks, given, store, seed, light=light, run=run, folder=folder, trust=request.trust,
            resumed=resumed, secrets=None if secrets is None else secrets.values,
        )  # fmt: skip
        cache.fresh = not request.caches
        options = {
            "jobs": request.options.jobs, "guards": request.options.guards, "split": compiled.split, "given": list(given),
            "resumes": resumed,
        } | ({"sweep": request.sweep} if request.sweep else {})  # fmt: skip
        notebook = os.path.abspath(compiled.notebook.path)
        told = given or put_in(todo.document)
        begun = described(store, run, notebook, started, told, todo, compiled.pipeline, cache.packages, options)
        unkept = frozenset(s.name for s in compiled.pipeline.steps if s.requirements.cache is False)
        yield cache, Recording(store, folder, begun, listener or Listener(), unkept)


def _forward(cache: Cache, record: Recording, uri: str, listener: Listener | None) -> None:
    """Tell an MLflow of a run that is over; that it cannot be told is no end of the run."""
    from nb2pipe.records.forward import forward

    try:
        forward(cache.store, record.run, uri)
    except Exception as error:
        if listener is not None:
            listener.note(say("the run was not sent to MLflow at %1: %2", uri, str(error)))


def scripted(compiled: Compiled, document: Any, parameters: Mapping[str, Any]) -> tuple[Compiled, Script]:
    """What runs; a notebook that an earlier run has put parameters into is another one with these."""
    from nb2pipe.runtime.measured import measured
    from nb2pipe.runtime.script import put_in, script, written_over
    from nb2pipe.runtime.secrets.asked import asking, references

    secret = references(compiled.pipeline.parameters, {**put_in(document), **parameters})
    plain = {n: v for n, v in parameters.items() if n not in secret}
    changed = written_over(document, plain)
    if changed is None:
        found = measured(script(document, compiled.pipeline, plain), compiled.codes)
        return compiled, asking(found, compiled.codes, compiled.pipeline.parameters, secret)
    notebook = from_document(changed, compiled.notebook.path)
    again = compile_notebook(notebook, compiled.split, str(compiled.folder), compiled.home)
    found = measured(script(changed, again.pipeline, {}), again.codes)
    return again, asking(found, again.codes, again.pipeline.parameters, secret)


def plan(compiled: Compiled, request: RunRequest) -> tuple[Planned, ...]:
    """What a run with the cache would do, step by step, and why; nothing is run.

    Raises:
        Refused: The notebook has a fault that makes the promise impossible.
        UsageError: A parameter is wrong, or the store cannot be used.
    """
    check_home(compiled.home)
    with asking_there(compiled.home.interpreter):
        return _plan(compiled, request)


def _plan(compiled: Compiled, request: RunRequest) -> tuple[Planned, ...]:
    import os

    from nb2pipe.runtime.caching import Subject, cache_of
    from nb2pipe.runtime.choice import chosen
    from nb2pipe.runtime.learned import recall
    from nb2pipe.runtime.parameters import check_parameters
    from nb2pipe.runtime.planning import plan as planned
    from nb2pipe.runtime.zygote import same_hash_seed
    from nb2pipe.store import results_folder
    from nb2pipe.store.rooms import opened

    faults = refusing(subject_of(compiled))
    if faults:
        raise Refused(faults)
    given, _ = parameters_with(compiled.pipeline.parameters, request.resume, request.parameters)
    parameters = check_parameters(compiled.pipeline.parameters, given, request.texts)
    compiled, todo = scripted(compiled, read_plain(compiled.notebook.path), parameters)
    known = recall(compiled.notebook, compiled.folder)
    ahead = recompile(compiled, known) if known else compiled
    subject = Subject(ahead.notebook.path, ahead.folder, ahead.codes, ahead.analysis, ahead.pipeline)
    wanted = chosen(ahead.pipeline, request.options.choice).wanted
    with (
        secrets_of(ahead.pipeline, todo, wanted, request.secrets) as secrets,
        opened(results_folder(compiled.folder, request.store)) as store,
    ):
        light = request.options.guards == "light"
        resumed = request.resume.runs if request.resume else ()
        seed = same_hash_seed(os.environ)
        cache = cache_of(
            subject, todo.tasks, parameters, store, seed, light=light, trust=request.trust, resumed=resumed,
            secrets=None if secrets is None else secrets.values,
        )  # fmt: skip
        return planned(ahead.pipeline, todo.tasks, todo.injected, cache, request.options.choice)


def _check_cached(steps: Sequence[Planned], some: Chosen) -> None:
    """See that all is cached that comes before the only step that is to run.

    Raises:
        UsageError: A step is not.
    """
    for step in steps:
        if step.action != "cached" and step.step not in some.anew:
            until = some.again.replace("--only", "--until")
            raise UsageError(f"{some.again}: step `{step.step}` is not cached ({step.reason}); `{until}` runs it too")


def run(
    compiled: Compiled,
    request: RunRequest,
    listener: Listener | None = None,
    zygote: Starter | None = None,
    *,
    document: Any = None,
) -> RunResult:
    """Run a compiled notebook and write the executed notebook where one is asked for.

    ``zygote`` is a parent of the steps' processes that was started early, in the notebook's folder; ``document`` the
    notebook's document, where it is not to be read again.

    Raises:
        Refused: The notebook has a fault that makes the promise impossible.
        UsageError: A parameter is wrong, there is no such kernel, or the output cannot be written; once it has run, a
            `NotWritten` with the result.
    """
    home = compiled.home
    if request.papermill is None:  # which starts the kernel itself
        check_home(home)
        if home.note and listener is not None:
            listener.note(home.note)
        if home.interpreter is not None:
            # The interpreter that the notebook runs in is another one.
            zygote, request = None, request._replace(options=replace(request.options, python=home.interpreter))
    with asking_there(home.interpreter):
        return _run(compiled, request, listener, zygote, document)


def _run(
    compiled: Compiled, request: RunRequest, listener: Listener | None, zygote: Starter | None, document: Any
) -> RunResult:
    from nb2pipe.runtime import executed
    from nb2pipe.runtime.choice import chosen
    from nb2pipe.runtime.execute import execute
    from nb2pipe.runtime.learned import recall, remember
    from nb2pipe.runtime.machine import fits
    from nb2pipe.runtime.parameters import check_parameters
    from nb2pipe.runtime.result import Listener
    from nb2pipe.runtime.script import as_written

    if request.papermill is not None and request.is_recorded:
        raise UsageError("cache and record go with the local engine: what a kernel reads of the world is not watched")
    if request.output is not None:
        executed.check_output(request.output, compiled.notebook.path)
    # Faults that make the promise impossible end the run before it begins.
    faults = refusing(subject_of(compiled))
    if faults:
        raise Refused(faults)
    given, said = parameters_with(compiled.pipeline.parameters, request.resume, request.parameters)
    parameters = check_parameters(compiled.pipeline.parameters, given, request.texts)
    if request.mlflow is not None:
        from nb2pipe.records.forward import check_mlflow

        check_mlflow()
    # What runs: the notebook's cells, and papermill's cell of injected parameters.
    document = read_plain(compiled.notebook.path) if document is None else document
    compiled, todo = scripted(compiled, document, parameters)
    started = time.time()

    known = recall(compiled.notebook, compiled.folder)
    ahead = recompile(compiled, known) if known else compiled
    some = chosen(ahead.pipeline, request.options.choice)
    if request.options.choice.only:
        _check_cached(plan(compiled, request), some)

    with contextlib.ExitStack() as stack:
        # Secrets that steps ask for: from here on they are in the processes of these steps, and nowhere else.
        local = request.papermill is None and request.dask is None
        secrets = stack.enter_context(
            secrets_of(ahead.pipeline, todo, some.wanted, request.secrets, listener, local=local)
        )
        if secrets is not None:
            zygote = None  # it has them in its environment
        starter: Starter | None = zygote
        if request.dask is not None:
            # A cluster that cannot run the steps is told before anything runs.
            from nb2pipe.runtime.dask.starting import on_cluster

            options, starter = stack.enter_context(on_cluster(
                request.dask, request.options, ahead.pipeline, [s for s in ahead.pipeline.steps if s.name in some.wanted],
                (listener or Listener()).note, keeps=request.is_recorded,
            ))  # fmt: skip
            request = request._replace(options=options)
        cache = record = None
        if request.is_recorded:
            # What steps gave in earlier runs, and what they will give in later ones; and the record of this one.
            cache, record = stack.enter_context(
                _cache(ahead, todo, parameters, request, zygote, listener, started, secrets)
            )

        def again(facts: Sequence[Fact]) -> Pipeline:
            remember(compiled.notebook, compiled.folder, facts)
            found = recompile(compiled, (*known, *facts))
            if cache is not None:
                cache.recipes.about(found.pipeline, found.analysis)
            return found.pipeline

        # A machine that is too small is told before anything runs.
        wanted = [s for s in ahead.pipeline.steps if s.name in some.wanted]
        for text in (*said, *fits(wanted, request.options)):
            (listener or Listener()).note(text)
        # Each step in a process of its own, as soon as what it needs is there.
        if request.papermill is not None:
            from nb2pipe.runtime.papermill.runners import runners

            starter = runners(todo.document, todo.place, parameters, request.papermill, len(ahead.pipeline.steps))
        if request.output is not None:
            executed.prepare()
        result = None
        try:
            result = execute(
                ahead.pipeline, todo.tasks, request.options, injected=todo.injected, recompile=again,
                listener=record or listener, zygote=starter, cache=cache, secrets=secrets,
            )  # fmt: skip
        finally:
            if record is not None:
                record.over(result)
                if request.mlflow is not None and cache is not None:
                    # The record, for those who look at runs elsewhere.
                    _forward(cache, record, request.mlflow, listener)
        if record is not None:
            result.run = record.run
        if cache is not None and all(o.status == "ok" for o in result.outcomes.values()):
            cache.over()
    # One executed notebook, whatever the number of processes.
    if request.output is not None:
        written = result if todo.place is None else as_written(result, todo.place)
        executed.fill(todo.document, written)
        paths = (compiled.notebook.path, request.output)
        executed.describe_run(todo.document, written, parameters, paths, (started, time.time()))
        try:
            executed.write(request.output, todo.document)
        except executed.NotWritten as error:
            error.result = result
            raise
    return result
