"""`make bench`: every benchmark, as a table; ratios are of medians taken in turn in this very run."""

from __future__ import annotations

import argparse
import sys

from benchmarks import cached, compiling, converting, handover, many, peers, records, running
from benchmarks.measure import Row, table


def main() -> int:
    """Run the benchmarks whose names hold the given text."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "only",
        nargs="?",
        default="",
        help="a part of a name: compiling, converting, running, cached, handover, many, peers, records",
    )
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured (default: 3)")
    options = parser.parse_args()
    rows: list[Row] = []
    for module in (compiling, converting, running, cached, handover, many, peers, records):
        if options.only in module.__name__:
            for row in module.measure(options.rounds):
                rows.append(row)
                print(f"  {row.name}: {row.text}", file=sys.stderr, flush=True)
    print(table(rows))
    return 0 if all(r.holds for r in rows) else 1


raise SystemExit(main())
