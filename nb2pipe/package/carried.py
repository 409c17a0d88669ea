"""The states of the process that steps of a package leave to one another, where each runs in a process of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from nb2pipe.analysis.effects import Effects
from nb2pipe.package.model import PlannedStep
from nb2pipe.pipeline.model import Pipeline, Step

_NOTHING = frozenset({"drawn", "ipython", "packages"})
"""What is nothing in plain Python: how IPython shows things, what it draws by itself, and that packages were installed."""


def with_states(steps: Sequence[PlannedStep], pipeline: Pipeline, effects: Mapping[int, Effects]) -> list[PlannedStep]:
    """The planned steps with what they need and leave, each after the step whose version of a state it needs.

    A step that is not among them has nothing in it but imports and definitions, which every process has: what it would
    hand on is what it was handed itself.
    """
    ways = _Ways(steps, pipeline, effects)
    leavers = {s.name: {n: ways.leaver(s.name, n) for n in ways.needs(s.name)} for s in steps}
    left: dict[str, set[str]] = {}
    for needed in leavers.values():
        for name, leaver in needed.items():
            left.setdefault(leaver, set()).add(name)
    found = []
    for step in steps:
        needs = {n: leaver for n, leaver in leavers[step.name].items() if leaver}
        after = dict.fromkeys((*ways.kept(step.after), *needs.values()))
        found.append(
            step._replace(needs=tuple(sorted(needs)), leaves=tuple(sorted(left.get(step.name, ()))), after=tuple(after))
        )
    return found


class _Ways:
    """How states come from step to step, past those that are not in the package."""

    def __init__(self, steps: Sequence[PlannedStep], pipeline: Pipeline, effects: Mapping[int, Effects]) -> None:
        self._planned = {s.name for s in steps}
        self._steps: dict[str, Step] = {s.name: s for s in pipeline.steps}
        self._sources: dict[str, list[str]] = {s.name: [] for s in pipeline.steps}
        for edge in pipeline.edges:
            self._sources[edge.target].append(edge.source)
        self._effects = effects

    def needs(self, step: str) -> dict[str, str]:
        """The states that a step is handed, each with the step that hands it over."""
        states = {v.name.strip("<>"): v.producer for v in self._steps[step].inputs if v.name.startswith("<")}
        return {n: producer for n, producer in states.items() if n not in _NOTHING}

    def leaver(self, step: str, state: str) -> str:
        """The step of the package whose version of a state another needs; "" where it is as the process begins with it."""
        giver = self.needs(step).get(state, "")
        if giver and (giver not in self._planned or self._only_imports(giver, state)):
            return self.leaver(giver, state)
        return giver

    def _only_imports(self, step: str, state: str) -> bool:
        """Whether a module is left as its import makes it."""
        if not state.startswith("module:"):
            return False
        cells = [self._effects[c] for c in self._steps[step].cells if c in self._effects]
        modes = {a.mode for e in cells for a in e.accesses if a.resource.key == state}
        return "set" in modes and "write" not in modes

    def kept(self, names: Iterable[str]) -> list[str]:
        """The steps of the package among these, and those behind the others."""
        found: list[str] = []
        for name in names:
            found += [name] if name in self._planned else self.kept(self._sources[name])
        return found
