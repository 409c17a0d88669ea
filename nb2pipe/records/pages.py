"""Pages that stand alone: templates of this room filled in, with all that they need inside."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from nb2pipe.records.compare import Comparison
from nb2pipe.records.text import short
from nb2pipe.records.timeline import seconds
from nb2pipe.store.runs import Run

_TEMPLATES = Path(__file__).parent / "templates"


def filled(template: str, **values: Any) -> str:
    """A template, filled in. All that is no markup of ours is escaped."""
    from jinja2 import Environment, FileSystemLoader

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        keep_trailing_newline=True,
    )  # fmt: skip
    environment.filters |= {"short": short, "seconds": seconds, "picture": _picture}
    return environment.get_template(template).render(**values)


def comparison_page(a: Run, b: Run, found: Comparison) -> str:
    """What is different between two runs, figures side by side."""
    kinds: dict[str, list[Any]] = {}
    for one in found.differences:
        if one.what not in ("code", "figure") or not found.code:
            kinds.setdefault(one.what, []).append(one)
    kinds.pop("figure", None)
    return filled(
        "comparison.html", a=a, b=b, kinds=kinds, code=found.code, figures=found.figures, missing=found.missing
    )


def _picture(data: bytes) -> str:
    """A PNG as an address that holds it."""
    return f"data:image/png;base64,{base64.b64encode(data).decode('ascii')}"
