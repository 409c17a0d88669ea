"""What can be set from outside."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Parameters:
    """The parameters of the pipeline, and what they are by default."""

    test_share: float = field(
        default=0.25,
        metadata={"help": "part of the customers that is kept for the test"},
    )
    threshold: float = field(
        default=0.4,
        metadata={"help": "from which probability on a customer counts as leaving"},
    )
    seed: int = field(
        default=7,
        metadata={"help": "seed of the split and of the models"},
    )
