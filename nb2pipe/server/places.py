"""Where the paths that a page names are: below the server's root, as its contents manager has it, or nowhere."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import Any

from tornado.web import HTTPError

from nb2pipe.diagnostics import Sentence, say


class Answered(HTTPError):
    """An error that is answered with a sentence, which a page can say in another language."""

    def __init__(self, status: int, sentence: Sentence) -> None:
        super().__init__(status, sentence)
        self.sentence = sentence


def notebook_path(contents: Any, path: Any, *, must_exist: bool = True) -> str:
    """The path of a notebook, relative to the server's root.

    Raises:
        HTTPError: It is none, lies outside of the root, is hidden, or (404) is not there.
    """
    if not isinstance(path, str) or not path.strip("/") or "\0" in path:
        raise HTTPError(400, "path: expected that of a notebook")
    notebook: str = path.strip("/")
    root = root_of(contents)
    place = os.path.realpath(contents._get_os_path(notebook))  # 404 outside of the root
    # A link may lead out of the root: what Jupyter shows of such is its affair, we write beside notebooks and run them.
    if os.path.commonpath([root, place]) != root:
        raise Answered(404, say("%1 is outside of the server's folder", notebook))
    if any(part.startswith(".") for part in PurePosixPath(notebook).parts) and not contents.allow_hidden:
        raise Answered(404, say("%1 is hidden", notebook))
    if must_exist and not Path(place).is_file():
        raise Answered(404, say("%1 is not there: save the notebook first", notebook))
    return notebook


def root_of(contents: Any) -> str:
    """The folder in which the server has its files.

    Raises:
        HTTPError: It has them elsewhere than in a folder of this machine.
    """
    root = getattr(contents, "root_dir", None)
    if not isinstance(root, str) or not hasattr(contents, "_get_os_path"):
        raise Answered(
            501, say("this server keeps its files elsewhere than in a folder, where nb2pipe cannot compile them")
        )
    return os.path.realpath(root)
