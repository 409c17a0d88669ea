"""Run papermill's own test suite with nb2pipe as its default engine, and name each test that fails only then.

    python tools/papermill_suite.py                 the version of papermill that is installed
    python tools/papermill_suite.py --version 2.6.0

The suite comes from papermill's source distribution. It runs twice, with papermill's own engine and with nb2pipe; what passes in
the first run and not in the second must be an exception that `docs/papermill.md` explains, and nothing else may be.
The tests of storage services (S3, Azure, Google, HDFS) are left out: no engine has a part in them.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import subprocess
import sys
import tarfile
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ELSEWHERE = ("test_abs.py", "test_adl.py", "test_gcs.py", "test_hdfs.py", "test_s3.py")
_NBCLIENT = "looks at what papermill's own engine hands to nbclient, which this one does without"
EXCEPTIONS = {
    "test_execute.TestNotebookHelpers.test_default_start_timeout": _NBCLIENT,
    "test_execute.TestNotebookHelpers.test_start_timeout": _NBCLIENT,
}
"""The tests that cannot pass with another engine than papermill's own, with the cause."""
DEFAULT = """

def _default():
    from nb2pipe.papermill import Nb2pipeEngine

    papermill_engines.register(None, Nb2pipeEngine)


_default()
"""


def fetched(version: str, folder: Path) -> Path:
    """The unpacked source distribution."""
    command = ["download", "--quiet", "--disable-pip-version-check", "--no-binary", "papermill", "--no-deps",
               "--dest", str(folder), f"papermill=={version}"]  # fmt: skip
    subprocess.run([sys.executable, "-m", "pip", *command], check=True)
    with tarfile.open(next(folder.glob("papermill-*.tar.gz"))) as archive:
        archive.extractall(folder, filter="data")
    return folder / f"papermill-{version}"


def outcomes(source: Path) -> dict[str, str]:
    """Each test, and whether it passed, failed or was skipped."""
    report = source / "report.xml"
    ignored = [f"--ignore=papermill/tests/{name}" for name in ELSEWHERE]
    path = os.pathsep.join([str(source), str(ROOT)])
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", str(source), *ignored,
         f"--junitxml={report}", "--tb=short", "papermill/tests"],
        cwd=source, env={**os.environ, "PYTHONPATH": path}, check=False,
    )  # fmt: skip
    found = {}
    for case in ET.parse(report).iter("testcase"):
        name = f"{(case.get('classname') or '').removeprefix('papermill.tests.')}.{case.get('name')}"
        kinds = {child.tag for child in case}
        found[name] = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", default=importlib.metadata.version("papermill"))
    version = parser.parse_args().version
    with tempfile.TemporaryDirectory() as folder:
        source = fetched(version, Path(folder))
        own = outcomes(source)
        engines = source / "papermill" / "engines.py"
        engines.write_text(engines.read_text("utf-8") + DEFAULT, "utf-8")
        ours = outcomes(source)
    passed = {name for name, outcome in own.items() if outcome == "passed"}
    differing = {name for name in passed if ours.get(name) != "passed"}
    print(f"\npapermill {version}: {len(own)} tests, {len(passed)} pass with its own engine, "
          f"{len(passed - differing)} of these with nb2pipe")  # fmt: skip
    for name in sorted(differing):
        print(f"  {'exception' if name in EXCEPTIONS else 'FAILED'}  {name}  {EXCEPTIONS.get(name, '')}")
    stale = sorted(EXCEPTIONS.keys() - differing)
    for name in stale:
        print(f"  no exception any more  {name}")
    return 1 if differing - EXCEPTIONS.keys() or stale else 0


if __name__ == "__main__":
    sys.exit(main())
