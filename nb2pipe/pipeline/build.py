"""Cells and their effects become a `Pipeline`: steps, the values that flow, the edges and their evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeVar

from nb2pipe.analysis.effects import Access, Analysis, Effects, Resource
from nb2pipe.diagnostics import Diagnostic, Span
from nb2pipe.notebook.model import NO_TAGS, Code, Notebook, Requirements
from nb2pipe.pipeline.blocks import BlockEffects, compose, relevant_accesses, state_name
from nb2pipe.pipeline.demand import Needs, Sharing, demand
from nb2pipe.pipeline.external import Order, orders
from nb2pipe.pipeline.model import Edge, Evidence, Parameter, Pipeline, Step, Value
from nb2pipe.pipeline.parameters import find_parameters
from nb2pipe.pipeline.reopened import merge_reopened
from nb2pipe.pipeline.split import Block, is_shared, split

Number = TypeVar("Number", int | None, float | None)


class Built(NamedTuple):
    """A pipeline and what was found while building it."""

    pipeline: Pipeline
    diagnostics: tuple[Diagnostic, ...] = ()


def build(
    notebook: Notebook, codes: Sequence[Code], analysis: Analysis, how: str | None = None, *, join: bool = True
) -> Built:
    """Compile: split into blocks, find who needs which version of what, and join reopened steps where that is safe.

    ``how`` is what `split` understands; without ``join`` the parts of a reopened step stay apart in any case. The result
    satisfies `invariants.check`.
    """
    blocks = split(notebook, how)
    effects = {e.cell: e for e in analysis.effects}
    accesses = relevant_accesses(analysis.effects)
    composed = [compose(b.cells, effects, accesses) for b in blocks]
    shared_cells = tuple(
        c.index for c in notebook.cells if c.kind == "code" and is_shared(c) and "skip" not in c.tags.roles
    )
    shared = {cell: compose((cell,), effects, accesses) for cell in shared_cells}
    parameters = find_parameters(notebook, codes)
    homes = {p.name: p.span.cell for p in parameters}
    needs = demand(composed, shared, homes, Sharing(analysis.effects))
    external = _external_orders(composed, shared, needs)
    merged = merge_reopened(blocks, composed, needs, external, join=join)
    steps, edges = _assemble(notebook, blocks, composed, shared, needs, external, merged.home, merged.names)
    pipeline = Pipeline(
        name=notebook.name,
        steps=steps,
        edges=edges,
        parameters=parameters,
        shared=shared_cells,
        skipped=tuple(c.index for c in notebook.cells if c.kind == "code" and "skip" in c.tags.roles),
        joined=_joined(steps, effects),
        modules=tuple(dict.fromkeys(m for b in (*composed, *shared.values()) for m in b.modules)),
    )
    return Built(pipeline, merged.diagnostics)


def _external_orders(
    blocks: Sequence[BlockEffects], shared: Mapping[int, BlockEffects], needs: Sequence[Needs]
) -> list[Order]:
    """The orders between blocks over files, network and displays; a shared cell that writes a file runs in its readers."""
    entries: list[tuple[int, int, Access]] = []
    for position, block in enumerate(blocks):
        entries += [(access.span.cell, position, access) for access in block.external]
    for cell, block in shared.items():
        entries += [(cell, -1 - cell, access) for access in block.external]
    entries.sort(key=lambda e: e[0])
    found = []
    for order in orders([(position, access) for _, position, access in entries]):
        if order.source < 0 <= order.target:
            needs[order.target].shared.add(-1 - order.source)
        elif order.source >= 0 and order.target >= 0:
            found.append(order)
    return found


def _assemble(
    notebook: Notebook,
    blocks: Sequence[Block],
    composed: Sequence[BlockEffects],
    shared: Mapping[int, BlockEffects],
    needs: Sequence[Needs],
    external: Sequence[Order],
    home: Sequence[int],
    names: Mapping[int, str],
) -> tuple[tuple[Step, ...], tuple[Edge, ...]]:
    """The steps, in an order in which they may run, and the edges between them."""
    collected: dict[tuple[int, int, str], dict[str, list[Evidence]]] = {}
    resources: dict[tuple[int, int], set[Resource]] = {}

    def note(source: int, target: int, kind: str, key: str, write: Span, read: Span) -> None:
        collected.setdefault((source, target, kind), {}).setdefault(key, []).append(Evidence(key, write, read))

    for position, need in enumerate(needs):
        for name, producer in sorted(need.inputs.items()):
            source, target = home[producer], home[position]
            read = composed[position].uses.get(name) or need.passes[name]
            write = composed[producer].writes.get(name)
            if source != target:
                span = (
                    write.span
                    if write is not None
                    else needs[producer].passes.get(name, Span(blocks[producer].cells[-1]))
                )
                if name.startswith("<"):
                    resources.setdefault((source, target), set()).add(_resource(name, composed))
                    note(source, target, "resource", name, span, read)
                else:
                    note(source, target, "data", name, span, read)
            for earlier in need.through.get(name, ()):
                if home[earlier] != target and home[earlier] != source and not name.startswith("<"):
                    note(home[earlier], target, "through", name, composed[earlier].writes[name].span, read)
    for order in external:
        source, target = home[order.source], home[order.target]
        if source != target:
            resources.setdefault((source, target), set()).add(order.resource)
            note(source, target, "resource", f"{order.resource.kind}:{order.resource.key}", order.write, order.read)
    _after(notebook, blocks, home, names, note)
    edges = []
    for (source, target, kind), evidence in sorted(collected.items()):
        keys = tuple(sorted(evidence))
        edges.append(
            Edge(
                names[source],
                names[target],
                "data" if kind == "through" else kind,  # type: ignore[arg-type]  # the kinds noted above
                values=keys if kind in ("data", "through") else (),
                resources=tuple(sorted(resources[source, target])) if kind == "resource" else (),
                evidence=tuple(e for k in keys for e in evidence[k]),
                through=kind == "through",
            )
        )
    return _steps(notebook, blocks, composed, shared, needs, home, names, edges), tuple(edges)


def _resource(name: str, composed: Sequence[BlockEffects]) -> Resource:
    for block in composed:
        if name in block.resources:
            return block.resources[name]
    return Resource("setting", name.strip("<>"))


def _after(
    notebook: Notebook, blocks: Sequence[Block], home: Sequence[int], names: Mapping[int, str], note: object
) -> None:
    """The order that ``after:`` tags ask for; a name that no step has is for the rules to report."""
    cells = {c.index: c for c in notebook.cells}
    by_name: dict[str, list[int]] = {}
    for position, block in enumerate(blocks):
        by_name.setdefault(block.step, []).append(position)
    for position, block in enumerate(blocks):
        for cell in block.cells:
            for name in cells[cell].tags.after:
                for other in by_name.get(name, ()):
                    if home[other] != home[position] and other < position:
                        note(home[other], home[position], "control", f"after:{name}",  # type: ignore[operator]  # the closure of the caller
                             Span(blocks[other].cells[-1]), Span(cell))  # fmt: skip


def _steps(
    notebook: Notebook,
    blocks: Sequence[Block],
    composed: Sequence[BlockEffects],
    shared: Mapping[int, BlockEffects],
    needs: Sequence[Needs],
    home: Sequence[int],
    names: Mapping[int, str],
    edges: Sequence[Edge],
) -> tuple[Step, ...]:
    """The steps of the blocks that were joined, each with what it takes from the others and leaves to them."""
    members: dict[int, list[int]] = {}
    for position, owner in enumerate(home):
        members.setdefault(owner, []).append(position)
    inputs: dict[int, dict[str, Value]] = {owner: {} for owner in members}
    outputs: dict[int, set[str]] = {owner: set() for owner in members}
    for position, owner in enumerate(home):
        for name, producer in needs[position].inputs.items():
            if home[producer] != owner:
                inputs[owner][name] = Value(name, names[home[producer]])
                outputs[home[producer]].add(name)
    steps = []
    for owner, parts in sorted(members.items(), key=lambda member: blocks[member[0]].cells[0]):
        cells = tuple(sorted(c for p in parts for c in blocks[p].cells))
        runs = [*(composed[p] for p in parts), *(shared[c] for p in parts for c in needs[p].shared)]
        step = Step(
            name=names[owner],
            cells=cells,
            inputs=tuple(inputs[owner][n] for n in sorted(inputs[owner])),
            outputs=tuple(sorted(outputs[owner])),
            parameters=tuple(sorted({n for p in parts for n in needs[p].parameters})),
            shared=tuple(sorted({c for p in parts for c in needs[p].shared})),
            changes=tuple(sorted({n for r in runs for n in (*r.writes, *r.free)})),
            requirements=_requirements(notebook, cells),
            title=blocks[owner].title,
        )
        steps.append(step)
    after: dict[str, set[str]] = {names[o]: set() for o in members}
    for edge in edges:
        after[edge.target].add(edge.source)
    ordered: list[Step] = []
    done: set[str] = set()
    while steps:
        for position, step in enumerate(steps):
            if after[step.name] <= done:
                ordered.append(step)
                done.add(step.name)
                del steps[position]
                break
        else:
            raise AssertionError("circle among steps: merge_reopened must have split it")
    return tuple(ordered)


def _requirements(notebook: Notebook, cells: Sequence[int]) -> Requirements:
    """What the tags of a step's cells ask for together, over the notebook's defaults: the most that any asks."""
    # to be cached where that is safe is what is usual; to be cached whatever it reads is for a step's own tag to say
    merged = notebook.defaults._replace(cache=None) if notebook.defaults.cache else notebook.defaults
    for index in cells:
        own = notebook.cells[index].tags.requirements
        if own == NO_TAGS.requirements:
            continue
        merged = Requirements(
            cpus=_most(merged.cpus, own.cpus),
            memory=_most(merged.memory, own.memory),
            gpus=_most(merged.gpus, own.gpus),
            image=own.image or merged.image,
            retries=_most(merged.retries, own.retries),
            timeout=_most(merged.timeout, own.timeout),
            cache=_switched(merged.cache, own.cache),
            secrets=tuple(dict.fromkeys((*merged.secrets, *own.secrets))),
        )
    return merged


def _switched(left: bool | None, right: bool | None) -> bool | None:
    """What two tags say together: off is stronger than on."""
    if left is None or right is None:
        return right if left is None else left
    return left and right


def _most(left: Number, right: Number) -> Number:
    if left is None or right is None:
        return right if left is None else left
    return max(left, right)


def _joined(steps: Sequence[Step], effects: Mapping[int, Effects]) -> tuple[tuple[tuple[str, ...], str, str], ...]:
    """The steps that must share a process because a value that cannot leave it flows between them."""
    position = {s.name: i for i, s in enumerate(steps)}
    kinds: dict[tuple[str, str], str] = {}
    state: dict[str, str] = {}
    for step in steps:
        for cell in step.cells:
            effect = effects.get(cell)
            if effect is None:
                continue
            for definition in effect.definitions:
                state.pop(definition.name, None)
            for mutation in effect.mutations:
                if mutation.name in state and mutation.name not in dict(effect.fixed):
                    state.pop(mutation.name)
            state.update(effect.fixed)
        for name in step.outputs:
            if name in state:
                kinds[step.name, name] = state[name]
    groups: dict[tuple[str, str], set[str]] = {}
    for step in steps:
        for value in step.inputs:
            kind = kinds.get((value.producer, value.name))
            if kind is not None:
                groups.setdefault((value.name, kind), set()).update((value.producer, step.name))
    return tuple(
        (tuple(sorted(members, key=position.__getitem__)), name, kind)
        for (name, kind), members in sorted(groups.items())
    )


__all__ = ["Built", "Parameter", "build", "state_name"]
