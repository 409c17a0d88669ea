"""A long campaign of edits: each is planned, run with the cache, and held against a full run.

    python tools/edit_campaign.py --count 1000 --seed 1 --out edits

Story number i is that of seed ``seed + i``: a random notebook, run twice, and a few edits of it one after the other. The
folder ``--out`` has a file for each story that came out wrong.
"""

from __future__ import annotations

import argparse
import collections
import json
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.random_notebooks import edits, running  # noqa: E402  behind the path


def main() -> int:
    """Run the campaign; 1 where an edit came out wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000, help="how many edits")
    parser.add_argument("--seed", type=int, default=0, help="the seed of the first story")
    parser.add_argument("--edits", type=int, default=4, help="edits of one notebook")
    parser.add_argument("--minutes", type=float, default=0, help="stop after so many minutes")
    parser.add_argument("--out", default="edit-campaign", help="where failures go")
    options = parser.parse_args()
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    counts: collections.Counter[str] = collections.Counter()
    started, seed, bad = time.monotonic(), options.seed, 0
    with running.shared_zygote(same_hashes=True) as zygote:
        while counts["edits"] < options.count and not (
            options.minutes and time.monotonic() - started > options.minutes * 60
        ):
            told = []
            for number, (notebook, found) in enumerate(edits.story(seed, zygote, options.edits)):
                counts["edits"] += number > 1
                counts[found.verdict] += 1
                counts["steps"] += found.steps
                counts["cached"] += found.cached
                told.append(
                    {
                        "document": notebook.document(),
                        "split": notebook.split,
                        "verdict": found.verdict,
                        "detail": found.detail,
                    }
                )
                if found.verdict not in ("equal", "none"):
                    bad += 1
                    (out / f"{found.verdict}-{seed}.json").write_text(json.dumps(told, indent=1), encoding="utf-8")
                    print(f"seed {seed}, run {number}: {found.verdict}: {found.detail[:400]}", flush=True)
                    break
            seed += 1
            if seed % 20 == 0:
                print(f"{time.monotonic() - started:.0f} s: {dict(counts)}", flush=True)
    print(f"{time.monotonic() - started:.0f} s: {dict(counts)}", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
