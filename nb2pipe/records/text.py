"""A comparison of two runs as text, a line a difference."""

from __future__ import annotations

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
