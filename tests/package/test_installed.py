"""What is read of the metadata of distributions is what the libraries for it read."""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from nb2pipe.package.installed import Metadata, folders, metadata, named, normal, required

INSTALLED = [folder for site in sys.path for folder in folders(Path(site))]


def test_all_that_is_installed_is_read_alike() -> None:
    assert len(INSTALLED) > 50
    for folder in INSTALLED:
        read, known = metadata(folder), importlib.metadata.Distribution.at(folder)
        assert (read.name, read.version) == (known.metadata["Name"], known.version)
        assert named(folder) == normal(read.name)
        wanted = [Requirement(text) for text in known.requires or ()]
        asked_for = [r for r in wanted if r.marker is None or r.marker.evaluate({"extra": ""})]
        assert required(read) == [normal(r.name) for r in asked_for]


@pytest.mark.parametrize(
    ("marker", "holds"),
    [
        ("", True),
        ("python_version < '3'", False),
        ("python_version >= '3.11' and extra == 'x'", False),
        ("python_version >= '3.11' or extra == 'x'", True),
        ("extra == 'x' and python_version < '3' or os_name != ''", True),
        ("(python_version < '3' or os_name != '') and extra == 'x'", False),
        ("(os_name != '') or (os_name == '') and extra == 'x'", True),
        ("python_full_version >= '3.11.0' and sys_platform != 'plan9'", True),
        ("platform_machine == 'pdp11'", False),
        ("no marker at all", False),
    ],
)
def test_markers(marker: str, holds: bool) -> None:
    requirement = f"Some.Thing>=1; {marker}" if marker else "Some.Thing>=1"
    assert required(Metadata("a", "1", (requirement,))) == (["some-thing"] if holds else [])
