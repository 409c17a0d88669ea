"""The stages in which notebooks are joined: who hands on what, in which order they run, and the plan of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeVar

from nb2pipe.analysis.effects import Analysis
from nb2pipe.notebook.model import Code, Notebook
from nb2pipe.package.joined.cells import given_types, with_cells, without_cells
from nb2pipe.package.joined.model import Handed, Link, Member, NotJoined, Planned, Read, Wishes
from nb2pipe.package.joined.names import Needs, handed_by_nobody, handed_on, needs_of
from nb2pipe.package.joined.order import in_order, in_words, links, links_by_names
from nb2pipe.package.joined.parameters import with_known_as
from nb2pipe.package.joined.places import line
from nb2pipe.package.model import Plan, PlannedStep


class Compiled(Protocol):
    """A notebook that was compiled, as far as it matters here."""

    @property
    def codes(self) -> tuple[Code, ...]:
        """Its Python."""
        ...

    @property
    def analysis(self) -> Analysis:
        """What its cells do."""
        ...


C = TypeVar("C", bound=Compiled)
_ROUNDS = 100  # more than there are notebooks in a row, each of which lets the next one read more


class Joined(NamedTuple):
    """Notebooks that are joined: in the order in which they run, with what makes that order, and what is to be said of them."""

    planned: tuple[Planned, ...]
    links: tuple[Link, ...]
    notes: tuple[str, ...]


def join(
    members: Sequence[Member],
    wishes: Wishes,
    compile_: Callable[[Notebook], C],
    plan: Callable[[Member, C], Plan],
) -> Joined:
    """Join notebooks; ``compile_`` and ``plan`` are the stages that each of them goes through.

    Raises:
        NotJoined: They cannot be joined as they are.
    """
    compiled, handed = _handed_on(members, compile_)
    reads = _reads(members, compiled)
    found = links(reads, handed)
    planned: list[Planned] = []
    for member in in_order(members, found):
        mine = [h for h in handed if h.target == member.name]
        made, last = without_cells(plan(member, compiled[member.name]), {h.name for h in mine})
        for one in (h for h in handed if h.source == member.name):
            _check(one, last, made, member)
        givers = {(p.member.name, n): s.name for p in planned for s in p.plan.steps for n in s.gives}
        takes = tuple((h.name, f"{h.source}.{givers[h.source, h.name]}") for h in mine)
        before = {link.source for link in found if link.target == member.name}
        planned.append(Planned(member, made, takes, tuple(p.member.name for p in planned if p.member.name in before)))
    return Joined(with_known_as(planned, wishes), found, (*in_words(members, found), *handed_by_nobody(reads)))


def _handed_on(members: Sequence[Member], compile_: Callable[[Notebook], C]) -> tuple[dict[str, C], tuple[Handed, ...]]:
    """The notebooks as they are compiled when all is known that they are handed, and what that is.

    What a notebook is handed lets it go on, so that it may read more. They are compiled in order: what is known of a value where
    it comes from is known where it is handed on to.
    """
    handed: tuple[Handed, ...] = ()
    needs: Needs = {}
    seen: list[tuple[Handed, ...]] = []
    problem: NotJoined | None = None
    for _ in range(_ROUNDS):
        compiled: dict[str, C] = {}
        for member in in_order(members, links_by_names(members, handed)):
            given: dict[str, str] = {}
            mine = [h for h in handed if h.target == member.name]
            for source in sorted({h.source for h in mine}):
                given |= given_types(compiled[source].analysis, [h.name for h in mine if h.source == source])
            read = {h.name for h in handed if h.source == member.name}
            compiled[member.name] = compile_(with_cells(member.notebook, given, read))
        reads = _reads(members, compiled)
        before, needs = needs, needs_of(reads, needs)
        decided = handed_on(reads, needs)
        problem = decided.problem or problem
        settled = (decided.handed, needs) == (handed, before)
        if settled and decided.problem is None:
            return compiled, handed
        if problem is not None and (settled or decided.handed in seen):
            raise problem  # it stays, or comes again with what would be without it
        seen.append(handed)
        handed = decided.handed
    raise NotJoined("nobody can say who hands on what: `takes` in pipeline.toml does")


def _reads(members: Sequence[Member], compiled: Mapping[str, C]) -> list[Read]:
    return [Read(m, compiled[m.name].codes, compiled[m.name].analysis) for m in members]


def _check(handed: Handed, last: PlannedStep | None, plan: Plan, source: Member) -> None:
    """See that the package has a step that gives what is handed on."""
    given = {n for step in plan.steps for n in step.gives}
    if last is None or last.form != "function" or handed.name not in {*last.takes} & given:
        reasons = "; ".join(r.text for r in last.reasons) if last is not None else ""
        raise NotJoined(
            f"{handed.target} reads `{handed.name}`, which {source.file} cannot hand on"
            + (f": {reasons}" if reasons else ""),
            [line(source, handed.write)],
            f"bind `{handed.name}` in a cell of its own, at the top level of the notebook",
        )
