"""The driver, by what is done: each module has the stages in order, one commented call each.

A command imports what it needs: `graph` has no use for what writes packages. So each name is looked up where it is asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nb2pipe.api.compiling import Compiled, check, compile_notebook, load, parameters, recompile
    from nb2pipe.api.interpreting import Home, home_of
    from nb2pipe.api.keeping import Keeping, attest, difference, keep_version, keep_wheel, publish, rollback, versions
    from nb2pipe.api.packaging import NotebookRefused, Package, Several, package, package_several, write_package
    from nb2pipe.api.replaying import verified, verify
    from nb2pipe.api.resuming import Interrupted, interrupted
    from nb2pipe.api.running import RunRequest, plan, run
    from nb2pipe.api.sweeping import plan_sweep, prepare_sweep, sweep
    from nb2pipe.api.syncing import edits_are_in_the_notebook, sync, write_synced
    from nb2pipe.api.valuing import Where, export_value, lineage_events, send_lineage, show_value, values

_HOMES = {
    "compiling": ("Compiled", "check", "compile_notebook", "load", "parameters", "recompile"),
    "interpreting": ("Home", "home_of"),
    "keeping": (
        "Keeping", "attest", "difference", "keep_version", "keep_wheel", "publish", "rollback", "versions",
    ),
    "packaging": ("NotebookRefused", "Package", "Several", "package", "package_several", "write_package"),
    "replaying": ("verified", "verify"),
    "resuming": ("Interrupted", "interrupted"),
    "running": ("RunRequest", "plan", "run"),
    "sweeping": ("plan_sweep", "prepare_sweep", "sweep"),
    "syncing": ("edits_are_in_the_notebook", "sync", "write_synced"),
    "valuing": ("Where", "export_value", "lineage_events", "send_lineage", "show_value", "values"),
}  # fmt: skip
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Compiled", "Home", "Interrupted", "Keeping", "NotebookRefused", "Package", "RunRequest", "Several", "Where", "attest",
    "check", "compile_notebook", "difference", "edits_are_in_the_notebook", "export_value", "home_of", "interrupted",
    "keep_version", "keep_wheel", "lineage_events", "load", "package", "package_several", "parameters", "plan",
    "plan_sweep", "prepare_sweep", "publish", "recompile", "rollback", "run", "send_lineage", "show_value", "sweep",
    "sync", "values", "verified", "verify", "versions", "write_package", "write_synced",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    return found
