"""Sets keep their order: they are laid out as they were, however they came to be."""

from __future__ import annotations

import io
import pickle
import random
from collections.abc import Callable
from typing import Any

import pytest

from nb2pipe.runtime import sets, strangers, values
from nb2pipe.runtime.pickles import Loader

ELEMENTS: dict[str, Callable[[random.Random], Any]] = {
    "small numbers": lambda r: r.randrange(200),
    "numbers that collide": lambda r: r.randrange(10**9) * 64,
    "large numbers": lambda r: r.randrange(-(2**70), 2**70),
    "fractions": lambda r: r.random(),
    "texts": lambda r: str(r.randrange(300)),
    "tuples": lambda r: (r.randrange(9), str(r.randrange(5))),
    "frozensets": lambda r: frozenset(r.randrange(99) for _ in range(5)),
}


def made(seed: int, element: Callable[[random.Random], Any]) -> Any:
    """A set as programs make them: what is done to it in which order decides how it is laid out."""
    r = random.Random(seed)
    found: set[Any] = set()
    for _ in range(r.randrange(1, 60)):
        what = r.random()
        if what < 0.5:
            found.add(element(r))
        elif what < 0.6:
            found |= {element(r) for _ in range(r.randrange(30))}
        elif what < 0.75 and found:
            found.discard(r.choice(list(found)))
        elif what < 0.8 and found:
            found.pop()
        elif what < 0.9:
            found = found - {element(r) for _ in range(20)}
        elif what < 0.93:
            found -= set(r.sample(list(found), len(found) // 2))
        elif what < 0.97:
            found = set(frozenset(found))
    return frozenset(found) if seed % 5 == 0 else found


def again(value: Any) -> Any:
    """The value in another process."""
    scan = values.scan(value, {}, 0)
    return Loader(scan.data, scan.buffers, {}).load()


def after(found: Any) -> list[Any]:
    """What a set goes on to: elements that come and go find the places that they would have found."""
    if isinstance(found, frozenset):
        return list(found)
    popped = [found.pop() for _ in range(len(found) // 3)]
    found = found.copy() if len(found) % 2 else found
    for number in (1, 64, 7, 3, 1000, 129):
        found.add(number)
    if found:
        found.discard(next(iter(found)))
    return [*popped, *found]


@pytest.mark.parametrize("kind", ELEMENTS)
def test_the_order_is_kept(kind: str) -> None:
    refused = 0
    for seed in range(300):
        found = made(seed, ELEMENTS[kind])
        try:
            other = again(found)
        except pickle.PicklingError:
            refused += 1
            continue
        assert list(other) == list(found), seed
        assert type(other) is type(found)
        if sets._read(other).fill == sets._read(found).fill:
            assert after(other) == after(found), seed
    assert refused < 3


def test_half_of_all_sets_would_have_another_order() -> None:
    """The reason for all this."""
    others = [made(seed, ELEMENTS["small numbers"]) for seed in range(300)]
    assert sum(list(pickle.loads(pickle.dumps(s))) != list(s) for s in others) > 100


def test_a_set_stays_one_object() -> None:
    found = {i * 7919 % 1000 for i in range(50)} - {0, 133}
    assert sets.arrange(found) is not None
    one, (two, three), frozen, same = again([found, (found, 1), frozenset(found), {"x": found}])
    assert one is two is same["x"]
    assert three == 1
    assert list(one) == list(found)
    assert list(frozen) == list(frozenset(found))
    assert id(found) in values.scan([found], {}, 0).objects, "others can tell that they share it"


def test_a_set_that_was_popped_from_goes_on_where_it_was() -> None:
    for first in range(1, 9):
        found = set(range(100))
        for _ in range(first):
            found.pop()
        found |= {0, 1, 200}
        other = again(found)
        assert [other.pop() for _ in range(90)] == [found.pop() for _ in range(90)]


def test_a_stranger_may_have_sets() -> None:
    found = {i * 7919 % 1000 for i in range(50)} - {0, 133}
    scan = values.scan([found, found], {}, 0)
    one, two = strangers.load(scan.data, scan.buffers)
    assert one is two
    assert list(one) == list(found)


def test_elements_that_hold_their_set_are_told() -> None:
    with pytest.raises(pickle.UnpicklingError, match="held by its own elements"):
        sets.load((3,), {})


def test_another_python_compares_the_order_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sets, "_KNOWN", False)
    assert sets.arrange({1, 2, 3}) is None
    found = set(range(1000))
    found -= set(range(1000)) - {3, 512}
    found |= {i * 64 for i in range(9)}
    refused = list(set(found)) != list(found)
    if refused:
        with pytest.raises(pickle.PicklingError):
            sets.arrange(found)


def test_a_large_set() -> None:
    found = {i * 7919 % 10**6 for i in range(100_000)}
    assert list(again(found)) == list(found)
    file = io.BytesIO()
    pickle.dump(found, file)
