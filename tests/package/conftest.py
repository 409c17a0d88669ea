"""What every test of packages begins with."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.package.fresh import fresh_python

collect_ignore = ["golden"]  # these are the tests of packages


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a fresh environment, which all packages share that the tests install; see `fresh_python`."""
    return fresh_python(tmp_path_factory.mktemp("fresh") / "venv")


@pytest.fixture(autouse=True)
def no_backend_chosen() -> Iterator[None]:
    """A pipeline that runs in the process of a test names the backend of its own package in the environment."""
    before = os.environ.pop("MPLBACKEND", None)
    yield
    os.environ.pop("MPLBACKEND", None)
    if before is not None:
        os.environ["MPLBACKEND"] = before
