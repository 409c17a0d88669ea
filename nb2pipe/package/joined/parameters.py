"""The parameters of several notebooks: one where they are alike in all that have it, else one for each notebook."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from nb2pipe.package.joined.model import NotJoined, Planned, Wishes
from nb2pipe.package.write import default_source
from nb2pipe.pipeline.model import Parameter


def with_known_as(planned: Sequence[Planned], wishes: Wishes) -> tuple[Planned, ...]:
    """The members, with the names that their parameters have in the whole.

    A name that one notebook has keeps it, and so does one that is of the same type and default in all that have it: they are
    set as one. Any other is set notebook by notebook, with the notebook's name before its own.

    Raises:
        NotJoined: Two parameters would have one name.
    """
    holders: dict[str, list[Parameter]] = {}
    for member in planned:
        for parameter in member.plan.parameters:
            holders.setdefault(parameter.name, []).append(parameter)
    apart = {n for n, found in holders.items() if len(found) > 1 and (n in wishes.apart or not _alike(found))}
    made = tuple(
        m._replace(known_as=tuple((p.name, f"{m.member.name}_{p.name}") for p in m.plan.parameters if p.name in apart))
        for m in planned
    )
    _refuse_clashes(made, holders.keys() - apart)
    return made


def _alike(parameters: Sequence[Parameter]) -> bool:
    return len({(p.type, default_source(p)) for p in parameters}) == 1


def _refuse_clashes(planned: Sequence[Planned], kept: Collection[str]) -> None:
    taken: dict[str, str] = dict.fromkeys(kept, "")
    for member in planned:
        for name, other in member.known_as:
            whose = f"`{name}` of {member.member.file}"
            if other in taken:
                raise NotJoined(
                    f"{whose} is set as `{other}`, for another notebook has a `{name}` too, and that name is "
                    f"{taken[other] or 'a parameter already'}: give one of them another name"
                )
            taken[other] = f"the one of {whose}"


def parameters_of(planned: Sequence[Planned]) -> Iterator[Parameter]:
    """The parameters of the whole, each once, in the order of the notebooks."""
    seen: set[str] = set()
    for member in planned:
        known_as = dict(member.known_as)
        for parameter in member.plan.parameters:
            name = known_as.get(parameter.name, parameter.name)
            if name not in seen:
                seen.add(name)
                yield parameter._replace(name=name)
