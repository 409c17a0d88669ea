"""New texts of cells into the file of a notebook, of which all else stays as it is, byte for byte."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from json.decoder import scanstring  # type: ignore[attr-defined]  # public in all but its stub
from pathlib import Path

from nb2pipe.diagnostics import UsageError
from nb2pipe.notebook.load import TEXT_SUFFIXES, from_text
from nb2pipe.notebook.model import Notebook
from nb2pipe.notebook.read import from_document

_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder(strict=False)
_UTF16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


def with_sources(notebook: Notebook, sources: Mapping[int, str]) -> bytes:
    """The content of the notebook's file with these texts for its cells, by position.

    Raises:
        UsageError: The file was written to in the meantime, or is of a kind that cannot be written back.
    """
    path = Path(notebook.path)
    data = path.read_bytes()
    encoding = _UTF16.get(data[:2], "utf-8")
    mark = data[:2] if encoding != "utf-8" else data[:3] if data.startswith(b"\xef\xbb\xbf") else b""
    text = data[len(mark) :].decode(encoding)
    wanted = [sources.get(c.index, c.source) for c in notebook.cells]
    for made in _ways(path, text, notebook, sources):
        if _sources(notebook.path, made) == wanted:
            return mark + made.encode(encoding)
    raise UsageError(f"{path} cannot be written back as it is; save it in Jupyter, or as .ipynb, and try again")


def _sources(path: str, text: str) -> list[str]:
    suffix = Path(path).suffix.lower()
    document = from_text(path, text, suffix) if suffix in TEXT_SUFFIXES else json.loads(text, strict=False)
    return [c.source for c in from_document(document, path).cells]


def _ways(path: Path, text: str, notebook: Notebook, sources: Mapping[int, str]) -> Iterator[str]:
    """The ways to write the file, the best first; what comes of each has to be looked at."""
    if path.suffix.lower() in TEXT_SUFFIXES:
        yield _put_in_text(text, notebook, sources)
        found = _by_jupytext(path, text, sources)
        if found is not None:
            yield found
    else:
        spans = list(_source_spans(text))
        if len(spans) == len(notebook.cells):
            yield _put_in_json(text, spans, sources)


# -- .ipynb -------------------------------------------------------------------------------------------------------

_Span = tuple[int, int]


def _source_spans(text: str) -> Iterator[_Span]:
    """Where the ``source`` of each cell stands in the text of an .ipynb of format 4."""
    for key, start, _ in _members(text, _skip(text, 0)):
        if key == "cells":
            for cell, _ in _elements(text, start):
                yield next(((s, e) for k, s, e in _members(text, cell) if k == "source"), (-1, -1))


def _members(text: str, place: int) -> Iterator[tuple[str, int, int]]:
    """The members of the object that begins here: key, and where the value stands."""
    place = _skip(text, place + 1)
    while text[place] != "}":
        key, place = scanstring(text, place + 1, False)
        start = _skip(text, _skip(text, place) + 1)
        _, end = _DECODER.raw_decode(text, start)
        yield key, start, end
        place = _skip(text, end)
        if text[place] == ",":
            place = _skip(text, place + 1)


def _elements(text: str, place: int) -> Iterator[_Span]:
    """Where the elements of the list that begins here stand."""
    place = _skip(text, place + 1)
    while text[place] != "]":
        _, end = _DECODER.raw_decode(text, place)
        yield place, end
        place = _skip(text, end)
        if text[place] == ",":
            place = _skip(text, place + 1)


def _skip(text: str, place: int) -> int:
    match = _SPACE.match(text, place)
    return match.end() if match else place


def _put_in_json(text: str, spans: list[_Span], sources: Mapping[int, str]) -> str:
    escaped = text.isascii() and "\\u" in text
    layout = next((m for s, e in spans if (m := re.match(r'\[([ \t\r\n]*)"', text[s:e]))), None)
    gap = layout[1] if layout else ""
    close = gap[: -len(_unit(text))] if "\n" in gap else gap
    for cell in sorted(sources, reverse=True):
        start, end = spans[cell]
        if start < 0:
            continue
        if text[start] == "[":
            lines = [json.dumps(line, ensure_ascii=escaped) for line in sources[cell].splitlines(keepends=True)]
            between = f",{gap}" if gap else ", "
            written = f"[{gap}{between.join(lines)}{close}]" if lines else "[]"
        else:
            written = json.dumps(sources[cell], ensure_ascii=escaped)
        text = text[:start] + written + text[end:]
    return text


def _unit(text: str) -> str:
    """What one level of the file is indented by."""
    match = re.search(r"\n([ \t]+)", text)
    return match[1] if match else " "


# -- text notebooks -----------------------------------------------------------------------------------------------


def _put_in_text(text: str, notebook: Notebook, sources: Mapping[int, str]) -> str:
    """The text with the cells replaced where they stand in it as they are, one after another."""
    newline = "\r\n" if "\r\n" in text else "\n"
    place = 0
    for cell in notebook.cells:
        old = cell.source.replace("\n", newline)
        start = text.find(old, place) if cell.kind == "code" and old.strip() else -1
        if start < 0:
            continue
        new = sources.get(cell.index, cell.source).replace("\n", newline)
        text = text[:start] + new + text[start + len(old) :]
        place = start + len(new)
    return text


def _by_jupytext(path: Path, text: str, sources: Mapping[int, str]) -> str | None:
    """The text as jupytext writes it, where that is what it was; None where it is not."""
    import jupytext

    kind = path.suffix.lower()[1:]
    if kind not in ("py", "md", "rmd"):
        return None
    kind = {"rmd": "Rmd"}.get(kind, kind)
    node = jupytext.reads(text, fmt=kind)
    if jupytext.writes(node, fmt=kind) != text:
        return None
    for cell, source in sources.items():
        node.cells[cell].source = source
    return str(jupytext.writes(node, fmt=kind))


# -- the disk -----------------------------------------------------------------------------------------------------


def replace_file(path: Path, content: bytes) -> None:
    """Put a content in the place of a file's, whole or not at all.

    Raises:
        UsageError: It cannot be written.
    """
    target = path.resolve()
    part: str | None = None
    try:
        handle, part = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(part).chmod(target.stat().st_mode & 0o7777)
        Path(part).replace(target)
    except OSError as error:
        if part is not None:
            Path(part).unlink(missing_ok=True)
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from error
