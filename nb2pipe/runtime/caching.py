"""The cache of one run or plan of a notebook: the store is opened, and what all its steps stand in is looked at."""

from __future__ import annotations

import functools
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from nb2pipe.analysis.effects import Analysis
from nb2pipe.notebook.model import Code
from nb2pipe.pipeline.model import Pipeline
from nb2pipe.runtime.cache import Cache
from nb2pipe.runtime.recipes import Recipes
from nb2pipe.runtime.surroundings import keyed_digest, surroundings
from nb2pipe.runtime.task import CellTask
from nb2pipe.runtime.trust import Trust
from nb2pipe.runtime.unseen import asks_host
from nb2pipe.store.keys import user_key
from nb2pipe.store.rooms import Store


class Subject(NamedTuple):
    """The notebook that is run or planned: its path and folder, its parsed cells, its effects, its pipeline."""

    path: str
    folder: Path
    codes: Sequence[Code]
    analysis: Analysis
    pipeline: Pipeline


def cache_of(
    subject: Subject, cells: Mapping[int, CellTask], given: Mapping[str, Any], store: Store, hash_seed: str, *, light: bool,
    run: str = "", folder: Path | None = None, trust: bool = False, resumed: Sequence[str] = (),
    secrets: Mapping[str, str] | None = None,
) -> Cache:  # fmt: skip
    """The cache of a run, or of a plan, which runs nothing and keeps nothing.

    ``given`` are the parameters of the run, ``hash_seed`` is that of its processes, ``run`` its name and ``folder`` the one for
    its values, which a plan has not; ``resumed`` are the runs that it goes on with, the last first. With ``trust`` what others
    have written is taken as it is. ``secrets`` are those of the run.
    """
    cwd = os.path.abspath(subject.folder)
    if not hash_seed.isdecimal():  # hashes of another run tell nothing: nothing is found
        hash_seed = os.urandom(8).hex()
    # of a store that several machines use what one gave is taken by others, unless the notebook asks which one it is
    shared = store.elsewhere is not None and not any(asks_host(c.cell.source) for c in subject.codes)
    around = surroundings(cwd, hash_seed, store.salt, "" if shared else platform.node())
    # what was looked at less is kept for those who look no more
    recipes = Recipes(subject.codes, cells, given, {**around.parts, "guards": "light" if light else "on"}, cwd)
    recipes.about(subject.pipeline, subject.analysis)
    keyed = functools.partial(keyed_digest, store.salt)
    notebook = os.path.abspath(subject.path)
    key = user_key()
    if secrets:
        from nb2pipe.runtime.secrets.held import digests

        recipes.secrets = digests(secrets, key.secret)
    return Cache(store, notebook, run, recipes, around, keyed, folder, Trust(key, lifted=trust), resumed)
