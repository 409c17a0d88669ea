"""Parameters that are given outside of Python: in the environment and in files."""

from __future__ import annotations

import datetime as dt
import difflib
import importlib
import json
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ._fields import ParameterError, checked, from_text, kinds

_NEAR = 0.8
"""From where on a variable is taken for a slip: what is less like a parameter's may be anybody's."""


def variable(prefix: str, name: str) -> str:
    """The environment variable of a parameter: ``REPORT_MONTH`` for ``month`` of ``report``."""
    return re.sub(r"\W", "_", f"{prefix}_{name}").upper()


def in_environment(parameters: type[Any], prefix: str) -> dict[str, Any]:
    """The parameters that environment variables give.

    Raises:
        ParameterError: A variable stands for no value of its parameter's type, or is nearly that of a parameter.
    """
    values: dict[str, Any] = {}
    known = {variable(prefix, name): (name, kind) for name, kind in kinds(parameters).items()}
    for origin, (name, kind) in known.items():
        if origin in os.environ:
            values |= _checked(parameters, {name: from_text(os.environ[origin], kind, origin)}, origin)
    beginning = variable(prefix, "")
    names = {origin.removeprefix(beginning): origin for origin in known}
    for origin in sorted(v for v in os.environ if v.startswith(beginning) and v not in known):
        near = difflib.get_close_matches(origin.removeprefix(beginning), names, 1, _NEAR)
        if near:
            raise ParameterError(f"{origin}: there is no such parameter; did you mean {names[near[0]]}?")
    return values


def in_file(parameters: type[Any], path: Path) -> dict[str, Any]:
    """The parameters that a .json, .toml or .yaml file gives; its dates are texts.

    Raises:
        ParameterError: The file cannot be read, or gives what is no parameter or no value of its type.
    """
    try:
        data = _read(path)
    except ImportError:
        raise ParameterError(f"{path}: to read YAML, PyYAML has to be installed (pip install pyyaml)") from None
    except OSError as error:
        raise ParameterError(f"{path} cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        raise ParameterError(f"{path} cannot be read: {' '.join(str(error).split())}") from None
    if not isinstance(data, dict):
        raise ParameterError(f"{path} has to hold names with their values, not a {type(data).__name__}")
    given = {str(k): v.isoformat() if isinstance(v, (dt.date, dt.time)) else v for k, v in data.items()}
    return _checked(parameters, given, str(path))


def _read(path: Path) -> Any:
    if path.suffix not in (".json", ".toml", ".yaml", ".yml"):
        raise ValueError("expected a .json, .toml or .yaml file")
    text = path.read_text("utf-8-sig")
    if path.suffix == ".json":
        return json.loads(text)
    if path.suffix == ".toml":
        return tomllib.loads(text)
    yaml = importlib.import_module("yaml")
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None


def _checked(parameters: type[Any], given: Mapping[str, Any], origin: str) -> dict[str, Any]:
    try:
        return checked(parameters, given)
    except ParameterError as error:
        raise ParameterError(f"{origin}: {error}") from None
