"""The driver, by what is done: each module has the stages in order, one commented call each."""

from nb2pipe.api.compiling import Compiled, check, compile_notebook, load, recompile
from nb2pipe.api.keeping import Keeping, attest, difference, keep_version, keep_wheel, publish, rollback, versions
from nb2pipe.api.packaging import NotebookRefused, Package, Several, package, package_several, write_package
from nb2pipe.api.replaying import verified, verify
from nb2pipe.api.resuming import Interrupted, interrupted
from nb2pipe.api.running import RunRequest, plan, run
from nb2pipe.api.syncing import edits_are_in_the_notebook, sync, write_synced

__all__ = [
    "Compiled",
    "Interrupted",
    "Keeping",
    "NotebookRefused",
    "Package",
    "RunRequest",
    "Several",
    "attest",
    "check",
    "compile_notebook",
    "difference",
    "edits_are_in_the_notebook",
    "interrupted",
    "keep_version",
    "keep_wheel",
    "load",
    "package",
    "package_several",
    "plan",
    "publish",
    "recompile",
    "rollback",
    "run",
    "sync",
    "verified",
    "verify",
    "versions",
    "write_package",
    "write_synced",
]
