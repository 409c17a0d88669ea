"""Tensors that remember what they were computed from: ``backward`` goes back along them and changes gradients there."""

from __future__ import annotations

from collections.abc import Iterable

from nb2pipe.analysis.objects import Obj, Val, atomic, link

TENSOR = "torch.Tensor"
_GRAPH = "graph"
_GROUPS = frozenset({"list", "tuple", "dict"})


def want_gradient(value: Val) -> None:
    """Tensors of which gradients are asked: what is computed from them remembers them."""
    for obj in value:
        if obj.type == TENSOR and obj.data is None:
            obj.data = _GRAPH


def remember(out: Obj, sources: Iterable[Obj]) -> None:
    """A tensor keeps those of its sources that gradients flow back to."""
    if out.type != TENSOR:
        return
    kept = [o for o in sources if _remembers(o)]
    if kept:
        link(out, kept)
        want_gradient((out,))


def _remembers(obj: Obj) -> bool:
    """Whether gradients flow to an object, or through it: a layer, a tensor made of one, or what is not known."""
    if atomic(obj) or obj.kind not in ("value", "method"):
        return False
    if obj.type in _GROUPS:
        return any(_of_gradients(o) for o in obj.elems)
    return obj.type is None or _of_gradients(obj) or any(_of_gradients(v) for v in obj.views)


def _of_gradients(obj: Obj) -> bool:
    return obj.data == _GRAPH or (obj.type or "").startswith("torch.nn.")
