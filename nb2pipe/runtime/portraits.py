"""A process of its own that loads one value of a store, to say what it looks like or to write it to a file.

Asked by a line of JSON on stdin, it answers with a line of JSON where stdout was; what the value itself prints goes to stderr.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nb2pipe.diagnostics import UsageError
from nb2pipe.runtime.command import command

_LINES = 12
_WIDTH = 120
_ROWS = 5


@dataclass(frozen=True, slots=True)
class Request:
    """A value to load: the file that it is in, its name there, and what is known of the file, as `values.load_file` takes it.

    ``folder`` is that of its notebook, whose modules it may need; ``output`` the file to write, or "" for a portrait.
    """

    file: str
    name: str
    known: str | None
    folder: str
    output: str = ""


@dataclass(frozen=True, slots=True)
class Portrait:
    """What a value looks like: its type, its shape or length where it has one, and its beginning as text."""

    kind: str
    shape: str
    head: str


def ask(request: Request, python: Sequence[str] = ()) -> Portrait | None:
    """Load a value in a process of its own; gives its portrait, or None where it was written to a file.

    ``python`` starts the interpreter that has made it, where that is another one than this.

    Raises:
        UsageError: It cannot be loaded, or cannot be such a file.
    """
    words = command(python, "nb2pipe.runtime.portraits", "answer", [])
    there = Path(request.folder).is_dir()
    try:
        done = subprocess.run(
            words, input=json.dumps(asdict(request)), stdout=subprocess.PIPE, text=True, check=False,
            cwd=request.folder if there else None,
        )  # fmt: skip
    except OSError as error:
        raise UsageError(f"`{request.name}` cannot be loaded: it was made by {words[0]}: {error.strerror}") from None
    try:
        found = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        raise UsageError(
            f"`{request.name}` cannot be loaded: its process ended with exit code {done.returncode}"
        ) from None
    if "problem" in found:
        raise UsageError(found["problem"])
    return Portrait(**found) if found else None


def answer() -> None:
    """The life of the process."""
    with os.fdopen(os.dup(1), "w") as out:
        os.dup2(2, 1)
        request = Request(**json.loads(sys.stdin.readline()))
        print(json.dumps(_answer(request)), file=out, flush=True)


def _answer(request: Request) -> dict[str, Any]:
    from nb2pipe.runtime import exports, strangers, values

    try:
        sys.path.insert(0, request.folder)  # its modules, behind ours
        value = values.as_bound(values.load_file(Path(request.file), {}, request.known))[request.name]
    except strangers.Harmful as error:
        wanted = ", ".join(f"`{n}`" for n in error.args[:3])
        return {
            "problem": f"`{request.name}` was not written by you and needs {wanted}, which may do harm; --trust loads it as it is"
        }
    except Exception as error:
        return {"problem": f"`{request.name}` cannot be loaded: {type(error).__name__}: {error}"}
    if not request.output:
        return asdict(portrait(value))
    try:
        exports.export(value, values.kind_of(value), Path(request.output))
    except UsageError as error:
        return {"problem": str(error)}
    return {}


def portrait(value: Any) -> Portrait:
    """What a value looks like."""
    kind = type(value)
    name = (
        kind.__qualname__ if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}.{kind.__qualname__}"
    )
    return Portrait(name, _shape(value), _head(value))


def _shape(value: Any) -> str:
    try:
        shape = getattr(value, "shape", None)
        if isinstance(shape, tuple) and all(isinstance(n, int) for n in shape):
            return " x ".join(map(str, shape)) if shape else ""
        return "" if isinstance(value, type) else str(len(value))
    except Exception:  # whatever an object says that has none
        return ""


def _head(value: Any) -> str:
    """The beginning of a value as text, short whatever it is."""
    library = type(value).__module__.partition(".")[0]
    try:
        if library == "pandas" and hasattr(value, "head"):
            text = value.head(_ROWS).to_string()
        elif library == "numpy" and type(value).__name__ == "ndarray":
            import numpy as np

            text = np.array2string(value, threshold=100, edgeitems=_ROWS, max_line_width=_WIDTH)
        elif type(value) in (list, tuple, dict, set, frozenset, str, bytes, bytearray):
            text = _short().repr(value)
        else:
            text = repr(value)
    except Exception as error:  # it is the value's own code
        return f"no text: {type(error).__name__}: {error}"
    lines = text.splitlines() or [""]
    shown = [line if len(line) <= _WIDTH else f"{line[: _WIDTH - 3]}..." for line in lines[:_LINES]]
    return "\n".join(shown if len(lines) <= _LINES else [*shown, f"... {len(lines) - _LINES} more lines"])


def _short() -> Any:
    import reprlib

    short = reprlib.Repr()
    short.maxlist = short.maxtuple = short.maxset = short.maxfrozenset = short.maxdict = 8
    short.maxstring = short.maxother = _WIDTH
    return short
