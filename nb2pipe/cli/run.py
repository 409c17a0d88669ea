"""`nb2pipe run`: a notebook as a pipeline, and one executed notebook."""

from __future__ import annotations

import argparse
import shlex
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nb2pipe.cli.choice_options import add_choice, caches, choice_of, resumed
from nb2pipe.cli.dask import add_dask, dask_of
from nb2pipe.cli.kernel_options import add_kernel, home_of, may_be_elsewhere
from nb2pipe.cli.limit_options import add_limits, limits_given
from nb2pipe.cli.log_format import add_log_format, logged, say_end, say_findings, say_start
from nb2pipe.cli.options import (
    add_compress,
    add_notebook,
    add_parameters,
    add_secrets,
    add_split,
    add_store,
    add_trust,
    packs_of,
    parameters_of,
)
from nb2pipe.cli.papermill import add_papermill, papermill_of
from nb2pipe.cli.parser import Parser, examples
from nb2pipe.cli.sweep_options import add_sweep, check_sweep

if TYPE_CHECKING:
    from nb2pipe.api import Compiled
    from nb2pipe.cli.watching import Told
    from nb2pipe.diagnostics import Diagnostic
    from nb2pipe.runtime.events import Events
    from nb2pipe.runtime.result import RunResult
    from nb2pipe.runtime.zygote import Starter

_CAUSES = ("NB1", "NB504", "NB70")
"""The findings that say why a cell fails: names, files, modules."""


def add_parser(commands: Any) -> None:
    """Add the command to the command line."""
    parser: Parser = commands.add_parser(
        "run",
        description="Run the notebook as a pipeline, each step in a process of its own, in the notebook's folder.",
        epilog=examples(
            ("nb2pipe run analysis.ipynb -o out.ipynb", "the executed notebook"),
            ("nb2pipe run analysis.ipynb -p month 2026-03 -o out.html", "with a parameter, as a page"),
            ("nb2pipe run analysis.ipynb -f march.yaml --jobs 4", "parameters from a file, four steps at once"),
            ("nb2pipe run analysis.ipynb --guards strict", "refuse where the analysis was wrong"),
            ("nb2pipe run analysis.ipynb --record", "every step, and a record of the run: nb2pipe runs show last"),
            ("nb2pipe run analysis.ipynb --resume last -o out.ipynb", "go on with the run that failed"),
            ("nb2pipe run analysis.ipynb --until train", "train, and what it needs"),
            ("nb2pipe run analysis.ipynb --watch", "again whenever it is saved, as far as the change goes"),
            ("nb2pipe run analysis.ipynb -p rate 0.1,0.2 --sweep", "for each rate, and a table of metrics"),
            ("nb2pipe run analysis.ipynb --engine dask --scheduler tcp://head:8786", "on the machines of a cluster"),
        ),
    )
    add_notebook(parser)
    add_parameters(parser)
    add_secrets(parser)
    parser.add_argument("-o", "--output", metavar="EXECUTED",
                        help="where to write the executed notebook (.ipynb), or a page of it (.html)")  # fmt: skip
    parser.add_argument("--engine", choices=("local", "papermill", "dask"), default="local",
                        help="what runs the steps: processes of nb2pipe's own, papermill, in kernels, or a Dask cluster "
                        "(default: local)")  # fmt: skip
    add_kernel(parser)
    parser.add_argument("--cwd", metavar="DIR", help="the folder that the steps run in (default: the notebook's)")
    parser.add_argument("--jobs", type=_count, metavar="N", help="steps at once at most (default: the cores)")
    parser.add_argument("--order", choices=("document", "latest"), default="document",
                        help="which ready step starts first: the first in the notebook, or the last (default: document)")  # fmt: skip
    parser.add_argument("--guards", choices=("on", "light", "strict", "off"), default="on",
                        help="hold each step to what the analysis said of it: add the missing edge and go on (on), leave "
                        "large values out (light), refuse (strict), or do not look (off)")  # fmt: skip
    parser.add_argument("--cache", action=argparse.BooleanOptionalAction,
                        help="let what a step gave in an earlier run stand for it where that holds (default: no)")  # fmt: skip
    parser.add_argument("--record", action="store_true",
                        help="run every step, and keep a record of the run and what its steps gave, as --cache does too")  # fmt: skip
    parser.add_argument("--mlflow", metavar="URI",
                        help="send parameters and metrics of the run to MLflow too, such as file:mlruns (implies --record)")  # fmt: skip
    parser.add_argument("--watch", action="store_true",
                        help="stay, and run again what a saved change of the notebook, or of a file that it reads, touches")  # fmt: skip
    add_log_format(parser)
    add_choice(parser)
    add_sweep(parser)
    parser.add_argument(
        "--format", choices=("text", "json", "csv"), help="how a sweep prints its table (default: text)"
    )
    add_limits(parser)
    add_trust(parser)
    add_store(parser, "results")
    add_compress(parser)
    add_split(parser)
    add_papermill(parser)
    add_dask(parser)
    parser.set_defaults(main=main)


def _count(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, got {text!r}")
    return number


def main(options: argparse.Namespace) -> int:
    """Run the command."""
    if options.log_format == "json":
        return logged(options, lambda events: _main(options, events))
    return _main(options, None)


def _main(options: argparse.Namespace, events: Events | None) -> int:
    from nb2pipe.runtime.secrets.asked import file_may_name
    from nb2pipe.runtime.zygote import Zygote

    check_sweep(options, ("max_runs", "format"))
    if options.sweep and not options.watch:
        from nb2pipe.cli.sweeping import run_sweep

        return run_sweep(options)
    if options.watch:
        from nb2pipe.cli.watching import check_watch, watch

        check_watch(options)
        options.cache = True
        return watch(options, lambda starter, told: _run(options, starter, told))
    folder = Path(options.cwd or Path(options.notebook).resolve().parent)
    if not folder.is_dir() or options.engine != "local":  # reading says it better
        return _run(options, None, events=events)
    if caches(options) or file_may_name(options.notebook):  # it may be that no step runs; it would have them all
        return _run(options, None, events=events)
    if may_be_elsewhere(options):
        return _run(options, None, events=events)
    # It imports what steps need while the notebook is compiled.
    with Zygote(None, str(folder), same_hashes=options.record or options.mlflow is not None) as zygote:
        return _run(options, zygote, events=events)


def _run(
    options: argparse.Namespace, zygote: Starter | None, told: Told | None = None, events: Events | None = None
) -> int:
    from nb2pipe import api
    from nb2pipe.cli.refusal import say
    from nb2pipe.diagnostics import Refused
    from nb2pipe.runtime.executed import NotWritten
    from nb2pipe.runtime.progress import progress, summary
    from nb2pipe.runtime.result import RunOptions

    papermill, dask = papermill_of(options), dask_of(options)
    given, texts = parameters_of(options)
    choice, resume = choice_of(options), resumed(options)
    notebook = api.load(options.notebook)
    split = options.split or (resume.split if resume else None)
    compiled = api.compile_notebook(notebook, split, options.cwd, home_of(options, notebook))
    if told is not None:
        told(compiled, None)
    settings = limits_given(options) | ({"jobs": options.jobs} if options.jobs else {})
    request = api.RunRequest(
        RunOptions(order=options.order, guards=options.guards, cwd=str(compiled.folder), choice=choice, **settings),
        given,
        texts,
        options.output,
        bool(options.cache),
        options.store,
        options.trust,
        options.record,
        options.mlflow,
        papermill,
        resume,
        tuple(options.secrets),
        dask,
        packs_of(options),
    )
    error: NotWritten | None = None
    try:
        if events is not None:
            say_start(events, compiled, options.engine)
        with progress(compiled.pipeline, sys.stderr) if events is None else nullcontext(events) as listener:
            result = api.run(compiled, request, listener, zygote)
    except Refused as refused:
        if events is not None:
            raise
        say(refused, compiled.notebook)
        return refused.exit_code
    except NotWritten as problem:
        if problem.result is None:
            raise
        error, result = problem, problem.result
    if told is not None:
        told(compiled, result)
    if events is not None:
        if result.exit_code == 1:
            say_findings(events, _causes(compiled, result))
        return say_end(events, result, error, options.output)
    color = sys.stderr.isatty()
    print(summary(result, None if error else options.output, color=color), file=sys.stderr, end="")
    if result.exit_code == 1:
        _advise(compiled, result, color=color)
        if request.is_recorded and options.guards != "off":
            print("more: nb2pipe open last", file=sys.stderr)
    elif options.output is None and result.exit_code == 0 and told is None:
        hint = "`nb2pipe runs notebook last -o NAME.ipynb` writes" if request.is_recorded else "-o NAME.ipynb keeps"
        print(f"nothing was written: {hint} the executed notebook", file=sys.stderr)
    if error is not None:
        print(f"error: {error}", file=sys.stderr)
    return error.exit_code if error else result.exit_code


def _causes(compiled: Compiled, result: RunResult) -> list[Diagnostic]:
    """What `check` knows of why cells failed."""
    from nb2pipe import api
    from nb2pipe.diagnostics import Severity

    cells = {o.cell for o in result.outcomes.values() if o.status in ("failed", "died")}
    known = [d for d in api.check(compiled) if d.span.cell in cells and d.severity is not Severity.INFO]
    return [d for d in known if d.code.startswith(_CAUSES)]


def _advise(compiled: Compiled, result: RunResult, *, color: bool) -> None:
    """What is known of the cells that failed, and what to type next."""
    from nb2pipe.report.full import render_full

    causes = _causes(compiled, result)
    if causes:
        text = render_full(causes, compiled.notebook, compiled.pipeline, color=color)
        print(f"\n{text}", file=sys.stderr, end="")
    else:
        print(f"more: nb2pipe check {shlex.quote(compiled.notebook.path)}", file=sys.stderr)
