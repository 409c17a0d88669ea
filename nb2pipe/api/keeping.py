"""The versions of a package: kept, listed, compared, taken back, handed on, checked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from nb2pipe.api.compiling import load
from nb2pipe.api.packaging import Package

if TYPE_CHECKING:
    from nb2pipe.package.versions.attest import Attested
    from nb2pipe.package.versions.difference import Difference
    from nb2pipe.package.versions.history import History
    from nb2pipe.package.versions.keep import Kept
    from nb2pipe.package.versions.record import Record
    from nb2pipe.package.wheels import Handed, Target


class Keeping(NamedTuple):
    """How a version is kept: in which store, under which number, with whose signature; None is for what is usual.

    ``force`` lets what was changed by hand in the project's folder be lost.
    """

    store: str | None = None
    version: str | None = None
    sign: str | None = None
    force: bool = False


def keep_version(made: Package, notebook_folder: Path, folder: Path, keeping: Keeping) -> tuple[Package, Kept]:
    """Keep a project as a version of its package, if it is a new one; gives the project of the version.

    ``folder`` is where the project is going to be written.

    Raises:
        UsageError: The store cannot be written, it has the versions of another notebook of that name, or ``folder`` holds
            what would be lost.
    """
    from nb2pipe.package.existing import refuse_changes_by_hand
    from nb2pipe.package.versions.history import history
    from nb2pipe.package.versions.keep import keep, with_project
    from nb2pipe.package.versions.owner import note_owner, refuse_other_owner
    from nb2pipe.store import store_folder

    if not keeping.force:
        refuse_changes_by_hand(folder, made.tree)
    found = with_project(history(store_folder(notebook_folder, keeping.store), made.name), folder)
    notebook = notebook_folder / made.draft.record.notebook
    refuse_other_owner(found, notebook)
    sign = None
    if keeping.sign:
        from nb2pipe.package.versions.signature import signer

        sign = signer(keeping.sign)
    kept = keep(made.draft, found, keeping.version, sign)
    note_owner(found, notebook)
    return made._replace(tree=kept.tree), kept


def keep_wheel(made: Package, notebook_folder: Path, store: str | None = None) -> Path:
    """Build the wheel of a package into the folder of wheels that the store has, if it is not there; gives its path.

    Raises:
        UsageError: It cannot be built or written.
    """
    from nb2pipe.package.wheels import build, place
    from nb2pipe.store import made_store, store_folder

    folder = made_store(store_folder(notebook_folder, store)) / "wheels"
    return Path(place(build(made.tree, ["wheel"]), folder)[0].name)


def publish(package: str, version: str | None, target: Target, store: str | None = None) -> tuple[Handed, ...]:
    """Hand the wheel and the sdist of a version on, the current one where none is given; gives what was handed on.

    ``package`` is as `which_package` takes it; the folder of a project is published as it is.

    Raises:
        UsageError: There is no such version, it was changed by hand, or it cannot be built or handed on.
    """
    from nb2pipe.package.versions.history import chosen, tree_in
    from nb2pipe.package.versions.which import means_folder, project_in, which_package
    from nb2pipe.package.wheels import build, hand_on

    tree = project_in(Path(package)) if version is None and means_folder(package, store) else None
    if tree is None:
        found = which_package(package, store)
        tree = tree_in(found, chosen(found, version or str(found.current)))
    return hand_on(build(tree, ["wheel", "sdist"]), target)


def attest(package: str, notebook: str | None = None, signers: str | None = None) -> Attested:
    """Check whether a package, a folder, wheel or sdist, is as it was compiled.

    Raises:
        UsageError: It is no package, or what it is to be checked with cannot be read.
    """
    from nb2pipe.package.versions.attest import check as check_package

    return check_package(Path(package), load(notebook) if notebook else None, Path(signers) if signers else None)


def versions(package: str, store: str | None = None) -> tuple[History, tuple[Record, ...]]:
    """The versions of a package, and the record of each, the newest first; ``package`` is as `which_package` takes it.

    Raises:
        UsageError: There are none, or they cannot be read.
    """
    from nb2pipe.package.versions.history import record_in
    from nb2pipe.package.versions.which import which_package

    found = which_package(package, store)
    return found, tuple(record_in(found, number) for number in reversed(found.numbers))


def difference(package: str, old: str, new: str | None = None, store: str | None = None) -> Difference:
    """What is different between two versions of a package; ``new`` is the current one where it is not given.

    Raises:
        UsageError: There is no such version, or it cannot be read.
    """
    from nb2pipe.package.versions.difference import difference as compare
    from nb2pipe.package.versions.history import chosen, version_in
    from nb2pipe.package.versions.which import which_package

    found = which_package(package, store)
    last = chosen(found, new or str(found.current))
    return compare(version_in(found, chosen(found, old)), version_in(found, last))


def rollback(package: str, version: str, store: str | None = None) -> tuple[History, History]:
    """Let a version be the current one; gives the versions as they were and as they are.

    Raises:
        UsageError: There is no such version, or the store cannot be written.
    """
    from nb2pipe.package.versions.history import chosen, set_current
    from nb2pipe.package.versions.which import which_package

    found = which_package(package, store)
    number = chosen(found, version)
    set_current(found, number)
    return found, found._replace(current=number)
