"""What can be set from outside."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Parameters:
    """The parameters of the pipeline, and what they are by default."""

    DEPTH: int = 5
    ALPHA: float = 2.0
