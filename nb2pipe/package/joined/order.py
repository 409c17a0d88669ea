"""The order of notebooks: what a user says, the names that they hand on, and the files that one writes and another reads."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from nb2pipe.package.joined.model import Handed, Link, Member, NotJoined, Read
from nb2pipe.package.joined.places import line, place
from nb2pipe.package.joined.touches import ANYTHING, Touch, touches_of
from nb2pipe.pipeline.external import may_be_same

_TOLD = 3  # pairs of notebooks that are named


class _Meeting(NamedTuple):
    """Two notebooks touch one thing, and not both only read it: ``first`` would come first, as far as this says anything.

    ``sure`` is it where both say which file it is, and what they do to it; ``both`` where each may come first, ``updated`` where
    the second one writes what it reads.
    """

    first: str
    second: str
    write: Touch
    read: Touch
    sure: bool
    both: bool
    updated: bool


def links_by_names(members: Sequence[Member], handed: Sequence[Handed]) -> tuple[Link, ...]:
    """Which notebook runs after which, by what a user says and by the names that they hand on.

    Raises:
        NotJoined: The notebooks wait for one another.
    """
    known = {m.name: m for m in members}
    found = [Link(a, m.name, f"{m.file} is said to come after {known[a].file}") for m in members for a in m.after]
    _refuse_circles(found, known)
    found += [Link(h.source, h.target, _name_in_words(h, known)) for h in handed]
    _refuse_circles(found, known)
    return tuple(sorted(set(found)))


def links(reads: Sequence[Read], handed: Sequence[Handed]) -> tuple[Link, ...]:
    """Which notebook runs after which, and why, sorted.

    What a user says goes before all else, then names and files that both sides name, then files that may be the same.

    Raises:
        NotJoined: The notebooks wait for one another, or two touch a file and nothing says which of them comes first.
    """
    members = {r.member.name: r.member for r in reads}
    found = list(links_by_names(list(members.values()), handed))
    touches = {r.member.name: touches_of(r) for r in reads}
    said = [link for link in found if link.source in members[link.target].after]
    for sure in (True, False):
        meetings = [m for m in _meet(members, touches) if m.sure or not sure]
        open_ = [m for m in meetings if not _ordered(m.first, m.second, found)]
        one_way = {(m.first, m.second): m for m in reversed(open_) if not m.both}
        found += [Link(*pair, _met_in_words(m, members)) for pair, m in one_way.items() if pair[::-1] not in one_way]
        if sure:  # what names have put in order may still read what only the later one writes
            found += [Link(m.first, m.second, _met_in_words(m, members)) for m in meetings
                      if not m.both and not m.updated and not _ordered(m.first, m.second, said)]  # fmt: skip
        _refuse_circles(found, members)
        _refuse_ambiguous([m for m in open_ if not _ordered(m.first, m.second, found)], members)
    return tuple(sorted(set(found)))


def in_order(members: Iterable[Member], found: Sequence[Link]) -> tuple[Member, ...]:
    """The notebooks, each behind those that it comes after, by name where there is a choice."""
    waiting = {m.name: m for m in sorted(members, key=lambda m: m.name)}
    ordered: list[Member] = []
    while waiting:
        name = next(n for n in waiting if not any(link.target == n and link.source in waiting for link in found))
        ordered.append(waiting.pop(name))
    return tuple(ordered)


def in_words(members: Sequence[Member], found: Sequence[Link]) -> Iterator[str]:
    """Why notebooks run in their order, and of which either may come first."""
    for (source, target), links_ in itertools.groupby(found, key=lambda link: (link.source, link.target)):
        yield f"{source} runs before {target}: {next(links_).why}"
    names = sorted(m.name for m in members)
    free = [f"{a} and {b}" for a, b in itertools.combinations(names, 2) if not _ordered(a, b, found)]
    if free:
        more = f", and {len(free) - _TOLD} pairs more" if len(free) > _TOLD else ""
        yield f"either may run first: {', '.join(free[:_TOLD])}{more}"


def _meet(members: Iterable[str], touches: Mapping[str, Sequence[Touch]]) -> Iterator[_Meeting]:
    """Where notebooks touch one thing: who writes comes before who reads, and what is only named may be either."""
    rank = {"writes": 0, "names": 1, "reads": 2}
    for first, second in itertools.permutations(sorted(members), 2):
        for write in touches[first]:
            for read in touches[second]:
                both = write.how == read.how
                if rank[write.how] > rank[read.how] or (both and (write.how == "reads" or first > second)):
                    continue
                if write.kind == read.kind and may_be_same(write.key, read.key):
                    sure = write.kind == "file" and write.key == read.key and ANYTHING not in write.key
                    sure = sure and "names" not in (write.how, read.how)
                    updated = any(
                        t.how != "reads" and (t.kind, t.key) == (read.kind, read.key) for t in touches[second]
                    )
                    yield _Meeting(first, second, write, read, sure, both, updated)


def _refuse_ambiguous(meetings: Sequence[_Meeting], members: Mapping[str, Member]) -> None:
    """Refuse two notebooks of which each may come first, although it makes a difference."""
    if not meetings:
        return
    found = meetings[0]
    pair = {found.first, found.second}
    told = [m for m in meetings if {m.first, m.second} == pair]
    told = [found, *(m for m in told if m.first != found.first)][:2]
    one, other = members[found.first], members[found.second]
    words = [
        f"{members[m.first].file} {m.write.how} {_thing(m)}, and {members[m.second].file} {m.read.how} it" for m in told
    ]
    places = [line(members[n], t.span) for m in told for n, t in ((m.first, m.write), (m.second, m.read))]
    raise NotJoined(
        f"{one.file} and {other.file} could each come first: {'; '.join(words)}",
        places,
        f'say it in pipeline.toml: [notebooks.{other.name}] after = ["{one.name}"]',
    )


def _thing(meeting: _Meeting) -> str:
    """What the two touch; the path that says more."""
    if meeting.write.kind == "network":
        return "something on the network"
    keys = sorted({meeting.write.key, meeting.read.key}, key=lambda key: (ANYTHING in key, -len(key), key))
    if keys[0] == ANYTHING:
        return "a file that may be any"
    return keys[0] if len(keys) == 1 or meeting.sure else f"a file that may be {keys[0]}"


def _name_in_words(handed: Handed, members: Mapping[str, Member]) -> str:
    source, target = members[handed.source], members[handed.target]
    return f"`{handed.name}`: {place(source, handed.write)}; {place(target, handed.read)}"


def _met_in_words(meeting: _Meeting, members: Mapping[str, Member]) -> str:
    write, read = place(members[meeting.first], meeting.write.span), place(members[meeting.second], meeting.read.span)
    return f"{_thing(meeting)}: {write}; {read}"


def _ordered(left: str, right: str, found: Sequence[Link]) -> bool:
    return bool(_way(left, right, found) or _way(right, left, found))


def _way(start: str, end: str, found: Sequence[Link]) -> list[Link]:
    """Links that lead from one notebook to another; none where there is no way."""
    ways: list[list[Link]] = [[link] for link in sorted(found) if link.source == start]
    seen = {start}
    while ways:
        way = ways.pop(0)
        here = way[-1].target
        if here == end:
            return way
        if here not in seen:
            seen.add(here)
            ways += [[*way, link] for link in sorted(found) if link.source == here]
    return []


def _refuse_circles(found: Sequence[Link], members: Mapping[str, Member]) -> None:
    for name in sorted(members):
        way = _way(name, name, found)
        if way:
            lines = [f"  {members[w.source].file} before {members[w.target].file}: {w.why}" for w in way]
            raise NotJoined(
                f"the notebooks wait for one another: {' -> '.join([name, *(w.target for w in way)])}",
                lines,
                "let one of them hand on less; where it is about files, `after` in pipeline.toml says which comes first",
            )
