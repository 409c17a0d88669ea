"""The driver: the stages in order, one commented call each."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nb2pipe.analysis.amend import Fact, with_facts
from nb2pipe.analysis.analyze import analyze
from nb2pipe.analysis.effects import Analysis
from nb2pipe.collector import paused
from nb2pipe.diagnostics import Diagnostic, Refused, UsageError
from nb2pipe.notebook.ipython import parse_cells
from nb2pipe.notebook.model import Code, Notebook
from nb2pipe.notebook.read import read, read_document
from nb2pipe.pipeline import invariants
from nb2pipe.pipeline.build import build
from nb2pipe.pipeline.model import Pipeline
from nb2pipe.rules.run import refusing, run_rules
from nb2pipe.rules.subject import Subject

if TYPE_CHECKING:
    from nb2pipe.emit.filetree import FileTree
    from nb2pipe.package.environment import Environment
    from nb2pipe.package.joined.join import Joined
    from nb2pipe.package.joined.model import Member
    from nb2pipe.package.model import Plan
    from nb2pipe.package.project import Draft
    from nb2pipe.package.versions.attest import Attested
    from nb2pipe.package.versions.difference import Difference
    from nb2pipe.package.versions.history import History
    from nb2pipe.package.versions.keep import Kept
    from nb2pipe.package.versions.record import Record
    from nb2pipe.package.wheels import Handed, Target
    from nb2pipe.replay.model import Report
    from nb2pipe.replay.verify import Settings
    from nb2pipe.runtime.cache import Cache
    from nb2pipe.runtime.planning import Planned
    from nb2pipe.runtime.recording import Recording
    from nb2pipe.runtime.result import Listener, RunOptions, RunResult
    from nb2pipe.runtime.task import CellTask
    from nb2pipe.runtime.zygote import Zygote
    from nb2pipe.sync.roundtrip import Synced


@dataclass(frozen=True, slots=True)
class Compiled:
    """A notebook on its way: what each stage made of it. ``folder`` is where it stands and runs."""

    notebook: Notebook
    codes: tuple[Code, ...]
    analysis: Analysis
    pipeline: Pipeline
    folder: Path
    split: str | None = None
    diagnostics: tuple[Diagnostic, ...] = ()


def load(path: str) -> Notebook:
    """Read a notebook; see `nb2pipe.notebook.read.read` for the errors."""
    return read(path)


def compile_notebook(notebook: Notebook, split: str | None = None) -> Compiled:
    """Compile a notebook to the IR, without executing anything."""
    folder = Path(notebook.path).resolve().parent
    with paused():
        # The Python that IPython would run, with its positions.
        codes = parse_cells(sorted(notebook.cells, key=lambda cell: cell.index))
        # What each cell does to names and to the world.
        analysis = analyze(notebook, codes, folder)
        # Steps, values, edges.
        built = build(notebook, codes, analysis, split)
    # The gate: a pipeline that is not sound is our own fault.
    invariants.check(built.pipeline)
    return Compiled(
        notebook, codes, analysis, built.pipeline, folder, split, (*notebook.diagnostics, *built.diagnostics)
    )


@dataclass(frozen=True, slots=True)
class Package:
    """A package that is not written yet: its name, the files of its project, and what is to be said of it.

    ``plans`` are those of the notebooks that it came from.
    """

    name: str
    tree: FileTree
    findings: tuple[Diagnostic, ...]
    summary: str
    draft: Draft
    plans: tuple[Plan, ...]


def package(
    compiled: Compiled,
    name: str | None = None,
    *,
    record: bool = False,
    extras: Sequence[str] = (),
    lock: str | None = None,
) -> Package:
    """The project of a package that computes what the notebook computes, without executing or writing anything.

    With ``record`` it is run once, where the notebook stands, and its tests compare with what it gave. ``extras`` are files on
    request, ``docker`` and ``ci``; ``lock`` is the program that looks up a lock with hashes, ``uv`` or ``pip``.

    Raises:
        Refused: The notebook has a fault that makes the promise impossible, or a part with no plain form.
        UsageError: The name is no Python identifier, or is taken.
    """
    from nb2pipe.package.environment import environment_of
    from nb2pipe.package.findings import notes, refusals
    from nb2pipe.package.local import modules_outside
    from nb2pipe.package.naming import package_name
    from nb2pipe.package.project import draft
    from nb2pipe.package.provenance import Source
    from nb2pipe.package.versions.keep import first_files

    plan = _planned(compiled)
    problems = refusals(plan)
    if problems:
        raise Refused(problems)
    modules = modules_outside(plan)
    # What it needs, by the metadata of what is installed.
    environment = environment_of(modules)
    chosen = package_name(compiled.notebook, name, modules, compiled.folder)
    more = _files_on_request(chosen, environment, extras, lock)
    source = Source(compiled.notebook, compiled.split)
    made = draft(plan, chosen, source, environment, record=record, more=more)
    if record:
        from nb2pipe.package.recording import with_records

        made = with_records(made, compiled.folder)
    tree = first_files(made)
    count = len(plan.steps)
    return Package(
        chosen, tree, notes(plan), f"{count} step{'s' * (count != 1)}, {len(tree.files)} files", made, (plan,)
    )


def _planned(compiled: Compiled) -> Plan:
    """The plan of a notebook's package, or of its part of one.

    Raises:
        Refused: The notebook has a fault that makes the promise impossible.
    """
    from nb2pipe.package.naming import with_importable_steps
    from nb2pipe.package.order import runs_in_order
    from nb2pipe.package.plan import plan_package
    from nb2pipe.package.sharing import without_shared_cells

    faults = refusing(_subject(compiled))
    if faults:
        raise Refused(faults)
    with paused():
        # What every step has a copy of when it runs in a process of its own runs once in a package.
        notebook = without_shared_cells(compiled.notebook)
        pipeline = build(notebook, compiled.codes, compiled.analysis, compiled.split).pipeline
        if not runs_in_order(pipeline):
            pipeline = build(notebook, compiled.codes, compiled.analysis, compiled.split, join=False).pipeline
        pipeline = with_importable_steps(pipeline, compiled.codes)
        invariants.check(pipeline)
        # What goes to the top of modules, what becomes a function, what stays a script.
        return plan_package(notebook, compiled.codes, compiled.analysis, pipeline, compiled.folder)


def _files_on_request(name: str, environment: Environment, extras: Sequence[str], lock: str | None) -> dict[str, str]:
    """The files of a project that not every project has: ``extras``, and a lock that ``lock`` looks up."""
    if not extras and lock is None:
        return {}
    from nb2pipe.package.extras import extra_files, locked

    more = extra_files(name, extras)
    if lock is not None:
        more["requirements.lock"] = locked(lock, environment.closure)
    return more


class NotebookRefused(Refused):
    """One of several notebooks has a fault that makes the promise impossible."""

    def __init__(self, notebook: Notebook, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__(diagnostics)
        self.notebook = notebook


@dataclass(frozen=True, slots=True)
class Several:
    """The package of several notebooks: ``folder`` is the one that they have in common, ``joined`` how they come together."""

    package: Package
    folder: Path
    joined: Joined


def package_several(
    notebooks: Sequence[Notebook],
    name: str | None = None,
    *,
    split: str | None = None,
    extras: Sequence[str] = (),
    lock: str | None = None,
) -> Several:
    """The project of a package that computes what the notebooks compute, one after another, each in a process of its own.

    Raises:
        NotebookRefused: One of them cannot be compiled.
        NotJoined: They cannot be joined: it is not clear who hands a name on, or which comes first.
        UsageError: The name, or what `pipeline.toml` says, is wrong.
    """
    from nb2pipe.package.environment import environment_of
    from nb2pipe.package.findings import notes, refusals
    from nb2pipe.package.joined.join import join
    from nb2pipe.package.joined.naming import name_of
    from nb2pipe.package.joined.project import draft
    from nb2pipe.package.joined.wishes import common_folder, members_of, with_wishes
    from nb2pipe.package.local import modules_outside
    from nb2pipe.package.versions.keep import first_files

    # What the user says of them.
    folder = common_folder(notebooks)
    members, wishes = with_wishes(members_of(notebooks), folder)

    def plan(member: Member, compiled: Compiled) -> Plan:
        try:
            made = _planned(compiled)
        except Refused as refused:
            raise NotebookRefused(member.notebook, refused.diagnostics) from refused
        problems = tuple(d for d in refusals(made) if d.span.cell >= 0)
        if problems:
            raise NotebookRefused(member.notebook, problems)
        return made

    # Who hands on what, in which order they run, and the plan of each.
    joined = join(members, wishes, lambda notebook: compile_notebook(notebook, split), plan)
    plans = tuple(p.plan for p in joined.planned)
    modules = [m for p in plans for m in modules_outside(p)]
    environment = environment_of(modules)
    chosen = name_of(joined.planned, name or wishes.name, modules, folder)
    more = _files_on_request(chosen, environment, extras, lock)
    made = draft(joined.planned, chosen, split, environment, more)
    tree = first_files(made)
    summary = f"{len(plans)} notebooks, {sum(len(p.steps) for p in plans)} steps, {len(tree.files)} files"
    findings = tuple(f for p in plans for f in notes(p))
    return Several(Package(chosen, tree, findings, summary, made, plans), folder, joined)


@dataclass(frozen=True, slots=True)
class Keeping:
    """How a version is kept: in which store, under which number, with whose signature; None is for what is usual.

    ``force`` lets what was changed by hand in the project's folder be lost.
    """

    store: str | None = None
    version: str | None = None
    sign: str | None = None
    force: bool = False


def keep_version(made: Package, notebook_folder: Path, folder: Path, keeping: Keeping) -> tuple[Package, Kept]:
    """Keep a project as a version of its package, if it is a new one; gives the project of the version.

    ``folder`` is where the project is going to be written.

    Raises:
        UsageError: The store cannot be written, it has the versions of another notebook of that name, or ``folder`` holds
            what would be lost.
    """
    from nb2pipe.package.existing import refuse_changes_by_hand
    from nb2pipe.package.versions.history import history
    from nb2pipe.package.versions.keep import keep, with_project
    from nb2pipe.package.versions.owner import note_owner, refuse_other_owner
    from nb2pipe.store import store_folder

    if not keeping.force:
        refuse_changes_by_hand(folder, made.tree)
    found = with_project(history(store_folder(notebook_folder, keeping.store), made.name), folder)
    notebook = notebook_folder / made.draft.record.notebook
    refuse_other_owner(found, notebook)
    sign = None
    if keeping.sign:
        from nb2pipe.package.versions.signature import signer

        sign = signer(keeping.sign)
    kept = keep(made.draft, found, keeping.version, sign)
    note_owner(found, notebook)
    return replace(made, tree=kept.tree), kept


def write_package(made: Package, folder: Path, *, force: bool = False) -> bool:
    """Write a project; False where it is there already.

    Raises:
        UsageError: The folder cannot be written, or it holds what would be lost.
    """
    from nb2pipe.emit.filetree import write
    from nb2pipe.package.existing import MADE_BY_USE, is_there, refuse_changes_by_hand

    if folder.exists() and is_there(made.tree, folder):
        return False
    if not force:
        refuse_changes_by_hand(folder, made.tree)
    write(made.tree, folder, MADE_BY_USE)
    return True


def keep_wheel(made: Package, notebook_folder: Path, store: str | None = None) -> Path:
    """Build the wheel of a package into the folder of wheels that the store has, if it is not there; gives its path.

    Raises:
        UsageError: It cannot be built or written.
    """
    from nb2pipe.package.wheels import build, place
    from nb2pipe.store import made_store, store_folder

    folder = made_store(store_folder(notebook_folder, store)) / "wheels"
    return Path(place(build(made.tree, ["wheel"]), folder)[0].name)


def publish(package: str, version: str | None, target: Target, store: str | None = None) -> tuple[Handed, ...]:
    """Hand the wheel and the sdist of a version on, the current one where none is given; gives what was handed on.

    ``package`` is as `which_package` takes it; the folder of a project is published as it is.

    Raises:
        UsageError: There is no such version, it was changed by hand, or it cannot be built or handed on.
    """
    from nb2pipe.package.versions.history import chosen, tree_in
    from nb2pipe.package.versions.which import means_folder, project_in, which_package
    from nb2pipe.package.wheels import build, hand_on

    tree = project_in(Path(package)) if version is None and means_folder(package, store) else None
    if tree is None:
        found = which_package(package, store)
        tree = tree_in(found, chosen(found, version or str(found.current)))
    return hand_on(build(tree, ["wheel", "sdist"]), target)


def attest(package: str, notebook: str | None = None, signers: str | None = None) -> Attested:
    """Check whether a package, a folder, wheel or sdist, is as it was compiled.

    Raises:
        UsageError: It is no package, or what it is to be checked with cannot be read.
    """
    from nb2pipe.package.versions.attest import check as check_package

    return check_package(Path(package), load(notebook) if notebook else None, Path(signers) if signers else None)


def versions(package: str, store: str | None = None) -> tuple[History, tuple[Record, ...]]:
    """The versions of a package, and the record of each, the newest first; ``package`` is as `which_package` takes it.

    Raises:
        UsageError: There are none, or they cannot be read.
    """
    from nb2pipe.package.versions.history import record_in
    from nb2pipe.package.versions.which import which_package

    found = which_package(package, store)
    return found, tuple(record_in(found, number) for number in reversed(found.numbers))


def difference(package: str, old: str, new: str | None = None, store: str | None = None) -> Difference:
    """What is different between two versions of a package; ``new`` is the current one where it is not given.

    Raises:
        UsageError: There is no such version, or it cannot be read.
    """
    from nb2pipe.package.versions.difference import difference as compare
    from nb2pipe.package.versions.history import chosen, version_in
    from nb2pipe.package.versions.which import which_package

    found = which_package(package, store)
    last = chosen(found, new or str(found.current))
    return compare(version_in(found, chosen(found, old)), version_in(found, last))


def rollback(package: str, version: str, store: str | None = None) -> tuple[History, History]:
    """Let a version be the current one; gives the versions as they were and as they are.

    Raises:
        UsageError: There is no such version, or the store cannot be written.
    """
    from nb2pipe.package.versions.history import chosen, set_current
    from nb2pipe.package.versions.which import which_package

    found = which_package(package, store)
    number = chosen(found, version)
    set_current(found, number)
    return found, found._replace(current=number)


def sync(package_folder: str, notebook: str | None = None) -> Synced:
    """Bring what was edited by hand in a package to its notebook, without writing anything.

    Raises:
        UsageError: The folder holds no package that this nb2pipe wrote, or its notebook is not found.
        Refused: The notebook with the edits has a fault that makes the promise impossible.
    """
    from nb2pipe.package.project import project_files
    from nb2pipe.sync.carry import Base
    from nb2pipe.sync.edited import notebook_of, read_edited
    from nb2pipe.sync.roundtrip import sync as bring

    # What was written, and what of it was edited since.
    edited = read_edited(Path(package_folder))
    current = load(notebook_of(edited, notebook))

    def compile_(subject: Notebook) -> Base:
        compiled = compile_notebook(subject, edited.record.split)
        made = package(compiled, edited.name)
        tree = project_files(made.draft, edited.record.version, edited.record.change, edited.changelog)
        return Base(edited.name, tree, made.plans[0], compiled.codes)

    # Carried into cells, compiled again and compared; merged with what the notebook has by now.
    return bring(edited, current, compile_)


def edits_are_in_the_notebook(compiled: Compiled, folder: Path) -> bool:
    """Whether there are edits by hand in a project's folder, and the notebook has all of them, as it has behind `sync`."""
    from nb2pipe.sync.edited import read_edited

    try:
        edited = read_edited(folder)
        if not edited.changed or not edited.changed.keys() <= edited.record.files.keys():
            return False
        synced = sync(str(folder), compiled.notebook.path)
    except (UsageError, Refused):
        return False  # what is wrong with the folder is told when it is written to
    return not (synced.merged.sources or synced.merged.gone or synced.comparison.uncarried)


def write_synced(synced: Synced) -> None:
    """Write the new texts of a notebook's cells to its file, of which all else stays as it is.

    Raises:
        UsageError: The file cannot be written.
    """
    from nb2pipe.sync.written import replace_file, with_sources

    if synced.merged.sources:
        content = with_sources(synced.notebook, synced.merged.sources)
        replace_file(Path(synced.notebook.path), content)


def verify(compiled: Compiled, folder: Path, settings: Settings) -> Report:
    """Replay a notebook and the package in ``folder``, and compare all that they compute and show.

    Raises:
        NotebookFails: The notebook itself does not run from top to bottom.
        UsageError: The folder holds no package, or the notebook's folder cannot be copied.
    """
    from nb2pipe.replay.facts import facts_of
    from nb2pipe.replay.package import read_project
    from nb2pipe.replay.place import a_place
    from nb2pipe.replay.verify import Subject
    from nb2pipe.replay.verify import verify as replayed

    # What the package says of its steps, and the analysis of the cells that these were made from.
    project = read_project(folder, [c.id for c in compiled.notebook.cells])
    facts = facts_of(compiled.codes, compiled.analysis)
    document = read_document(compiled.notebook.path)
    # Both sides, each time in a fresh copy of the notebook's folder.
    with a_place(compiled.folder) as place:
        return replayed(Subject(document, facts, project), place, settings)


def verified(compiled: Compiled, made: Package, settings: Settings) -> tuple[Package, Report]:
    """Compare a package with its notebook before it is written: the package with the verdict in its record, and the report.

    Raises:
        NotebookFails, UsageError: as `verify`.
    """
    from tempfile import TemporaryDirectory

    from nb2pipe.replay.text import summary

    with TemporaryDirectory(prefix="nb2pipe-package-") as scratch:
        folder = Path(scratch) / made.name
        write_package(made, folder)
        report = verify(compiled, folder, settings)
    record = replace(made.draft.record, verified=summary(report))
    return replace(made, draft=replace(made.draft, record=record)), report


def check(compiled: Compiled, select: Sequence[str] = (), ignore: Sequence[str] = ()) -> tuple[Diagnostic, ...]:
    """All findings about a compiled notebook, in the order of their places."""
    return run_rules(_subject(compiled), select, ignore)


def _subject(compiled: Compiled) -> Subject:
    """What the rules look at."""
    return Subject(
        compiled.notebook, compiled.codes, compiled.analysis, compiled.pipeline, compiled.folder, compiled.diagnostics
    )


def recompile(compiled: Compiled, facts: Sequence[Fact]) -> Compiled:
    """Compile again with what runs have seen and the analysis had not."""
    analysis = with_facts(compiled.analysis, facts)
    built = build(compiled.notebook, compiled.codes, analysis, compiled.split)
    invariants.check(built.pipeline)
    return replace(compiled, analysis=analysis, pipeline=built.pipeline)


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What to run a notebook with: parameters, their raw texts where they came from a command line, and how.

    With ``cache`` what steps gave in earlier runs stands for them where it holds, and what they give is kept in ``store``.
    """

    options: RunOptions
    parameters: Mapping[str, Any] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    output: str | None = None
    cache: bool = False
    store: str | None = None


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
        cache = cache_of(subject, cells, given, store, seed, light=light, run=run, folder=folder)
        options = {"jobs": request.options.jobs, "guards": request.options.guards, "split": compiled.split}
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

    faults = refusing(_subject(compiled))
    if faults:
        raise Refused(faults)
    parameters = check_parameters(compiled.pipeline.parameters, request.parameters, request.texts)
    todo = script(read_document(compiled.notebook.path), compiled.pipeline, parameters)
    known = recall(compiled.notebook, compiled.folder)
    ahead = recompile(compiled, known) if known else compiled
    subject = Subject(ahead.notebook.path, ahead.folder, ahead.codes, ahead.analysis, ahead.pipeline)
    with opened(results_folder(compiled.folder, request.store)) as store:
        light = request.options.guards == "light"
        cache = cache_of(subject, todo.tasks, parameters, store, same_hash_seed(os.environ), light=light)
        return planned(ahead.pipeline, todo.tasks, todo.injected, cache)


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
    from nb2pipe.runtime.execute import execute
    from nb2pipe.runtime.learned import recall, remember
    from nb2pipe.runtime.parameters import check_parameters
    from nb2pipe.runtime.script import as_written, script

    if request.output is not None:
        executed.check_output(request.output, compiled.notebook.path)
    # Faults that make the promise impossible end the run before it begins.
    faults = refusing(_subject(compiled))
    if faults:
        raise Refused(faults)
    parameters = check_parameters(compiled.pipeline.parameters, request.parameters, request.texts)
    # What runs: the notebook's cells, and papermill's cell of injected parameters.
    document = read_document(compiled.notebook.path)
    todo = script(document, compiled.pipeline, parameters)
    started = time.time()

    known = recall(compiled.notebook, compiled.folder)
    ahead = recompile(compiled, known) if known else compiled

    with contextlib.ExitStack() as stack:
        cache = record = None
        if request.cache:
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
