"""Handing values over: storing and loading against a raw write of the same bytes, and what the guards add."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import notebooks
from benchmarks.measure import Row, alternate, wall

_SIZE = 1 << 30  # bytes
_FRAME = (
    "import numpy as np\nimport pandas as pd\n"
    f"df = pd.DataFrame(np.random.default_rng(0).standard_normal(({_SIZE} // 8 // 16, 16)), columns=list('abcdefghijklmnop'))"
)
_STEPS = (_FRAME, "means = df.mean()", "spread = (df - df.mean()).abs().mean()", "ranks = df['a'].sort_values().head()",
          "print(means.sum(), spread.sum(), ranks.sum())")  # fmt: skip


def measure(rounds: int) -> Iterator[Row]:
    """The rows of this file."""
    yield from _array(rounds)
    with tempfile.TemporaryDirectory() as name:
        path = notebooks.write(Path(name) / "frame.ipynb", _STEPS)
        off, on = alternate(2 * rounds + 1, *(lambda g=g: _run(path, g) for g in ("off", "on")))  # disks vary
    share = on / off - 1
    yield Row(
        "guards, on a run with a 1 GB frame", f"{on:.2f} s, without {off:.2f} s: {share:+.1%}", "< 10 %", share < 0.1
    )
    samples = sorted(Path("sample_notebooks").glob("*.ipynb"))
    for path in [p for p in samples if "mess" not in p.name]:
        off, on = alternate(2 * rounds + 1, *(lambda g=g, p=path: _run(p, g) for g in ("off", "on")))  # they are short
        yield Row(
            f"guards, on {path.name}", f"{on:.2f} s, without {off:.2f} s: {on / off - 1:+.1%}", "< 10 %", on < off * 1.1
        )


def _array(rounds: int) -> Iterator[Row]:
    import numpy as np

    from nb2pipe.runtime import values

    array = np.random.default_rng(0).integers(0, 255, _SIZE, dtype=np.uint8)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def raw() -> float:
            started = time.perf_counter()
            (folder / "raw").write_bytes(array.data)
            return time.perf_counter() - started

        def stored() -> float:
            for old in folder.glob("v*"):
                old.unlink()
            started = time.perf_counter()
            namespace: dict[str, Any] = {"a": array}
            values.store(namespace, {"a": values.scan(array, namespace, 0)}, folder, "v", namespace, 0)
            return time.perf_counter() - started

        def loaded() -> float:
            file = next(folder.glob("v*"))
            started = time.perf_counter()
            found = values.load_file(file, {})["a"]
            taken = time.perf_counter() - started
            found[0] = 1  # it can be written to
            return taken

        os.sync()
        write, store, load = alternate(rounds, raw, stored, loaded)
    gigabytes = _SIZE / 1e9
    yield Row("storing an array of 1 GB", f"{gigabytes / store:.2f} GB/s; raw write {gigabytes / write:.2f} GB/s: {write / store:.2f} x",
              ">= 0.8 x", write / store >= 0.8)  # fmt: skip
    yield Row("loading it, before it is touched", f"{load * 1000:.2f} ms", "<= 5 ms", load <= 0.005)


def _run(path: Path, guards: str) -> float:
    return wall([sys.executable, "-m", "nb2pipe", "run", str(path), "--guards", guards])
