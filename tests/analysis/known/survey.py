"""Say what trying the rows shows, for whoever corrects the tables: ``python -m tests.analysis.known.survey LIBRARY``."""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
import time

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1", MPLBACKEND="Agg")
from tests.analysis.known import children

if __name__ == "__main__":
    library, *wanted = [a for a in sys.argv[1:] if a != "--full"]
    for needed in {"builtins": "pandas", "stdlib": "pandas", "seaborn": "seaborn", "sklearn": "lightgbm"}.get(
        library, library
    ).split():
        importlib.import_module(needed)
    names = [n for n in children.rows(library) if not wanted or any(w in n for w in wanted)]
    began = time.monotonic()
    found = children.try_rows(library, names, survey="--full" in sys.argv)
    json.dump(found, open(f"/tmp/kc_a7/survey-{library}.json", "w"), indent=1)
    done = sum(1 for f in found.values() if f["calls"])
    print(
        f"{library}: {len(names)} rows, {done} exercised, {sum(1 for f in found.values() if f['faults'])} with faults, {time.monotonic() - began:.1f} s, {resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime:.0f} s of CPU"
    )
