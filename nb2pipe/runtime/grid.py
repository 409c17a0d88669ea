"""Parameters given several values: the values of each, and all combinations of them, each with a name."""

from __future__ import annotations

import itertools
import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any, NamedTuple

from nb2pipe.diagnostics import UsageError, say
from nb2pipe.pipeline.model import Parameter
from nb2pipe.runtime.parameters import check_parameters, parse_value

_LISTS = ("list", "tuple")
_UNSAFE = re.compile(r"[^\w.+-]+")
_LONGEST = 40  # characters of a value in the name of a file
_LONGEST_NAME = 200  # of all of them


class Axis(NamedTuple):
    """A parameter that is swept, and its values."""

    name: str
    values: tuple[Any, ...]


class Grid(NamedTuple):
    """The parameters that are swept, and those that have one value in all combinations."""

    axes: tuple[Axis, ...]
    fixed: Mapping[str, Any]


class _Piece(NamedTuple):
    """A value of a command line, and its text."""

    value: Any
    text: str


def grid(declared: Sequence[Parameter], filed: Mapping[str, Any], said: Sequence[tuple[str, str]], most: int) -> Grid:
    """What a sweep goes over: ``filed`` are the parameters of a file, ``said`` those of the command line, which win.

    In a file the elements of a list are the values of a parameter, on the command line what stands between commas, or what is
    said of it again. A parameter that is a list itself takes a list of lists, and any other list is one value of it.

    Raises:
        UsageError: A name that is not declared, a value of another type, no values, equal ones, nothing to sweep, or more
            than ``most`` combinations.
    """
    known = {p.name: p for p in declared}
    texts: dict[str, list[str]] = {}
    for name, text in said:
        texts.setdefault(name, []).append(text)
    axes, fixed = [], {}
    for name in dict.fromkeys((*filed, *texts)):
        if name not in known:
            check_parameters(declared, {name: None}, {})  # says what was meant
        parameter = known[name]
        pieces, several = _said(parameter, texts[name]) if name in texts else _filed(parameter, filed[name])
        values = [_checked(parameter, piece) for piece in pieces]
        _check_values(name, values)
        if several:
            axes.append(Axis(name, tuple(values)))
        else:
            fixed[name] = values[0]
    if not axes:
        example = next((p.name for p in declared), "rate")
        raise UsageError(say("--sweep: no parameter is given several values, such as `-p %1 A,B`", example))
    count = math.prod(len(a.values) for a in axes)
    if count > most:
        sizes = reduce(
            lambda known, size: say("%1 x %2", known, size),
            [say("%1 of %2", f"{len(a.values):,}", a.name) for a in axes],
        )
        raise UsageError(
            say(
                "the sweep has %1 combinations (%2), more than %3; `--max-runs %4` runs them",
                f"{count:,}", sizes, f"{most:,}", count,
            )
        )  # fmt: skip
    return Grid(tuple(axes), fixed)


def combinations(found: Grid) -> list[dict[str, Any]]:
    """The values of the swept parameters in each combination; that of the last changes first."""
    names = [a.name for a in found.axes]
    return [dict(zip(names, values, strict=True)) for values in itertools.product(*(a.values for a in found.axes))]


def label(values: Mapping[str, Any]) -> str:
    """A combination in a line: ``region=eu rate=0.1``."""
    return " ".join(f"{name}={text_of(value)}" for name, value in values.items())


def text_of(value: Any) -> str:
    """A value in a line: texts as they are, all else as JSON writes it."""
    return " ".join(value.split()) if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def file_names(found: Grid, output: str, notebook: str) -> list[str]:
    """Where the notebook of each combination goes: ``out.ipynb`` to ``out-region=eu-rate=0.1.ipynb``, a folder's into it.

    A value that does not fit into a name is shortened; names that would be too long are numbers.
    """
    suffix = Path(output).suffix
    start = output.removesuffix(suffix)
    if not suffix or Path(output).is_dir():
        start, suffix = os.path.join(output, notebook), ".ipynb"
    words = {a.name: _words(a.values) for a in found.axes}
    every = itertools.product(*([f"{a.name}={word}" for word in words[a.name]] for a in found.axes))
    names = ["-".join(parts) for parts in every]
    if max(len(n.encode()) for n in names) > _LONGEST_NAME:
        width = len(str(len(names)))
        names = [f"{number:0{width}}" for number in range(1, len(names) + 1)]
    return [f"{start}-{name}{suffix}" for name in names]


def _words(values: Sequence[Any]) -> list[str]:
    """The values as parts of names of files, each another one, also where capitals do not count."""
    words = [_UNSAFE.sub("_", text_of(v))[:_LONGEST] for v in values]
    folded = [w.casefold() for w in words]
    return [w if folded.count(w.casefold()) == 1 else f"{w}~{place}" for place, w in enumerate(words, 1)]


def _said(parameter: Parameter, texts: Sequence[str]) -> tuple[list[_Piece], bool]:
    """The values that the command line says, and whether they are said as several."""
    pieces: list[_Piece] = []
    several = len(texts) > 1
    for text in texts:
        found = _pieces(text) or [_Piece(parse_value(text), text)]
        if len(found) == 1 and _is_several(parameter, found[0].value) and found[0].text.startswith("["):
            found, several = _pieces(found[0].text[1:-1]), True
        pieces += found
    return pieces, several or len(pieces) > 1


def _filed(parameter: Parameter, value: Any) -> tuple[list[_Piece], bool]:
    several = _is_several(parameter, value)
    return [_Piece(v, "") for v in (value if several else (value,))], several


def _is_several(parameter: Parameter, value: Any) -> bool:
    """Whether a value stands for several."""
    if not isinstance(value, list):
        return False
    return not _is_list(parameter) or (bool(value) and all(isinstance(v, list) for v in value))


def _is_list(parameter: Parameter) -> bool:
    return parameter.type.partition("[")[0].strip().lower() in _LISTS


def _pieces(text: str) -> list[_Piece]:
    """What stands between the commas of a text; quotes and brackets hold together what is in them, as in YAML."""
    import yaml

    whole = f"[{text}\n]"
    try:
        node: Any = yaml.compose(whole, Loader=yaml.SafeLoader)
        return [_piece(part, whole) for part in node.value]
    except Exception:  # text that is no YAML is text
        return [_Piece(parse_value(part), part) for part in map(str.strip, text.split(","))]


def _piece(node: Any, whole: str) -> _Piece:
    if getattr(node, "style", None) in ("'", '"'):
        return _Piece(node.value, node.value)
    text = whole[node.start_mark.index : node.end_mark.index].strip()
    return _Piece(parse_value(text), text)


def _checked(parameter: Parameter, piece: _Piece) -> Any:
    texts = {parameter.name: piece.text} if piece.text else {}
    try:
        return check_parameters((parameter,), {parameter.name: piece.value}, texts)[parameter.name]
    except UsageError as error:
        if not _is_list(parameter):
            raise
        said = say("%1; several values of a list are a list of lists: [[1, 2], [3]]", *error.args)
        raise UsageError(said) from None


def _check_values(name: str, values: Sequence[Any]) -> None:
    if not values:
        raise UsageError(say("parameter `%1` has no values: its list is empty", name))
    seen: set[str] = set()
    for value in values:
        if repr(value) in seen:
            raise UsageError(say("parameter `%1` has the value %2 twice", name, repr(value)))
        seen.add(repr(value))
