"""The text of a package of several notebooks: a part for each, and the pipeline of them all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nb2pipe.emit.source import indented
from nb2pipe.package.imports import import_text
from nb2pipe.package.joined.local import shared, with_shared
from nb2pipe.package.joined.model import Planned
from nb2pipe.package.joined.wishes import OWN
from nb2pipe.package.model import Import
from nb2pipe.package.prose import docstring
from nb2pipe.package.write import RUNTIME, listed, main_text, part_files, quoted, runtime_files


def package_texts(planned: Sequence[Planned], name: str) -> dict[str, str | bytes]:
    """The files of ``src/<name>``, by path from there."""
    above = shared(planned, {*OWN, *(m.member.name for m in planned)})
    texts: dict[str, str | bytes] = {
        "__init__.py": docstring(title_of(planned), "", "") + "\n",
        "__main__.py": main_text(name),
        "pipeline.py": _pipeline(planned, name),
        "py.typed": "",
        **above,
        **runtime_files(several=True),
    }
    for member in planned:
        part, takes = member.member.name, [n for n, _ in member.takes]
        files = part_files(with_shared(member.plan, above), f"{name}.{part}", takes)
        texts |= {f"{part}/{path}": text for path, text in files.items()}
    return texts


def title_of(planned: Iterable[Planned]) -> str:
    """What the package is, in a line."""
    names = [m.plan.title for m in planned]
    return f"{', '.join(names[:-1])} and {names[-1]}, as one pipeline"


def _pipeline(planned: Sequence[Planned], name: str) -> str:
    entries = [Import("Joined", f".{RUNTIME}.joined", "Joined"), Import("Notebook", f".{RUNTIME}.joined", "Notebook")]
    entries += [Import(m.member.name, f".{m.member.name}", "parameters", m.member.name) for m in planned]
    notebooks = "".join(f"{indented(_notebook(m))}\n" for m in planned)
    return (
        '"""The pipeline: its notebooks, in order, and what they hand on to one another."""\n\n'
        f"{import_text(entries)}\n\nPIPELINE = Joined(\n    {quoted(name)},\n{notebooks})\n\nrun = PIPELINE.run\n"
    )


def _notebook(member: Planned) -> str:
    name = member.member.name
    arguments = [quoted(name), f"{name}.Parameters"]
    if member.takes:
        arguments.append(f"takes={_mapping(member.takes)}")
    if member.after:
        inside = ", ".join(map(quoted, member.after))
        arguments.append(f"after=({inside},)" if len(member.after) == 1 else f"after=({inside})")
    if member.member.folder != ".":
        arguments.append(f"folder={quoted(member.member.folder)}")
    if member.known_as:
        arguments.append(f"known_as={_mapping(member.known_as)}")
    return listed("Notebook(", arguments, "),")


def _mapping(pairs: Iterable[tuple[str, str]]) -> str:
    return "{" + ", ".join(f"{quoted(a)}: {quoted(b)}" for a, b in pairs) + "}"
