"""Numbers that a notebook says of itself: `log_metric`, which a recorded run hears and which is silent anywhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Heard = Callable[[str, float, "int | None"], None]
_MOST = 200  # numbers that one name may stand for
_hearer: Heard | None = None


def log_metric(name: str, value: Any, step: int | None = None) -> None:
    """Record a number of this run under a name; ``step`` is its place in a series, such as an epoch.

    In a recorded run of nb2pipe it goes into the record of the run. Anywhere else, as in a kernel, nothing happens.

    Raises:
        TypeError: ``name`` is no text, ``value`` no number, or ``step`` no whole number.
    """
    if not isinstance(name, str):
        raise TypeError(f"the name of a metric is a str, not {type(name).__name__}")
    found = number(value)
    if found is None:
        raise TypeError(f"metric {name!r} is no number but {type(value).__name__}")
    place = None if step is None else number(step)
    if step is not None and (place is None or not place.is_integer()):
        raise TypeError(f"the step of metric {name!r} is no whole number but {step!r}")
    if _hearer is not None:
        _hearer(name, found, None if place is None else int(place))


def listen(hearer: Heard | None) -> None:
    """Let ``hearer`` hear what is logged from now on; None for nobody."""
    global _hearer  # noqa: PLW0603  a notebook calls a function, and a process has one record
    _hearer = hearer


def number(value: Any) -> float | None:
    """A number as a float: of Python, of NumPy, or in an array or tensor without dimensions; None where it is none."""
    if getattr(value, "shape", None) == () and callable(getattr(value, "item", None)):
        value = value.item()
    plain = isinstance(value, (int, float)) or type(value).__module__ in {"decimal", "fractions"}
    if isinstance(value, bool) or not plain:
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def numbers(name: str, value: Any) -> Iterator[tuple[str, float]]:
    """The numbers in a value: itself, or those of a dict, a series or a frame, each named by its keys."""
    found = number(value)
    if found is not None:
        yield name, found
        return
    if type(value).__module__.partition(".")[0] == "pandas" and hasattr(value, "to_dict"):
        if getattr(value, "size", _MOST + 1) > _MOST:
            return
        value = value.to_dict("index") if hasattr(value, "columns") else value.to_dict()
    if isinstance(value, Mapping) and len(value) <= _MOST:
        for key, part in value.items():
            if isinstance(key, (str, int)):
                yield from numbers(f"{name}.{key}", part)
