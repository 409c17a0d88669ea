"""Parameters of a run: from the command line and from files, typed and strict."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nb2pipe.diagnostics import UsageError
from nb2pipe.pipeline.model import Parameter


def read_parameter_file(path: str) -> dict[str, Any]:
    """The parameters in a YAML, JSON or TOML file.

    Raises:
        UsageError: The file cannot be read, or holds no mapping of names to values.
    """
    file = Path(path)
    try:
        text = file.read_text("utf-8")
    except OSError as error:
        raise UsageError(f"parameters file {path} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise UsageError(f"parameters file {path} is not UTF-8 text") from None
    suffix = file.suffix.lower()
    try:
        if suffix == ".json":
            data = json.loads(text)
        elif suffix == ".toml":
            import tomllib

            data = tomllib.loads(text)
        elif suffix in (".yaml", ".yml"):
            data = _yaml(text)
        else:
            raise UsageError(f"parameters file {path}: expected .yaml, .json or .toml")
    except UsageError:
        raise
    except Exception as error:  # each reader has its own kinds
        raise UsageError(f"parameters file {path} cannot be parsed: {str(error).splitlines()[0]}") from None
    if not isinstance(data, dict) or not all(isinstance(k, str) for k in data):
        raise UsageError(f"parameters file {path} holds no mapping of names to values")
    return data


def _yaml(text: str) -> Any:
    import yaml

    return yaml.safe_load(text)


def parse_value(text: str) -> Any:
    """A value from the command line, read as papermill reads it: a YAML scalar or collection, else text."""
    try:
        return _yaml(text)
    except Exception:  # text that is no YAML is text
        return text


def check_parameters(
    declared: Sequence[Parameter], given: Mapping[str, Any], texts: Mapping[str, str]
) -> dict[str, Any]:
    """The given parameters, each of its declared type.

    ``texts`` are the raw texts of those from the command line: a parameter of type str takes its text as it stands.

    Raises:
        UsageError: A name that is not declared, or a value of another type.
    """
    known = {p.name: p for p in declared}
    checked = {}
    for name, value in given.items():
        parameter = known.get(name)
        if parameter is None:
            if not known:
                raise UsageError(f"parameter `{name}`: the notebook has no parameters; tag a cell `parameters`")
            near = difflib.get_close_matches(name, known, 1)
            hint = f"; did you mean `{near[0]}`?" if near else f"; it has {', '.join(f'`{n}`' for n in known)}"
            raise UsageError(f"parameter `{name}` is not one of the notebook's{hint}")
        checked[name] = _typed(parameter, texts[name] if name in texts and parameter.type == "str" else value)
    return checked


_TYPES: dict[str, tuple[type, ...]] = {
    "int": (int,), "float": (float, int), "str": (str,), "bool": (bool,), "list": (list,), "dict": (dict,), "tuple": (list, tuple),
}  # fmt: skip


def _typed(parameter: Parameter, given: Any) -> Any:
    import datetime as dt

    value: Any = given.isoformat() if isinstance(given, (dt.date, dt.datetime)) else given
    base = parameter.type.partition("[")[0].strip().lower()
    allowed = _TYPES.get(base)
    if allowed is None or (value is None and parameter.default is None):
        return value
    fits: bool = isinstance(value, allowed) and (base == "bool" or not isinstance(value, bool))
    if not fits:
        raise UsageError(f"parameter `{parameter.name}`: expected {base}, got {type(value).__name__} ({value!r})")
    if base == "float":
        return float(value)
    return tuple(value) if base == "tuple" else value
