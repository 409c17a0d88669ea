"""The parameters: what they are by default, and what they refuse."""

import pytest

from orders_etl._runtime import ParameterError, checked
from orders_etl.parameters import Parameters


def test_defaults():
    parameters = Parameters()
    assert parameters.since == "2026-05-15"
    assert parameters.database == "warehouse.db"


def test_an_unknown_name_is_refused():
    with pytest.raises(ParameterError, match="there is no parameter"):
        checked(Parameters, {"sincex": 1})


@pytest.mark.parametrize(("name", "value"), [("since", 1), ("database", 1)])
def test_a_value_of_another_type_is_refused(name, value):
    with pytest.raises(ParameterError, match=f"parameter {name}: expected"):
        checked(Parameters, {name: value})
