"""A compiled notebook, or several, to the project of a package, and the project to a folder."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from nb2pipe.api.compiling import Compiled, compile_notebook, subject_of
from nb2pipe.api.interpreting import check_home, home_of
from nb2pipe.collector import paused
from nb2pipe.diagnostics import Diagnostic, Refused, UsageError, say
from nb2pipe.interpreters import asking
from nb2pipe.notebook.model import Notebook
from nb2pipe.pipeline import invariants
from nb2pipe.pipeline.build import build
from nb2pipe.pipeline.parameters import is_secret
from nb2pipe.rules.run import refusing

if TYPE_CHECKING:
    from pathlib import Path

    from nb2pipe.emit.filetree import FileTree
    from nb2pipe.package.environment import Environment
    from nb2pipe.package.joined.join import Joined
    from nb2pipe.package.joined.model import Member
    from nb2pipe.package.model import Plan
    from nb2pipe.package.project import Draft


class Package(NamedTuple):
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
        UsageError: The name is no Python identifier, or is taken; or what a notebook with secrets gives is to be recorded, or
            there is nothing to run it with.
    """
    if record:
        check_home(compiled.home)
    with asking(compiled.home.interpreter):
        return _package(compiled, name, extras, lock, record=record)


def _package(compiled: Compiled, name: str | None, extras: Sequence[str], lock: str | None, *, record: bool) -> Package:
    from nb2pipe.package.environment import environment_of
    from nb2pipe.package.findings import notes, refusals
    from nb2pipe.package.local import modules_outside
    from nb2pipe.package.naming import package_name
    from nb2pipe.package.project import draft
    from nb2pipe.package.provenance import Source
    from nb2pipe.package.versions.keep import first_files

    if record:
        _check_secrets(compiled)
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
    files = len(tree.files)
    summary = say("1 step, %1 files", files) if count == 1 else say("%1 steps, %2 files", count, files)
    return Package(chosen, tree, notes(plan), summary, made, (plan,))


def _planned(compiled: Compiled) -> Plan:
    """The plan of a notebook's package, or of its part of one.

    Raises:
        Refused: The notebook has a fault that makes the promise impossible.
    """
    from nb2pipe.package.naming import with_importable_steps
    from nb2pipe.package.order import runs_in_order
    from nb2pipe.package.plan import plan_package
    from nb2pipe.package.sharing import without_shared_cells

    faults = refusing(subject_of(compiled))
    if faults:
        raise Refused(faults)
    with paused():
        # What every step has a copy of when it runs in a process of its own runs once in a package.
        notebook = without_shared_cells(compiled.notebook)
        pipeline = build(notebook, compiled.codes, compiled.analysis, compiled.split).pipeline
        if not runs_in_order(pipeline):
            pipeline = build(notebook, compiled.codes, compiled.analysis, compiled.split, join=False).pipeline
        pipeline = with_importable_steps(pipeline, compiled.codes, compiled.analysis.effects)
        invariants.check(pipeline)
        # What goes to the top of modules, what becomes a function, what stays a script.
        return plan_package(notebook, compiled.codes, compiled.analysis, pipeline, compiled.folder)


def _check_secrets(compiled: Compiled) -> None:
    """See that the notebook names no secrets, which would be in what a run gives.

    Raises:
        UsageError: It does.
    """
    tagged = {name for c in compiled.codes for name in c.cell.tags.requirements.secrets}
    named = sorted(tagged | {p.name for p in compiled.pipeline.parameters if is_secret(p)})
    if named:
        raise UsageError(
            f"--record writes what steps give into the package, and the notebook has secrets: {', '.join(named)}"
        )


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


class Several(NamedTuple):
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
        UsageError: The name, or what `pipeline.toml` says, is wrong; or they run in several interpreters.
    """
    interpreters = {home_of(notebook).interpreter for notebook in notebooks}
    if len(interpreters) > 1:
        which = ", ".join(sorted(sys.executable if i is None else i.program for i in interpreters))
        raise UsageError(f"the kernels of the notebooks are several environments, and a package has one: {which}")
    with asking(interpreters.pop()):
        return _package_several(notebooks, name, split, extras, lock)


def _package_several(
    notebooks: Sequence[Notebook], name: str | None, split: str | None, extras: Sequence[str], lock: str | None
) -> Several:
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
