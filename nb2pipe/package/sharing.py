"""What every step has a copy of when it runs in a process of its own is an ordinary step in a package."""

from __future__ import annotations

from nb2pipe.notebook.model import Notebook
from nb2pipe.pipeline.split import SHARED_ROLES

_SHARED = SHARED_ROLES - {"parameters"}


def without_shared_cells(notebook: Notebook) -> Notebook:
    """The notebook, its cells of imports, functions and setup as any other."""
    cells = tuple(
        c._replace(tags=c.tags._replace(roles=c.tags.roles - _SHARED)) if c.tags.roles & _SHARED else c
        for c in notebook.cells
    )
    return notebook._replace(cells=cells)
