"""The parameters: what they are by default, and what they refuse."""

import pytest

from ab_test_pipeline._runtime import ParameterError, checked
from ab_test_pipeline.parameters import Parameters


def test_defaults():
    parameters = Parameters()
    assert parameters.confidence == 0.95
    assert parameters.resamples == 2000


def test_an_unknown_name_is_refused():
    with pytest.raises(ParameterError, match="there is no parameter"):
        checked(Parameters, {"confidencex": 1})


@pytest.mark.parametrize(
    ("name", "value"),
    [("confidence", "much"), ("resamples", "many")],
)
def test_a_value_of_another_type_is_refused(name, value):
    with pytest.raises(ParameterError, match=f"parameter {name}: expected"):
        checked(Parameters, {name: value})
