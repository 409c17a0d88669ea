"""The verdict on a package, kept among what is known of where it came from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from nb2pipe.emit.filetree import FileTree, file_tree
from nb2pipe.package.existing import LOCK


def with_verdict(tree: FileTree, verdict: Mapping[str, Any]) -> FileTree:
    """The project, its lock file with the verdict of a comparison with the notebook, under ``verified``."""
    files = dict(tree.files)
    lock = json.loads(files[LOCK]) | {"verified": dict(verdict)}
    return file_tree({**files, LOCK: json.dumps(lock, indent=2, ensure_ascii=False) + "\n"})
