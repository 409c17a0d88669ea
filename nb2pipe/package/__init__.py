"""A pipeline becomes an installable Python package: readable functions, one a step."""
