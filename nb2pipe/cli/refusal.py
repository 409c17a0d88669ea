"""Why a command refused, on stderr, in full."""

from __future__ import annotations

import sys

from nb2pipe.diagnostics import Refused
from nb2pipe.notebook.model import Notebook


def say(refused: Refused, notebook: Notebook | None = None) -> None:
    """Print why a command refused, with the places where the notebook is known."""
    from nb2pipe.report.full import render_full

    print(render_full(refused.diagnostics, notebook, color=sys.stderr.isatty()), file=sys.stderr, end="")
    count = len(refused.diagnostics)
    print(f"refused: {count} finding{'' if count == 1 else 's'} make{'s' if count == 1 else ''} the promise impossible",
          file=sys.stderr)  # fmt: skip
