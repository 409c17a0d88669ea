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
