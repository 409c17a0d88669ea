"""The Jupyter Server extension: thin routes on `nb2pipe.api`, for the front end in `extension/`."""

from __future__ import annotations

from typing import Any

from nb2pipe import __version__

__all__ = ["__version__"]  # which `jupyter server extension list` shows


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Where Jupyter Server finds the extension."""
    return [{"module": "nb2pipe.server"}]


def _load_jupyter_server_extension(server_app: Any) -> None:
    """Add the routes to the server."""
    from nb2pipe.server.routes import add_routes

    add_routes(server_app)
    server_app.log.info("nb2pipe: its routes are under %snb2pipe/", server_app.web_app.settings["base_url"])
