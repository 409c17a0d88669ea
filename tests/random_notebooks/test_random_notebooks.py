"""A short run of random notebooks; `tools/random_campaign.py` is the long one."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from nb2pipe.api import compiling
from tests.random_notebooks import running
from tests.random_notebooks.generate import generate
from tests.random_notebooks.notebooks import RandomCell, RandomNotebook, smaller
from tests.random_notebooks.strategy import notebooks

PHASES = [Phase.generate]  # the campaign makes failures smaller, at less cost
CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]


@pytest.fixture(scope="module")
def zygote() -> Iterator[running.SharedZygote]:
    with running.shared_zygote() as shared:
        yield shared


@settings(max_examples=30, deadline=None, derandomize=True, database=None, phases=PHASES, suppress_health_check=CHECKS)
@given(notebook=notebooks())
def test_a_pipeline_shows_what_its_notebook_shows(zygote: Any, notebook: RandomNotebook) -> None:
    judged = running.judge(notebook, zygote)
    assert judged.verdict in ("equal", "alarm", "refused", "no notebook"), judged.detail


@pytest.mark.parametrize("seed", [3, 8])
def test_the_oracle_shows_what_a_kernel_shows(zygote: Any, seed: int) -> None:
    notebook = generate(random.Random(seed))
    kernel, oracle = running.in_kernel(notebook), running.as_notebook(notebook, zygote)
    assert running.difference(kernel, oracle, len(notebook.cells)) == ""
    assert kernel.failed == oracle.failed


def test_a_missing_edge_is_seen(zygote: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = RandomNotebook(tuple(RandomCell((s,)) for s in ("xs = [1]", "xs.append(2)", "print(xs)")))
    assert running.judge(notebook, zygote).verdict == "equal"
    analyze = compiling.analyze

    def overlooking(*args: Any) -> Any:
        analysis = analyze(*args)
        return analysis._replace(effects=tuple(e._replace(mutations=()) for e in analysis.effects))

    monkeypatch.setattr(compiling, "analyze", overlooking)
    assert running.judge(notebook, zygote, "off").verdict == "wrong"
    assert running.judge(notebook, zygote, "on").verdict == "tripped"


def test_a_seed_gives_the_same_notebook_and_smaller_ones_lack_something() -> None:
    notebook = generate(random.Random(5))
    assert notebook == generate(random.Random(5))
    size = len(notebook.document()["cells"]), sum(len(c.source) for c in notebook.cells)
    for less in smaller(replace(notebook, split="cells:1")):
        assert (len(less.cells), sum(len(c.source) for c in less.cells)) < size
