"""What can be set from outside."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Parameters:
    """The parameters of the pipeline, and what they are by default."""

    month: str = field(
        default="2026-02",
        metadata={"help": "the month to report, as YYYY-MM"},
    )
    region: str = field(
        default="south",
        metadata={"help": "the region that is looked at closely"},
    )
    rate: float = field(default=1.08, metadata={"help": "dollars for one euro"})
