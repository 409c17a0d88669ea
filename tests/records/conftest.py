"""A place in which notebooks are run and recorded."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.records.making import Recorded


@pytest.fixture
def recorded(tmp_path: Path) -> Recorded:
    return Recorded(tmp_path)
