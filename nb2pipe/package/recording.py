"""A run of a package is recorded, for its tests to compare with."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator
from importlib.resources import as_file, files
from pathlib import Path

from nb2pipe.diagnostics import Nb2pipeError
from nb2pipe.emit.filetree import write
from nb2pipe.interpreters import environment_there, start_there
from nb2pipe.package.project import Draft, with_more

_DATA = "tests/data"


class RecordingFailed(Nb2pipeError):
    """The pipeline has failed while it was recorded."""


def with_records(made: Draft, folder: Path) -> Draft:
    """The project with what its steps gave when they ran once in ``folder``, with the default parameters.

    Raises:
        RecordingFailed: A step has failed; the message ends with what it said.
    """
    with tempfile.TemporaryDirectory() as place, as_file(files("nb2pipe.package.testing") / "record.py") as script:
        project = Path(place) / "project"
        write(made.files, project)
        environment = {k: v for k, v in environment_there().items() if k != "PYTHONPATH"}
        done = subprocess.run(
            [*start_there(), str(script), str(project), made.record.name],
            cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
        if done.returncode:
            told = done.stderr.decode(errors="replace").strip().splitlines()
            raise RecordingFailed("\n".join(["the pipeline has failed while it was recorded:", *told[-12:]]))
        kept = {p.relative_to(project).as_posix(): p.read_bytes() for p in (project / _DATA).rglob("*") if p.is_file()}
    return with_more(made, kept)


def not_recorded(made: Draft) -> Iterator[str]:
    """What the tests of a project with records do not compare, and why, in the order of its steps."""
    files = dict(made.files.files)
    for step in made.record.steps:
        content = files.get(f"{_DATA}/{step.name}.json")
        if content is None:
            continue
        record = json.loads(content)
        if record["alone"]:
            yield f"the test of step {step.name} is skipped: it {record['alone']}"
        for name, entry in record["gives"].items():
            if "omitted" in entry:
                yield f"{name} of step {step.name} is not compared: {entry['omitted']}"
            elif "digest" in entry:
                yield f"{name} of step {step.name} is long: its shape, types and a digest are compared"
    whole = json.loads(files.get(f"{_DATA}/whole-run.json", b'{"skip": ""}'))["skip"]
    if whole:
        yield f"the test of the whole run is skipped: it {whole}"
