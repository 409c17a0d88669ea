"""A pipeline that is kept with a run is read again as it was, but for its evidence."""

from __future__ import annotations

from pathlib import Path

import pytest

from nb2pipe import api
from nb2pipe.notebook.model import Requirements
from nb2pipe.pipeline.stored import dumped, loaded

SAMPLES = sorted((Path(__file__).parents[2] / "sample_notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.stem)
def test_a_pipeline_is_read_as_it_was(path: Path) -> None:
    pipeline = api.compile_notebook(api.load(str(path))).pipeline
    found = loaded(dumped(pipeline))
    expected = pipeline._replace(
        steps=tuple(s._replace(requirements=Requirements()) for s in pipeline.steps),
        edges=tuple(e._replace(evidence=()) for e in pipeline.edges),
        parameters=tuple(p._replace(span=q.span) for p, q in zip(pipeline.parameters, found.parameters, strict=True)),
        modules=(),
    )
    assert found == expected
    assert dumped(found) == dumped(pipeline)
