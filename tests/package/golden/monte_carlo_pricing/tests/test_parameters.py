"""The parameters: what they are by default, and what they refuse."""

import pytest

from monte_carlo_pricing._runtime import ParameterError, checked
from monte_carlo_pricing.parameters import Parameters


def test_defaults():
    parameters = Parameters()
    assert parameters.paths == 400_000
    assert parameters.steps == 24
    assert parameters.strike == 100.0


def test_an_unknown_name_is_refused():
    with pytest.raises(ParameterError, match="there is no parameter"):
        checked(Parameters, {"pathsx": 1})


@pytest.mark.parametrize(
    ("name", "value"),
    [("paths", "many"), ("steps", "many"), ("strike", "much")],
)
def test_a_value_of_another_type_is_refused(name, value):
    with pytest.raises(ParameterError, match=f"parameter {name}: expected"):
        checked(Parameters, {name: value})
