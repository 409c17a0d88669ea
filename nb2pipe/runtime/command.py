"""What an interpreter is started with to import nb2pipe: another one than this gets nothing that is installed beside it."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[2]
# neither the notebook's folder nor what it hides may be seen while we import our own modules
_BARE = "import sys; sys.path[:] = [p for p in sys.path if p]"
_BRING = """
from importlib.util import spec_from_file_location
class Brought:
    places = {places!r}
    def find_spec(name, path=None, target=None):
        if name in Brought.places:
            file, folders = Brought.places[name]
            return spec_from_file_location(name, file, submodule_search_locations=folders)
sys.meta_path.insert(0, Brought)
"""


def command(python: Sequence[str], module: str, function: str, arguments: Sequence[Any]) -> list[str]:
    """The command that calls a function of a module of nb2pipe under another interpreter, by its program and options, or this one."""
    call = f"import json; from {module} import {function}; {function}(*json.loads(sys.argv[-1]))"
    if not python:
        root = str(_ROOT)
        code = f"{_BARE}; {root!r} in sys.path or sys.path.append({root!r}); {call}"
        return [sys.executable, "-c", code, json.dumps(arguments)]
    code = f"{_BARE}\n{_BRING.format(places=_places())}{call}"
    return [*python, "-c", code, json.dumps(arguments)]


def _places() -> dict[str, tuple[str, list[str] | None]]:
    """Where what is brought along is: nb2pipe, and cloudpickle by a name of nb2pipe's (see `nb2pipe.runtime.clouds`)."""
    from nb2pipe.runtime.clouds import cloudpickle

    package = _ROOT / "nb2pipe"
    return {
        "nb2pipe": (str(package / "__init__.py"), [str(package)]),
        "nb2pipe.runtime.cloudpickle": (cloudpickle.__file__, None),
    }
