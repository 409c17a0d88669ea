"""What can be set from outside."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Parameters:
    """The parameters of the pipeline, and what they are by default."""

    confidence: float = field(default=0.95, metadata={"help": "of the interval"})
    resamples: int = field(default=2000, metadata={"help": "of the bootstrap"})
