"""Say which of the inferred edges a run really needed, and what the others cost.

Each notebook is run from top to bottom in one process while every cell is watched: the global names that it reads, the
objects that it changes (digests before and after), those that names share, the files that it opens, the random states
that it moves. What a cell needed is who last wrote each thing that it read. That is compared with the pipeline at
``cells:1`` and at ``headings``: the share of inferred edges that were needed, the length of the longest chain of cells
(what is left of it where only needed edges stand is the width that is lost), and the commonest causes of
needless edges. An edge that was needed and is not there, not even by a detour, is a fault, and is listed.

    python tools/traced_edges.py ~/notebooks/*.ipynb --work /tmp/traced
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # the project that this script stands in

Pair = tuple[int, int]
_SETTINGS = frozenset({"setting", "environment", "cwd", "network", "display"})
_ROW = "{:<44.44} {:<9} {:>5} {:>8} {:>7} {:>7} {:>7} {:>8} {:>8}"


@dataclass(slots=True)
class CellTrace:
    """What one cell did: names read before it bound them, names bound or whose object changed, files, random states, how it failed."""

    cell: int
    reads: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)
    opened: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)
    states: set[str] = field(default_factory=set)
    seeded: set[str] = field(default_factory=set)
    raised: str = ""


@dataclass(slots=True)
class Judged:
    """One notebook at one split: pairs of steps joined by an edge, and by a needed one; chains in steps."""

    notebook: str
    split: str
    steps: int
    inferred: int
    needed: int
    unjudged: int
    chain: int
    needed_chain: int
    missing: list[str] = field(default_factory=list)
    causes: dict[str, int] = field(default_factory=dict)


# -- the traced run ---------------------------------------------------------------------------------------------------


_SEEDS = {"random": ("random", "seed"), "numpy.random": ("numpy.random", "seed"), "torch": ("torch", "manual_seed")}


class _Seeding:
    """Notes the random states that a cell sets before it draws from them: of what was before it needs nothing."""

    def __init__(self) -> None:
        self.trace: CellTrace | None = None
        self.before: dict[str, bytes] = {}

    def look(self, trace: CellTrace | None, before: dict[str, bytes]) -> None:
        """A cell begins; the libraries that are there by now are listened to."""
        self.trace, self.before = trace, before
        for state, (module, name) in _SEEDS.items():
            function = getattr(sys.modules.get(module), name, None)
            if function is not None and not hasattr(function, "listened"):
                setattr(sys.modules[module], name, self._listening(state, function))

    def _listening(self, state: str, function: Any) -> Any:
        from nb2pipe.runtime import states

        def seed(*args: Any, **kwargs: Any) -> Any:
            if self.trace is not None and states.digest(state) == self.before.get(state):
                self.trace.seeded.add(state)
            return function(*args, **kwargs)

        seed.listened = True  # type: ignore[attr-defined]  # a mark on a function
        return seed


class TracedNames(dict[str, Any]):
    """The notebook's namespace. Python looks global names up in a subclass of dict by its own ``__getitem__``."""

    trace: CellTrace | None = None

    def __getitem__(self, name: str) -> Any:
        value = dict.__getitem__(self, name)
        if self.trace is not None and name not in self.trace.writes:
            self.trace.reads.add(name)
        return value

    def __setitem__(self, name: str, value: Any) -> None:
        dict.__setitem__(self, name, value)
        if self.trace is not None:
            self.trace.writes.add(name)


def traced_run(path: str, limit: int) -> list[CellTrace]:
    """Run the code cells of a notebook in this process and say what each one did.

    Objects whose pickle has more than ``limit`` bytes are taken as unchanged unless they are bound anew.
    """
    import nbformat

    from nb2pipe.runtime import guards, shell, states

    os.chdir(Path(path).parent)
    sys.path.insert(0, "")
    names = TracedNames()
    kernel = shell.make_shell()
    names.update(kernel.user_ns)
    kernel.user_ns = names
    kernel.user_module = _Module(names)
    runner = shell.CellShell(lambda _: None, kernel)
    watch = guards.FileWatch(os.getcwd(), lambda *_: None)
    document = nbformat.read(path, as_version=4)
    memory = _Memory(names, limit)
    seeding = _Seeding()
    found = []
    for count, (index, cell) in enumerate(
        ((i, c) for i, c in enumerate(document.cells) if c.cell_type == "code" and c.source.strip()), 1
    ):
        trace = CellTrace(index)
        before = {n: id(v) for n, v in dict.items(names)}
        random = {n: states.digest(n) for n in states.RANDOM}
        watch.reads, watch.writes = {}, {}
        seeding.look(trace, random)
        watch.active, names.trace = True, trace
        ended = runner.run(cell.source, cell=index, execution_count=count)
        trace.raised = f"{ended.ename}: {ended.evalue}" if ended.status == "error" else ""
        watch.active, names.trace = False, None
        trace.opened, trace.written = set(watch.reads), set(watch.writes)
        trace.states = {n for n, digest in random.items() if states.digest(n) != digest}
        trace.writes |= {n for n, v in dict.items(names) if before.get(n) != id(v)} | {
            n for n in before if n not in names
        }
        trace.writes -= {n for n in trace.writes if n.startswith("_") or n in ("In", "Out")}
        trace.reads = {n for n in trace.reads if n in before and not n.startswith("_i")}
        trace.writes |= memory.changed(trace)
        found.append(trace)
    return found


class _Module:
    """What IPython takes for the ``__main__`` whose names are the traced ones."""

    __name__ = "__main__"

    def __init__(self, names: dict[str, Any]) -> None:
        self.__dict__ = names
        names["__name__"] = "__main__"


class _Memory:
    """The digest of what each name holds, and the objects that it reaches, as they were last seen."""

    def __init__(self, names: dict[str, Any], limit: int) -> None:
        self.names, self.limit = names, limit
        self.digests: dict[str, bytes] = {}
        self.objects: dict[str, set[int]] = {}
        self.bound: dict[str, int] = {}

    def look(self, name: str) -> None:
        """Take the digest of what a name holds now."""
        from nb2pipe.runtime import values

        value = dict.get(self.names, name)
        self.bound[name] = id(value)
        self.digests.pop(name, None)
        self.objects[name] = {id(value)}
        try:
            scan = values.scan(value, self.names, 0)
        except Exception:
            return
        self.objects[name] |= scan.objects.keys() | scan.roots.keys()
        if len(scan.data) + sum(b.raw().nbytes for b in scan.buffers) <= self.limit:
            self.digests[name] = scan.digest()

    def changed(self, trace: CellTrace) -> set[str]:
        """The names whose object the cell changed, those included that it reached by way of another name."""
        touched = {n for n in trace.reads | trace.writes if n in self.objects}
        ids = set().union(*(self.objects[n] for n in touched)) if touched else set()
        asked = {n for n, objects in self.objects.items() if not objects.isdisjoint(ids)}
        found = set()
        for name in sorted(asked | {n for n in trace.writes if dict.__contains__(self.names, n)}):
            if not dict.__contains__(self.names, name):
                self.objects.pop(name, None)
                continue
            old, bound = self.digests.get(name), self.bound.get(name)
            self.look(name)
            if name in self.digests and old is not None and old != self.digests[name] and bound == self.bound[name]:
                found.add(name)
        return found


# -- needed edges -----------------------------------------------------------------------------------------------------


def needed_pairs(traces: Sequence[CellTrace]) -> dict[Pair, str]:
    """The pairs of cells of which the second needed what the first had left, each with a word on what that was."""
    found: dict[Pair, str] = {}
    writer: dict[str, int] = {}
    files: dict[str, int] = {}
    moved: dict[str, int] = {}
    for trace in traces:
        for name in sorted(trace.reads):
            if name in writer:
                found.setdefault((writer[name], trace.cell), name)
        for path in sorted(trace.opened | trace.written):
            if path in files and files[path] != trace.cell:
                found.setdefault((files[path], trace.cell), os.path.basename(path))
        for state in sorted(trace.states):
            if state in moved and state not in trace.seeded:
                found.setdefault((moved[state], trace.cell), state)
        writer.update(dict.fromkeys(trace.writes, trace.cell))
        files.update(dict.fromkeys(trace.written, trace.cell))
        moved.update(dict.fromkeys(trace.states, trace.cell))
    return found


def judge(notebook: str, path: str, split: str, needed: Mapping[Pair, str]) -> Judged:
    """Compare the pipeline at one split with the pairs that were needed."""
    from nb2pipe import api

    compiled = api.compile_notebook(api.load(path), split)
    home = {c: s.name for s in compiled.pipeline.steps for c in s.cells}  # shared cells run wherever they are needed
    inferred: dict[tuple[str, str], list[Any]] = {}
    for edge in compiled.pipeline.edges:
        inferred.setdefault((edge.source, edge.target), []).append(edge)
    real = {(home[a], home[b]): why for (a, b), why in needed.items() if a in home and b in home and home[a] != home[b]}
    free = _unseeded(compiled)
    real = {pair: why for pair, why in real.items() if why not in free}
    unjudged = {p for p, edges in inferred.items() if p not in real and all(_is_setting(e) for e in edges)}
    needless = [p for p in inferred if p not in real and p not in unjudged]
    judged = Judged(
        notebook, split, len(compiled.pipeline.steps), len(inferred) - len(unjudged), 0, len(unjudged), 0, 0
    )
    judged.needed = judged.inferred - len(needless)
    judged.chain = _chain([p for p in inferred if p not in unjudged])
    judged.needed_chain = _chain(list(real))
    after = _closure(inferred)
    judged.missing = [f"{a} -> {b}: {why}" for (a, b), why in sorted(real.items()) if b not in after.get(a, ())]
    lines = {c.index: c.source.splitlines() for c in compiled.notebook.cells}
    for pair in needless:
        for edge in inferred[pair]:
            for evidence in edge.evidence:
                judged.causes[_cause(evidence, edge, lines)] = judged.causes.get(_cause(evidence, edge, lines), 0) + 1
    return judged


def _unseeded(compiled: Any) -> set[str]:
    """The random states of which no cell sets the seed: their order means nothing."""
    seeded = {
        a.resource.key
        for e in compiled.analysis.effects
        for a in e.accesses
        if a.resource.kind == "random" and a.mode == "set"
    }
    return {n for n in ("random", "numpy.random", "torch") if n not in seeded}


def _is_setting(edge: Any) -> bool:
    """Whether nothing but a setting makes the edge: whether the reader depended on it cannot be traced."""
    return edge.kind == "control" or (edge.kind == "resource" and all(r.kind in _SETTINGS for r in edge.resources))


def _closure(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    """For each step, those that come after it."""
    after: dict[str, set[str]] = {}
    for source, target in pairs:
        after.setdefault(source, set()).add(target)
    whole: dict[str, set[str]] = {}
    for start in after:
        seen: set[str] = set()
        stack = [start]
        while stack:
            for target in after.get(stack.pop(), ()):
                if target not in seen:
                    seen.add(target)
                    stack.append(target)
        whole[start] = seen
    return whole


def _chain(pairs: Sequence[tuple[str, str]]) -> int:
    """The number of steps on the longest chain."""
    import networkx as nx

    graph = nx.DiGraph(pairs)
    return 0 if not pairs else int(nx.dag_longest_path_length(graph)) + 1


def _cause(evidence: Any, edge: Any, lines: Mapping[int, list[str]]) -> str:
    """What made the analysis say so: the calls in the line that was taken to write, or why the value came this way."""
    own = lines.get(evidence.write.cell, [])
    text = "\n".join(own[evidence.write.line - 1 : max(evidence.write.end_line, evidence.write.line)]).strip()
    kind = "passed on" if edge.through else edge.kind
    try:
        tree = ast.parse(text.lstrip("%"))
    except SyntaxError:
        return f"{kind}: {text[:60]}"
    calls = [ast.unparse(n.func)[-40:] for n in ast.walk(tree) if isinstance(n, ast.Call)]
    return f"{kind}: {', '.join(dict.fromkeys(calls[:2])) if calls else text[:40]}"


# -- the campaign -----------------------------------------------------------------------------------------------------


def one_notebook(path: Path, args: argparse.Namespace) -> list[Judged]:
    """Trace one notebook in a process of its own, in a copy of its folder, and judge its pipelines."""
    kept = args.work / (path.parent.name + "-" + path.stem.replace(" ", "_") + ".trace.json")
    if not kept.exists() or args.again:
        place = args.work / "place" / path.parent.name
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(path.parent, place, symlinks=True, ignore=shutil.ignore_patterns(".git"))
        environment = {**os.environ, "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1"}
        command = [sys.executable, __file__, str(place / path.name), "--trace", str(kept), "--limit", str(args.limit)]
        try:
            subprocess.run(command, timeout=args.timeout, check=True, env=environment, stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=None if args.loud else subprocess.DEVNULL)  # fmt: skip
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            print(f"{path.name}: not traced: {error}", file=sys.stderr)
            return []
        finally:
            shutil.rmtree(place, ignore_errors=True)
    traced = json.loads(kept.read_text("utf-8"))
    for said in traced["raised"]:
        print(f"{path.name}: {said}: what it did not come to is not traced", file=sys.stderr)
    needed = {(a, b): why for a, b, why in traced["needed"]}
    return [judge(path.name, str(path), split, needed) for split in args.splits]


def report(rows: Sequence[Judged], most: int) -> None:
    """The table, the totals by split, the commonest causes, and what is missing."""
    print(_ROW.format("notebook", "split", "steps", "inferred", "needed", "share", "chain", "neededch", "unjudged"))
    for row in rows:
        share = f"{row.needed / row.inferred:.2f}" if row.inferred else "-"
        print(
            _ROW.format(
                row.notebook,
                row.split,
                row.steps,
                row.inferred,
                row.needed,
                share,
                row.chain,
                row.needed_chain,
                row.unjudged,
            )
        )
    for split in sorted({r.split for r in rows}):
        own = [r for r in rows if r.split == split]
        inferred, needed = sum(r.inferred for r in own), sum(r.needed for r in own)
        chain, least = sum(r.chain for r in own), sum(r.needed_chain for r in own)
        print(f"\n{split}: {needed} of {inferred} inferred edges were needed ({needed / max(inferred, 1):.3f}); chains of {chain} steps, "
              f"{least} needed ({1 - least / max(chain, 1):.3f} lost)")  # fmt: skip
        causes: Counter[str] = Counter()
        for row in own:
            causes.update(row.causes)
        for cause, count in causes.most_common(most):
            print(f"  {count:>5}  {cause}")
        for row in own:
            for missing in row.missing:
                print(f"  MISSING {row.notebook}: {missing}")


def main() -> int:
    """Parse the command line; a campaign, or one traced run for the campaign's own use."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="+", type=Path)
    parser.add_argument("--work", type=Path, default=Path("traced-edges"), help="where copies run and traces are kept")
    parser.add_argument("--splits", nargs="+", default=["cells:1", "headings"])
    parser.add_argument("--timeout", type=float, default=300.0)
    parser.add_argument("--limit", type=int, default=200_000_000, help="bytes; larger values are taken as unchanged")
    parser.add_argument("--causes", type=int, default=15, help="how many of the commonest causes to list")
    parser.add_argument("--again", action="store_true", help="trace again what was traced")
    parser.add_argument("--loud", action="store_true", help="let the traced process speak")
    parser.add_argument("--trace", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.trace is not None:
        traces = traced_run(str(args.notebooks[0].resolve()), args.limit)
        pairs = [[a, b, why] for (a, b), why in needed_pairs(traces).items()]
        raised = [f"cell {t.cell + 1} raises {t.raised}" for t in traces if t.raised]
        args.trace.write_text(json.dumps({"needed": pairs, "raised": raised}), "utf-8")
        return 0
    args.work = args.work.resolve()
    args.work.mkdir(parents=True, exist_ok=True)
    rows = [row for path in args.notebooks for row in one_notebook(path.resolve(), args)]
    report(rows, args.causes)
    (args.work / "edges.json").write_text(json.dumps([asdict(r) for r in rows], indent=1), "utf-8")
    return 1 if any(r.missing for r in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
