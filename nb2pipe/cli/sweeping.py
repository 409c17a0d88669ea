"""`run --sweep` and `plan --sweep`: a notebook for each combination of parameters, and a table of what came of it."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from nb2pipe.cli.limit_options import limits_given
from nb2pipe.cli.options import packs_of
from nb2pipe.cli.papermill import papermill_of
from nb2pipe.cli.sweep_options import check_sweep, headline, prepared

if TYPE_CHECKING:
    from nb2pipe.records.sweeps import Table


def run_sweep(options: argparse.Namespace) -> int:
    """Run a sweep and print its table."""
    from nb2pipe import api
    from nb2pipe.cli.refusal import say
    from nb2pipe.diagnostics import Refused

    check_sweep(options, ())
    papermill_of(options)  # that its options go with papermill
    settings = limits_given(options) | ({"jobs": options.jobs} if options.jobs else {})
    try:
        sweep, chosen = prepared(options, options.cwd, settings | {"order": options.order, "guards": options.guards})
    except Refused as refused:
        say(refused)
        return refused.exit_code
    cached = options.cache is not False
    request = api.RunRequest(
        chosen, output=options.output, cache=cached, store=options.store, trust=options.trust, record=not cached,
        mlflow=options.mlflow, packs=packs_of(options),
    )  # fmt: skip
    _say(headline(sweep))
    swept = api.sweep(sweep, request, _say)
    print(table_text(swept.table, options.format or "text"), end="")
    _advise(swept.table, options.output)
    return swept.exit_code


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _advise(table: Table, output: str | None) -> None:
    """What to type next."""
    failed = next((row for row in table.rows if row.status == "failed" and row.run), None)
    if failed is not None:
        _say(f"more: nb2pipe open {failed.run}")
    written = sum(row.output is not None and row.status in ("ok", "failed") for row in table.rows)
    if output is not None:
        _say(f"wrote {written} notebook{'s' * (written != 1)}, such as {table.rows[0].output}")
    if not any(row.metrics for row in table.rows):
        _say("no metrics were said: tag a cell `metrics`, or call nb2pipe.log_metric")
    _say(f"again: nb2pipe runs compare {table.sweep}")


def table_text(table: Table, form: str) -> str:
    """A table in one of its forms: text, json, csv."""
    from nb2pipe.records.sweeps import as_csv, as_data, as_text

    if form == "json":
        import json

        from nb2pipe.records.text import finite

        return json.dumps(finite(as_data(table)), indent=2, allow_nan=False) + "\n"
    return as_csv(table) if form == "csv" else as_text(table)


def plan_sweep(options: argparse.Namespace) -> int:
    """Say for each step of a sweep how often it runs, and why."""
    from nb2pipe import api
    from nb2pipe.cli.refusal import say
    from nb2pipe.diagnostics import Refused

    check_sweep(options, ())
    try:
        sweep, _ = prepared(options, None, {})
    except Refused as refused:
        say(refused)
        return refused.exit_code
    rows = api.plan_sweep(sweep)
    if options.format == "json":
        import json

        listed = [{"step": r.step, "runs": r.runs, "for": list(r.names), "reason": r.reason} for r in rows]
        print(json.dumps({"combinations": len(sweep.runs), "one_by_one": sweep.why or None, "steps": listed}, indent=2))
        return 0
    width = max((len(r.step) for r in rows), default=0)
    counts = [_times(r.runs) for r in rows]
    wide = max(map(len, counts), default=0)
    for row, count in zip(rows, counts, strict=True):
        print(f"{count:>{wide}}  {row.step:<{width}}  {row.reason}")
    print(headline(sweep))
    return 0


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
