"""A notebook and its package, run and compared."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nb2pipe.api.compiling import Compiled
from nb2pipe.api.interpreting import check_kernel
from nb2pipe.api.packaging import Package, write_package
from nb2pipe.interpreters import asking
from nb2pipe.notebook.read import read_document

if TYPE_CHECKING:
    from nb2pipe.replay.model import Report
    from nb2pipe.replay.verify import Settings


def verify(compiled: Compiled, folder: Path, settings: Settings) -> Report:
    """Replay a notebook and the package in ``folder``, and compare all that they compute and show.

    Raises:
        NotebookFails: The notebook itself does not run from top to bottom.
        UsageError: The folder holds no package, or the notebook's folder cannot be copied; or what runs the notebook cannot run
            a kernel.
    """
    check_kernel(compiled.home)
    with asking(compiled.home.interpreter):
        return _verify(compiled, folder, settings)


def _verify(compiled: Compiled, folder: Path, settings: Settings) -> Report:
    from nb2pipe.package.versions.record import read_record
    from nb2pipe.replay.facts import facts_of
    from nb2pipe.replay.package import read_project
    from nb2pipe.replay.place import a_place
    from nb2pipe.replay.processes import copies
    from nb2pipe.replay.verify import Subject
    from nb2pipe.replay.verify import verify as replayed

    # What the package says of its steps, and the analysis of the cells that these were made from.
    record = read_record(folder)
    facts = facts_of(compiled.codes, compiled.analysis)
    document = read_document(compiled.notebook.path)
    # Both sides, each time in a fresh copy of the notebook's folder.
    with a_place(compiled.folder) as place, copies(record.name, (folder / "src").resolve(), place) as start:
        project = read_project(folder, [c.id for c in compiled.notebook.cells], start)
        return replayed(Subject(document, facts, project), place, settings, start)


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
    record = made.draft.record._replace(verified=summary(report))
    return made._replace(draft=made.draft._replace(record=record)), report
