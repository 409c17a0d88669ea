"""`nb2pipe values`: the values of the runs that were made with the cache, where they come from, and how to take one out."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nb2pipe.cli.options import add_store, add_trust
from nb2pipe.cli.parser import Parser, examples, show_help
from nb2pipe.cli.store import as_bytes

if TYPE_CHECKING:
    from nb2pipe.runtime.portraits import Portrait
    from nb2pipe.store.lineage import Lineage, Value

_NAME = (
    "its name, or STEP.NAME; of the run RUN (its name, the beginning of it, or `last`), or else the newest that has it"
)


def add_parser(commands: Any) -> None:
    """Add the command to the command line."""
    parser: Parser = commands.add_parser(
        "values",
        description="The named values of the runs that were made with `run --cache`: list their versions, show one with what it "
        "was made from, or write one to a file.",
        epilog=examples(
            ("nb2pipe values list", "all versions, the newest first"),
            ("nb2pipe values list --run last", "those of one run"),
            ("nb2pipe values show model", "which run, step, code, parameters and values made it"),
            ("nb2pipe values export model@20261126-09 -o model.joblib", "as it was then"),
            ("nb2pipe values list --format openlineage --to http://localhost:5000/api/v1/lineage", "the lineage of the last run"),
        ),
    )  # fmt: skip
    parser.set_defaults(main=lambda _: show_help(parser))
    actions = parser.add_subparsers(metavar="ACTION", dest="action", parser_class=Parser)
    listed = actions.add_parser("list", help="the versions of values, the newest first, or the values of a run")
    listed.add_argument("--run", metavar="RUN", help="only those of this run: its name, the beginning of it, or `last`")
    listed.add_argument("-n", "--count", type=int, default=50, metavar="N", help="so many at most (default: 50)")
    listed.add_argument("--all", action="store_true", help="modules, functions and classes too")
    shown = actions.add_parser("show", help="where a value comes from, what was made from it, and what it looks like")
    exported = actions.add_parser("export", help="write a value to a file")
    for action in (shown, exported):
        action.add_argument("name", metavar="NAME[@RUN]", help=_NAME)
    exported.add_argument(
        "-o", "--output", metavar="FILE", required=True,
        help="its suffix says what it is: .csv or .parquet (frames), .npy (arrays), .json (plain data), .joblib, .skops, .pkl",
    )  # fmt: skip
    for action in (listed, shown):
        action.add_argument("--format", choices=("text", "json", "openlineage"), default="text", help="default: text")
        action.add_argument("--to", metavar="TARGET", help="the file or http address that events of OpenLineage go to")
    for action, function in ((listed, _list), (shown, _show), (exported, _export)):
        action.add_argument("--pipeline", metavar="NOTEBOOK", help="only those of this notebook: its path, or its name")
        if action is not listed:
            add_trust(action)
        add_store(action, "runs")
        action.set_defaults(main=function)


def _where(options: argparse.Namespace) -> Any:
    from nb2pipe.api.valuing import Where

    return Where(options.store, options.pipeline, getattr(options, "trust", False))


def _list(options: argparse.Namespace) -> int:
    from nb2pipe.api import valuing

    _check(options)
    if options.format == "openlineage":
        return _send(options, valuing.lineage_events(_where(options), options.run))
    found = valuing.values(_where(options), options.run, options.count, everything=options.all)
    if options.format == "json":
        return _print_json([{**_as_data(v), "kept": kept} for v, kept in found])
    rows = [
        (
            v.name,
            v.kind,
            as_bytes(v.size),
            v.step,
            v.made,
            v.digest[:12],
            Path(v.notebook).name + ("" if kept else "  not kept"),
        )
        for v, kept in found
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())
    if not rows:
        print("no values are recorded", file=sys.stderr)
    return 0


def _show(options: argparse.Namespace) -> int:
    from nb2pipe.api import valuing

    _check(options)
    if options.format == "openlineage":
        return _send(options, valuing.lineage_events(_where(options), name=options.name))
    found, portrait = valuing.show_value(options.name, _where(options))
    if options.format == "json":
        return _print_json(_lineage_data(found, portrait))
    print("\n".join(_lineage_text(found, portrait)))
    return 0


def _export(options: argparse.Namespace) -> int:
    from nb2pipe.api import valuing

    value = valuing.export_value(options.name, Path(options.output), _where(options))
    print(f"{value.name} of {value.step}, run {value.run}, is in {options.output}", file=sys.stderr)
    return 0


def _check(options: argparse.Namespace) -> None:
    if options.to and options.format != "openlineage":
        from nb2pipe.diagnostics import UsageError

        raise UsageError("--to is where events go: it takes --format openlineage")


def _send(options: argparse.Namespace, events: Any) -> int:
    from nb2pipe.api import valuing

    if options.to:
        valuing.send_lineage(events, options.to)
        print(f"{len(events)} events went to {options.to}", file=sys.stderr)
    else:
        import json

        for event in events:
            print(json.dumps(event))
    return 0


def _as_data(value: Value) -> dict[str, Any]:
    return {
        "name": value.name, "type": value.kind, "size": value.size, "step": value.step, "run": value.run, "made_by": value.made,
        "digest": value.digest, "notebook": value.notebook,
    }  # fmt: skip


def _lineage_data(found: Lineage, portrait: Portrait | str) -> dict[str, Any]:
    import time

    facts = found.record.facts
    seen = (
        None if isinstance(portrait, str) else {"type": portrait.kind, "shape": portrait.shape, "head": portrait.head}
    )
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(found.result.made)) if found.result else None
    return {
        **_as_data(found.value),
        "made": when,
        "seconds": facts.get("seconds", 0.0) if found.result is None else found.result.seconds,
        "recipe": facts.get("key"),
        "code": _code(found),
        "version": found.run.facts.get("code"),
        "git": found.run.facts.get("git"),
        "parameters": _parameters(found),
        "read": [] if found.result is None else list(found.result.facts.get("reads", [])),
        "from": [_as_data(v) for v in found.above],
        "into": [{"step": step, "values": list(names)} for step, names in found.below],
        "portrait": seen,
        "problem": portrait if seen is None else None,
    }


def _lineage_text(found: Lineage, portrait: Portrait | str) -> Any:
    import time

    value, result = found.value, found.result
    yield f"value     {value.name}  {value.kind}  {as_bytes(value.size)}  {value.digest}"
    when = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(result.made)) if result else ""
    took = f"in {result.seconds:.2f} s" if result else ""
    yield f"made by   step {value.step}, run {value.made}  {when}  {took}".rstrip()
    yield f"notebook  {value.notebook}"
    git = found.run.facts.get("git")
    commit = f", git {git['commit'][:12]}{' with changes' if git['changed'] else ''}" if git else ""
    yield f"code      step {_code(found)[:12] or 'unknown'}, notebook {str(found.run.facts.get('code', ''))[:12]}{commit}"
    for name, text in _parameters(found).items():
        yield f"with      {name} = {text}"
    for path in [] if result is None else result.facts.get("reads", []):
        yield f"read      {path}"
    for one in found.above:
        yield f"from      {one.name}  {one.kind}  of {one.step}  {one.digest[:12]}"
    for step, names in found.below:
        yield f"into      {step}{': ' if names else ''}{', '.join(names)}"
    if isinstance(portrait, str):
        yield f"looks     unknown: {portrait}"
        return
    yield f"type      {portrait.kind}"
    if portrait.shape:
        yield f"shape     {portrait.shape}"
    yield portrait.head


def _code(found: Lineage) -> str:
    """The digest of the step's own code."""
    return "" if found.result is None else str(found.result.facts.get("exact", ""))


def _parameters(found: Lineage) -> dict[str, str]:
    """The parameters that the step used, as text; those of the run where nothing else is known."""
    if found.result is None:
        return {n: repr(v) for n, v in found.run.facts["parameters"].items()}
    parts = found.result.facts.get("parts", {})
    return {n.partition(" ")[2]: v for n, v in sorted(parts.items()) if n.startswith("parameter ")}


def _print_json(data: Any) -> int:
    import json

    print(json.dumps(data, indent=2))
    return 0
