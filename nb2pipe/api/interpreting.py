"""Which interpreter a notebook runs in: that of its kernel, or the one that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from nb2pipe.diagnostics import UsageError, say
from nb2pipe.interpreters import Interpreter, asking, find
from nb2pipe.notebook.model import Notebook

if TYPE_CHECKING:
    from nb2pipe.runtime.kernels import Kernel


class Home(NamedTuple):
    """The interpreter of a notebook: None for the one that runs nb2pipe.

    ``note`` is what the user should know of that, and ``problem`` why nothing can be run there.
    """

    interpreter: Interpreter | None = None
    note: str = ""
    problem: str = ""


def home_of(notebook: Notebook, kernel: str | None = None, python: str | None = None) -> Home:
    """Where a notebook runs: in the interpreter ``python``, that of ``kernel``, or that of its own kernel.

    Whoever only looks at a notebook whose kernel is of no use may do so; what was asked for has to be there.

    Raises:
        UsageError: It is not, or cannot run cells.
    """
    from nb2pipe.runtime.kernels import OWN, Kernel, kernel_named, names, program_of

    if python is not None:
        program = program_of(python)
        if program is None:
            raise UsageError(f"there is no program {python} to run steps with")
        return Home(_interpreter(Kernel(program), "--python"))
    name = kernel or notebook.kernel
    try:
        found = kernel_named(name)
        if found == OWN:
            return Home()
        if found is not None:
            return Home(_interpreter(found, say("the kernel `%1`", name)))
    except UsageError as error:
        if kernel is not None:
            raise
        return Home(problem=say("%1; --kernel or --python runs the notebook elsewhere", *error.args))
    if kernel is not None:
        known = ", ".join(f"`{n}`" for n in names())
        raise UsageError(f"there is no kernel `{kernel}` here; give --kernel one of {known}")
    return Home(
        note=say(
            "there is no kernel `%1` here: steps run by the Python that runs nb2pipe; --kernel or --python chooses another",
            name,
        )
    )


def _interpreter(kernel: Kernel, called: str) -> Interpreter | None:
    from nb2pipe.runtime.elsewhere import interpreter_of

    return interpreter_of(kernel, called)


def check_home(home: Home) -> None:
    """See that a notebook can be run where it is at home.

    Raises:
        UsageError: It cannot.
    """
    if home.problem:
        raise UsageError(home.problem)


def check_kernel(home: Home) -> None:
    """See that a kernel can be started where a notebook is at home, which takes more than to run its steps.

    Raises:
        UsageError: It cannot.
    """
    check_home(home)
    with asking(home.interpreter):
        if home.interpreter is not None and find("ipykernel") is None:
            program = home.interpreter.program
            raise UsageError(
                f"the notebook is run in a kernel to compare with, and {program} has no ipykernel; "
                f"`{program} -m pip install ipykernel` installs it"
            )
