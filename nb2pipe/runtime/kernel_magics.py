"""The magics that ipykernel adds to IPython's, as far as they mean something without a front end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from IPython import display
from IPython.core import page
from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class


@magics_class
class KernelMagics(Magics):
    """``%autosave``, ``%clear``, ``%less``, ``%more`` and ``%man``."""

    @line_magic
    def autosave(self, line: str) -> None:
        """Set the front end's interval between saves, in seconds."""
        try:
            interval = int(line)
        except ValueError as error:
            raise UsageError(f"%autosave requires an integer, got {line!r}") from error
        front: Any = display
        script = front.Javascript(f"IPython.notebook.set_autosave_interval({1000 * interval})")
        front.display(script, include=["application/javascript"])
        print(f"Autosaving every {interval} seconds" if interval else "Autosave disabled")

    @line_magic
    def clear(self, line: str) -> None:
        """Clear the terminal."""
        shell: Any = self.shell
        shell.system("clear")

    @line_magic
    def less(self, line: str) -> None:
        """Show a file in the pager, which is no part of the notebook."""
        _page(line)

    @line_magic
    def more(self, line: str) -> None:
        """Show a file in the pager, which is no part of the notebook."""
        _page(line)

    @line_magic
    def man(self, line: str) -> None:
        """Show a manual page in the pager."""
        shell: Any = self.shell
        page.page(shell.getoutput(f"man {line} | col -b", split=False))


def _page(path: str) -> None:
    if not path:
        raise UsageError("Missing filename.")
    page.page(Path(path).read_text(encoding="utf-8"))
