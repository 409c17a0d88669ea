"""The parameters: what they are by default, and what they refuse."""

import pytest

from house_prices._runtime import ParameterError, checked
from house_prices.parameters import Parameters


def test_defaults():
    parameters = Parameters()
    assert parameters.DEPTH == 5
    assert parameters.ALPHA == 2.0


def test_an_unknown_name_is_refused():
    with pytest.raises(ParameterError, match="there is no parameter"):
        checked(Parameters, {"DEPTHx": 1})


@pytest.mark.parametrize(("name", "value"), [("DEPTH", "many"), ("ALPHA", "much")])
def test_a_value_of_another_type_is_refused(name, value):
    with pytest.raises(ParameterError, match=f"parameter {name}: expected"):
        checked(Parameters, {name: value})
