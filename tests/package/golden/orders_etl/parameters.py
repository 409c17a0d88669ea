"""What can be set from outside."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Parameters:
    """The parameters of the pipeline, and what they are by default."""

    since: str = field(
        default="2026-05-15",
        metadata={"help": "orders before this day are left out"},
    )
    database: str = field(
        default="warehouse.db",
        metadata={"help": "the database, made anew"},
    )
