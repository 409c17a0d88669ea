"""Options that several commands have."""

from __future__ import annotations

import argparse
from typing import Any


def add_notebook(parser: argparse.ArgumentParser, *, several: bool = False) -> None:
    """The notebook or notebooks to work on."""
    parser.add_argument(
        "notebooks" if several else "notebook",
        metavar="NOTEBOOK",
        nargs="+" if several else None,
        help="an .ipynb file, or a text notebook that jupytext reads (.py, .md, .Rmd, .qmd)",
    )


def add_parameters(parser: argparse.ArgumentParser) -> None:
    """The parameters of a run."""
    parser.add_argument("-p", "--parameter", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"),
                        help="a parameter of the notebook, also as NAME=VALUE; may be given several times")  # fmt: skip
    parser.add_argument("-f", "--parameters-file", metavar="FILE", help="parameters from a YAML, JSON or TOML file")


def parameters_of(options: argparse.Namespace) -> tuple[dict[str, Any], dict[str, str]]:
    """The parameters that were given, and the texts of those from the command line."""
    from nb2pipe.runtime.parameters import parse_value, read_parameter_file

    given: dict[str, Any] = read_parameter_file(options.parameters_file) if options.parameters_file else {}
    texts = dict(options.parameter)
    return given | {name: parse_value(text) for name, text in texts.items()}, texts


def add_split(parser: argparse.ArgumentParser) -> None:
    """How cells become steps."""
    parser.add_argument(
        "--split",
        metavar="HOW",
        help="how cells become steps: headings, tags or cells:N (default: tags where a cell has a step tag, else headings)",
    )


def add_store(parser: argparse.ArgumentParser, what: str = "versions") -> None:
    """Where nb2pipe keeps its state, of which this command wants ``what``."""
    parser.add_argument(
        "--store",
        metavar="DIR" if what == "versions" else "PLACE",
        help=f"where {what} are kept{'' if what == 'versions' else ', a folder or an address such as s3://bucket/folder'} "
        "(default: NB2PIPE_STORE, or .nb2pipe in the folder of the notebook's project)",
    )


def add_compress(parser: argparse.ArgumentParser) -> None:
    """Whether what is kept is packed."""
    parser.add_argument("--compress", choices=("zstd",), help="keep values packed in the store (default: as they are)")


def packs_of(options: argparse.Namespace) -> bool:
    """Whether what is kept is to be packed.

    Raises:
        UsageError: It cannot be.
    """
    if options.compress is None:
        return False
    from nb2pipe.store.packing import check_zstd

    check_zstd()
    return True


def add_secrets(parser: argparse.ArgumentParser) -> None:
    """Where the secrets of a run come from, beside the environment."""
    parser.add_argument("--secrets", metavar="PLACE", action="append", default=[],
                        help="where to look for the notebook's secrets, before the environment: a .env file, or a folder with a "
                        "file for each; may be given several times")  # fmt: skip


def add_trust(parser: argparse.ArgumentParser) -> None:
    """Whether what others have written to the store is taken as it is."""
    parser.add_argument(
        "--trust",
        action="store_true",
        help="load what others have written to the store as it is, which may run code of theirs (default: what is harmless)",
    )
