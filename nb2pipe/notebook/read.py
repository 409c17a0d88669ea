"""From a notebook's document to a `Notebook`: cells with ids, kinds, sources and typed tags."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from nb2pipe.diagnostics import Diagnostic
from nb2pipe.notebook.load import load, other_language
from nb2pipe.notebook.model import Cell, CellKind, Notebook, Requirements, Tags
from nb2pipe.notebook.tags import parse_tags

_IGNORE = re.compile(r"#\s*nb2pipe:\s*ignore(?:\[([A-Z0-9,\s]*)\])?")
_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
# Kernels by the beginning of their names, for metadata that says no language; and languages by their usual spelling.
_KERNELS = {"ir": "R", "julia": "Julia", "bash": "Bash", "scala": "Scala", "spylon": "Scala", "apache_toree_scala": "Scala",
            "javascript": "JavaScript", "octave": "Octave", "gophernotes": "Go", "rust": "Rust", "ruby": "Ruby",
            "xcpp": "C++", "sas": "SAS", "matlab": "MATLAB", "kotlin": "Kotlin", "powershell": "PowerShell"}  # fmt: skip
_SPELLINGS = {name.lower(): name for name in _KERNELS.values()}


def read(path: str) -> Notebook:
    """Read a notebook.

    Raises:
        UsageError: The file is missing, a folder, unreadable, or no notebook.
        Refused: The notebook is in a language other than Python.
    """
    return from_document(load(path), path)


def from_document(document: Mapping[str, Any], path: str) -> Notebook:
    """The `Notebook` of a document of format 4, as a mapping.

    Raises:
        Refused: The notebook is in a language other than Python.
    """
    metadata = _mapping(document.get("metadata"))
    kernel, language = _kernel(metadata)
    if not language.lower().startswith(("python", "ipython")):
        raise other_language(path, language)
    listed = document.get("cells")
    raw_cells = [cell for cell in listed if isinstance(cell, dict)] if isinstance(listed, list) else []
    name, defaults, findings = _kale(metadata)
    cells: list[Cell] = []
    for index, (raw, cell_id) in enumerate(zip(raw_cells, _cell_ids(raw_cells), strict=True)):
        cell, found = _cell(raw, index, cell_id)
        cells.append(cell)
        findings += found
    return Notebook(path, kernel, tuple(cells), name or stem(path), "python", defaults, findings, metadata)


def read_document(path: str) -> Any:
    """The notebook as an `nbformat.NotebookNode`, for libraries that want one; it costs more to import than all of ours.

    Raises:
        UsageError, Refused: as `read`.
    """
    import nbformat

    return nbformat.from_dict(read_plain(path))


def read_plain(path: str) -> dict[str, Any]:
    """The notebook as plain data of the newest format, for those who write executed notebooks.

    What fails the schema in a way that nbformat cannot write is put right; all else stays as it was.

    Raises:
        UsageError, Refused: as `read`.
    """
    document = load(path)
    document["nbformat"] = 4
    minor = document.get("nbformat_minor")
    document["nbformat_minor"] = max(5, minor) if isinstance(minor, int) else 5
    document["metadata"] = _mapping(document.get("metadata"))
    for cell, cell_id in zip(document["cells"], _cell_ids(document["cells"]), strict=True):
        cell["id"] = cell_id
        cell["cell_type"] = _kind(cell)
        cell["metadata"] = _mapping(cell.get("metadata"))
        cell["source"] = _text(cell.get("source"))
        if cell["cell_type"] == "code":
            count = cell.get("execution_count")
            cell["execution_count"] = count if isinstance(count, int) else None
            outputs = cell.get("outputs")
            cell["outputs"] = [o for o in outputs if _is_output(o)] if isinstance(outputs, list) else []
        else:
            cell.pop("outputs", None)
            cell.pop("execution_count", None)
    return document


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _is_output(output: Any) -> bool:
    """Whether it has the parts that nbformat and its readers take for granted."""
    if not isinstance(output, dict):
        return False
    kind = output.get("output_type")
    if kind == "stream":
        return "name" in output and "text" in output
    if kind == "error":
        return all(key in output for key in ("ename", "evalue", "traceback"))
    return kind in ("display_data", "execute_result") and isinstance(output.get("data"), dict)


def path_text(path: str) -> str:
    """A path as text that can be written: where the locale is C, Python has letters beyond ASCII as bytes in disguise."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def stem(path: str) -> str:
    """The file's name without its suffix, whichever way the path's slashes lean."""
    path = path_text(path)
    return (PureWindowsPath if "\\" in path else PurePosixPath)(path).stem


def _kernel(metadata: Mapping[str, Any]) -> tuple[str, str]:
    """The kernel's name and language; Python where nothing is said."""
    spec = _mapping(metadata.get("kernelspec"))
    name = str(spec.get("name") or "python3")
    said = (
        spec.get("language"),
        _mapping(metadata.get("language_info")).get("name"),
        _mapping(metadata.get("jupytext")).get("main_language"),
        *(known for prefix, known in _KERNELS.items() if re.match(rf"{prefix}(?![a-z])", name.lower())),
        # Notebooks of format 3, by IJulia and the like; elsewhere the word may mean the language of the prose.
        _SPELLINGS.get(str(metadata.get("language")).lower()),
    )
    language = next((str(text) for text in said if text), "Python")
    return name, _SPELLINGS.get(language.lower(), language)


def _text(source: Any) -> str:
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    return source.replace("\r\n", "\n").replace("\r", "\n") if isinstance(source, str) else ""


def _kind(raw: Mapping[str, Any]) -> CellKind:
    kind = raw.get("cell_type")
    if kind == "code":
        return "code"
    return "markdown" if kind in ("markdown", "heading") else "raw"


def _cell_ids(cells: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """An id for each cell: its own, or else one derived from its content.

    A derived id is that of the content, counted where several cells have it: the same every time, and no other cell's
    affair. Of two cells with one id the first keeps it.
    """
    used: set[str] = set()
    own: list[str] = []
    for cell in cells:
        given = cell.get("id")
        valid = isinstance(given, str) and _ID.fullmatch(given) and given not in used
        own.append(str(given) if valid else "")
        used.add(own[-1])
    counts: Counter[str] = Counter()
    result = []
    for cell, given in zip(cells, own, strict=True):
        found = given
        if not found:
            content = _text(cell.get("source")).encode("utf-8", "surrogatepass")
            digest = hashlib.blake2b(content, digest_size=4).hexdigest()
            while not found or found in used:
                counts[digest] += 1
                found = f"{digest}-{counts[digest]}" if counts[digest] > 1 else digest
            used.add(found)
        result.append(found)
    return tuple(result)


def _cell(raw: Mapping[str, Any], index: int, cell_id: str) -> tuple[Cell, tuple[Diagnostic, ...]]:
    raw_tags = _mapping(raw.get("metadata")).get("tags")
    if isinstance(raw_tags, str):
        raw_tags = [t for t in re.split(r"[,\s]+", raw_tags) if t]
    listed = [t for t in raw_tags if isinstance(t, str)] if isinstance(raw_tags, list) else []
    source, kind = _text(raw.get("source")), _kind(raw)
    tags, found = parse_tags(listed, index)
    if kind == "code" and "nb2pipe:" in source:
        tags = _comment_ignores(tags, source)
    count = raw.get("execution_count")
    counted = count if isinstance(count, int) else None
    return Cell(cell_id, index, kind, source, tags, counted, tuple(listed)), found


def _comment_ignores(tags: Tags, source: str) -> Tags:
    """``# nb2pipe: ignore[NB501]`` silences codes for its cell; without codes, all of them."""
    codes: set[str] = set()
    for match in _IGNORE.finditer(source):
        codes |= {c.strip() for c in match[1].split(",") if c.strip()} if match[1] else {"NB"}
    return tags._replace(ignore=tags.ignore | codes) if codes else tags


def _kale(metadata: Mapping[str, Any]) -> tuple[str, Requirements, tuple[Diagnostic, ...]]:
    """Kale's notebook metadata: the pipeline's name, what every step asks for, and what of it cannot be read."""
    kale = _mapping(metadata.get("kubeflow_notebook"))
    raw = kale.get("steps_defaults")
    tags, found = parse_tags([t for t in raw if isinstance(t, str)] if isinstance(raw, list) else [], -1)
    return str(kale.get("pipeline_name") or ""), tags.requirements, found
