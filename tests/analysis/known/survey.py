"""Say what trying the rows shows, for whoever corrects the tables: ``python -m tests.analysis.known.survey LIBRARY [NAME...]``.

On stdout the outcomes as JSON, on stderr the faults and the costs.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
import time

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1", MPLBACKEND="Agg")
from tests.analysis.known import children
from tests.analysis.known.test_rows_hold import PRELOADED

if __name__ == "__main__":
    library, *wanted = [a for a in sys.argv[1:] if a != "--full"]
    for needed in PRELOADED.get(library, []):
        importlib.import_module(needed)
    names = [n for n in children.rows(library) if not wanted or any(w in n for w in wanted)]
    began = time.monotonic()
    found = children.try_rows(library, names, survey="--full" in sys.argv)
    json.dump(found, sys.stdout, indent=1)
    for name, outcome in found.items():
        for fault, example in outcome["faults"].items():
            print(f"{name}: {fault}, as in {example}", file=sys.stderr)
    done = sum(1 for f in found.values() if f["calls"])
    spent = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    print(
        f"{library}: {len(names)} rows, {done} tried, {time.monotonic() - began:.1f} s, {spent:.0f} s of the processor",
        file=sys.stderr,
    )
