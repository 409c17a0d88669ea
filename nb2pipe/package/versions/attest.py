"""Whether a package is as it was compiled: every file, every step, the notebook that it came from, who signed it."""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import NamedTuple

from nb2pipe.diagnostics import UsageError
from nb2pipe.emit.filetree import digest, files_in
from nb2pipe.notebook.model import Cell, Notebook
from nb2pipe.notebook.read import path_text
from nb2pipe.package.existing import LOCK, SIGNATURE, made_by_use
from nb2pipe.package.versions.code import pieces, text_in
from nb2pipe.package.versions.record import CellRecord, Record, own_name, parse_lock
from nb2pipe.package.versions.signature import is_signature, signed_by


class Attested(NamedTuple):
    """What was found: ``problems`` is empty where all is as it was; ``signer`` is who has signed it, "" where unknown."""

    record: Record
    problems: tuple[str, ...]
    signed: bool
    signer: str


class _Found(NamedTuple):
    """A package as it stands somewhere: the files by their paths in the project; ``whole`` where none may be missing."""

    files: Mapping[str, bytes]
    whole: bool


def check(path: Path, notebook: Notebook | None = None, signers: Path | None = None) -> Attested:
    """Check a package: a project's folder, a wheel or an sdist.

    Args:
        path: Where the package is.
        notebook: The notebook that it is said to come from, or one of those that it came from.
        signers: Who may have signed it, as a file of allowed signers of OpenSSH.

    Raises:
        UsageError: It is no package of nb2pipe, or something cannot be read.
    """
    found = _read(path)
    lock = found.files.get(LOCK)
    if lock is None:
        raise UsageError(f"{path} is no package of nb2pipe: it has no {LOCK}")
    record = parse_lock(lock.decode("utf-8", "replace"), f"{path}: {LOCK}")
    signature = found.files.get(SIGNATURE)
    signer = signed_by(lock, signature, signers) if signature and signers else ""
    problems = [
        *_signature(lock, signature, signers, signer),
        *_files(record, found),
        *_steps(record, found),
        *(_notebook(record, notebook) if notebook is not None else ()),
    ]
    return Attested(record, tuple(problems), signature is not None, signer)


def _read(path: Path) -> _Found:
    try:
        if path.is_dir():
            return _Found({n: p.read_bytes() for n, p in files_in(path).items() if not made_by_use(n)}, whole=True)
        if path.suffix == ".whl":
            return _Found(_wheel(path), whole=False)
        if path.name.endswith(".tar.gz"):
            return _Found(_sdist(path), whole=True)
    except (OSError, zipfile.BadZipFile, tarfile.TarError) as error:
        raise UsageError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error
    raise UsageError(
        f"{path} is {'no folder, wheel or sdist' if path.exists() else 'not there'}; a package is one of these"
    )


def _wheel(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        found = {}
        for name in archive.namelist():
            inside = name.partition("/")[2]
            if not name.partition("/")[0].endswith(".dist-info"):
                found[f"src/{name}"] = archive.read(name)
            elif inside == f"extra_metadata/{LOCK}":
                found[LOCK] = archive.read(name)
        return found


def _sdist(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        found = {}
        for member in archive.getmembers():
            content = archive.extractfile(member)
            name = member.name.partition("/")[2]
            if content is not None and name != "PKG-INFO":
                found[name] = content.read()
        return found


def _signature(lock: bytes, signature: bytes | None, signers: Path | None, signer: str) -> Iterator[str]:
    if signature is None:
        if signers is not None:
            yield f"it is not signed: there is no {SIGNATURE}"
    elif not is_signature(lock, signature):
        yield f"{SIGNATURE} is no signature of {LOCK}: one of the two was changed"
    elif signers is not None and not signer:
        yield f"{SIGNATURE} was made by none of {signers}"


def _files(record: Record, found: _Found) -> Iterator[str]:
    """What is not as it was written, in the order of the files; the functions in them that are not."""
    for path in sorted(record.files.keys() | found.files.keys()):
        known, content = record.files.get(path), found.files.get(path)
        if path in (LOCK, SIGNATURE) or (not found.whole and not path.startswith("src/")):
            continue
        if known is None:
            yield f"{path} was put there by hand"
        elif content is None:
            yield f"{path} is gone"
        elif digest(content) != known:
            changed = list(_changed_in(path, record, found.files))
            yield from changed or [f"{path} was changed by hand"]


def _changed_in(path: str, record: Record, files: Mapping[str, bytes]) -> Iterator[str]:
    """The steps and functions in a file whose text is not as it was written."""
    own = pieces(text_in(files, path))
    if not own:  # it is no Python any more
        return
    for step in record.steps:
        if step.file == path and step.form == "function" and not _holds(own, own_name(step), step.sha256):
            cells = ", ".join(str(c + 1) for c in step.cells)
            yield f"{path}: step {step.name} was changed by hand (cell{'s' * (len(step.cells) > 1)} {cells})"
    for function in record.functions:
        if function.file == path and not _holds(own, own_name(function), function.sha256):
            yield f"{path}: function {function.name} was changed by hand (cell {function.cell + 1})"


def _holds(own: Mapping[str, object], name: str, known: str) -> bool:
    text = getattr(own.get(name), "text", "")
    return digest(text.encode("utf-8")) == known


def _steps(record: Record, found: _Found) -> Iterator[str]:
    """Where the lock file contradicts itself, because somebody has put a new digest of a file into it."""
    for path in sorted({s.file for s in record.steps} | {f.file for f in record.functions}):
        if digest(found.files.get(path, b"")) == record.files.get(path):
            for text in _changed_in(path, record, found.files):
                yield f"{LOCK} was changed by hand: it does not agree with {text.partition(' was ')[0]}"


def _notebook(record: Record, notebook: Notebook) -> Iterator[str]:
    """Where the notebook is not the one that was compiled, or among those that were."""
    file = PurePath(path_text(notebook.path)).name
    names = [n.name for n in record.notebooks if PurePath(n.file).name == file]
    if record.notebooks and not names:
        yield f"{file} is none of the notebooks that were compiled: {', '.join(n.file for n in record.notebooks)}"
    else:
        yield from _cells([c for c in record.cells if c.notebook in ("", *names)], notebook.cells)


def _cells(compiled: Sequence[CellRecord], cells: Sequence[Cell]) -> Iterator[str]:
    for number, (known, cell) in enumerate(zip(compiled, cells, strict=False), 1):
        if (known.kind, known.sha256) != (cell.kind, digest(cell.source.encode("utf-8", "surrogatepass"))):
            yield f"cell {number} of the notebook is another than the one that was compiled"
            return
    if len(cells) != len(compiled):
        yield f"the notebook has {len(cells)} cells, and had {len(compiled)} when it was compiled"
