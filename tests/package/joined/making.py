"""Notebooks made for a test, joined to a package, and run one after another in fresh kernels: the oracle."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat

from nb2pipe import api
from tests.making import write
from tests.oracle import run_in_kernel
from tests.package.making import plain, run

Cells = Sequence[dict[str, Any] | str]


def written(folder: Path, notebooks: Mapping[str, Cells], toml: str = "", **metadata: Any) -> list[Path]:
    """The notebooks of a folder, by path without the ending; ``metadata`` is that of notebooks by name."""
    folder.mkdir(exist_ok=True)
    if toml:
        (folder / "pipeline.toml").write_text(toml, "utf-8")
    paths = []
    for name, cells in notebooks.items():
        path = folder / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        paths.append(write(path, cells, nb2pipe=metadata.get(name, {})))
    return paths


def joined(paths: Sequence[Path], name: str = "made") -> api.Several:
    """The package of notebooks."""
    return api.package_several([api.load(str(p)) for p in paths], name)


def order(several: api.Several) -> list[str]:
    """The notebooks in the order in which they run."""
    return [p.member.name for p in several.joined.planned]


def handed(several: api.Several) -> dict[str, dict[str, str]]:
    """What each notebook is handed, and by which step."""
    return {p.member.name: dict(p.takes) for p in several.joined.planned if p.takes}


def in_kernels(several: api.Several, folder: Path, store: Path) -> str:
    """What the notebooks show as text, each in a fresh kernel, where the names that it is handed are there at the start."""
    shown = []
    planned = several.joined.planned
    for one in planned:
        document = nbformat.read(folder / one.member.file, 4)
        names: dict[str, list[str]] = {}
        for name, step in one.takes:
            names.setdefault(step.partition(".")[0], []).append(name)
        given = [
            f"import pickle as _p\n_v = _p.load(open({str(store / source)!r}, 'rb'))\n"
            f"globals().update({{n: _v[n] for n in {wanted}}})\ndel _p, _v"
            for source, wanted in names.items()
        ]
        read = {n for other in planned for n, step in other.takes if step.startswith(f"{one.member.name}.")}
        kept = f"import pickle as _p\n_p.dump({{n: globals()[n] for n in {sorted(read)}}}, open({str(store / one.member.name)!r}, 'wb'))"
        before = [nbformat.v4.new_code_cell(source) for source in given]
        document.cells = [*before, *document.cells, nbformat.v4.new_code_cell(kept)]
        document = run_in_kernel(document, folder / one.member.folder)
        for cell in document.cells:
            for output in cell.get("outputs", ()):
                assert output.output_type != "error", output
                if output.output_type == "stream" and output.name == "stdout":
                    shown.append(output.text)
                elif output.output_type in ("execute_result", "display_data"):
                    shown.append(output.data.get("text/plain", "") + "\n")
    return plain("".join(shown))


def files_in(folder: Path) -> dict[str, bytes]:
    """The files of a folder, but for notebooks and what Python leaves behind."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*"))
        if p.is_file() and p.suffix != ".ipynb" and not {"run", "__pycache__"} & {*p.relative_to(folder).parts}
    }  # fmt: skip


def check(paths: Sequence[Path], tmp_path: Path) -> api.Several:
    """See that the package shows and writes what the notebooks do: run as a whole, step by step, and with ``--jobs``."""
    several = joined(paths)
    api.write_package(several.package, tmp_path / "project")
    source = tmp_path / "project" / "src"
    assert not any("nb2pipe" in p.read_text("utf-8") for p in source.rglob("*.py") if "_runtime" not in p.parts)
    ways: dict[str, list[list[str]]] = {
        "whole": [[]],
        "steps": [["--step", s.name, "--run-dir", "run"] for s in several.package.draft.record.steps],
        "jobs": [["--jobs", "2"]],
    }
    for place in (*ways, "kernels"):
        shutil.copytree(several.folder, tmp_path / "at" / place)
    store = tmp_path / "store"
    store.mkdir()
    expected = in_kernels(several, tmp_path / "at" / "kernels", store)
    for way, commands in ways.items():
        done = [run(source, tmp_path / "at" / way, *command) for command in commands]
        assert [d.returncode for d in done] == [0] * len(done), (way, [d.stderr for d in done])
        assert plain("".join(d.stdout for d in done)) == expected, way
        assert files_in(tmp_path / "at" / way) == files_in(tmp_path / "at" / "kernels"), way
    return several


__all__ = ["check", "files_in", "handed", "joined", "order", "written"]
