"""The edited package beside the one that the edited notebook compiles to: what of the edits is not in it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from difflib import SequenceMatcher, unified_diff
from typing import NamedTuple

from nb2pipe.emit.filetree import FileTree, digest
from nb2pipe.package.existing import LOCK
from nb2pipe.package.versions.changelog import CHANGELOG
from nb2pipe.sync.edited import Edited
from nb2pipe.sync.layout import in_one_file, is_other_layout
from nb2pipe.sync.meaning import fault_in, first_row, follows, means_the_same, names_taken

_WHY = (
    ("_runtime/", "it is nb2pipe's own, the same in every package"),
    ("pipeline.py", "it follows from the steps"),
    ("__main__.py", "it is the same in every package"),
    ("__init__.py", "it comes from the notebook's Markdown"),
)

_OURS = ("parameters.py", "functions.py", "steps", "scripts/")


class Difference(NamedTuple):
    """A place where the packages differ: ``line`` is that of the edited file (0: the file as a whole)."""

    path: str
    line: int
    text: str


class Comparison(NamedTuple):
    """What cannot be carried, what compiling will change besides without changing what is computed, and all of it as a diff."""

    uncarried: tuple[Difference, ...]
    follows: tuple[str, ...]
    diff: str


def compare(base: FileTree, edited: Edited, new: FileTree) -> Comparison:
    """Compare a package as it was edited with what its notebook with the edits compiles to; ``base`` is as it was before."""
    before, after = dict(base.files), dict(new.files)
    wanted = {**before, **edited.changed}
    pipeline = f"src/{edited.name}/pipeline.py"
    taken = names_taken(wanted.get(pipeline) or b"") | names_taken(after.get(pipeline, b""))
    by_hand = {*edited.changed}
    following: list[str] = []
    present = {path: content for path, content in wanted.items() if content is not None}
    if is_other_layout(present, after, edited.name):
        with contextlib.suppress(SyntaxError):
            one = in_one_file(present, edited.name)
            before, after = in_one_file(before, edited.name), in_one_file(after, edited.name)
            following.append(f"src/{edited.name}/steps")
            wanted = {**{p: None for p, c in wanted.items() if c is None}, **one}
            by_hand = {p for p in wanted if wanted[p] != before.get(p)}
    uncarried: list[Difference] = []
    diffs: list[str] = []
    for path in sorted({*wanted, *after}):
        if path in (LOCK, CHANGELOG) or path.startswith("notebooks/"):
            following += [path] if path in edited.changed else []
            continue
        file = _File(path, before.get(path), wanted.get(path), after.get(path))
        if file.wanted == file.made:
            continue
        found = list(_edits_lost(file)) if path in by_hand else []
        if not found and not (file.before is None and file.made is None) and not _follows(file, taken):
            found = list(_changes(file))
        uncarried += found
        following += [] if found else [path]
        if found:
            diffs += _diff(file)
    return Comparison(tuple(uncarried), tuple(following), "".join(diffs))


class _File(NamedTuple):
    """A file as it was written, as it is wanted, and as the edited notebook compiles to it; None where it is not there."""

    path: str
    before: bytes | None
    wanted: bytes | None
    made: bytes | None

    @property
    def kind(self) -> str:
        """Which file of the package's own code it is, such as "steps" or "pipeline"; "" for what is none."""
        parts = self.path.split("/")
        return parts[2].removesuffix(".py") if parts[0] == "src" and self.path.endswith(".py") else ""


def _follows(file: _File, taken: AbstractSet[str]) -> bool:
    """Whether a file becomes another without computing anything else."""
    if not file.kind:
        return True
    return file.wanted is not None and file.made is not None and follows(file.wanted, file.made, file.kind, taken)


def _changes(file: _File) -> Iterator[Difference]:
    """Where a file computes something else although nobody edited it there."""
    if file.wanted is None or file.made is None:
        yield Difference(file.path, 0, "with the edits the package has other files, and here it has not")
    else:
        words = "with the edits the steps give, take or import something else, and here the package does not say so"
        yield Difference(file.path, _changed_rows(file.wanted, file.made, file.wanted)[0][0], words)


def _edits_lost(file: _File) -> Iterator[Difference]:
    """The places where a file was edited that the edited notebook does not compile to."""
    path, before, wanted, made = file
    if wanted is None:
        yield Difference(path, 0, "it was deleted, and compiling writes it again")
    elif before is None and made is None:
        if path.startswith("src/"):  # beside the code stands what others have put there
            yield Difference(path, 0, "no cell can have it")
    elif made is None:
        yield Difference(path, 0, "compiling does not write it any more")
    elif file.kind and (fault := fault_in(wanted)) is not None:
        yield Difference(path, fault.lineno or 0, f"it is no Python: {fault.msg}")
    elif not file.kind or not means_the_same(wanted, made):
        begin = first_row(wanted) if file.kind else 0
        own = [row for row, edited in _changed_rows(wanted, made, before) if edited]
        yield from (Difference(path, row, _why(path)) for row in own if row >= begin)


def _why(path: str) -> str:
    inside = path.split("/", 2)[2] if path.startswith("src/") and path.count("/") > 1 else path
    for start, words in _WHY:
        if inside.startswith(start):
            return words
    if path.startswith("src/") and not inside.startswith(_OURS):
        return "it is a copy of a module beside the notebook; edit that one"
    return "compiling the edited notebook writes something else here"


def _changed_rows(wanted: bytes, made: bytes, before: bytes | None) -> list[tuple[int, bool]]:
    """The lines of the edited file at which another begins, each with whether that is where it was edited."""
    ours, theirs = _lines(wanted), _lines(made)
    own = _edited_rows(_lines(before or b""), ours)
    found = []
    for kind, i1, i2, _, _ in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if kind != "equal":
            touched = own & {*range(i1, max(i2, i1 + 1))}
            found.append((min(touched or {i1}) + 1, bool(touched)))
    return found


def _edited_rows(before: list[str], after: list[str]) -> set[int]:
    rows: set[int] = set()
    for kind, _, _, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind != "equal":
            rows |= {*range(j1, max(j2, j1 + 1))}  # where lines are gone: the line that now stands there
    return rows


def _lines(content: bytes) -> list[str]:
    return content.decode("utf-8", "replace").split("\n")


def _diff(file: _File) -> Iterator[str]:
    old, new = ((c or b"").decode("utf-8", "replace").splitlines(keepends=True) for c in (file.wanted, file.made))
    for line in unified_diff(old, new, f"{file.path} (edited)", f"{file.path} (compiled)", n=1):
        yield line if line.endswith("\n") else f"{line}\n"


def source_diff(number: int, old: str, new: str, file: str) -> str:
    """The change of a cell as a unified diff; ``number`` is the cell's, from 1."""
    names = (f"{file} cell {number}", f"{file} cell {number}")
    return "".join(f"{line}\n" for line in unified_diff(old.split("\n"), new.split("\n"), *names, lineterm=""))


def unlike(base: FileTree, edited: Edited) -> str | None:
    """The first file of the package's own code that this nb2pipe would not have written; None where there is none."""
    made = {path: digest(content) for path, content in base.files}
    paths = sorted(p for p in {*made, *edited.record.files} if p.startswith(f"src/{edited.name}/"))
    return next((p for p in paths if made.get(p) != edited.record.files.get(p)), None)
