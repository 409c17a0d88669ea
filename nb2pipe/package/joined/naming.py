"""The name of a package of several notebooks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from nb2pipe.package.joined.model import Planned
from nb2pipe.package.naming import package_name

_ALL = 3  # notebooks up to which the name has the names of all


def name_of(planned: Sequence[Planned], wanted: str | None, imported: Iterable[str], folder: Path) -> str:
    """The name that was asked for, or one that the notebooks' names make, in their order.

    Raises:
        UsageError: The name that was asked for is no identifier, or is taken; see `package_name`.
    """
    names = [m.member.name for m in planned]
    made = "_".join(names) if len(names) <= _ALL else f"{names[0]}_to_{names[-1]}"
    beside = {p.stem for m in planned for p in (folder / m.member.folder).glob("*.py")}
    return package_name(planned[0].member.notebook._replace(name=made), wanted, {*imported, *beside}, folder)
