"""Change generated packages by one token at a time, and see whether `nb2pipe verify` notices.

Each notebook is replayed once; each mutant of its package is run in one process and compared with that replay. Those that
are called EQUAL are listed: a person has to see that they compute the same.

    python tools/mutate_package.py sample_notebooks/*.ipynb --count 50 --seed 1
"""

from __future__ import annotations

import argparse
import ast
import importlib
import io
import json
import os
import random
import runpy
import shutil
import signal
import sys
import tempfile
import time
import tokenize
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))  # the project that this script stands in

from nb2pipe import api
from nb2pipe.notebook.read import read_document
from nb2pipe.replay.facts import facts_of
from nb2pipe.replay.model import Report
from nb2pipe.replay.package import read_project, run_whole
from nb2pipe.replay.place import Place, a_place, environment
from nb2pipe.replay.processes import Done
from nb2pipe.replay.verify import Comparison, Settings, Subject, replay_notebook, scale_of

_OPERATORS = {
    "+": "-", "-": "+", "*": "/", "/": "*", "//": "/", "%": "*", "**": "*", "<": "<=", "<=": "<", ">": ">=", ">=": ">",
    "==": "!=", "!=": "==", "+=": "-=", "-=": "+=", "*=": "/=", "/=": "*=", "&": "|", "|": "&", "~": "+",
}  # fmt: skip
_WORDS = {"and": "or", "or": "and", "True": "False", "False": "True", "not": "bool", "None": "0"}
_FILES = ("steps.py", "steps/*.py", "functions.py", "scripts/*.py")
_DEAR = ("numpy", "pandas", "matplotlib.pyplot", "sklearn.ensemble", "sklearn.linear_model", "seaborn")


class Mutant(NamedTuple):
    """A change of one token, or of one line, in a file of a package."""

    file: str
    line: int
    kind: str
    old: str
    new: str
    text: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A mutant, and what the comparison says of it; ``first`` is the first difference or the reason."""

    notebook: str
    mutant: Mutant
    verdict: str
    first: str
    seconds: float


# -- changes ----------------------------------------------------------------------------------------------------------


def mutants(source: str, file: str) -> Iterator[Mutant]:
    """All changes of one token or line that leave a text that Python can read."""
    tree = ast.parse(source)
    quiet = _docstrings(tree) | _annotations(tree) | _imports(tree)
    lines = source.splitlines(keepends=True)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.start in quiet or token.start[0] != token.end[0]:
            continue
        for kind, new in _changes(token, tree):
            line = lines[token.start[0] - 1]
            changed = line[: token.start[1]] + new + line[token.end[1] :]
            text = "".join([*lines[: token.start[0] - 1], changed, *lines[token.start[0] :]])
            if _readable(text) and ast.dump(ast.parse(text)) != ast.dump(tree):
                yield Mutant(file, token.start[0], kind, line.strip(), changed.strip(), text)
    for node in ast.walk(tree):
        if not isinstance(node, (ast.Assign, ast.AugAssign, ast.Expr)):
            continue
        if node.lineno == node.end_lineno and (node.lineno, node.col_offset) not in quiet:
            line = lines[node.lineno - 1]
            changed = f"{line[: node.col_offset]}pass\n"
            if line[: node.col_offset].strip():
                continue
            text = "".join([*lines[: node.lineno - 1], changed, *lines[node.lineno :]])
            if _readable(text):
                yield Mutant(file, node.lineno, "removed line", line.strip(), "", text)


def _changes(token: tokenize.TokenInfo, tree: ast.Module) -> Iterator[tuple[str, str]]:
    text = token.string
    if token.type == tokenize.OP and text in _OPERATORS:
        yield "operator", _OPERATORS[text]
    elif token.type == tokenize.NUMBER:
        yield "constant", f"{text}1" if "j" not in text.lower() and not text.startswith("0x") else "7"
    elif token.type == tokenize.STRING and text[-1:] in "'\"":
        quotes = 3 if text.endswith(('"""', "'''")) else 1
        yield "constant", f"{text[:-quotes]}x{text[-quotes:]}"
    elif token.type == tokenize.NAME and text in _WORDS:
        yield "operator" if text in ("and", "or", "not") else "constant", _WORDS[text]
    elif token.type == tokenize.NAME:
        others = _neighbours(tree, token)
        if others:
            yield "name", others[0]


def _neighbours(tree: ast.Module, token: tokenize.TokenInfo) -> list[str]:
    """Other names of the function in which a name is read, the next ones first."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef) or not function.lineno <= token.start[0] <= (
            function.end_lineno or 0
        ):
            continue
        names = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        names |= {a.arg for a in (*function.args.args, *function.args.kwonlyargs)}
        read = [n for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
        if token.string in names and any((n.lineno, n.col_offset) == token.start for n in read):
            order = sorted(names)
            place = order.index(token.string)
            return [n for n in order[place + 1 :] + order[:place] if n != token.string]
    return []


def _docstrings(tree: ast.Module) -> set[tuple[int, int]]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            found.add((node.lineno, node.col_offset))
    return found


def _annotations(tree: ast.Module) -> set[tuple[int, int]]:
    """What stands in annotations means nothing to who runs it."""
    nodes = [
        n.annotation for n in ast.walk(tree) if isinstance(n, (ast.arg, ast.AnnAssign)) and n.annotation is not None
    ]
    return {(n.lineno, n.col_offset) for a in nodes for n in ast.walk(a) if isinstance(n, ast.expr)}


def _imports(tree: ast.Module) -> set[tuple[int, int]]:
    nodes = [n for n in ast.walk(tree) if isinstance(n, (ast.Import, ast.ImportFrom))]
    return {(line, column) for n in nodes for line in range(n.lineno, (n.end_lineno or 0) + 1) for column in range(200)}


def _readable(text: str) -> bool:
    try:
        compile(text, "mutant", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except (SyntaxError, ValueError):
        return False
    return True


# -- running ----------------------------------------------------------------------------------------------------------


def forked(arguments: Sequence[str], source: Path, working: Path, timeout: float | None) -> Done:
    """Run a script in a copy of this process, in which libraries are imported already."""
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        child = os.fork()
        if not child:
            code = 1
            try:
                os.setsid()
                os.dup2(stdout.fileno(), 1)
                os.dup2(stderr.fileno(), 2)
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                sys.stdout, sys.stderr = os.fdopen(1, "w", buffering=1), os.fdopen(2, "w", buffering=1)
                os.chdir(working)
                kept = environment()
                os.environ.clear()
                os.environ.update(kept)
                sys.argv, sys.path[:0] = list(arguments), ["", str(source)]
                runpy.run_path(arguments[0], run_name="__main__")
                code = 0
            except SystemExit as left:
                code = left.code if isinstance(left.code, int) else int(left.code is not None)
            except BaseException:
                sys.excepthook(*sys.exc_info())
            finally:
                with suppress(Exception):
                    sys.stdout.flush()
                    sys.stderr.flush()
                os._exit(code)
        end = time.monotonic() + (timeout or 1e9)
        status = None
        while status is None and time.monotonic() < end:
            done, found = os.waitpid(child, os.WNOHANG)
            status = found if done else None
            time.sleep(0.005)
        if status is None:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
        texts = []
        for file in (stdout, stderr):
            file.seek(0)
            texts.append(file.read().decode("utf-8", "replace"))
    if status is None:
        return Done(-9, texts[0], f"{texts[1]}\nit has not ended after {timeout:g} s\n")
    return Done(os.waitstatus_to_exitcode(status), texts[0], texts[1])


class Campaign:
    """One notebook, replayed once, and the mutants of its package."""

    def __init__(self, path: str, folder: Path, split: str | None) -> None:
        self.name = Path(path).name
        self.compiled = api.compile_notebook(api.load(path), split)
        made = api.package(self.compiled)
        api.write_package(made, folder)
        self.source = folder / "src" / made.name
        project = read_project(folder, [c.id for c in self.compiled.notebook.cells])
        self.subject = Subject(read_document(path), facts_of(self.compiled.codes, self.compiled.analysis), project)

    def run(self, count: int, chance: random.Random) -> Iterator[Judged]:
        files = sorted(p for pattern in _FILES for p in self.source.glob(pattern))
        found = [m for p in files for m in mutants(p.read_text("utf-8"), p.relative_to(self.source).as_posix())]
        chosen = chance.sample(found, min(count, len(found)))
        with a_place(self.compiled.folder) as place:
            truth = replay_notebook(self.subject, place, Settings())
            again: list[Any] = []

            def second() -> Any:
                again[:] = again or [replay_notebook(self.subject, place, Settings())]
                return again[0]

            comparison = Comparison(self.subject, Settings(), truth)
            limit = 20 + 4 * truth.seconds
            first = self.report(comparison, place, limit, second)
            if first.verdict != "EQUAL":
                raise SystemExit(f"{self.name} is {first.verdict} before anything is changed: {first}")
            for mutant in chosen:
                started = time.monotonic()
                path = self.source / mutant.file
                original = path.read_text("utf-8")
                path.write_text(mutant.text, "utf-8")
                # bytecode of a file as long, and of the same second, counts as that of this one
                shutil.rmtree(path.parent / "__pycache__", ignore_errors=True)
                try:
                    report = self.report(comparison, place, limit, second)
                finally:
                    path.write_text(original, "utf-8")
                yield Judged(self.name, mutant, report.verdict, _first(report), time.monotonic() - started)

    def report(self, comparison: Comparison, place: Place, limit: float, second: Any) -> Report:
        run = run_whole(self.subject.project, place, limit, scale=scale_of(comparison.truth), start=forked)
        return comparison.report([run], second)


def _first(report: Report) -> str:
    for difference in report.differences:
        return (
            f"{difference.step}, {difference.name}: {difference.where} {difference.expected!r} / {difference.actual!r}"
        )
    return "; ".join(f"{u.step}, {u.name}: {u.reason}" for u in report.unknown)


def main() -> int:
    """Parse the command line, judge the mutants, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="+")
    parser.add_argument("--count", type=int, default=50, help="mutants of each notebook at most")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--split", help="how cells become steps")
    parser.add_argument("--json", type=Path, help="write all that was judged to this file")
    args = parser.parse_args()
    if "PYTHONHASHSEED" not in os.environ:  # the mutants run in copies of this process
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "PYTHONHASHSEED": "0"})
    for name in _DEAR:
        with suppress(ImportError):
            importlib.import_module(name)
    judged: list[Judged] = []
    for path in args.notebooks:
        with tempfile.TemporaryDirectory() as folder:
            for one in Campaign(path, Path(folder) / "project", args.split).run(args.count, random.Random(args.seed)):
                judged.append(one)
                print(_line(one), file=sys.stderr, flush=True)
    print(table(judged))
    if args.json is not None:
        rows = [{"notebook": j.notebook, **j.mutant._asdict(), "verdict": j.verdict, "first": j.first} for j in judged]
        for row in rows:
            del row["text"]
        args.json.write_text(json.dumps(rows, indent=1), "utf-8")
    return 0


def table(judged: Sequence[Judged]) -> str:
    """Counts by notebook, and each mutant that is not called DIFFERS."""
    lines = [f"{'notebook':<32} {'mutants':>7} {'DIFFERS':>7} {'(fail)':>6} {'EQUAL':>6} {'UNKNOWN':>7}"]
    groups = {n: [j for j in judged if j.notebook == n] for n in dict.fromkeys(j.notebook for j in judged)}
    for name, own in {**groups, "all": judged}.items():
        count = {v: sum(j.verdict == v for j in own) for v in ("DIFFERS", "EQUAL", "UNKNOWN")}
        fail = sum(j.verdict == "DIFFERS" and ", <run>:" in j.first for j in own)
        lines.append(
            f"{name:<32} {len(own):>7} {count['DIFFERS']:>7} {fail:>6} {count['EQUAL']:>6} {count['UNKNOWN']:>7}"
        )
    lines += ["", "not called DIFFERS:"]
    lines += [_line(j) for j in judged if j.verdict != "DIFFERS"]
    return "\n".join(lines)


def _line(one: Judged) -> str:
    m = one.mutant
    return f"{one.verdict:<8} {one.notebook} {m.file}:{m.line} {m.kind}: {m.old}  ->  {m.new or '(nothing)'}  [{one.first[:90]}]"


if __name__ == "__main__":
    sys.exit(main())
