"""From a file to a `Notebook`: .ipynb of every format, and the text notebooks that jupytext reads."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from nb2pipe.diagnostics import NOTEBOOK, Diagnostic, Refused, Severity, UsageError
from nb2pipe.notebook.model import Cell, CellKind, Notebook, Requirements, Tags
from nb2pipe.notebook.tags import parse_tags

TEXT_SUFFIXES = (".py", ".md", ".markdown", ".rmd", ".qmd", ".myst")
_PYTHON = ("python", "ipython", "")
_IGNORE = re.compile(r"#\s*nb2pipe:\s*ignore(?:\[([A-Z0-9,\s]*)\])?")


def read(path: str) -> Notebook:
    """Read a notebook.

    Raises:
        UsageError: The file is missing, a folder, unreadable, or no notebook.
        Refused: The notebook is in a language other than Python.
    """
    document = _load(path)
    return from_document(document, path)


def from_document(document: Mapping[str, Any], path: str) -> Notebook:
    """The `Notebook` of a document of format 4, as a mapping."""
    metadata = document.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    kernel, language = _kernel(metadata)
    if language not in _PYTHON and not language.startswith("python"):
        raise Refused(
            (
                Diagnostic(
                    NOTEBOOK, "NB701", Severity.ERROR, f"{path} is a notebook in {language}; nb2pipe compiles Python",
                    "convert its code to Python, or run it with papermill as it is",
                ),
            )
        )  # fmt: skip
    cells: list[Cell] = []
    findings: list[Diagnostic] = []
    used: set[str] = set()
    raw_cells = document.get("cells")
    for index, raw in enumerate(raw_cells if isinstance(raw_cells, list) else []):
        if not isinstance(raw, dict):
            continue
        cell, found = _cell(raw, index, used)
        cells.append(cell)
        findings += found
    name, defaults = _kale(metadata)
    return Notebook(path, kernel, tuple(cells), name or Path(path).stem, "python", defaults, tuple(findings))


def read_document(path: str) -> Any:
    """The notebook as an `nbformat.NotebookNode` of the newest format, for those who write executed notebooks.

    Raises:
        UsageError: as `read`.
    """
    import nbformat

    document = nbformat.from_dict(_load(path))
    document.nbformat = 4
    document.nbformat_minor = max(5, int(document.get("nbformat_minor", 5) or 5))
    document.setdefault("metadata", nbformat.NotebookNode())
    used: set[str] = set()
    for index, cell in enumerate(document.cells):
        cell.id = _cell_id(cell, index, used)
        cell.setdefault("metadata", nbformat.NotebookNode())
        cell.source = _text(cell.get("source"))
        if cell.cell_type == "code":
            cell.setdefault("outputs", [])
            cell.setdefault("execution_count", None)
    return document


def _load(path: str) -> dict[str, Any]:
    file = Path(path)
    suffix = file.suffix.lower()
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        raise UsageError(f"{path}: there is no such file") from None
    except IsADirectoryError:
        raise UsageError(f"{path} is a folder; name a notebook in it") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from None
    if suffix in TEXT_SUFFIXES:
        return _load_text(path, data, suffix)
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not a notebook: it is not UTF-8 text") from None
    except json.JSONDecodeError as error:
        what = (
            "the file is empty"
            if not data.strip()
            else f"broken JSON at line {error.lineno}, column {error.colno}: {error.msg}"
        )
        raise UsageError(f"{path} is not a notebook: {what}") from None
    except RecursionError:
        raise UsageError(f"{path} is not a notebook: its JSON is nested too deeply") from None
    if not isinstance(document, dict) or not (
        "cells" in document or "worksheets" in document or "nbformat" in document
    ):
        raise UsageError(f"{path} is not a notebook: it is JSON without cells")
    if document.get("nbformat") == 4 and isinstance(document.get("cells"), list):
        return document
    return _upgrade(document, path)


def _upgrade(document: dict[str, Any], path: str) -> dict[str, Any]:
    """A notebook of an older format, by nbformat."""
    import nbformat

    try:
        major = int(document.get("nbformat", 4 if "cells" in document else 3))
        if major > 4:
            raise UsageError(f"{path} is of notebook format {major}, which is newer than nb2pipe knows (4)")
        node = nbformat.from_dict(document)
        if major < 4:
            node = nbformat.convert(node, 4)
        node.setdefault("cells", [])
    except UsageError:
        raise
    except Exception as error:  # nbformat raises many kinds for a damaged document
        raise UsageError(f"{path} cannot be read as a notebook: {type(error).__name__}: {error}") from None
    result: dict[str, Any] = dict(node)
    return result


def _load_text(path: str, data: bytes, suffix: str) -> dict[str, Any]:
    import jupytext

    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not a notebook: it is not UTF-8 text") from None
    kind = "md:myst" if suffix in (".myst", ".md", ".markdown") and "{code-cell}" in text else suffix[1:]
    if kind == "rmd":
        kind = "Rmd"
    if kind == "qmd":
        text, kind = re.sub(r"(?m)^```\{(\w+)", r"```{\1", text), "Rmd"
    if kind == "py" and re.search(r"(?m)^# ?%%", text):
        kind = "py:percent"
    try:
        node = jupytext.reads(text, fmt=kind)
    except Exception as error:  # jupytext raises many kinds for a damaged text
        raise UsageError(f"{path} cannot be read as a text notebook: {type(error).__name__}: {error}") from None
    result: dict[str, Any] = json.loads(json.dumps(node))
    return result


def _kernel(metadata: Mapping[str, Any]) -> tuple[str, str]:
    """The kernel's name and language; Python where nothing is said."""
    spec = metadata.get("kernelspec")
    spec = spec if isinstance(spec, dict) else {}
    info = metadata.get("language_info")
    info = info if isinstance(info, dict) else {}
    jupytext_info = metadata.get("jupytext")
    main = jupytext_info.get("main_language", "") if isinstance(jupytext_info, dict) else ""
    name = str(spec.get("name") or "python3")
    language = str(spec.get("language") or info.get("name") or main or "").lower()
    if (not language and name in ("ir", "r")) or name.startswith("julia"):
        language = "r" if name in ("ir", "r") else "julia"
    return name, language


def _text(source: Any) -> str:
    if isinstance(source, list):
        source = "".join(str(part) for part in source)
    return str(source or "").replace("\r\n", "\n").replace("\r", "\n")


def _cell_id(raw: Mapping[str, Any], index: int, used: set[str]) -> str:
    """The cell's id, or one derived from its content and made unique by count: stable while the content is."""
    given = raw.get("id")
    if isinstance(given, str) and given and given not in used and re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", given):
        used.add(given)
        return given
    digest = hashlib.blake2b(_text(raw.get("source")).encode(), digest_size=4).hexdigest()
    candidate, count = digest, 1
    while candidate in used:
        count += 1
        candidate = f"{digest}-{count}"
    used.add(candidate)
    return candidate


def _cell(raw: Mapping[str, Any], index: int, used: set[str]) -> tuple[Cell, tuple[Diagnostic, ...]]:
    kind = raw.get("cell_type")
    metadata = raw.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    raw_tags = metadata.get("tags")
    if isinstance(raw_tags, str):
        raw_tags = [t for t in re.split(r"[,\s]+", raw_tags) if t]
    listed = [t for t in raw_tags if isinstance(t, str)] if isinstance(raw_tags, list) else []
    source = _text(raw.get("source"))
    known: CellKind = "code" if kind == "code" else "markdown" if kind in ("markdown", "heading") else "raw"
    tags, found = parse_tags(listed, index)
    if known == "code" and "nb2pipe:" in source:
        tags = _comment_ignores(tags, source)
    count = raw.get("execution_count")
    return (
        Cell(_cell_id(raw, index, used), index, known, source, tags, count if isinstance(count, int) else None),
        found,
    )


def _comment_ignores(tags: Tags, source: str) -> Tags:
    """``# nb2pipe: ignore[NB501]`` silences codes for its cell; without codes, all of them."""
    codes: set[str] = set()
    for match in _IGNORE.finditer(source):
        codes |= {c.strip() for c in match[1].split(",") if c.strip()} if match[1] else {"NB"}
    return replace(tags, ignore=tags.ignore | codes) if codes else tags


def _kale(metadata: Mapping[str, Any]) -> tuple[str, Requirements]:
    """Kale's notebook metadata: the pipeline's name and what every step asks for."""
    kale = metadata.get("kubeflow_notebook")
    if not isinstance(kale, dict):
        return "", Requirements()
    raw = kale.get("steps_defaults") or []
    tags, _ = parse_tags([t for t in raw if isinstance(t, str)] if isinstance(raw, list) else [], -1)
    return str(kale.get("pipeline_name") or ""), tags.requirements
