"""The abstract machine, layer upon layer: each module holds one class, which extends the one before.

    flow          branches: bindings are undone and joined where paths meet
    machine       names, objects, the world, and the record of a cell
    parts         what an object gives that is indexed, iterated, or asked for an attribute
    operators     operators and comparisons
    expressions   every form of expression
    functions     the notebook's own functions, interpreted at their calls
    classes       the notebook's own classes
    results       what a known call gives back
    rows          calls by the table of known calls, and unknown ones
    calls         the call of any object
    assignments   what binds, changes and deletes
    definitions   functions, classes, decorators
    statements    every form of statement, and its paths
    imports       modules, and names that no cell binds
    language      exec, globals, setattr, super and their like
    shell         IPython's magics and shell escapes

`Interpreter` is the whole.
"""

from __future__ import annotations

from pathlib import Path

from nb2pipe.analysis.interpreter.machine import CALL_BUDGET, Record
from nb2pipe.analysis.interpreter.shell import Shell
from nb2pipe.analysis.known.table import Table


class Interpreter(Shell):
    """The abstract machine for one notebook. ``folder`` is where local modules are looked for."""

    def __init__(self, table: Table, folder: Path | None) -> None:
        super().__init__(table)
        self.folder = folder


__all__ = ["CALL_BUDGET", "Interpreter", "Record"]
