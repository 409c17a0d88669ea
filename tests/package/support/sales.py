"""A small pipeline, as a package would hold it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from nb2pipe.package.support._pipeline import Pipeline, Step


@dataclass(frozen=True)
class Parameters:
    month: str = field(default="2026-01", metadata={"help": "the month to report, 100% of it"})
    rate: float = field(default=1.08, metadata={"minimum": 0, "maximum": 2})
    min_rows: int = 3
    strict: bool = True
    kind: Literal["net", "gross"] = "net"
    columns: list[str] = field(default_factory=lambda: ["a"])
    options: dict = field(default_factory=dict)  # type: ignore[type-arg]  # as a notebook has it
    limit: float | None = None
    step: Any = None


def setup() -> None:
    pass


def load(month: str, rate: float, columns: list[str]) -> tuple[list[Any], dict[str, Any]]:
    rows = [month, rate]
    return rows, {"rows": rows, "columns": columns}


def extend(rows: list[Any], table: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    rows.append("more")
    return rows, table


def count(table: dict[str, Any], rows: list[Any], strict: bool) -> int:
    if not strict:
        raise ValueError("not strict")
    return len(table["rows"]) + len(rows)


PIPELINE = Pipeline(
    "sales-report",
    Parameters,
    Step(setup),
    Step(load, takes=("month", "rate", "columns"), gives=("rows", "table"), after=("setup",)),
    Step(extend, takes=("rows", "table"), gives=("rows", "table")),
    Step(count, takes=("table", "rows", "strict"), gives=("number",), after=("load", "extend")),
)
