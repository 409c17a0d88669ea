"""The notebook that the versions of a package are of: another one of its name would be told as a change of it.

It stands beside the versions, as its path in the project, so that clones and worktrees may share a store.
"""

from __future__ import annotations

import contextlib
from pathlib import Path, PurePosixPath

from nb2pipe.diagnostics import UsageError, say
from nb2pipe.package.versions.history import History
from nb2pipe.store import project_folder

_FILE = "notebook"


def refuse_other_owner(found: History, notebook: Path) -> None:
    """See that the versions of a package are those of this notebook.

    One that was moved is still the same, and so is a text notebook that is paired with one in its folder.

    Raises:
        UsageError: They are those of a notebook in another folder of the project.
    """
    try:
        known = PurePosixPath((found.folder / _FILE).read_text("utf-8").strip())
    except (OSError, UnicodeDecodeError):
        return  # nobody has noted it yet
    project = project_folder(notebook.parent)
    if known.parent != _in_project(notebook).parent and (project / known).is_file():
        raise UsageError(
            say(
                "%1 is the package of %2, and its versions in %3 are of that notebook; "
                "--name gives the package of %4 another name",
                found.name, str(known), str(found.folder), str(_in_project(notebook)),
            )
        )  # fmt: skip


def note_owner(found: History, notebook: Path) -> None:
    """Note whose versions these are; a store that cannot be written to has told so where it matters."""
    text = f"{_in_project(notebook)}\n"
    with contextlib.suppress(OSError, UnicodeError):
        file = found.folder / _FILE
        if not file.is_file() or file.read_text("utf-8") != text:
            file.write_text(text, "utf-8", newline="\n")


def _in_project(notebook: Path) -> PurePosixPath:
    return PurePosixPath(notebook.relative_to(project_folder(notebook.parent)).as_posix())
