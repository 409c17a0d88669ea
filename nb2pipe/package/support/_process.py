"""The process of one notebook of several: `python _process.py NOTEBOOK DIR`, where DIR is the folder of a run.

It is started by its path, for where the package was found by who starts it need not be where a new process looks.
"""

from __future__ import annotations

import importlib
import importlib.util
import io
import os
import sys
from pathlib import Path


def main(name: str, folder: str) -> int:
    """Run the notebook; the exit code: 0 done, 1 it has failed, 130 interrupted."""
    package = Path(__file__).parents[1]
    if Path(sys.path[0]).resolve() == Path(__file__).resolve().parent:
        sys.path[0] = os.getcwd()  # as with `python -m`
    found = importlib.util.find_spec(package.name)
    if found is None or found.origin is None or Path(found.origin).parent != package:
        sys.path.insert(1, str(package.parent))
    if isinstance(sys.stdout, io.TextIOWrapper):  # so that what commands print stands behind what was printed before
        sys.stdout.reconfigure(line_buffering=True)
    pipeline = importlib.import_module(f"{package.name}.pipeline").PIPELINE
    try:
        pipeline.run_notebook(name, folder)
    except BaseException as error:
        if not isinstance(error, (Exception, KeyboardInterrupt)):
            raise  # a step has ended the process
        report = importlib.import_module(f"{package.name}._runtime._cli").report
        frames = error.__traceback__
        code: int = report(pipeline.name, error.with_traceback(frames.tb_next if frames else None))
        return code
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
