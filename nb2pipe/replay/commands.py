"""Has a kernel run the commands of cells as a package runs them: not at a terminal, where many show other things.

This file is run by its path inside of the notebook's kernel.
"""

from __future__ import annotations

import codecs
import os
import subprocess
import sys
from typing import Any


def start() -> None:
    """Put pipes in the place of the terminal at which the kernel runs ``!command``."""
    from IPython.core.getipython import get_ipython

    shell: Any = get_ipython()

    def system(command: str) -> None:
        filled = shell.var_expand(command, depth=1)
        with subprocess.Popen(  # noqa: S602  the notebook's own command
            filled, shell=True, executable=os.environ.get("SHELL"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as running:  # fmt: skip
            assert running.stdout is not None  # noqa: S101  it is a pipe
            decode = codecs.getincrementaldecoder("utf-8")("replace").decode
            while data := running.stdout.read1(1 << 16):  # type: ignore[attr-defined]  # typeshed has IO for it
                sys.stdout.write(decode(data))
        shell.user_ns["_exit_code"] = running.returncode

    shell.system = system
