"""`nb2pipe runs`: the runs that were recorded, what is different between two of them, and the report of one."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nb2pipe.cli.options import add_store, add_trust
from nb2pipe.cli.parser import Parser, examples, show_help

if TYPE_CHECKING:
    from nb2pipe.store.rooms import Store
    from nb2pipe.store.runs import Run

STATUSES = ("ok", "failed", "running", "lost", "interrupted", "refused")


def add_parser(commands: Any) -> None:
    """Add the command to the command line."""
    parser: Parser = commands.add_parser(
        "runs",
        description="The runs that were made with `run --cache` or `run --record`: list them, show one, compare two, report one.",
        epilog=examples(
            ("nb2pipe runs list --status failed --since 7d", "the newest first"),
            ("nb2pipe runs show last", "its steps, why each was run, and what it took"),
            ("nb2pipe runs compare 20261126-09 last", "parameters, metrics, code, packages and values that differ"),
            ("nb2pipe runs compare sweep-20261126-09", "the runs of a sweep in one table"),
            ("nb2pipe runs report last -o run.html", "all of it on one page"),
            ("nb2pipe runs notebook last -o out.ipynb", "the executed notebook"),
            ("nb2pipe runs rm 20261126-092459-3f2a", "forget a run"),
        ),
    )
    parser.set_defaults(main=lambda _: show_help(parser))
    actions = parser.add_subparsers(metavar="ACTION", dest="action", parser_class=Parser)
    listed = actions.add_parser("list", help="the runs, the newest first")
    listed.add_argument("-n", "--count", type=int, default=20, metavar="N", help="so many at most (default: 20)")
    listed.add_argument(
        "--pipeline", metavar="NAME", help="only runs of this pipeline, or of the notebook of this name"
    )
    listed.add_argument("--status", choices=STATUSES, help="only runs that ended so")
    listed.add_argument(
        "--since", type=_moment, metavar="WHEN", help="only runs from then on: 2026-11-26, or an age such as 7d"
    )
    listed.add_argument("--before", type=_moment, metavar="WHEN", help="only runs before that (times are UTC)")
    shown = actions.add_parser("show", help="one run: its steps, why each was run, and what it took")
    compared = actions.add_parser("compare", help="what is different between two runs")
    report = actions.add_parser("report", help="one run as a page that needs nothing else")
    notebook = actions.add_parser("notebook", help="the executed notebook of a run, however it ended")
    gone = actions.add_parser("rm", help="forget runs; what their steps gave stays in the cache")
    for action in (shown, report, notebook):
        action.add_argument("run", metavar="RUN", help="its name, the beginning of it, or `last`")
    compared.add_argument(
        "a", metavar="A", help="the earlier run: its name, the beginning of it, or `last`; or a sweep"
    )
    compared.add_argument("b", metavar="B", nargs="?", help="the later one; of a sweep all runs are compared")
    add_trust(compared)
    gone.add_argument("run", metavar="RUN", nargs="+", help="their names")
    for action in (listed, shown):
        action.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    compared.add_argument("--format", choices=("text", "json", "html", "csv"), default="text", help="default: text")
    for action, where in ((compared, "the terminal"), (report, "run-NAME.html")):
        action.add_argument("-o", "--output", metavar="FILE", help=f"where to write it (default: {where})")
    notebook.add_argument(
        "-o", "--output", metavar="FILE", required=True, help="a notebook (.ipynb), or a page of it (.html)"
    )
    for action, function in (
        (listed, _list),
        (shown, _show),
        (compared, _compare),
        (report, _report),
        (notebook, _notebook),
        (gone, _remove),
    ):
        add_store(action, "runs")
        action.set_defaults(main=lambda options, function=function: _with_store(options, function))


def _moment(text: str) -> float:
    """A date, a time or an age, as seconds since the epoch."""
    import datetime as dt

    from nb2pipe.notebook.tags import parse_duration

    age = parse_duration(text)
    if age is not None:
        return time.time() - age
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"expected a date such as 2026-11-26, or an age such as 7d, got {text!r}"
        ) from None
    return (found if found.tzinfo else found.replace(tzinfo=dt.UTC)).timestamp()


def _with_store(options: argparse.Namespace, function: Any) -> int:
    """Call what an action is with the store."""
    from nb2pipe.store import is_made, results_folder
    from nb2pipe.store.rooms import opened

    folder = results_folder(Path.cwd(), options.store)
    if not is_made(folder):
        print(f"no runs are recorded in {folder}; `nb2pipe run --record` does that", file=sys.stderr)
        return 2 if options.action != "list" else 0
    with opened(folder) as store:
        return int(function(options, store))


def _list(options: argparse.Namespace, store: Store) -> int:
    from nb2pipe.store.runs import Chosen, cached_of_all, newest

    chosen = Chosen(None, options.pipeline, options.status, options.since, options.before)
    if options.format == "json":
        return _print_json([_as_data(store, r) for r in newest(store.database, options.count, chosen)])
    found = newest(store.database, options.count, chosen, steps=False)
    counts = cached_of_all(store.database, found)
    for run in found:
        cached, steps = counts[run.id]
        given = " ".join(f"{n}={v}" for n, v in run.facts["parameters"].items())
        text = f"{run.id}  {run.status:<11} {_seconds(run)}  {cached:>3} of {steps} cached  {Path(run.notebook).name}  {given}"
        print(text.rstrip())
    return 0


def _show(options: argparse.Namespace, store: Store) -> int:
    from nb2pipe.records.metrics import final
    from nb2pipe.store.runs import named

    run = named(store.database, options.run)
    if options.format == "json":
        return _print_json(_as_data(store, run))
    facts = run.facts
    print(f"run      {run.id}  {run.status}  {_seconds(run).strip()}")
    print(f"notebook {run.notebook}")
    if facts["parameters"]:
        print(f"given    {', '.join(f'{n} = {v!r}' for n, v in facts['parameters'].items())}")
    if facts.get("git"):
        print(f"git      {facts['git']['commit'][:12]}{', with changes' if facts['git']['changed'] else ''}")
    print(f"on       {facts['host']}, Python {facts['python']}, nb2pipe {facts['nb2pipe']}")
    for name, value in final(store.database, run.id).items():
        print(f"metric   {name} = {value:.6g}")
    width = max((len(s.name) for s in run.steps), default=0)
    for step in sorted(run.steps, key=lambda s: s.facts.get("started", float("inf"))):
        said = step.facts.get("detail") or step.facts.get("reason") or ""
        more = f"{step.facts.get('cpu', 0):6.2f} s CPU {step.facts.get('memory', 0) / 2**20:6.0f} MiB"
        took = f"{step.facts.get('seconds', 0):7.2f} s {more}" if step.status in ("ok", "failed") else " " * 33
        print(f"{step.status:<8} {step.name:<{width}}  {took}  {said}".rstrip())
    for note in facts.get("notes", ()):
        print(f"note     {note}")
    return 0


def _compare(options: argparse.Namespace, store: Store) -> int:
    from nb2pipe.diagnostics import UsageError
    from nb2pipe.records.compare import compared
    from nb2pipe.records.text import comparison_text
    from nb2pipe.store.runs import named

    if options.b is None:
        return _compare_sweep(options, store)
    if options.format == "csv":
        raise UsageError("--format csv is for sweeps; two runs are compared as text, json or html")
    a, b = named(store.database, options.a), named(store.database, options.b)
    found = compared(store, a, b, trust=options.trust)
    if found.missing:
        print(f"note: {found.missing}", file=sys.stderr)
    if options.format == "html":
        from nb2pipe.records.pages import comparison_page

        return _give(comparison_page(a, b, found), options.output)
    if options.format == "json":
        import json

        from nb2pipe.records.text import finite

        return _give(json.dumps(finite([d._asdict() for d in found.differences]), indent=2) + "\n", options.output)
    if not found.differences:
        print("nothing differs but the times", file=sys.stderr)
    return _give(comparison_text(found), options.output)


def _compare_sweep(options: argparse.Namespace, store: Store) -> int:
    """The runs of a sweep side by side."""
    from nb2pipe.cli.sweeping import table_text
    from nb2pipe.diagnostics import UsageError
    from nb2pipe.records.sweeps import sweep_of, table_of

    sweep = sweep_of(store, options.a)
    if sweep is None:
        raise UsageError(f"{options.a} is one run: name a second one, or a sweep")
    if options.format == "html":
        raise UsageError("the table of a sweep is text, json or csv; name two of its runs for a page")
    return _give(table_text(table_of(store, sweep), options.format), options.output)


def _report(options: argparse.Namespace, store: Store) -> int:
    from nb2pipe.records.report import report_page
    from nb2pipe.store.runs import named

    run = named(store.database, options.run)
    output = options.output or f"run-{run.id}.html"
    return _give(report_page(store, run), output)


def _notebook(options: argparse.Namespace, store: Store) -> int:
    from nb2pipe.records.reading import executed_notebook
    from nb2pipe.runtime.executed import check_output, write
    from nb2pipe.store.runs import named

    run = named(store.database, options.run)
    check_output(options.output, run.notebook)
    write(options.output, executed_notebook(store, run, options.output))
    print(f"wrote {options.output}", file=sys.stderr)
    return 0


def _remove(options: argparse.Namespace, store: Store) -> int:
    from nb2pipe.store.runs import named, remove

    for run in [named(store.database, name) for name in options.run]:
        remove(store.database, run.id)
    return 0


def _as_data(store: Store, run: Run) -> dict[str, Any]:
    """A run as the design's JSON has it, and all else that is known of it."""
    from nb2pipe.records.metrics import final

    steps = [{"name": s.name, "status": s.status, "seconds": s.facts.get("seconds", 0.0), **s.facts} for s in run.steps]
    taken = None if run.ended is None else round(run.ended - run.started, 3)
    started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(run.started))
    about = {n: v for n, v in run.facts.items() if n not in ("parameters", "code", "pid", "process")}
    return {
        "id": run.id, "status": run.status, "started": started, "seconds": taken, "notebook": run.notebook,
        "parameters": run.facts["parameters"], "version": run.facts["code"], "metrics": final(store.database, run.id),
        "steps": steps, **about,
    }  # fmt: skip


def _give(text: str, output: str | None) -> int:
    """Print a text, or write it to the file that is named."""
    if output is None:
        print(text, end="")
        return 0
    from nb2pipe.runtime.executed import put

    put(output, text.encode("utf-8", "replace"))
    print(f"wrote {output}", file=sys.stderr)
    return 0


def _print_json(data: Any) -> int:
    import json

    from nb2pipe.records.text import finite

    print(json.dumps(finite(data), indent=2, allow_nan=False))
    return 0


def _seconds(run: Run) -> str:
    return " " * 9 if run.ended is None else f"{run.ended - run.started:7.2f} s"
