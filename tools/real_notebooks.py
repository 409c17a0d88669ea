"""Compare pipelines with a Jupyter kernel on a folder of real notebooks, and print a table.

Each notebook is run by a fresh kernel from top to bottom (the oracle), then compiled and run by nb2pipe at each split,
with the ready step that stands last taken first. Where a cell differs the kernel runs the notebook a second time: a cell
that differs between the kernel's own two runs is not determined, and is left out of the comparison.
All runs happen in a fresh copy of the notebook's folder at one place.
What was found is kept under ``--work``, so a campaign that is stopped goes on where it was.

    python tools/real_notebooks.py ~/notebooks --work /tmp/real --jobs 1 --timeout 120
"""

from __future__ import annotations

import argparse
import concurrent.futures
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # the project that this script stands in

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
# What differs between any two runs and means nothing: addresses, a kernel's own file names, process ids, scikit-learn's times.
_NOISE = (
    (re.compile(r"0x[0-9a-fA-F]{6,}"), "0x"),
    (re.compile(r"\S*(?:ipykernel_\d+|/tmp/nb2pipe-\w+)/\d+\.py"), "<cell>"),
    (re.compile(r"total time= +[\d.]+(?:s|min)"), "total time="),
)
_VERDICTS = ("equal", "differs", "refused", "crash", "timeout")
_TABLE_ROW = "{:<58.58} {:>5} {:>7} {:<9} {:>5} {:>5} {:>7} {:>7}"


@dataclass(slots=True)
class Comparison:
    """How one notebook fared at one split; seconds are of wall time, ``oracle`` those of the kernel."""

    notebook: str
    split: str
    verdict: str
    cells: int = 0
    excluded: int = 0
    differing: list[int] = field(default_factory=list)
    guards: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    reason: str = ""
    steps: int = 0
    compile_seconds: float = 0.0
    run_seconds: float = 0.0
    oracle_seconds: float = 0.0


# -- what a cell shows ------------------------------------------------------------------------------------------------


def clean(text: str) -> str:
    """A text without terminal colours and without what differs between any two runs."""
    text = _ANSI.sub("", text)
    for pattern, word in _NOISE:
        text = pattern.sub(word, text)
    return text


def shown(outputs: list[dict[str, Any]]) -> list[Any]:
    """What a cell shows, in a form that two runs can be compared by.

    Pieces of one stream are joined; stderr stands by itself, since its order relative to stdout is a race in Jupyter.
    """
    items: list[Any] = []
    errors = ""
    for output in outputs:
        kind = output["output_type"]
        if kind == "stream" and output["name"] == "stderr":
            errors += clean(_joined(output["text"]))
        elif kind == "stream":
            if items and items[-1][0] == "stdout":
                items[-1][1] += clean(_joined(output["text"]))
            else:
                items.append(["stdout", clean(_joined(output["text"]))])
        elif kind == "error":
            items.append(["error", output["ename"], clean(output["evalue"]), clean("\n".join(output["traceback"]))])
        else:
            data = {m: _data(m, v) for m, v in sorted(output["data"].items())}
            items.append([kind, data])
    if errors:
        items.append(["stderr", errors])
    return items


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)


def _data(mime: str, value: Any) -> str:
    if not isinstance(value, (str, list)):
        value = json.dumps(value, sort_keys=True)
    value = _joined(value)
    if mime.startswith("image/"):
        return hashlib.sha256(value.strip().encode()).hexdigest()[:16]
    return clean(value)


# -- the runs, each in a process of its own ---------------------------------------------------------------------------


def run_oracle(path: str, timeout: float) -> dict[str, Any]:
    """Run a notebook in a fresh kernel; ``failed`` are the positions of the cells that raised, ``error`` the first of them."""
    import nbformat
    from nbclient import NotebookClient

    document = nbformat.read(path, as_version=4)
    where = {"metadata": {"path": str(Path(path).parent)}}
    client = NotebookClient(document, timeout=timeout, kernel_name="python3", resources=where, allow_errors=True)
    started = time.time()
    client.execute()
    code = {i: c for i, c in enumerate(document.cells) if c.cell_type == "code"}
    errors = {i: o for i, c in code.items() for o in c.outputs if o.output_type == "error" or _is_usage_error(o)}
    return {
        "seconds": time.time() - started,
        "failed": list(errors),
        "error": "; ".join(f"cell {i}: {_message(o)}" for i, o in list(errors.items())[:3]),
        "cells": {i: shown(c.outputs) for i, c in code.items()},
    }


def _is_usage_error(output: Any) -> bool:
    """Whether an output is how IPython tells of a magic that is not there: the cell fails, without a traceback."""
    return bool(output.output_type == "stream" and output.name == "stderr" and "UsageError: " in output.text)


def _message(output: Any) -> str:
    return f"{output.ename}: {clean(output.evalue)[:100]}" if "ename" in output else clean(output.text)[:100]


def run_pipeline(path: str, split: str, guards: str) -> dict[str, Any]:
    """Compile and run a notebook with nb2pipe, the latest ready step first."""
    import nbformat

    from nb2pipe import api
    from nb2pipe.diagnostics import Nb2pipeError
    from nb2pipe.runtime.result import RunOptions

    out = path.removesuffix(".ipynb") + ".executed.ipynb"
    started = time.time()
    found: dict[str, Any] = {"refused": "", "guards": [], "notes": [], "steps": 0, "cells": {}}
    try:
        compiled = api.compile_notebook(api.load(path), split)
        found["compile"] = time.time() - started
        found["steps"] = len(compiled.pipeline.steps)
        started = time.time()
        options = RunOptions(jobs=2, order="latest", guards=guards, cwd=str(Path(path).parent))  # type: ignore[arg-type]  # an argument's choices
        result = api.run(compiled, api.RunRequest(options, output=out))
    except Nb2pipeError as refusal:
        found["refused"] = str(refusal)
        found["run"] = time.time() - started
        return found
    found["run"] = time.time() - started
    found["guards"] = [f"{s.kind} {s.step}: {' '.join(s.names)}" for s in result.seen]
    found["notes"] = list(result.notes)
    found["failed"] = [
        f"{n}: {o.status} {o.detail} {o.ename} {o.evalue}"[:300] for n, o in result.outcomes.items() if o.status != "ok"
    ]
    document = nbformat.read(out, as_version=4)
    found["cells"] = {i: shown(c.outputs) for i, c in enumerate(document.cells) if c.cell_type == "code"}
    return found


def in_process(
    arguments: list[str], timeout: float, log: Path, script: str = __file__, **variables: str
) -> dict[str, Any]:
    """Run a script in a process of its own; ``--result`` is where it puts its JSON. ``crash`` or ``timeout`` where it has none."""
    result = log.with_suffix(".part")
    result.unlink(missing_ok=True)
    # Sets of strings come in one order, and sums in one order, so that more cells are determined.
    environment = {
        **os.environ,
        "PYTHONHASHSEED": "0",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        **variables,
    }
    environment.update(PIP_NO_INDEX="1", PIP_REQUIRE_VIRTUALENV="1")  # no notebook changes what is installed
    environment.pop("MPLBACKEND", None)
    with log.open("wb") as stream:
        process = subprocess.Popen(  # the user's own notebooks are what is run
            [sys.executable, script, *arguments, "--result", str(result)],
            stdout=stream, stderr=stream, stdin=subprocess.DEVNULL, start_new_session=True, env=environment,
        )  # fmt: skip
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            pass
        expired = process.poll() is None
        try:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(5)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            pass
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    if expired:
        return {"timeout": True}
    if not result.exists():
        return {"crash": log.read_text("utf-8", "replace")[-2000:]}
    found: dict[str, Any] = json.loads(result.read_text("utf-8"))
    result.unlink()
    return found


def lay_out(notebook: Path, root: Path, place: Path, raising: list[int], replace: list[str]) -> Path:
    """A fresh copy of the notebook's folder at ``place``; what lies beside its parent folders is linked to.

    The cells at ``raising`` are tagged as such; ``replace`` are the ``OLD=NEW`` that fit it to the libraries installed.
    """
    import nbformat

    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    current, target = root, place
    for part in notebook.parent.relative_to(root).parts:
        for other in current.iterdir():
            if other.name != part:
                (target / other.name).symlink_to(other)
        current, target = current / part, target / part
        target.mkdir()
    shutil.copytree(
        current, target, dirs_exist_ok=True, symlinks=True, ignore=shutil.ignore_patterns(".git", "*.executed.ipynb")
    )
    copy = target / notebook.name
    document = nbformat.read(notebook, as_version=4)
    for position in raising:
        document.cells[position].metadata.setdefault("tags", []).append("raises-exception")
    for cell in document.cells:
        for old, _, new in (r.partition("=") for r in replace):
            cell.source = cell.source.replace(old, new)
    nbformat.write(document, copy)
    return copy


def notebooks_in(folders: list[str]) -> list[tuple[Path, Path]]:
    """The notebooks of folders, each with its folder."""
    return [
        (nb, Path(f).resolve())
        for f in folders
        for nb in sorted(Path(f).resolve().rglob("*.ipynb"))
        if ".ipynb_checkpoints" not in nb.parts
    ]


def key_of(notebook: Path, root: Path) -> str:
    """The name of the folder in which is kept what was found of a notebook."""
    return re.sub(r"[^\w.-]+", "_", str(notebook.relative_to(root.parent)).removesuffix(".ipynb"))


# -- one notebook -----------------------------------------------------------------------------------------------------


def oracle(notebook: Path, root: Path, folder: Path, place: Path, args: argparse.Namespace) -> dict[str, Any]:
    """The kernel's run of a notebook, from ``folder`` where it is there already."""
    import nbformat

    kept = folder / "oracle.json"
    digest = hashlib.sha256(notebook.read_bytes() + "\n".join(args.replace).encode()).hexdigest()
    if kept.exists():
        found: dict[str, Any] = json.loads(kept.read_text("utf-8"))
        if found["digest"] == digest and not (args.retry and found["state"] != "runs"):
            return found
    if args.known:
        return {"digest": digest, "state": "unknown", "raising": []}
    folder.mkdir(parents=True, exist_ok=True)
    found = {"digest": digest, "state": "runs", "raising": [], "undetermined": []}
    code = [c for c in nbformat.read(notebook, as_version=4).cells if c.cell_type == "code" and c.source.strip()]
    if len(code) < args.least:
        found["state"] = "small"
    else:
        run = kernel_run(notebook, root, folder, place, [], args)
        found["raising"], found["error"] = run.get("failed", []), run.get("error", run.get("crash", ""))
        found["seconds"], found["cells"] = run.get("seconds", 0.0), run.get("cells", {})
        if "crash" in run or "timeout" in run or run["seconds"] > args.timeout:
            found["state"] = "crash" if "crash" in run else "timeout"
        elif len(run["failed"]) > args.raising:
            found["state"] = "fails"
    kept.write_text(json.dumps(found, indent=1), "utf-8")
    return found


def kernel_run(
    notebook: Path,
    root: Path,
    folder: Path,
    place: Path,
    raising: list[int],
    args: argparse.Namespace,
    **variables: str,
) -> dict[str, Any]:
    """One run of a notebook by a fresh kernel, in a fresh copy, with variables of the environment."""
    copy = lay_out(notebook, root, place, raising, args.replace)
    arguments = ["--one", "oracle", str(copy), "--timeout", str(args.timeout)]
    run = in_process(arguments, args.timeout + 30, folder / "oracle.log", **variables)
    shutil.rmtree(place, ignore_errors=True)
    return run


def look_again(
    notebook: Path,
    root: Path,
    truth: dict[str, Any],
    differing: list[str],
    folder: Path,
    place: Path,
    args: argparse.Namespace,
) -> None:
    """Run the kernel again while cells differ that its runs had alike so far, up to ``--looks`` times: which are not determined.

    A number of few digits is often the same by chance. What memory holds that nobody has filled is another in these runs.
    """
    unseen = truth["undetermined"] or []
    while truth.get("looks", 0) < args.looks and not set(differing) <= set(unseen):
        again = kernel_run(notebook, root, folder, place, truth["raising"], args, MALLOC_PERTURB_="85").get("cells", {})
        unseen = sorted({*unseen, *(i for i in truth["cells"] if truth["cells"][i] != again.get(i))}, key=int)
        truth["looks"], truth["undetermined"] = truth.get("looks", 0) + 1, unseen
        (folder / "oracle.json").write_text(json.dumps(truth, indent=1), "utf-8")


def skipped_cells(notebook: Path) -> set[str]:
    """The cells that a tag keeps out of the pipeline."""
    from nb2pipe.notebook.read import read

    return {str(cell.index) for cell in read(str(notebook)).cells if "skip" in cell.tags.roles}


def compare(notebook: Path, root: Path, split: str, truth: dict[str, Any], folder: Path, place: Path, args: argparse.Namespace) -> Comparison:  # fmt: skip
    """Run a notebook at one split and compare it with the oracle, cell by cell."""
    name = str(notebook.relative_to(root.parent))
    kept = folder / f"{split.replace(':', '-')}.json"
    if kept.exists() and not args.again:
        old = Comparison(**json.loads(kept.read_text("utf-8"))["comparison"])
        if not (args.unequal and (old.verdict != "equal" or old.guards)):
            return old
    copy = lay_out(notebook, root, place, truth["raising"], args.replace)
    limit = max(60.0, 6 * truth["seconds"] + 30)
    run = in_process(
        ["--one", "pipeline", str(copy), "--split", split, "--guards", args.guards], limit, folder / f"{kept.stem}.log"
    )
    shutil.rmtree(place, ignore_errors=True)
    found = Comparison(name, split, "equal", len(truth["cells"]), oracle_seconds=truth["seconds"])
    if "timeout" in run or "crash" in run:
        found.verdict = "timeout" if "timeout" in run else "crash"
        found.reason = run.get("crash", "")
    else:
        found.guards, found.notes, found.steps = run["guards"], run["notes"], run["steps"]
        found.compile_seconds, found.run_seconds = run.get("compile", 0.0), run.get("run", 0.0)
        found.reason = run["refused"] or "; ".join(run["failed"])
        skipped = skipped_cells(notebook)
        differing = [i for i in truth["cells"] if i not in skipped and truth["cells"][i] != run["cells"].get(i)]
        if differing and not run["refused"]:
            look_again(notebook, root, truth, differing, folder, place, args)
            found.excluded = len(truth["undetermined"])
            differing = [i for i in differing if i not in truth["undetermined"]]
        found.differing = [int(i) for i in differing]
        found.verdict = "refused" if run["refused"] else "differs" if found.differing else "equal"
    differences = (
        {str(i): {"expected": truth["cells"][str(i)], "actual": run["cells"].get(str(i))} for i in found.differing}
        if run.get("cells")
        else {}
    )
    kept.write_text(json.dumps({"comparison": asdict(found), "differences": differences}, indent=1), "utf-8")
    return found


def one_notebook(notebook: Path, root: Path, args: argparse.Namespace) -> tuple[str, dict[str, Any], list[Comparison]]:
    """The oracle's runs and the comparisons of one notebook."""
    name = str(notebook.relative_to(root.parent))
    key = key_of(notebook, root)
    folder, place = args.work / "kept" / key, args.work / "place" / key / root.name
    truth = oracle(notebook, root, folder, place, args)
    results = []
    if truth["state"] == "runs" and not args.oracle_only:
        results = [compare(notebook, root, split, truth, folder, place, args) for split in args.splits]
    return name, truth, results


# -- the campaign -----------------------------------------------------------------------------------------------------


def campaign(args: argparse.Namespace) -> int:
    """All notebooks of the folders; the table goes to stdout, the whole to ``results.json`` under ``--work``."""
    found = notebooks_in(args.folders)
    if args.match:
        found = [(nb, root) for nb, root in found if re.search(args.match, str(nb))]
    if args.imports_out:
        pattern = re.compile(rf"\b(?:import|from)\s+(?:{args.imports_out})\b")
        found = [(nb, root) for nb, root in found if not pattern.search(nb.read_text("utf-8", "replace"))]
    rows: list[Comparison] = []
    states: dict[str, dict[str, Any]] = {}
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        waiting = [pool.submit(one_notebook, nb, root, args) for nb, root in found]
        for done in concurrent.futures.as_completed(waiting):
            name, truth, results = done.result()
            states[name] = truth
            rows += results
            shown: list[Comparison | None] = [*results] or [None]
            for row in shown:
                print(line(name, truth, row), file=sys.stderr, flush=True)
    rows.sort(key=lambda r: (r.notebook, r.split))
    print(_TABLE_ROW.format("notebook", "cells", "excl.", "verdict", "diff.", "guard", "compile", "run"))
    for row in rows:
        print(line(row.notebook, states[row.notebook], row))
    print()
    summary = summarise(states, rows)
    for label, value in summary.items():
        print(f"{label}: {value}")
    whole = {"summary": summary, "not running": {n: s.get("error", s["state"]) for n, s in sorted(states.items()) if s["state"] != "runs"},
             "comparisons": [asdict(r) for r in rows]}  # fmt: skip
    (args.work / "results.json").write_text(json.dumps(whole, indent=1), "utf-8")
    return 0 if all(r.verdict == "equal" for r in rows) else 1


def line(name: str, truth: dict[str, Any], row: Comparison | None) -> str:
    """One line of the table."""
    if row is None:
        return f"{name}: {truth['state']} {truth.get('error', '')[:120]!r} {truth.get('seconds', 0):.0f} s"
    return _TABLE_ROW.format(
        f"{name} @{row.split}"[-58:], row.cells, row.excluded, row.verdict, len(row.differing), len(row.guards),
        f"{row.compile_seconds:.2f}", f"{row.run_seconds:.1f}",
    )  # fmt: skip


def summarise(states: dict[str, dict[str, Any]], rows: list[Comparison]) -> dict[str, Any]:
    """The counts that matter: a wrong result is silent where no guard and no message spoke of it."""
    running = [n for n, s in states.items() if s["state"] == "runs"]
    summary: dict[str, Any] = {"notebooks": len(states), "running top to bottom": len(running)}
    summary["of these with cells that raise on purpose"] = sum(bool(states[n]["raising"]) for n in running)
    for split in sorted({r.split for r in rows}):
        own = [r for r in rows if r.split == split]
        summary[split] = {v: sum(r.verdict == v for r in own) for v in _VERDICTS}
        summary[split]["equal share"] = round(sum(r.verdict == "equal" for r in own) / len(own), 4)
        summary[split]["silently wrong"] = sum(r.verdict == "differs" and not r.guards and not r.reason for r in own)
        summary[split]["guards tripped"] = sum(len(r.guards) for r in own)
        summary[split]["slowest compile"] = round(max(r.compile_seconds for r in own), 2)
    return summary


def main() -> int:
    """Parse the command line; a campaign, or one run for the campaign's own use."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", help="folders that are searched for notebooks")
    parser.add_argument(
        "--work", type=Path, default=Path("real-notebooks"), help="where copies run and results are kept"
    )
    parser.add_argument("--splits", "--split", nargs="+", default=["headings", "cells:1"])
    parser.add_argument("--jobs", type=int, default=1, help="notebooks at once")
    parser.add_argument("--timeout", type=float, default=120.0, help="seconds that a kernel run may take")
    parser.add_argument("--guards", default="on", choices=["on", "light", "strict", "off"])
    parser.add_argument("--match", help="only notebooks whose path this regular expression finds")
    parser.add_argument("--imports-out", help="leave out notebooks that import one of these modules (a|b|c)")
    parser.add_argument(
        "--raising", type=int, default=0, help="cells that may fail in the kernel; they are tagged raises-exception"
    )
    parser.add_argument(
        "--replace",
        action="append",
        default=[],
        metavar="OLD=NEW",
        help="a text to replace in all cells, as for a renamed style",
    )
    parser.add_argument("--least", type=int, default=3, help="code cells that a notebook must have to count")
    parser.add_argument("--again", action="store_true", help="compare again what was compared")
    parser.add_argument("--unequal", action="store_true", help="compare again what was not equal or tripped a guard")
    parser.add_argument("--retry", action="store_true", help="run the oracle again for notebooks that did not run")
    parser.add_argument("--known", action="store_true", help="leave out notebooks that the oracle has not run yet")
    parser.add_argument("--oracle-only", action="store_true", help="only make the oracle's results")
    parser.add_argument("--looks", type=int, default=3, help="kernel runs to tell which cells are not determined")
    parser.add_argument("--one", choices=["oracle", "pipeline"], help=argparse.SUPPRESS)
    parser.add_argument("--result", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    args.work = args.work.resolve()
    if args.one is None:
        return campaign(args)
    path = args.folders[0]
    found = run_oracle(path, args.timeout) if args.one == "oracle" else run_pipeline(path, args.splits[0], args.guards)
    args.result.write_text(json.dumps(found), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
