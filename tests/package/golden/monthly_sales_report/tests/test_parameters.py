"""The parameters: what they are by default, and what they refuse."""

import pytest

from monthly_sales_report._runtime import ParameterError, checked
from monthly_sales_report.parameters import Parameters


def test_defaults():
    parameters = Parameters()
    assert parameters.month == "2026-02"
    assert parameters.region == "south"
    assert parameters.rate == 1.08


def test_an_unknown_name_is_refused():
    with pytest.raises(ParameterError, match="there is no parameter"):
        checked(Parameters, {"monthx": 1})


@pytest.mark.parametrize(
    ("name", "value"),
    [("month", 1), ("region", 1), ("rate", "much")],
)
def test_a_value_of_another_type_is_refused(name, value):
    with pytest.raises(ParameterError, match=f"parameter {name}: expected"):
        checked(Parameters, {name: value})
