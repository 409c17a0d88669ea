"""The clock: it goes on by looks of the thread that has started it, and by what that sleeps, and by nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from nb2pipe.replay.clock import __file__ as CLOCK

PROGRAM = f"""
import datetime as dt, pickle, runpy, threading, time
runpy.run_path({CLOCK!r})["start"]()
first = time.time()
assert time.perf_counter() - first == 2**-20
other = threading.Thread(target=lambda: [time.time() for _ in range(1000)])
other.start()
other.join()
assert time.time() - first == 2 * 2**-20
time.sleep(0.25)
assert time.time() - first == 0.25 + 3 * 2**-20
import looking
assert time.time() - first == 0.25 + 4 * 2**-20
before = time.time_ns()
while time.time_ns() < before + 10**7:
    pass
now = dt.datetime.now(dt.UTC)
assert type(now) is dt.datetime
assert pickle.loads(pickle.dumps(now)) == now
assert (now - dt.datetime.fromtimestamp(first, dt.UTC)).total_seconds() < 1
assert dt.date.today() == dt.datetime.now().date() == dt.datetime.today().date()
assert dt.datetime.utcnow().tzinfo is None
assert time.gmtime()[:6] == time.gmtime(time.time())[:6]
assert time.strftime("%Y", time.gmtime(0)) == "1970"
print(time.strftime("%Y"), time.localtime(0).tm_year >= 1969)
"""


def test_the_clock(tmp_path: Path) -> None:
    (tmp_path / "looking.py").write_text("import time\nstarted = time.time()\n")
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.stdout, done.returncode) == ("2023 True\n", 0), done.stderr
