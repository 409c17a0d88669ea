"""Options that several commands have."""

from __future__ import annotations

import argparse


def add_notebook(parser: argparse.ArgumentParser, *, several: bool = False) -> None:
    """The notebook or notebooks to work on."""
    parser.add_argument(
        "notebooks" if several else "notebook",
        metavar="NOTEBOOK",
        nargs="+" if several else None,
        help="an .ipynb file, or a text notebook that jupytext reads (.py, .md, .Rmd, .qmd)",
    )


def add_split(parser: argparse.ArgumentParser) -> None:
    """How cells become steps."""
    parser.add_argument(
        "--split",
        metavar="HOW",
        help="how cells become steps: headings, tags or cells:N (default: tags where a cell has a step tag, else headings)",
    )


def add_store(parser: argparse.ArgumentParser) -> None:
    """Where versions are kept."""
    parser.add_argument(
        "--store",
        metavar="DIR",
        help="where versions are kept (default: NB2PIPE_STORE, or .nb2pipe in the folder of the notebook's project)",
    )
