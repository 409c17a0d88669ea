"""What a comparison finds, and which of it is chance: numbers that a notebook draws are others each time."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from nb2pipe.diagnostics import say
from nb2pipe.replay.compare import Place
from nb2pipe.replay.package import Project

ALWAYS_OTHER = say("the notebook itself gives another one each time")
OTHER_LINES = say("some lines are others each time in the notebook itself")
OTHER_EACH_TIME = frozenset({ALWAYS_OTHER, OTHER_LINES})
_IN_ONE_PROCESS = say(
    "it rests on random numbers or on time; in one process it is equal where both begin with one seed and one clock"
)


@dataclass(slots=True)
class Found:
    """What is found on the way: differences by step and name, each once."""

    differences: dict[tuple[str, str], Place] = field(default_factory=dict)
    unknown: dict[tuple[str, str], str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    values: int = 0
    outputs: int = 0
    figures: int = 0


def forgive_chance(found: Found, whole: Found, alike: Found, project: Project, commanding: AbstractSet[str]) -> None:
    """What is equal where random states and clock begin alike and no command runs at a terminal, is no difference, and known.

    ``found`` is about all runs of the package, ``whole`` about that in one process, ``alike`` about one in one process with
    random states and a clock that begin as the notebook's; ``commanding`` are the steps that run commands. Where only steps
    in processes of their own differ, and they rest on what is random, it stays unknown whether that is all.
    """
    unequal = alike.differences.keys() | alike.unknown.keys()
    equal: dict[str, list[str]] = {}
    for key in dict.fromkeys([*found.unknown, *found.differences]):
        step, name = key
        chance = found.unknown.get(key) in OTHER_EACH_TIME or key in whole.differences or key in whole.unknown
        if chance and key not in unequal and not (name.startswith("<figure") and (step, "<figures>") in unequal):
            equal.setdefault(step, []).append(name)
    for step, names in equal.items():
        for name in names:
            found.unknown.pop((step, name), None)
            found.differences.pop((step, name), None)
        told = ", ".join(name if name.startswith("<") else f"`{name}`" for name in names)
        if step in commanding and "<output>" in names:
            note = say(
                "its commands show other things at a terminal, or each time; equal where none is at one and nothing is installed"
            )
        else:
            note = say(
                "each run of the notebook gives another %1; equal where both begin with one seed and one clock", told
            )
        found.notes.append(say("step %1: %2", step, note))
    for key in found.differences.keys() - unequal:
        step, name = key
        if not name.startswith(("<run", "<default")) and not equal.keys().isdisjoint(_up_to(step, project)):
            del found.differences[key]
            found.unknown[key] = _IN_ONE_PROCESS


def _up_to(step: str, project: Project) -> set[str]:
    """A step, and all that it comes after."""
    found, waiting = set[str](), [step]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += project.after.get(name, ())
    return found
