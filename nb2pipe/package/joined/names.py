"""Which names notebooks hand on to one another: what one reads and does not bind before, and another has bound at its end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from nb2pipe.analysis.effects import Analysis, Certainty, Use
from nb2pipe.analysis.missing import Missing, missing_names
from nb2pipe.diagnostics import Span
from nb2pipe.package.joined.model import Handed, Member, NotJoined, Read
from nb2pipe.package.joined.places import line, place

_DEFINITIONS = {
    "import": ("imports", "modules"),
    "function": ("defines", "functions"),
    "class": ("defines", "classes"),
}


class Bound(NamedTuple):
    """A name as a notebook leaves it: where it was bound or changed last, whether for certain, and what it holds where that is known.

    ``fixed`` is what it holds that cannot leave its process, in a word; ``changed`` where the notebook was handed it, and may only
    have changed it.
    """

    span: Span
    certain: bool
    kind: str = ""
    fixed: str = ""
    changed: bool = False


def bound_at_end(analysis: Analysis) -> dict[str, Bound]:
    """What a notebook has bound or changed of names, when it has run."""
    found: dict[str, Bound] = {}
    given: set[str] = set()
    for effects in analysis.effects:
        if effects.cell < 0:  # what it was handed itself
            given = {d.name for d in effects.definitions}
            continue
        fixed = dict(effects.fixed)
        for mutation in effects.mutations:
            known = found.get(mutation.name)
            word = fixed.get(mutation.name, "")
            if known is None:
                found[mutation.name] = Bound(mutation.span, certain=True, fixed=word, changed=True)
            else:
                found[mutation.name] = known._replace(span=mutation.span, fixed=word)
        for definition in effects.definitions:
            if definition.kind == "star":
                continue
            name, known = definition.name, found.get(definition.name)
            certain = definition.certainty is Certainty.MUST
            kind = definition.kind if certain or known is None or known.kind == definition.kind else ""
            stays = certain or (known.certain if known is not None else name in given)
            found[name] = Bound(definition.span, stays, kind, fixed.get(name, ""))
        for deletion in effects.deletions:
            known = found.get(deletion.name)
            if deletion.certainty is Certainty.MUST:
                found.pop(deletion.name, None)
            elif known is not None:
                found[deletion.name] = known._replace(span=deletion.span, certain=False)
    return found


Needs = dict[tuple[str, str], Missing]
"""What notebooks read and do not bind before, by notebook and name."""


class Decided(NamedTuple):
    """The names that are handed on, and why one is not of which that is not clear: more may be known of it later."""

    handed: tuple[Handed, ...]
    problem: NotJoined | None


def needs_of(reads: Sequence[Read], known: Needs) -> Needs:
    """What notebooks read and do not bind before, with what is known of before they were handed it.

    Of a name that they are said to take it is enough that they may read it.
    """
    found = {(r.member.name, n): m for r in reads for n, m in missing_names(r.analysis, r.codes).items()}
    for read in reads:
        uses = {u.name: u for e in reversed(read.analysis.effects) for u in e.uses}
        found |= {(read.member.name, n): Missing(uses[n]) for n in read.member.takes
                  if n in uses and (read.member.name, n) not in found}  # fmt: skip
    return dict(sorted({**found, **known}.items()))


def handed_on(reads: Sequence[Read], needs: Needs) -> Decided:
    """Who hands on what notebooks need."""
    ends = {r.member.name: bound_at_end(r.analysis) for r in reads}
    members = {r.member.name: r.member for r in reads}
    problems: list[NotJoined] = []
    found = []
    for (target, name), read in needs.items():
        reader = next(r for r in reads if r.member.name == target)
        try:
            source = _source(name, read, reader, ends, members)
            if source:
                _check(name, read.use, reader.member, members[source], ends[source])
                found.append(Handed(name, source, target, ends[source][name].span, read.use.span))
        except NotJoined as problem:
            problems.append(problem)
    for member in members.values():
        for name in (n for n in member.takes if (member.name, n) not in needs):
            words = f"{member.file} is to take `{name}`, and does not read it before it binds it"
            problems.append(NotJoined(words))
    return Decided(tuple(found), next(iter(problems), None))


def _source(
    name: str, read: Missing, target: Read, ends: Mapping[str, Mapping[str, Bound]], members: Mapping[str, Member]
) -> str:
    """The notebook that hands a name on; "" where none does."""
    member = target.member
    holders = [other for other in ends if other != member.name and name in ends[other]]
    wanted = member.takes.get(name)
    if wanted is not None:
        if wanted not in holders:
            rest = f"; {' and '.join(holders)} {'have' if len(holders) > 1 else 'has'}" if holders else ""
            raise NotJoined(
                f"{member.file} is to take `{name}` from {members[wanted].file}, which has not bound it at its end{rest}"
            )
        return wanted
    if not holders or read.deleted is not None:
        return ""
    site = line(member, read.use.span)
    sites = [line(members[h], ends[h][name].span) for h in holders]
    others = [members[h].file for h in holders]
    if read.later is not None and not _reads(target.analysis, read.later.cell, name):
        raise NotJoined(
            f"{member.file} reads `{name}` before it binds it: is that its own, or handed on by {' or '.join(others)}?",
            [site, line(member, read.later), *sites],
            f"bind `{name}` above, or say who hands it on: {_said(member.name, name, holders[0])}",
        )
    star = _star(target.analysis, name)
    if star is not None:
        raise NotJoined(
            f"{member.file} reads `{name}`: is that of `import *`, or handed on by {' or '.join(others)}?",
            [site, line(member, star), *sites],
            f"import names by their names, or say who hands it on: {_said(member.name, name, holders[0])}",
        )
    if len(holders) > 1:
        does = [f"{members[h].file} {'may have changed' if ends[h][name].changed else 'binds'}" for h in holders]
        raise NotJoined(
            f"{member.file} reads `{name}`, which {' and '.join(does)}: nothing says which of them hands it on",
            [site, *sites],
            f"say it in pipeline.toml: {_said(member.name, name, holders[-1])}",
        )
    return holders[0]


def _star(analysis: Analysis, name: str) -> Span | None:
    """Where a name may come from that is imported by ``*`` from a module that nobody can look into."""
    return next((d.span for e in analysis.effects for d in e.definitions if (d.name, d.kind) == (name, "star")), None)


def _said(target: str, name: str, source: str) -> str:
    return f'[notebooks.{target}] takes = {{{name} = "{source}"}}'


def _reads(analysis: Analysis, cell: int, name: str) -> bool:
    """Whether a cell reads a name before it binds it."""
    return any(u.name == name for e in analysis.effects if e.cell == cell for u in e.uses)


def _check(name: str, use: Use, target: Member, source: Member, ends: Mapping[str, Bound]) -> None:
    """See that a notebook can hand a name on."""
    bound = ends[name]
    sites = [line(source, bound.span), line(target, use.span)]
    reads = f"{target.file} reads `{name}`, which"
    if bound.kind in _DEFINITIONS:
        does, what = _DEFINITIONS[bound.kind]
        fix = f"put `{name}` into a module beside the notebooks, and import it in both"
        raise NotJoined(
            f"{reads} {source.file} {does}: values are handed on, {what} are not",
            sites,
            f"import `{name}` in {target.file} as well" if bound.kind == "import" else fix,
        )
    if bound.span.cell in _parameters(source):
        raise NotJoined(
            f"{reads} is a parameter of {source.file}",
            sites,
            f"make it one of {target.file} too: parameters of one name, type and default are set as one",
        )
    if not bound.certain:
        raise NotJoined(f"{reads} {source.file} may leave without a value", sites, f"bind `{name}` in any case")
    if bound.fixed:
        raise NotJoined(
            f"{reads} is a {bound.fixed} in {source.file}: that cannot leave its process",
            sites,
            f"hand on what is made of it, or make it in {target.file}",
        )


def _parameters(member: Member) -> set[int]:
    return {c.index for c in member.notebook.cells if "parameters" in c.tags.roles}


def handed_by_nobody(reads: Sequence[Read]) -> Iterator[str]:
    """The names that a notebook is sure to read and nobody binds, in words: it stops there as it does by itself."""
    for read in reads:
        for name, missing in sorted(missing_names(read.analysis, read.codes).items()):
            if missing.use.certainty is Certainty.MUST:
                yield f"{place(read.member, missing.use.span)} reads `{name}`, which no notebook hands on: it stops there"
