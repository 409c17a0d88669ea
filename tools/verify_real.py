"""Compile real notebooks to packages, have `verify` compare each with its notebook, and print a table.

It takes the notebooks that run by what `real_notebooks.py` has kept of them under ``--work``, the quickest first; their cells
that raise are tagged so. What was found is kept beside it, in ``verify.json``, so a campaign that is stopped goes on where it was.

    python tools/real_notebooks.py ~/notebooks --work /tmp/real --raising 5 --oracle-only
    python tools/verify_real.py ~/notebooks --work /tmp/real --count 40
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # the project that this script stands in

from tools.real_notebooks import in_process, key_of, lay_out, notebooks_in

_STATES = ("EQUAL", "UNKNOWN", "DIFFERS", "refused", "fails", "crash", "timeout")
_TABLE_ROW = "{:<70.70} {:<8} {:>5} {:>5} {:>5} {:>5} {:>5} {:>7}"


def verify_one(path: str, timeout: float) -> dict[str, Any]:
    """Compile a notebook and verify its package: the report as data, or why there is none."""
    from tempfile import TemporaryDirectory

    from nb2pipe import api
    from nb2pipe.diagnostics import Nb2pipeError, Refused
    from nb2pipe.replay.kernel import NotebookFails
    from nb2pipe.replay.text import as_data
    from nb2pipe.replay.verify import Settings

    try:
        compiled = api.compile_notebook(api.load(path))
        made = api.package(compiled)
        scripts = [str(finding) for finding in made.findings]
        with TemporaryDirectory(prefix="nb2pipe-package-") as scratch:
            folder = Path(scratch) / made.name
            api.write_package(made, folder)
            report = api.verify(compiled, folder, Settings(timeout=timeout))
    except Refused as refused:
        return {"state": "refused", "reason": str(refused)}
    except NotebookFails as failure:
        return {"state": "fails", "reason": str(failure)}
    except Nb2pipeError as error:
        return {"state": "refused", "reason": f"{type(error).__name__}: {error}"}
    return {"state": report.verdict, "steps": len(made.plans[0].steps), "scripts": scripts, **as_data(report)}


def one_notebook(notebook: Path, root: Path, truth: dict[str, Any], args: argparse.Namespace) -> dict[str, Any]:
    """The report on one notebook, from the folder where it is kept if it is there already."""
    key = key_of(notebook, root)
    kept, place = args.work / "kept" / key / "verify.json", args.work / "verifying" / key / root.name
    if kept.exists() and not args.again:
        found: dict[str, Any] = json.loads(kept.read_text("utf-8"))
        if not args.unequal or found["state"] == "EQUAL":
            return found
    copy = lay_out(notebook, root, place, truth["raising"], args.replace)
    (place / ".nb2pipe").mkdir(exist_ok=True)  # so that `verify` copies no more than this notebook's own folder
    limit = max(args.timeout, 20 * truth["seconds"])
    started = time.time()
    run = in_process(["--one", str(copy), "--timeout", str(limit / 4)], limit, kept.with_suffix(".log"), __file__)
    shutil.rmtree(place, ignore_errors=True)
    if "state" not in run:
        run = {"state": next(iter(run)), "reason": str(next(iter(run.values())))[-1000:]}
    found = {"notebook": str(notebook.relative_to(root.parent)), "seconds": time.time() - started, **run}
    kept.write_text(json.dumps(found, indent=1), "utf-8")
    return found


def line(found: dict[str, Any]) -> str:
    """One line of the table."""
    compared = found.get("compared", {})
    return _TABLE_ROW.format(
        found["notebook"][-70:], found["state"], len(found.get("differences", ())), len(found.get("unknown", ())),
        compared.get("values", "-"), compared.get("outputs", "-"), compared.get("figures", "-"), f"{found['seconds']:.1f}",
    )  # fmt: skip


def campaign(args: argparse.Namespace) -> int:
    """The running notebooks of the folders, the quickest first; the table goes to stdout, the whole to ``verified.json``."""
    running = []
    for notebook, root in notebooks_in(args.folders):
        oracle = args.work / "kept" / key_of(notebook, root) / "oracle.json"
        truth = json.loads(oracle.read_text("utf-8")) if oracle.exists() else {"state": "unknown"}
        if truth["state"] == "runs" and (not args.match or re.search(args.match, str(notebook))):
            running.append((truth["seconds"], notebook, root, truth))
    running.sort(key=lambda r: r[:2])
    rows = []
    for _, notebook, root, truth in running[: args.count]:
        rows.append(one_notebook(notebook, root, truth, args))
        print(line(rows[-1]), file=sys.stderr, flush=True)
    print(_TABLE_ROW.format("notebook", "verdict", "diff.", "unkn.", "val.", "outp.", "fig.", "seconds"))
    for row in rows:
        print(line(row))
    tally = Counter(row["state"] for row in rows)
    print("\n" + ", ".join(f"{tally[state]} {state}" for state in _STATES))
    (args.work / "verified.json").write_text(json.dumps({"tally": tally, "notebooks": rows}, indent=1), "utf-8")
    return 0 if all(row["state"] == "EQUAL" for row in rows) else 1


def main() -> int:
    """Parse the command line; a campaign, or one notebook for the campaign's own use."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", help="folders that are searched for notebooks")
    parser.add_argument(
        "--work", type=Path, default=Path("real-notebooks"), help="where real_notebooks.py has kept its results"
    )
    parser.add_argument("--count", type=int, help="how many notebooks at most")
    parser.add_argument("--timeout", type=float, default=240.0, help="seconds that one notebook may take in all")
    parser.add_argument("--match", help="only notebooks whose path this regular expression finds")
    parser.add_argument(
        "--replace", action="append", default=[], metavar="OLD=NEW", help="a text to replace in all cells"
    )
    parser.add_argument("--again", action="store_true", help="verify again what was verified")
    parser.add_argument("--unequal", action="store_true", help="verify again what was not EQUAL")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--result", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    args.work = args.work.resolve()
    if args.one is None:
        return campaign(args)
    args.result.write_text(json.dumps(verify_one(args.one, args.timeout)), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
