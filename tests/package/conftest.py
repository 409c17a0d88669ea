"""What every test of packages begins with."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

collect_ignore = ["golden"]  # these are the tests of packages


@pytest.fixture(autouse=True)
def no_backend_chosen() -> Iterator[None]:
    """A pipeline that runs in the process of a test names the backend of its own package in the environment."""
    before = os.environ.pop("MPLBACKEND", None)
    yield
    os.environ.pop("MPLBACKEND", None)
    if before is not None:
        os.environ["MPLBACKEND"] = before
