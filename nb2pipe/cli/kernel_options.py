"""`--kernel` and `--python`: the interpreter that a notebook runs in, where it is not that of its own kernel."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nb2pipe.api import Home
    from nb2pipe.cli.parser import Parser
    from nb2pipe.notebook.model import Notebook


def add_kernel(parser: Parser) -> None:
    """What may run the cells."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "-k", "--kernel", metavar="NAME", help="run it in the interpreter of this kernel (default: the notebook's)"
    )
    which.add_argument(
        "--python", metavar="PATH", help="run it in this interpreter, in whose environment only IPython is needed"
    )


def home_of(options: argparse.Namespace, notebook: Notebook) -> Home:
    """The interpreter that the notebook runs in.

    Raises:
        UsageError: There is no such kernel or interpreter, or it cannot run cells, or another engine decides on that.
    """
    from nb2pipe import api
    from nb2pipe.diagnostics import UsageError

    engine = getattr(options, "engine", "local")
    if options.python and engine != "local":
        raise UsageError(f"--python goes with the local engine; with --engine {engine} {_OTHERS[engine]}")
    if engine != "dask":
        return api.home_of(notebook, options.kernel, options.python)
    if options.kernel:
        raise UsageError(f"--kernel does not go with --engine dask: {_OTHERS[engine]}")
    own = api.home_of(notebook)
    if own.interpreter is None and not own.problem:
        return api.Home()
    return api.Home(note=f"the kernel `{notebook.kernel}` of the notebook is not asked: {_OTHERS[engine]}")


_OTHERS = {"papermill": "the kernel is chosen by --kernel", "dask": "steps run by the Python of the cluster's workers"}


def may_be_elsewhere(options: argparse.Namespace) -> bool:
    """Whether the notebook may run in another interpreter, as far as can be told before it is read."""
    from nb2pipe.runtime.kernels import file_names_native

    return bool(options.kernel or options.python) or not file_names_native(options.notebook)
