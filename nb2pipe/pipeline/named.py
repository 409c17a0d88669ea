"""Steps by the names that a user types."""

from __future__ import annotations

import difflib

from nb2pipe.diagnostics import UsageError
from nb2pipe.notebook.tags import normalise_step
from nb2pipe.pipeline.model import Pipeline
from nb2pipe.pipeline.words import shortened


def named(pipeline: Pipeline, name: str) -> str:
    """The step of that name, as written or normalised.

    Raises:
        UsageError: There is none; with the one that is nearly it.
    """
    names = [s.name for s in pipeline.steps]
    for wanted in (name, normalise_step(name)):
        if wanted in names:
            return wanted
    if not names:
        raise UsageError(f"no step `{name}`: the pipeline has no steps")
    near = difflib.get_close_matches(normalise_step(name), names, 1)
    hint = f"did you mean `{near[0]}`?" if near else f"the steps are {shortened(names, 200)}"
    raise UsageError(f"no step `{name}`: {hint}")
