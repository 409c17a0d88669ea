"""A compiled notebook, run: with the cache and its record, or without."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nb2pipe.analysis.amend import Fact
from nb2pipe.api.compiling import Compiled, recompile, subject_of
from nb2pipe.api.resuming import Interrupted, parameters_with
from nb2pipe.diagnostics import Refused, UsageError
from nb2pipe.notebook.read import read_document
from nb2pipe.pipeline.model import Pipeline
from nb2pipe.rules.run import refusing

if TYPE_CHECKING:
    from nb2pipe.runtime.cache import Cache
    from nb2pipe.runtime.choice import Chosen
    from nb2pipe.runtime.planning import Planned
    from nb2pipe.runtime.recording import Recording
    from nb2pipe.runtime.result import Listener, RunOptions, RunResult
    from nb2pipe.runtime.task import CellTask
    from nb2pipe.runtime.zygote import Zygote


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What to run a notebook with: parameters, their raw texts where they came from a command line, and how.

    With ``cache`` what steps gave in earlier runs stands for them where it holds, and what they give is kept in ``store``.
    ``resume`` is a run to go on with; that, and a choice of steps that are to be taken from the cache, imply it.
    """

    options: RunOptions
    parameters: Mapping[str, Any] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    output: str | None = None
    cache: bool = False
    store: str | None = None
    resume: Interrupted | None = None

    @property
    def caches(self) -> bool:
        """Whether the run has to do with earlier ones."""
        return self.cache or self.resume is not None or self.options.choice.needs_cache


@contextlib.contextmanager
def _cache(
    compiled: Compiled, cells: Mapping[int, CellTask], given: Mapping[str, Any], request: RunRequest, zygote: Zygote | None,
    listener: Listener | None, started: float,
) -> Iterator[tuple[Cache, Recording]]:  # fmt: skip
    """The cache of a run, and its record."""
    import os

    from nb2pipe.runtime.caching import Subject, cache_of
    from nb2pipe.runtime.recording import Recording, described
    from nb2pipe.runtime.result import Listener
    from nb2pipe.runtime.zygote import same_hash_seed
    from nb2pipe.store import results_folder
    from nb2pipe.store.digests import digest_of_text
    from nb2pipe.store.rooms import opened, room
    from nb2pipe.store.runs import new_id

    subject = Subject(compiled.notebook.path, compiled.folder, compiled.codes, compiled.analysis, compiled.pipeline)
    seed = same_hash_seed(os.environ) if zygote is None else zygote.hash_seed
    code = digest_of_text("\0".join(c.source for c in compiled.notebook.cells))
    run = new_id(started)
    with (
        opened(results_folder(compiled.folder, request.store)) as store,
        room(store) as folder,
    ):
        light = request.options.guards == "light"
        resumed = request.resume.runs if request.resume else ()
        cache = cache_of(subject, cells, given, store, seed, light=light, run=run, folder=folder, resumed=resumed)
        options = {
            "jobs": request.options.jobs, "guards": request.options.guards, "split": compiled.split, "given": list(given),
            "resumes": resumed,
        }  # fmt: skip
        notebook = os.path.abspath(compiled.notebook.path)
        begun = described(run, notebook, started, given, code, options)
        yield cache, Recording(store.database, begun, listener or Listener())


def plan(compiled: Compiled, request: RunRequest) -> tuple[Planned, ...]:
    """What a run with the cache would do, step by step, and why; nothing is run.

    Raises:
        Refused: The notebook has a fault that makes the promise impossible.
        UsageError: A parameter is wrong, or the store cannot be used.
    """
    import os

    from nb2pipe.runtime.caching import Subject, cache_of
    from nb2pipe.runtime.learned import recall
    from nb2pipe.runtime.parameters import check_parameters
    from nb2pipe.runtime.planning import plan as planned
    from nb2pipe.runtime.script import script
    from nb2pipe.runtime.zygote import same_hash_seed
    from nb2pipe.store import results_folder
    from nb2pipe.store.rooms import opened

    faults = refusing(subject_of(compiled))
    if faults:
        raise Refused(faults)
    given, _ = parameters_with(compiled.pipeline.parameters, request.resume, request.parameters)
    parameters = check_parameters(compiled.pipeline.parameters, given, request.texts)
    todo = script(read_document(compiled.notebook.path), compiled.pipeline, parameters)
    known = recall(compiled.notebook, compiled.folder)
    ahead = recompile(compiled, known) if known else compiled
    subject = Subject(ahead.notebook.path, ahead.folder, ahead.codes, ahead.analysis, ahead.pipeline)
    with opened(results_folder(compiled.folder, request.store)) as store:
        light = request.options.guards == "light"
        resumed = request.resume.runs if request.resume else ()
        seed = same_hash_seed(os.environ)
        cache = cache_of(subject, todo.tasks, parameters, store, seed, light=light, resumed=resumed)
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
    compiled: Compiled, request: RunRequest, listener: Listener | None = None, zygote: Zygote | None = None
) -> RunResult:
    """Run a compiled notebook and write the executed notebook where one is asked for.

    ``zygote`` is a parent of the steps' processes that was started early, in the notebook's folder.

    Raises:
        Refused: The notebook has a fault that makes the promise impossible.
        UsageError: A parameter is wrong, or the output cannot be written; once it has run, a `NotWritten` with the result.
    """
    from nb2pipe.runtime import executed
    from nb2pipe.runtime.choice import chosen
    from nb2pipe.runtime.execute import execute
    from nb2pipe.runtime.learned import recall, remember
    from nb2pipe.runtime.machine import fits
    from nb2pipe.runtime.parameters import check_parameters
    from nb2pipe.runtime.result import Listener
    from nb2pipe.runtime.script import as_written, script

    if request.output is not None:
        executed.check_output(request.output, compiled.notebook.path)
    # Faults that make the promise impossible end the run before it begins.
    faults = refusing(subject_of(compiled))
    if faults:
        raise Refused(faults)
    given, said = parameters_with(compiled.pipeline.parameters, request.resume, request.parameters)
    parameters = check_parameters(compiled.pipeline.parameters, given, request.texts)
    # What runs: the notebook's cells, and papermill's cell of injected parameters.
    document = read_document(compiled.notebook.path)
    todo = script(document, compiled.pipeline, parameters)
    started = time.time()

    known = recall(compiled.notebook, compiled.folder)
    ahead = recompile(compiled, known) if known else compiled
    some = chosen(ahead.pipeline, request.options.choice)
    if request.options.choice.only:
        _check_cached(plan(compiled, request), some)

    with contextlib.ExitStack() as stack:
        cache = record = None
        if request.caches:
            # What steps gave in earlier runs, and what they will give in later ones; and the record of this one.
            cache, record = stack.enter_context(
                _cache(ahead, todo.tasks, parameters, request, zygote, listener, started)
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
        result = None
        try:
            result = execute(
                ahead.pipeline, todo.tasks, request.options, injected=todo.injected, recompile=again,
                listener=record or listener, zygote=zygote, cache=cache,
            )  # fmt: skip
        finally:
            if record is not None:
                record.over(result)
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
