"""A run of a package is recorded, for its tests to compare with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib.resources import as_file, files
from pathlib import Path

from nb2pipe.diagnostics import Nb2pipeError
from nb2pipe.emit.filetree import FileTree, digests, file_tree, write
from nb2pipe.package.existing import LOCK

_DATA = "tests/data"


class RecordingFailed(Nb2pipeError):
    """The pipeline has failed while it was recorded."""


def with_records(tree: FileTree, name: str, folder: Path) -> FileTree:
    """The project with what its steps gave when they ran once in ``folder``, with the default parameters.

    Raises:
        RecordingFailed: A step has failed; the message ends with what it said.
    """
    with tempfile.TemporaryDirectory() as place, as_file(files("nb2pipe.package.testing") / "record.py") as script:
        project = Path(place) / "project"
        write(tree, project)
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        done = subprocess.run(
            [sys.executable, str(script), str(project), name],
            cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
        if done.returncode:
            told = done.stderr.decode(errors="replace").strip().splitlines()
            raise RecordingFailed("\n".join(["the pipeline has failed while it was recorded:", *told[-12:]]))
        kept = {p.relative_to(project).as_posix(): p.read_bytes() for p in (project / _DATA).rglob("*") if p.is_file()}
    return _with_files(tree, kept)


def _with_files(tree: FileTree, more: Mapping[str, bytes]) -> FileTree:
    """The project with more files, which its lock file lists as well."""
    contents = {**dict(tree.files), **more}
    lock = json.loads(contents.pop(LOCK))
    lock["files"] = digests(file_tree(contents))
    return file_tree({**contents, LOCK: json.dumps(lock, indent=2, ensure_ascii=False) + "\n"})
