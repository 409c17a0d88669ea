"""`nb2pipe runs`: the runs that were made with the cache, and what is different between two of them."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nb2pipe.cli.options import add_store
from nb2pipe.cli.parser import Parser, examples, show_help

if TYPE_CHECKING:
    from nb2pipe.store.runs import Run, StepRun


def add_parser(commands: Any) -> None:
    """Add the command to the command line."""
    parser: Parser = commands.add_parser(
        "runs",
        description="The runs that were made with `run --cache`: list them, show one, compare two, or forget one.",
        epilog=examples(
            ("nb2pipe runs list", "the newest first"),
            ("nb2pipe runs show last", "its steps, why each was run, and what it took"),
            ("nb2pipe runs compare 20261126-09 last", "parameters, code, values and times that differ"),
            ("nb2pipe runs rm 20261126-092459-3f2a", "forget a run"),
        ),
    )
    parser.set_defaults(main=lambda _: show_help(parser))
    actions = parser.add_subparsers(metavar="ACTION", dest="action", parser_class=Parser)
    listed = actions.add_parser("list", help="the runs, the newest first")
    listed.add_argument("-n", "--count", type=int, default=20, metavar="N", help="so many at most (default: 20)")
    shown = actions.add_parser("show", help="one run: its steps, why each was run, and what it took")
    compared = actions.add_parser("compare", help="what is different between two runs")
    gone = actions.add_parser("rm", help="forget runs; what their steps gave stays in the cache")
    shown.add_argument("run", metavar="RUN", help="its name, the beginning of it, or `last`")
    compared.add_argument("a", metavar="A", help="the earlier run: its name, the beginning of it, or `last`")
    compared.add_argument("b", metavar="B", help="the later one")
    gone.add_argument("run", metavar="RUN", nargs="+", help="their names")
    for action in (listed, shown, compared):
        action.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    for action, function in ((listed, _list), (shown, _show), (compared, _compare), (gone, _remove)):
        add_store(action, "runs")
        action.set_defaults(main=lambda options, function=function: _with_store(options, function))


def _with_store(options: argparse.Namespace, function: Any) -> int:
    """Call what an action is with the database of the store."""
    from nb2pipe.store import results_folder
    from nb2pipe.store.database import NAME, connect

    folder = results_folder(Path.cwd(), options.store)
    if not (folder / NAME).exists():
        print(f"no runs are recorded in {folder}; `nb2pipe run --cache` does that", file=sys.stderr)
        return 2 if options.action != "list" else 0
    database = connect(folder)
    try:
        return int(function(options, database))
    finally:
        database.close()


def _list(options: argparse.Namespace, database: Any) -> int:
    from nb2pipe.store.runs import newest

    found = newest(database, options.count)
    if options.format == "json":
        return _print_json([_as_data(r) for r in found])
    for run in found:
        cached = sum(s.status == "cached" for s in run.steps)
        given = " ".join(f"{n}={v}" for n, v in run.facts["parameters"].items())
        text = f"{run.id}  {run.status:<11} {_seconds(run)}  {cached:>3} of {len(run.steps)} cached  {Path(run.notebook).name}  {given}"
        print(text.rstrip())
    return 0


def _show(options: argparse.Namespace, database: Any) -> int:
    from nb2pipe.store.runs import named

    run = named(database, options.run)
    if options.format == "json":
        return _print_json(_as_data(run))
    facts = run.facts
    print(f"run      {run.id}  {run.status}  {_seconds(run).strip()}")
    print(f"notebook {run.notebook}")
    if facts["parameters"]:
        print(f"given    {', '.join(f'{n} = {v!r}' for n, v in facts['parameters'].items())}")
    if facts.get("git"):
        print(f"git      {facts['git']['commit'][:12]}{', with changes' if facts['git']['changed'] else ''}")
    print(f"on       {facts['host']}, Python {facts['python']}, nb2pipe {facts['nb2pipe']}")
    width = max((len(s.name) for s in run.steps), default=0)
    for step in run.steps:
        said = step.facts.get("detail") or step.facts.get("reason") or ""
        more = f"{step.facts.get('cpu', 0):6.2f} s CPU {step.facts.get('memory', 0) / 2**20:6.0f} MiB"
        took = f"{step.facts.get('seconds', 0):7.2f} s {more}" if step.status in ("ok", "failed") else " " * 33
        print(f"{step.status:<8} {step.name:<{width}}  {took}  {said}".rstrip())
    return 0


def _compare(options: argparse.Namespace, database: Any) -> int:
    from nb2pipe.store.runs import named

    a, b = named(database, options.a), named(database, options.b)
    rows = list(_differences(a, b))
    if options.format == "json":
        return _print_json([{"what": w, "name": n, "a": x, "b": y} for w, n, x, y in rows])
    for what, name, x, y in rows:
        print(f"{what:<10} {name}  {x} -> {y}")
    if not rows:
        print("nothing differs but the times", file=sys.stderr)
    return 0


def _differences(a: Run, b: Run) -> Any:
    """The rows of a comparison: what, its name, what it was and what it is."""
    for name in ("nb2pipe", "python", "host"):
        if a.facts[name] != b.facts[name]:
            yield "on", name, a.facts[name], b.facts[name]
    yield from _unequal("parameter", a.facts["parameters"], b.facts["parameters"])
    if a.facts["code"] != b.facts["code"]:
        yield "code", Path(b.notebook).name, a.facts["code"][:12], b.facts["code"][:12]
    steps: list[dict[str, StepRun]] = [{s.name: s for s in run.steps} for run in (a, b)]
    for name in dict.fromkeys([*steps[0], *steps[1]]):
        x, y = steps[0].get(name), steps[1].get(name)
        if x is None or y is None:
            yield "step", name, "-" if x is None else x.status, "-" if y is None else y.status
            continue
        if {x.status, y.status} - {"ok", "cached"} and x.status != y.status:
            yield "step", name, x.status, y.status
        values = [{f"{name}.{n}": d[:12] for n, d in s.facts.get("values", {}).items()} for s in (x, y)]
        yield from _unequal("value", *values)


def _unequal(what: str, a: Mapping[str, Any], b: Mapping[str, Any]) -> Any:
    for name in sorted({*a, *b}):
        if a.get(name) != b.get(name):
            yield what, name, a.get(name, "-"), b.get(name, "-")


def _remove(options: argparse.Namespace, database: Any) -> int:
    from nb2pipe.store.runs import named, remove

    for run in [named(database, name) for name in options.run]:
        remove(database, run.id)
    return 0


def _as_data(run: Run) -> dict[str, Any]:
    """A run as the design's JSON has it, and all else that is known of it."""
    steps = [{"name": s.name, "status": s.status, "seconds": s.facts.get("seconds", 0.0), **s.facts} for s in run.steps]
    taken = None if run.ended is None else round(run.ended - run.started, 3)
    started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(run.started))
    about = {n: v for n, v in run.facts.items() if n not in ("parameters", "code", "pid", "process")}
    return {
        "id": run.id, "status": run.status, "started": started, "seconds": taken, "notebook": run.notebook,
        "parameters": run.facts["parameters"], "version": run.facts["code"], "steps": steps, **about,
    }  # fmt: skip


def _print_json(data: Any) -> int:
    import json

    print(json.dumps(data, indent=2))
    return 0


def _seconds(run: Run) -> str:
    return " " * 9 if run.ended is None else f"{run.ended - run.started:7.2f} s"
