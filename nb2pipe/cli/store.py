"""`nb2pipe store`: how large the store of results is, what can go, whether it is whole."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from nb2pipe.cli.options import add_store
from nb2pipe.cli.parser import Parser, examples, show_help


def add_parser(commands: Any) -> None:
    """Add the command to the command line."""
    parser: Parser = commands.add_parser(
        "store",
        description="How large the store of results is, what can go, and whether its contents are whole.",
        epilog=examples(
            ("nb2pipe store du", "how large it is"),
            ("nb2pipe store gc --keep 3", "keep the last three results of each step"),
            ("nb2pipe store gc --older-than 30d", "of those that are older than thirty days, keep the last only"),
            ("nb2pipe store check", "let go of what was damaged"),
        ),
    )
    parser.set_defaults(main=lambda _: show_help(parser))
    actions = parser.add_subparsers(metavar="ACTION", dest="action", parser_class=Parser)
    for name, function, what in (
        ("du", _size, "how many results and bytes there are"),
        ("gc", _collect, "let go of old results, and of contents that none of the others has"),
        ("check", _check, "digest all contents, and let go of what is damaged"),
    ):
        action = actions.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.")
        if name == "gc":
            action.add_argument("--keep", type=_count, default=1, metavar="N", help="results of each step (default: 1)")
            action.add_argument(
                "--older-than", type=_age, metavar="AGE", help="only results that are older, such as 30d or 12h"
            )
        add_store(action, "results")
        action.set_defaults(main=lambda options, function=function: _with_store(options, function))


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number, got {text!r}")
    return int(text)


def _age(text: str) -> float:
    from nb2pipe.notebook.tags import parse_duration

    found = parse_duration(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"expected an age such as 30d or 12h, got {text!r}")
    return found


def _with_store(options: argparse.Namespace, function: Any) -> int:
    from nb2pipe.store import results_folder
    from nb2pipe.store.rooms import opened

    folder = results_folder(Path.cwd(), options.store)
    if not folder.is_dir():
        print(f"there is no store in {folder}", file=sys.stderr)
        return 0
    with opened(folder) as store:
        if store.elsewhere is not None and store.elsewhere.down:
            return 2  # it has said why
        return int(function(options, store))


def _size(options: argparse.Namespace, store: Any) -> int:
    from nb2pipe.store.care import size_of

    found = size_of(store)
    more = f"{found.results} results of steps, {found.runs} runs"
    if store.elsewhere is None:
        print(f"{as_bytes(found.size)} in {found.contents} contents; {more}")
        return 0
    from nb2pipe.store.upkeep import size_there

    contents, size = size_there(store.elsewhere)
    print(f"{as_bytes(size)} in {contents} contents; {more}")
    print(f"{as_bytes(found.size)} in {found.contents} contents are here, in {store.folder}")
    return 0


def _collect(options: argparse.Namespace, store: Any) -> int:
    from nb2pipe.store.care import collect, named

    gone = collect(store, options.keep, options.older_than)
    contents, size = gone.contents, gone.size
    if store.elsewhere is not None:
        from nb2pipe.store.upkeep import collect_there

        contents, size = collect_there(store.elsewhere, named(store, options.keep))
    print(f"let go of {gone.results} results and {contents} contents, {as_bytes(size)}")
    return 0


def _check(options: argparse.Namespace, store: Any) -> int:
    from nb2pipe.store.care import damaged, size_of

    found = [str(path) for path in damaged(store)]
    contents = size_of(store).contents
    if store.elsewhere is not None:
        from nb2pipe.store.upkeep import damaged_there, size_there

        found += damaged_there(store.elsewhere)
        contents, _ = size_there(store.elsewhere)
    for path in found:
        print(f"damaged, and let go: {path}")
    if not found:
        print(f"all {contents} contents are whole", file=sys.stderr)
    return 1 if found else 0


def as_bytes(size: float) -> str:
    """A size in the largest unit of which it has one."""
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 1024 or unit == "GiB":
            break
        size /= 1024
    return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
