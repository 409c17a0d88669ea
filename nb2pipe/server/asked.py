"""What a page asks for and is answered, as types; the notebook that a request names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nb2pipe import api

Request = Mapping[str, Any]
Answer = dict[str, Any]
Say = Callable[[Answer], None]
"""What is told of while the work goes on."""


def compiled(request: Request, split: str | None = None) -> api.Compiled:
    """The notebook that a request names, compiled; split as it says, or else as ``split``."""
    return api.compile_notebook(api.load(request["path"]), request.get("split") or split)
