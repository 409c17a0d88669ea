"""Parameters of a run: from the command line and from files, typed and strict."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nb2pipe.diagnostics import UsageError, say
from nb2pipe.pipeline.model import Parameter
from nb2pipe.pipeline.parameters import is_secret
from nb2pipe.runtime.secrets.asked import checked as checked_secret


def read_parameter_file(path: str) -> dict[str, Any]:
    """The parameters in a YAML, JSON or TOML file.

    Raises:
        UsageError: The file cannot be read, or holds no mapping of names to values.
    """
    file = Path(path)
    suffix = file.suffix.lower()
    if suffix not in (".json", ".toml", ".yaml", ".yml"):
        raise UsageError(f"parameters file {path}: expected .yaml, .json or .toml")
    if file.exists() and not file.is_file() and not file.is_dir():
        raise UsageError(f"parameters file {path} is a pipe or a device")  # to read it may wait for ever
    try:
        text = file.read_text("utf-8-sig")
    except OSError as error:
        raise UsageError(f"parameters file {path} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise UsageError(f"parameters file {path} is not UTF-8 text") from None
    try:
        if suffix == ".json":
            data = json.loads(text)
        elif suffix == ".toml":
            import tomllib

            data = tomllib.loads(text)
        else:
            data = _yaml(text)
    except Exception as error:  # each reader has its own kinds
        raise UsageError(f"parameters file {path} cannot be parsed: {_reason(error)}") from None
    if not isinstance(data, dict):
        what = "nothing" if data is None else f"a {type(data).__name__}"
        raise UsageError(f"parameters file {path} holds {what} and no mapping of names to values, such as `rate: 0.5`")
    for name in data:
        if not isinstance(name, str):
            raise UsageError(f"parameters file {path}: `{name}` is no name")
    return data


def _reason(error: Exception) -> str:
    """What a reader says, in one line, with the place where it has one."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return str(error).splitlines()[0]
    return f"line {mark.line + 1}, column {mark.column + 1}: {getattr(error, 'problem', error)}"


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
                raise UsageError(say("parameter `%1`: the notebook has no parameters; tag a cell `parameters`", name))
            near = difflib.get_close_matches(name, known, 1)
            if near:
                raise UsageError(say("parameter `%1` is not one of the notebook's; did you mean `%2`?", name, near[0]))
            there = ", ".join(f"`{n}`" for n in known)
            raise UsageError(say("parameter `%1` is not one of the notebook's; it has %2", name, there))
        if is_secret(parameter):
            checked[name] = checked_secret(parameter, value)
            continue
        checked[name] = _typed(parameter, _from_text(parameter, texts[name], value) if name in texts else value)
    return checked


def _from_text(parameter: Parameter, text: str, value: Any) -> Any:
    """What the text of a command line is for a parameter, where YAML takes it for something else.

    A text is itself; a number may be written as Python writes it (YAML 1.1 wants the point of ``1.0e-3``).
    """
    if parameter.type == "str":
        return text
    if parameter.type == "float" and isinstance(value, str):
        try:
            return float(text)
        except ValueError:
            return value
    return value


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
        said = (parameter.name, base, type(value).__name__, repr(value))
        if isinstance(value, str) and "," in value:
            raise UsageError(
                say(
                    "parameter `%1`: expected %2, got %3 (%4); --sweep runs the notebook for each of several values",
                    *said,
                )
            )
        raise UsageError(say("parameter `%1`: expected %2, got %3 (%4)", *said))
    if base == "float":
        return float(value)
    return tuple(value) if base == "tuple" else value
