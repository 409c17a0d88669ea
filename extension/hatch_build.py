"""The built front end goes into the wheel where it is there; a plain development install does without it, and without Node."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUILT = "nb2pipe/labextension"


class FrontEnd(BuildHookInterface):  # type: ignore[type-arg]  # its parameter is hatchling's own affair
    """Adds what `jupyter-builder` has built, and the file that says how it was installed."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the front end to what is installed beside the package."""
        if (Path(self.root) / BUILT / "package.json").is_file():
            place = "share/jupyter/labextensions/nb2pipe"
            build_data["shared_data"] |= {BUILT: place, "extension/install.json": f"{place}/install.json"}
