"""The names of the driver: each is found in its module, and all are told."""

from __future__ import annotations

import subprocess
import sys

import pytest

from nb2pipe import api


def test_every_name_is_found_where_it_is_said_to_be() -> None:
    assert set(api.__all__) == set(api._HOME)
    for name, home in api._HOME.items():
        assert getattr(api, name).__module__ == f"nb2pipe.api.{home}"


def test_another_name_is_an_error() -> None:
    with pytest.raises(AttributeError, match=r"'nb2pipe\.api' has no attribute 'compiel'"):
        api.compiel  # type: ignore[attr-defined]


def test_a_name_brings_its_own_module_only() -> None:
    code = "import sys; from nb2pipe import api; api.load; print(sorted(m for m in sys.modules if m.startswith('nb2pipe.api.')))"
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert found == "['nb2pipe.api.compiling', 'nb2pipe.api.interpreting']\n"
