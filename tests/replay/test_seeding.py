"""Seeding: libraries begin with their seed as soon as they are imported, whatever importing and seeding them draws and imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from nb2pipe.replay.seeding import __file__ as SEEDING

LIKE_TORCH = """
drawn, seeded = 0, []
def manual_seed(number):
    global drawn
    import colorsys  # as PyTorch's own does
    seeded.append(number)
    drawn = number
def get_rng_state():
    return drawn
def set_rng_state(state):
    global drawn
    drawn = state
manual_seed(7)
"""


def test_seeding_that_imports(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text(LIKE_TORCH)
    program = f"""
import runpy, sys
sys.path.insert(0, {str(tmp_path)!r})
runpy.run_path({SEEDING!r})["seed"]()
import torch
torch.drawn = 5
import fractions, numpy as np, random
print(torch.seeded, torch.drawn, random.random(), np.random.rand())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout == "[7, 2971215073] 5 0.8263897077090759 0.7313815780345252\n", done.stderr


CONCURRENT = """
import runpy, sys, threading
runpy.run_path(sys.argv[1])["seed"]()
import numpy as np
expected = np.random.RandomState(2_971_215_073).poisson(4.5, 3_000_000).sum()
done = threading.Event()
def importing():
    while not done.is_set():
        import json
thread = threading.Thread(target=importing)
thread.start()
found = sum(np.random.poisson(4.5, 100_000).sum() for _ in range(30))
done.set()
thread.join()
print(found == expected)
"""


def test_threads_that_import_leave_draws_alone(tmp_path: Path) -> None:
    """A kernel's other threads import while a cell draws: what they put back would be drawn again."""
    done = subprocess.run(
        [sys.executable, "-c", CONCURRENT, SEEDING], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "True\n"
