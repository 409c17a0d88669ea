"""States of a process that are put back, and files that are written out when it ends."""

from __future__ import annotations

import importlib
import weakref
from pathlib import Path

from nb2pipe.runtime import states
from nb2pipe.runtime.boundary import flush_files


def test_nothing_is_put_back_in_what_an_import_has_not_found() -> None:
    """A cell that is expected to fail may set an attribute of a module that is not there."""
    patch = states.state_of("<patch:json.nothing.attribute>")
    assert patch.capture() in (None, ("unset",))
    patch.restore(("unset",))


def test_files_are_written_out_beside_proxies_of_what_is_gone(tmp_path: Path) -> None:
    class Gone:
        pass

    gone = Gone()
    proxy = weakref.proxy(gone)
    del gone
    with (tmp_path / "a.txt").open("w") as file:
        file.write("1")
        flush_files()
        assert (tmp_path / "a.txt").read_text() == "1"
    assert type(proxy) is weakref.ProxyType


def test_what_cannot_be_asked_for_is_not_there() -> None:
    """`ctypes.cdll` takes a name for that of a library, and fails in a way of its own where there is none."""
    importlib.import_module("ctypes")
    assert states.state_of("<patch:ctypes.cdll.no_such_library.restype>").capture() is None
