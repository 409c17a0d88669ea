"""Which cells make a step: by their tags, by Markdown headings, or by count."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from nb2pipe.diagnostics import UsageError
from nb2pipe.notebook.model import Cell, Notebook

SHARED_ROLES = frozenset({"parameters", "imports", "functions", "setup"})
LAST = "<last>"
"""The step of the cell that stands for what is read of a notebook's names when it has run."""
_APART: frozenset[str] = frozenset({"skip", "last"})


class Block(NamedTuple):
    """A run of code cells that follow one another in the notebook and belong to one step."""

    step: str
    cells: tuple[int, ...]
    title: str = ""


def is_shared(cell: Cell) -> bool:
    """Whether the cell runs in every step that needs it rather than in a step of its own."""
    return bool(cell.tags.roles & SHARED_ROLES)


def pipeline_cells(notebook: Notebook) -> tuple[Cell, ...]:
    """The code cells that belong to steps: not skipped, not shared, not empty of text."""
    return tuple(
        c for c in notebook.cells
        if c.kind == "code" and not _APART & c.tags.roles and not is_shared(c) and (c.source.strip() or c.tags.step)
    )  # fmt: skip


def split(notebook: Notebook, how: str | None = None) -> tuple[Block, ...]:
    """Divide the notebook into blocks, in document order.

    ``how`` is ``headings``, ``tags`` or ``cells:N``; None means by tags where a cell has a step tag, else by
    headings. Two blocks of one step name are the parts of a reopened step.

    A cell that nb2pipe has put last is a step of its own, and no matter of ``how``.

    Raises:
        UsageError: ``how`` is none of these.
    """
    last = tuple(Block(LAST, (c.index,)) for c in notebook.cells if "last" in c.tags.roles)
    return (*_split(notebook, how), *last)


def _split(notebook: Notebook, how: str | None) -> tuple[Block, ...]:
    if how is None:
        how = "tags" if any(c.tags.step for c in notebook.cells if c.kind == "code") else "headings"
    if how == "tags":
        return _by_tags(notebook)
    if how == "headings":
        return _by_headings(notebook)
    match = re.fullmatch(r"cells:([1-9]\d*)", how)
    if match is None:
        raise UsageError(f"--split {how}: expected headings, tags or cells:N (N a whole number from 1)")
    return _by_count(notebook, int(match[1]))


def _by_tags(notebook: Notebook) -> tuple[Block, ...]:
    blocks: list[tuple[str, list[int]]] = []
    for cell in pipeline_cells(notebook):
        name = cell.tags.step
        if name is None:
            name = blocks[-1][0] if blocks else "start"
        if blocks and blocks[-1][0] == name:
            blocks[-1][1].append(cell.index)
        else:
            blocks.append((name, [cell.index]))
    titles = {c.tags.step: _title_before(notebook, c.index) for c in reversed(notebook.cells) if c.tags.step}
    own = _title(_listed(notebook))
    titles = {name: "" if title == own else title for name, title in titles.items()}
    return tuple(Block(name, tuple(cells), titles.get(name, "")) for name, cells in blocks)


def _by_headings(notebook: Notebook) -> tuple[Block, ...]:
    wanted = {c.index for c in pipeline_cells(notebook)}
    listed = _listed(notebook)
    found: list[tuple[str, list[int]]] = [("", [])]
    for cell in notebook.cells:
        if cell.kind == "markdown":
            for _, title in listed[cell.index]:
                if found[-1][1]:
                    found.append((title, []))
                else:
                    found[-1] = (title, [])
        elif cell.index in wanted:
            found[-1][1].append(cell.index)
    named = len(found) > 1
    found = [(title, cells) for title, cells in found if cells]
    own = _title(listed) if len(found) > 1 else ""
    used: dict[str, int] = {}
    blocks = []
    for title, cells in found:
        if title and title == own:  # what stands below it prepares for the others
            blocks.append(Block(_unique("setup", used), tuple(cells)))
            own = ""
        else:
            name = step_name(title) or ("start" if named else step_name(notebook.name) or "notebook")
            blocks.append(Block(_unique(name, used), tuple(cells), title))
    return tuple(blocks)


def _by_count(notebook: Notebook, count: int) -> tuple[Block, ...]:
    cells = [c.index for c in pipeline_cells(notebook)]
    blocks = []
    for start in range(0, len(cells), count):
        part = tuple(cells[start : start + count])
        name = f"cell_{part[0] + 1}" if len(part) == 1 else f"cells_{part[0] + 1}_{part[-1] + 1}"
        blocks.append(Block(name, part, ""))
    return tuple(blocks)


_MARKS = frozenset("#=-")
_HEADING = re.compile(r"^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$")


def headings(source: str) -> list[str]:
    """The ATX and setext headings of a Markdown cell (CommonMark 4.2, 4.3), not those inside fences."""
    return [text for _, text in _headings(source)]


def _headings(source: str) -> list[tuple[int, str]]:
    """The headings with their levels."""
    found: list[tuple[int, str]] = []
    fenced = False
    previous = ""
    for line in source.splitlines():
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        elif not fenced and line.lstrip()[:1] in _MARKS:
            match = _HEADING.match(line)
            if match:
                if match[2]:
                    found.append((len(match[1]), match[2]))
            elif re.fullmatch(r" {0,3}(=+|-{2,})\s*", line) and previous.strip() and "|" not in previous:
                found.append((1 if "=" in line else 2, previous.strip()))
        previous = line
    return found


def _listed(notebook: Notebook) -> dict[int, list[tuple[int, str]]]:
    """The headings of each Markdown cell, with their levels."""
    return {c.index: _headings(c.source) for c in notebook.cells if c.kind == "markdown"}


def _title(listed: Mapping[int, Sequence[tuple[int, str]]]) -> str:
    """The title of the notebook: its first heading, where no other is of the first level; "" where it has none."""
    found = [h for headings in listed.values() for h in headings]
    return found[0][1] if [level for level, _ in found].count(1) == 1 and found[0][0] == 1 else ""


def _title_before(notebook: Notebook, index: int) -> str:
    """The heading that stands right before a cell."""
    for cell in reversed(notebook.cells[:index]):
        if cell.kind == "markdown":
            found = headings(cell.source)
            return found[-1] if found else ""
        if cell.kind == "code":
            return ""
    return ""


_LONGEST = 32  # characters of a step's name; longer headings are cut between words


def step_name(title: str, longest: int = _LONGEST) -> str:
    """A heading as a step's name: an identifier of lower-case letters, digits and underscores."""
    text = re.sub(r"<[^>]*>|[`*_~]|\[([^\]]*)\]\([^)]*\)", lambda m: m[1] or " ", title)
    text = re.sub(r"^\s*[\d.]+\s*[.):]?\s*", "", text) or text
    name = re.sub(r"\W+", "_", text.lower()).strip("_")
    if len(name) > longest:
        name = name[: longest + 1].rpartition("_")[0] or name[:longest]
    if name and name[0].isdigit():
        name = f"step_{name}"
    return name


def _unique(name: str, used: dict[str, int]) -> str:
    used[name] = used.get(name, 0) + 1
    if used[name] == 1:
        return name
    return _unique(f"{name}_{used[name]}", used)
