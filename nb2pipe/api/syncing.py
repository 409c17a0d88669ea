"""What was edited by hand in a package, back to its notebook."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nb2pipe.api.compiling import Compiled, compile_notebook, load
from nb2pipe.api.packaging import package
from nb2pipe.diagnostics import Refused, UsageError

if TYPE_CHECKING:
    from nb2pipe.notebook.model import Notebook
    from nb2pipe.sync.roundtrip import Synced


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
