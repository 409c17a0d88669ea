"""`nb2pipe plan`: what a run with the cache would do, step by step, and why."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from nb2pipe.cli.choice_options import add_choice, choice_of, resumed
from nb2pipe.cli.kernel_options import add_kernel, home_of
from nb2pipe.cli.options import (
    add_notebook,
    add_parameters,
    add_secrets,
    add_split,
    add_store,
    add_trust,
    parameters_of,
)
from nb2pipe.cli.parser import Parser, examples
from nb2pipe.cli.sweep_options import add_sweep, check_sweep

if TYPE_CHECKING:
    from nb2pipe.runtime.planning import Planned


def add_parser(commands: Any) -> None:
    """Add the command to the command line."""
    parser: Parser = commands.add_parser(
        "plan",
        description="Say, before anything runs, which steps `run --cache` would run and which are cached, and why.",
        epilog=examples(
            ("nb2pipe plan analysis.ipynb", "what an edit costs"),
            ("nb2pipe plan analysis.ipynb -p rate 0.2", "what another parameter costs"),
            ("nb2pipe plan analysis.ipynb --resume last", "what is left of a run that failed"),
            ("nb2pipe plan analysis.ipynb -p rate 0.1,0.2 --sweep", "what the runs of a sweep share"),
            ("nb2pipe plan analysis.ipynb --format json", "for programs"),
        ),
    )
    add_notebook(parser)
    add_parameters(parser)
    add_secrets(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    add_kernel(parser)
    add_trust(parser)
    add_choice(parser)
    add_sweep(parser)
    add_store(parser, "results")
    add_split(parser)
    parser.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """Run the command."""
    from nb2pipe import api
    from nb2pipe.cli.refusal import say
    from nb2pipe.diagnostics import Refused
    from nb2pipe.runtime.result import RunOptions

    check_sweep(options, ("max_runs",))
    if options.sweep:
        from nb2pipe.cli.sweeping import plan_sweep

        return plan_sweep(options)
    given, texts = parameters_of(options)
    choice, resume = choice_of(options), resumed(options)
    notebook = api.load(options.notebook)
    split = options.split or (resume.split if resume else None)
    compiled = api.compile_notebook(notebook, split, home=home_of(options, notebook))
    request = api.RunRequest(
        RunOptions(cwd=str(compiled.folder), choice=choice),
        given,
        texts,
        store=options.store,
        trust=options.trust,
        resume=resume,
        secrets=tuple(options.secrets),
    )
    try:
        steps = api.plan(compiled, request)
    except Refused as refused:
        say(refused, compiled.notebook)
        return refused.exit_code
    if compiled.home.note:
        print(f"note     {compiled.home.note}", file=sys.stderr)
    print(_as_json(steps) if options.format == "json" else _as_text(steps))
    return 0


def _as_json(steps: tuple[Planned, ...]) -> str:
    import json

    rows = [{"step": s.step, "action": s.action, "reason": s.reason, "seconds": s.seconds} for s in steps]
    return json.dumps(rows, indent=2)


def _as_text(steps: tuple[Planned, ...]) -> str:
    width = max((len(s.step) for s in steps), default=0)
    lines = [f"{s.action:<8} {s.step:<{width}}  {_time(s)}  {s.reason}" for s in steps]
    counts = {word: sum(s.action == word for s in steps) for word in ("run", "cached", "depends")}
    times = {word: sum(s.seconds or 0 for s in steps if s.action == word) for word in counts}
    parts = []
    if counts["run"]:
        parts.append(f"{counts['run']} to run")
    if counts["depends"]:
        parts.append(f"{counts['depends']} may have to")
    parts.append(f"{counts['cached']} cached")
    text = f"{len(steps)} step{'s' * (len(steps) != 1)}: {', '.join(parts)}"
    unknown = sum(s.seconds is None for s in steps if s.action != "cached")
    if counts["run"] + counts["depends"] > unknown:
        most = times["run"] + times["depends"]
        text += f"; by earlier runs {times['run']:.1f} s of work" + (
            f", {most:.1f} s at most" if counts["depends"] else ""
        )
        text += f", and {unknown} that never ran" if unknown else ""
    return "\n".join([*lines, text])


def _time(step: Planned) -> str:
    return " " * 9 if step.seconds is None or step.action == "cached" else f"{step.seconds:7.2f} s"
