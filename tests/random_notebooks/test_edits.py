"""A short run of edits of random notebooks; `tools/edit_campaign.py` is the long one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.random_notebooks import edits, running


@pytest.fixture(scope="module")
def zygote() -> Iterator[running.SharedZygote]:
    with running.shared_zygote(same_hashes=True) as shared:
        yield shared


@pytest.mark.parametrize("seed", range(10))
def test_a_planned_run_shows_what_a_full_run_shows(zygote: running.SharedZygote, seed: int) -> None:
    for _, found in edits.story(seed, zygote):
        assert found.verdict in ("equal", "none"), found.detail
