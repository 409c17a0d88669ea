"""Runs with the cache that are killed at random moments, and gone on with: every run must end with the right values.

python tools/kill_campaign.py --count 200 --seed 1
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.runtime import kills  # noqa: E402  behind the path


def main() -> int:
    """Run the campaign; 1 where something was wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200, help="how many kills")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = kills.story(Path(folder), options.seed, options.count)
    print(f"{found.kills} kills, {found.finished} of runs that had ended; {len(found.problems)} problems")
    print(
        f"{found.resumed} runs went on to the end with one that was killed, {found.taken_over} took over what had read the clock"
    )
    for problem in found.problems:
        print(problem)
    return 1 if found.problems else 0


if __name__ == "__main__":
    sys.exit(main())
