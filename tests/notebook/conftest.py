"""A real IPython shell, as the oracle of what cells and magics mean."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ipykernel.zmqshell import KernelMagics
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InteractiveShell]:
    """A shell without variables, with a kernel's magics; it keeps its files to itself."""
    config = Config()
    config.HistoryManager.enabled = False
    made = InteractiveShell(config=config, ipython_dir=str(tmp_path_factory.mktemp("ipython")), colors="NoColor")
    made.register_magics(KernelMagics)
    yield made
    made.history_manager.end_session()
