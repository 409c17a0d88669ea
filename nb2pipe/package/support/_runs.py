"""Runs a script, as the `%run` of a notebook does."""

from __future__ import annotations

import os
import sys
from io import open_code
from pathlib import Path
from types import ModuleType
from typing import Any


def ran(path: str, *arguments: str) -> dict[str, Any]:
    """Run a script as a program with these arguments: the names that it has bound."""
    if not Path(path).is_file():
        raise Exception(f"File `{path!r}` not found.")  # noqa: TRY002  as IPython says it
    module = ModuleType("__main__")
    module.__file__ = os.path.abspath(path)
    with open_code(module.__file__) as file:
        code = compile(file.read(), module.__file__, "exec", dont_inherit=True)
    saved = sys.argv, sys.modules["__main__"]
    sys.argv, sys.modules["__main__"] = [path, *arguments], module
    try:
        exec(code, module.__dict__)  # noqa: S102  it is what `%run` is for
    finally:
        sys.argv, sys.modules["__main__"] = saved
    return vars(module)
