"""Run the pipeline: `python -m energy_forecast --help`."""

from ._runtime import main
from .pipeline import PIPELINE


def run() -> int:
    """Run the command line; gives the exit code."""
    return main(PIPELINE)


if __name__ == "__main__":
    raise SystemExit(run())
