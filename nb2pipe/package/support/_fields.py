"""The fields of the parameters: which values they take, and how a value is read from text."""

from __future__ import annotations

import ast
import dataclasses
import difflib
import json
import numbers
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any


class ParameterError(ValueError):
    """A parameter that does not exist, or a value that it does not take."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: the known one that is like it, else all of them."""
    known = list(known)
    near = difflib.get_close_matches(name, known, 1)
    if near:
        return f"; did you mean {near[0]}?"
    return f"; known: {', '.join(known)}" if known else "; there are none"


def kinds(parameters: type[Any]) -> dict[str, Any]:
    """The type of each field of a dataclass, by name, as it is annotated."""
    hints = typing.get_type_hints(parameters)
    return {f.name: hints[f.name] for f in dataclasses.fields(parameters)}


def kind_name(kind: Any) -> str:
    """How a type is written: ``int``, ``list[str]``, ``Literal['a', 'b']``, ``float | None``."""
    return kind.__name__ if type(kind) is type else str(kind).replace("typing.", "")


def checked(parameters: type[Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The given values, an int for a float as a float, a list for a tuple as a tuple.

    Raises:
        ParameterError: A name that is no field, a value of another type, or beyond the field's minimum or maximum.
    """
    fields = {f.name: f for f in dataclasses.fields(parameters)}
    annotated = kinds(parameters)
    problems, values = [], {}
    for name, value in given.items():
        if name not in fields:
            problems.append(f"there is no parameter {name}{did_you_mean(name, fields)}")
            continue
        kind = next((k for k in _members(annotated[name]) if _fits(value, k)), None)
        if kind is None:
            expected = kind_name(annotated[name])
            problems.append(f"parameter {name}: expected {expected}, got {type(value).__name__} ({value!r})")
        else:
            values[name] = _converted(value, kind)
            problems += _beyond(name, value, fields[name].metadata)
    if problems:
        raise ParameterError("; ".join(problems))
    return values


def settled(parameters: type[Any], given: Any, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a run, by name: those of an instance, or the defaults, with changes. What is not a field's default is checked.

    Raises:
        ParameterError: A name that is no field, or a value of another type.
    """
    if given is None:
        given = parameters()
    elif not isinstance(given, parameters):
        raise ParameterError(f"expected {parameters.__name__}, got {type(given).__name__}")
    fields = dataclasses.fields(parameters)
    values = {field.name: getattr(given, field.name) for field in fields}
    own = {field.name: values[field.name] for field in fields if values[field.name] is not field.default}
    return values | checked(parameters, {**own, **changes})


def from_text(text: str, kind: Any, origin: str) -> Any:
    """The value of a type that a text stands for.

    A list, a dict or anything else is written as JSON or as a Python literal; what is neither is, where any type will
    do, the text itself.

    Raises:
        ParameterError: The text stands for no value of the type; the message begins with ``origin``.
    """
    for member in _members(kind):
        try:
            value = _read(text, member)
        except ValueError:
            continue
        if _fits(value, member):
            return value
    hint = ""
    if typing.get_origin(kind) is typing.Literal:
        hint = did_you_mean(text, map(str, typing.get_args(kind)))
    raise ParameterError(f"{origin}: expected {kind_name(kind)}, got {text!r}{hint}")


def _members(kind: Any) -> tuple[Any, ...]:
    """The types of a union, None first, so that its word is not taken for a text; of another type, itself."""
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return tuple(sorted(typing.get_args(kind), key=lambda k: k is not types.NoneType))
    return (kind,)


_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
    **dict.fromkeys(("none", "null"), None),
}


def _read(text: str, kind: Any) -> Any:
    if kind is str:
        return text
    if kind in (int, float):
        return kind(text)
    if kind in (bool, types.NoneType):
        return _WORDS.get(text.lower(), text)
    if typing.get_origin(kind) is typing.Literal:
        return next((choice for choice in typing.get_args(kind) if str(choice) == text), text)
    for read in (json.loads, ast.literal_eval):
        try:
            return _converted(read(text), kind)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            continue
    return text


def _fits(value: Any, kind: Any) -> bool:
    origin: Any = typing.get_origin(kind) or kind
    arguments = typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return any(_fits(value, a) for a in arguments)
    if origin is typing.Literal:
        return any(value == a and type(value) is type(a) for a in arguments)
    if origin in (int, float):
        number = numbers.Integral if origin is int else numbers.Real
        return isinstance(value, number) and not isinstance(value, bool)
    if origin is tuple:
        return isinstance(value, (tuple, list))
    if origin is not Any and isinstance(origin, type) and not isinstance(value, origin):
        return False
    if origin is list and arguments:
        return all(_fits(v, arguments[0]) for v in value)
    if origin is dict and arguments:
        return all(_fits(k, arguments[0]) and _fits(v, arguments[1]) for k, v in value.items())
    return True


def _converted(value: Any, kind: Any) -> Any:
    if kind is float and isinstance(value, int):
        return float(value)
    if (typing.get_origin(kind) or kind) is tuple and isinstance(value, list):
        return tuple(value)
    return value


def _beyond(name: str, value: Any, metadata: Mapping[str, Any]) -> list[str]:
    least, most = metadata.get("minimum"), metadata.get("maximum")
    if value is None:
        return []
    if least is not None and value < least:
        return [f"parameter {name} must be at least {least}, got {value!r}"]
    if most is not None and value > most:
        return [f"parameter {name} must be at most {most}, got {value!r}"]
    return []
