"""The parameters: what they are by default, and what they refuse."""

import pytest

from churn_training._runtime import ParameterError, checked
from churn_training.parameters import Parameters


def test_defaults():
    parameters = Parameters()
    assert parameters.test_share == 0.25
    assert parameters.threshold == 0.4
    assert parameters.seed == 7


def test_an_unknown_name_is_refused():
    with pytest.raises(ParameterError, match="there is no parameter"):
        checked(Parameters, {"test_sharex": 1})


@pytest.mark.parametrize(
    ("name", "value"),
    [("test_share", "much"), ("threshold", "much"), ("seed", "many")],
)
def test_a_value_of_another_type_is_refused(name, value):
    with pytest.raises(ParameterError, match=f"parameter {name}: expected"):
        checked(Parameters, {name: value})
