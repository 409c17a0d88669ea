"""Runs a script, as the `%run` of a notebook does."""

from __future__ import annotations

import logging
import os
import sys
from contextlib import suppress
from io import open_code
from pathlib import Path
from types import ModuleType
from typing import Any

_logger = logging.getLogger(__name__)


def ran(path: str, *arguments: str) -> dict[str, Any]:
    """Run a script as a program with these arguments: the names that it has bound.

    Where it fails, its traceback is logged, and the names are those bound until then, as with ``%run``.
    """
    if not Path(path).is_file():
        raise Exception(f"File `{path!r}` not found.")  # noqa: TRY002  as IPython says it
    module = ModuleType("__main__")
    module.__file__ = os.path.abspath(path)
    saved = sys.argv, sys.modules["__main__"]
    sys.argv, sys.modules["__main__"] = [path, *arguments], module
    folder = str(Path(module.__file__).parent)
    sys.path.insert(0, folder)
    try:
        with open_code(module.__file__) as file:
            code = compile(file.read(), module.__file__, "exec", dont_inherit=True)
        exec(code, module.__dict__)  # noqa: S102  it is what `%run` is for
    except SystemExit as end:
        if end.code:
            _logger.warning("%s has ended with %s", path, end.code)
    except Exception:  # it has failed, and the cell goes on
        _logger.exception("%s has failed", path)
    finally:
        sys.argv, sys.modules["__main__"] = saved
        with suppress(ValueError):
            sys.path.remove(folder)
    return vars(module)
