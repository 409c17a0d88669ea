"""From a file to a notebook's document, a mapping of format 4: the only place of this stage that touches the disk."""

from __future__ import annotations

import codecs
import json
import re
import stat
from pathlib import Path, PureWindowsPath
from typing import Any

from nb2pipe.diagnostics import NOTEBOOK, Diagnostic, Refused, Sentence, Severity, UsageError, say

TEXT_SUFFIXES = (".py", ".md", ".markdown", ".rmd", ".qmd", ".myst")
_SCRIPTS = {".r": "R", ".jl": "Julia", ".scala": "Scala", ".sh": "Bash", ".js": "JavaScript", ".ts": "TypeScript",
            ".rs": "Rust", ".m": "MATLAB", ".do": "Stata", ".sas": "SAS"}  # fmt: skip
_CONFLICT = re.compile(r"^(?:<{7} .*|={7}|>{7} .*)$", re.MULTILINE)
# A fence that Quarto hands to a tool of its own; what it holds is no code of the notebook.
_QUARTO_FENCE = re.compile(r"(?m)^(`{3,})\{(?!python\b|r\b|julia\b|bash\b)=?(\w[\w-]*)[^}\n]*\}[ \t]*$")


def load(path: str) -> dict[str, Any]:
    """The document of the notebook at ``path``; its ``cells`` are mappings.

    Raises:
        UsageError: The file is missing, a folder, unreadable, or no notebook.
        Refused: The file is a script in a language other than Python.
    """
    text = read_text(path)
    suffix = Path(path).suffix.lower()
    if suffix in _SCRIPTS:
        raise other_language(path, _SCRIPTS[suffix])
    if suffix in TEXT_SUFFIXES:
        return from_text(path, text, suffix)
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise UsageError(say("%1 is not a notebook: %2", path, _json_fault(text, error, suffix))) from None
    except RecursionError:
        raise UsageError(say("%1 is not a notebook: its JSON is nested too deeply", path)) from None
    except ValueError as error:  # a number with more digits than Python reads
        raise UsageError(say("%1 cannot be read: %2", path, _first_line(error))) from None
    return _current(document, path)


def is_remote(path: str) -> bool:
    """Whether this is no path of the file system, but an address that papermill reads and writes: ``s3://``, ``https://``."""
    return re.match(r"[a-zA-Z][a-zA-Z0-9+.-]+://", path) is not None


def read_text(path: str) -> str:
    """The text of the notebook's file.

    Raises:
        UsageError: The file is missing, a folder, unreadable, or no text.
    """
    if is_remote(path):
        from papermill.iorw import papermill_io

        try:
            return str(papermill_io.read(path))
        except Exception as error:  # each service has its own kinds
            raise UsageError(f"{path} cannot be read: {_first_line(error) or type(error).__name__}") from None
    return _decode(_read_bytes(path, Path(path)), path)


def other_language(path: str, language: str) -> Refused:
    """What is said of a notebook that is not in Python."""
    return Refused(
        (
            Diagnostic(
                NOTEBOOK, "NB701", Severity.ERROR,
                say("%1 is a notebook in %2; nb2pipe compiles Python", path, language),
                say("convert its code to Python, or run it with papermill as it is"),
            ),
        )
    )  # fmt: skip


def _read_bytes(path: str, file: Path) -> bytes:
    if not path.strip():
        raise UsageError(say("no notebook is named: the path is empty"))
    try:
        mode = file.stat().st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            # To read it may wait for ever, and a run reads its notebook twice.
            raise UsageError(say("%1 is a pipe or a device; write the notebook to a file first", path))
        return file.read_bytes()
    except FileNotFoundError:
        raise UsageError(_missing(path, file)) from None
    except IsADirectoryError:
        raise UsageError(say("%1 is a folder; name a notebook in it", path)) from None
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path
        raise UsageError(say("%1 cannot be read: %2", path, getattr(error, "strerror", None) or str(error))) from None


def _missing(path: str, file: Path) -> Sentence:
    """What is said of a file that is not there, with the nearest name that is."""
    import difflib

    message = say("%1: there is no such file", path)
    if "\\" in path and "/" not in path:
        # A path in the manner of Windows, on a system where the backslash is a letter like any other.
        as_posix = Path(PureWindowsPath(path).as_posix())
        if as_posix.is_file():
            return say("%1: there is no such file; did you mean `%2`?", path, str(as_posix))
    try:
        if not file.parent.is_dir():
            return say("%1: there is no such file, and no folder `%2`", path, str(file.parent))
        names = sorted(p.name for p in file.parent.iterdir() if p.suffix.lower() in (".ipynb", *TEXT_SUFFIXES))
    except OSError:
        return message
    folded = {n.casefold(): n for n in reversed(names)}
    wanted = file.name.casefold()
    near = [f"{wanted}.ipynb"] if f"{wanted}.ipynb" in folded else difflib.get_close_matches(wanted, folded, 1, 0.6)
    if not near:
        return message
    return say("%1: there is no such file; did you mean `%2`?", path, str(file.with_name(folded[near[0]])))


def _decode(data: bytes, path: str) -> str:
    """The text of a file: UTF-8, with a byte order mark or without, or UTF-16 that says so."""
    encoding = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise UsageError(
            say(
                "%1 is not a notebook: it is not UTF-8 text (byte %2 of %3 is 0x%4)",
                path, error.start + 1, len(data), f"{data[error.start]:02x}",
            )
        ) from None  # fmt: skip


def _json_fault(text: str, error: json.JSONDecodeError, suffix: str) -> Sentence:
    """What is wrong with text that is no JSON: the cause where it shows, and the place."""
    stripped = text.strip()
    if not stripped:
        return say("the file is empty")
    conflict = _CONFLICT.search(text)
    if conflict:
        line = text.count("\n", 0, conflict.start()) + 1
        return say("git left a merge conflict in it, line %1: `%2`; resolve it first", line, conflict[0].strip())
    if stripped.startswith("version https://git-lfs"):
        return say("it is a Git LFS pointer to one; `git lfs pull` brings the notebook itself")
    if re.match(r"(?i)<!doctype html|<html", stripped):
        return say("it is a web page; download the notebook itself (on GitHub, the raw file)")
    size = len(text.encode("utf-8", "surrogatepass"))
    byte = len(text[: error.pos].encode("utf-8", "surrogatepass")) + 1
    place = say("line %1, column %2 (byte %3 of %4)", error.lineno, error.colno, byte, size)
    if stripped[0] not in "{[" and suffix != ".ipynb":
        return say("expected .ipynb, or a text notebook (%1)", ", ".join(TEXT_SUFFIXES))
    # An open string that ends the file shows the place where it began.
    if error.pos >= len(text.rstrip()) or (
        error.msg.startswith("Unterminated string") and "\n" not in text[error.pos :].rstrip()
    ):
        return say("it is cut off: its JSON ends unfinished at %1: %2", place, error.msg)
    return say("broken JSON at %1: %2", place, error.msg)


def _current(document: Any, path: str) -> dict[str, Any]:
    """The document in format 4, its cells a list of mappings, whatever it was."""
    if not isinstance(document, dict) or not any(key in document for key in ("cells", "worksheets", "nbformat")):
        raise UsageError(say("%1 is not a notebook: it is JSON without cells", path))
    given = document.get("nbformat")
    if given is None:
        given = 4 if "cells" in document else 3
    if not isinstance(given, int | str) or not str(given).isdecimal():
        raise UsageError(
            say("%1 cannot be read as a notebook: its nbformat is `%2`, which is no number", path, str(given))
        )
    major = int(given)
    if major > 4:
        raise UsageError(say("%1 is of notebook format %2, which is newer than nb2pipe knows (4)", path, major))
    if "worksheets" in document and "cells" not in document:
        document = _upgrade(document, min(major, 3), path)
    elif major == 1:
        document = _upgrade(document, 1, path)
    cells = document.get("cells")
    if cells is not None and not isinstance(cells, list):
        raise UsageError(say("%1 cannot be read as a notebook: its `cells` are no list", path))
    return {**document, "cells": [cell for cell in cells or () if isinstance(cell, dict)]}


def _upgrade(document: dict[str, Any], major: int, path: str) -> dict[str, Any]:
    """A notebook of an older format, by nbformat; its ids, which are random there, are taken away again."""
    import nbformat

    try:
        _complete(document)
        node = nbformat.versions[major].to_notebook_json({**document, "nbformat": major})
        return _without_ids(json.loads(json.dumps(nbformat.convert(node, 4))))
    except Exception as error:  # nbformat raises many kinds for a damaged document
        raise UsageError(say("%1 cannot be read as a notebook: %2", path, _first_line(error))) from None


def _complete(document: dict[str, Any]) -> None:
    """Add what nbformat counts on and a damaged notebook of an old format may lack."""
    document["nbformat_minor"] = 0  # nbformat knows no other of these formats
    if not isinstance(document.get("metadata"), dict):
        document["metadata"] = {}
    for sheet in (document, *(document.get("worksheets") or ())):
        cells = sheet.get("cells")
        if not isinstance(cells, list):
            continue
        sheet["cells"] = [cell for cell in cells if isinstance(cell, dict)]
        for cell in sheet["cells"]:
            cell.setdefault("cell_type", "code" if "input" in cell else "markdown")
            cell.setdefault("metadata", {})
            if cell["cell_type"] == "code" and not isinstance(cell.get("outputs"), list):
                cell["outputs"] = []


def _without_ids(document: dict[str, Any]) -> dict[str, Any]:
    for cell in document.get("cells", ()):
        if isinstance(cell, dict):
            cell.pop("id", None)
    return document


def from_text(path: str, text: str, suffix: str) -> dict[str, Any]:
    """A text notebook, by jupytext, which knows its format from its suffix and from what it says."""
    import jupytext

    text = text.replace("\r\n", "\n").replace("\r", "\n")
    conflict = re.search(r"(?m)^<{7} .*$", text)
    if conflict and re.search(r"(?m)^>{7} .*$", text):
        line = text.count("\n", 0, conflict.start()) + 1
        said = say("git left a merge conflict in it, line %1: `%2`; resolve it first", line, conflict[0])
        raise UsageError(say("%1 is not a notebook: %2", path, said))
    kind = {".rmd": "Rmd", ".qmd": "Rmd", ".markdown": "md"}.get(suffix, suffix[1:])
    if suffix == ".myst" or (kind == "md" and "{code-cell}" in text):
        kind = "md:myst"
    if suffix == ".qmd":
        text = _QUARTO_FENCE.sub(r"\1\2", text)
    try:
        node = jupytext.reads(text, fmt=kind)
    except Exception as error:  # jupytext raises many kinds for a damaged text
        raise UsageError(say("%1 cannot be read as a text notebook: %2", path, _first_line(error))) from None
    document = _without_ids(json.loads(json.dumps(node, default=str)))
    if kind == "Rmd":
        _read_options(document)
    return _current(document, path)


def _read_options(document: dict[str, Any]) -> None:
    """Move what Quarto and R Markdown write as options and front matter to where a notebook has it.

    ``#| tags: [a, b]`` are tags, a chunk with ``eval: false`` is not run and gets ``skip``, ``jupyter: NAME`` in the front
    matter is the kernel.
    """
    cells = document["cells"]
    for cell in cells:
        if cell["cell_type"] != "code":
            continue
        options = re.match(r"(?:#\|.*(?:\n|$))+", cell["source"])
        found = _yaml("\n".join(line[2:] for line in options[0].splitlines())) if options else {}
        tags = found.get("tags")
        listed = tags.split() if isinstance(tags, str) else tags if isinstance(tags, list) else []
        if found.get("eval", cell["metadata"].get("eval")) is False:
            listed = [*listed, "skip"]
        if listed:
            cell["metadata"]["tags"] = [*cell["metadata"].get("tags", ()), *(str(tag) for tag in listed)]
    if cells and cells[0]["cell_type"] == "raw" and cells[0]["source"].startswith("---"):
        kernel = _yaml(cells[0]["source"].strip().strip("-")).get("jupyter")
        if isinstance(kernel, str):
            document["metadata"].setdefault("kernelspec", {"name": kernel, "display_name": kernel})
        elif isinstance(kernel, dict) and isinstance(kernel.get("kernelspec"), dict):
            document["metadata"].setdefault("kernelspec", kernel["kernelspec"])


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip()}".splitlines()[0]


def _yaml(text: str) -> dict[str, Any]:
    import yaml

    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError:
        return {}
    return found if isinstance(found, dict) else {}
