"""What records hold as text and as JSON: a comparison of two runs, a line a difference; values in short; numbers that are none."""

from __future__ import annotations

from typing import Any

from nb2pipe.records.compare import Comparison

_LONGEST = 60  # characters of a value


def comparison_text(found: Comparison) -> str:
    """The differences; cells whose text differs with the lines that do."""
    code = dict(found.code)
    lines = []
    for one in found.differences:
        if one.what == "code" and one.name in code:
            lines += [
                f"code       {one.name}",
                *(f"    {line}" for line in code[one.name] if not line.startswith("@@")),
            ]
        else:
            where = f"  at {one.where}" if one.where else ""
            lines.append(f"{one.what:<10} {one.name}  {short(one.a)} -> {short(one.b)}{where}")
    return "".join(f"{line.rstrip()}\n" for line in lines)


def short(value: object) -> str:
    """A value in a few characters."""
    if isinstance(value, float):
        return f"{value:.6g}"
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def finite(data: Any) -> Any:
    """Data as JSON can say it: what is no number is null."""
    if isinstance(data, float):
        return data if data - data == 0 else None
    if isinstance(data, dict):
        return {name: finite(value) for name, value in data.items()}
    return [finite(value) for value in data] if isinstance(data, (list, tuple)) else data
