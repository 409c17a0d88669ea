"""The parameters: what they are by default, and what they refuse."""

import pytest

from energy_forecast._runtime import ParameterError, checked
from energy_forecast.parameters import Parameters


def test_an_unknown_name_is_refused():
    with pytest.raises(ParameterError, match="there is no parameter"):
        checked(Parameters, {"x": 1})
