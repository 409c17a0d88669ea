"""nb2pipe as an engine of papermill: `papermill --engine nb2pipe in.ipynb out.ipynb -p month 2026-10`."""

from typing import Any


def __getattr__(name: str) -> Any:
    """The engine, made when it is asked for: papermill asks while it is imported, and the engine's class rests on papermill's.

    Raises:
        AttributeError: Another name.
    """
    if name != "Nb2pipeEngine":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import papermill.engines  # noqa: F401  it asks for this very engine, before anyone else

    from nb2pipe.papermill.engine import Nb2pipeEngine

    return Nb2pipeEngine
