"""What can be set from outside."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Parameters:
    """The pipeline has none."""
