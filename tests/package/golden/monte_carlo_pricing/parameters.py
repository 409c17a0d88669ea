"""What can be set from outside."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Parameters:
    """The parameters of the pipeline, and what they are by default."""

    paths: int = field(
        default=400_000,
        metadata={"help": "simulated paths in each market"},
    )
    steps: int = field(default=24, metadata={"help": "steps to maturity"})
    strike: float = field(default=100.0, metadata={"help": "strike of every option"})
