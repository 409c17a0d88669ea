"""Objects: two runs of the analysis go through what holds what in one order, wherever in memory the objects lie."""

from __future__ import annotations

from nb2pipe.analysis.objects import Obj, hold, link, view


def test_objects_are_gone_through_in_the_order_in_which_they_came() -> None:
    holder, held, other = Obj(), [Obj() for _ in range(200)], Obj()
    hold(holder, held[:100])
    link(holder, held[100:])
    for obj in held:
        link(obj, [other])
        view(obj, holder)
    assert list(holder.holds) == held
    assert list(other.held_by) == held
    assert list(holder.views) == held
