"""Whether the steps of a pipeline may run one after another in one process, where they share every name and state."""

from __future__ import annotations

from nb2pipe.pipeline.model import Pipeline


def runs_in_order(pipeline: Pipeline) -> bool:
    """Whether each step finds the versions that it needs, where the last one of those before it is what it finds.

    A step of cells that stand apart in the notebook may need a version that a step between them replaces.
    """
    last: dict[str, str] = {}
    for step in pipeline.steps:
        if any(last.get(value.name, value.producer) != value.producer for value in step.inputs):
            return False
        last.update(dict.fromkeys((*step.changes, *step.outputs), step.name))
    return True
