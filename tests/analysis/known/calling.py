"""Making calls of a row: what to call, on what, with what, and seeing what it did."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import random
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from nb2pipe.analysis.known.table import Call
from tests.analysis.known import claims, library_samples, pool, world
from tests.analysis.known.claims import TABLE, Given, Observed
from tests.analysis.known.digests import Reach, digest, immutable, reach
from tests.analysis.known.samples import Spy

TRIES = 24
ENOUGH = 3
FEW_TRIES, FEW_ENOUGH = 10, 2  # of each receiver, where a row has several
ONE_CALL = 1.5  # seconds of the processor
WAITING = 4  # times as long by the clock
ONE_ROW = (
    0.6  # seconds of the processor; what has succeeded once by then is enough, and what has not gets four times as much
)
ESTIMATOR = "sklearn.base.BaseEstimator"


class TooLong(BaseException):
    """A call ran out of its time."""


def _ring(*_: Any) -> None:
    raise TooLong


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Ring after so much time of this process: what else the machine does must not decide what is tried.

    A call that waits takes no time of its own; it is given a few times as much by the clock.
    """
    signal.signal(signal.SIGPROF, _ring)
    signal.signal(signal.SIGALRM, _ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, WAITING * seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)


@dataclass(slots=True)
class Outcome:
    """What trying a row showed. ``faults`` are contradictions in the unsafe direction."""

    name: str
    calls: int = 0
    faults: dict[str, str] = field(default_factory=dict)  # fault: an example
    moved: set[str] = field(default_factory=set)  # what changed: labels, and generators
    shared: set[str] = field(default_factory=set)
    types: set[str] = field(default_factory=set)
    unfit: set[str] = field(default_factory=set)  # result types that are not the row's
    error: str = ""
    interrupted: bool = False  # the last call was left in its middle, perhaps with a setting of its own in force


def resolve(name: str) -> Any:
    """What a dotted name stands for; None where it is not there."""
    parts = name.split(".")
    for split in range(len(parts), 0, -1):
        try:
            found: Any = (
                importlib.import_module(".".join(parts[:split]))
                if split < len(parts) or (split == 1 and len(parts) > 1)
                else None
            )
        except ImportError:
            continue
        if found is None:
            continue
        try:
            for part in parts[split:]:
                found = getattr(found, part)
        except (AttributeError, ImportError):
            return None
        return found
    return getattr(importlib.import_module("builtins"), name, None)


@dataclass(slots=True)
class Target:
    """One thing to call: ``make`` gives a new receiver, None where there is none."""

    function: Callable[[Any], Any]
    make: Callable[[], Any] | None
    class_name: str | None = None
    samples: list[tuple[Any, ...]] | None = None


def targets(name: str) -> list[Target]:
    """All that a row speaks of."""
    owner, _, method = name.rpartition(".")
    if owner == ESTIMATOR:
        return list(_estimators(method))
    if owner in pool.RECEIVERS and (method or owner not in pool.RECEIVERS):
        found = []
        klass = resolve(owner) if owner not in ("file", "iterator") else None
        static = inspect.getattr_static(klass, method, None) if inspect.isclass(klass) else None
        if isinstance(static, (classmethod, staticmethod)) or (
            inspect.isbuiltin(getattr(klass, method, None))
            and getattr(getattr(klass, method), "__self__", None) is klass
        ):
            return [Target(lambda _: getattr(klass, method), None)]
        for make in pool.RECEIVERS[owner]:
            with contextlib.suppress(Exception):
                if hasattr(looked_at(make), method):
                    found.append(Target(lambda r: getattr(r, method), make, owner))
        return found
    function = resolve(name)
    return [Target(lambda _: function, None)] if callable(function) else []


@lru_cache(maxsize=256)
def looked_at(make: Callable[[], Any]) -> Any:
    """A value of a maker that is asked for its methods and signatures, and never called."""
    return make()


@lru_cache(maxsize=1)
def estimator_names() -> tuple[str, ...]:
    """The estimators that the table knows, the meta-estimators too."""
    import json
    from pathlib import Path

    from nb2pipe.analysis.known import table

    found = []
    for library in ("sklearn", "lightgbm"):
        data = json.loads((Path(table.__file__).parent / f"{library}.json").read_text("utf-8"))
        found += [
            n for n, c in data["classes"].items() if ESTIMATOR in c.get("bases", []) and hasattr(resolve(n), "fit")
        ]
    return tuple(found)


_FITTING = frozenset({"fit", "partial_fit", "fit_transform", "fit_predict"})
_NOT_TO_TRY = ("lightgbm.LGBMRanker",)


def _estimators(method: str) -> Iterator[Target]:
    row = TABLE.call(f"{ESTIMATOR}.{method}")
    assert row is not None
    for name in estimator_names():
        if name in _NOT_TO_TRY or not hasattr(resolve(name), method):
            continue
        try:
            with time_limit(5):
                found = library_samples.trained(name)
        except (Exception, TooLong):
            continue
        if found is None:
            continue
        args = found[1]
        samples: list[tuple[Any, ...]] = [args[:1], args[:2], (), ([1, 2],), (args[0][:1],)]
        if method in _FITTING or method.startswith("score"):
            samples = [args, args[:1]]
        changes = bool(row.mutates)
        make = (
            (lambda n=name: library_samples.build(n))
            if method in _FITTING
            else (lambda n=name: library_samples.trained(n, copied=changes)[0])
        )  # type: ignore[misc]
        yield Target(lambda r: getattr(r, method), make, name, samples)


@lru_cache(maxsize=2048)
def shared_by_all(make: Callable[[], Any]) -> frozenset[int]:
    """The ids of what every value of a maker reaches: singletons of the library, nobody's own."""
    one, other = make(), make()
    left, right = reach(one), reach(other)
    common = left.objects.keys() & right.objects.keys()
    _alive.append([left.objects[k] for k in common])
    return frozenset(common)


_alive: list[Any] = []


def attempts(
    name: str, target: Target, library: str, rng: random.Random
) -> Iterator[tuple[list[Any], dict[str, Any], list[str], list[Any]]]:
    """Arguments to try: positional values, keywords, the names of the positional ones, and the makers of all."""
    owner = name.rpartition(".")[0]
    if target.samples is not None:
        for sample in target.samples:
            import copy

            args = copy.deepcopy(sample)
            yield list(args), {}, ["X", "y"][: len(args)], []
        return
    receiver = looked_at(target.make) if target.make is not None else None
    function = target.function(receiver)
    parameters = _parameters(function)
    generic = pool.generic(library, owner)
    if parameters is None:
        for turn in range(TRIES):
            count = (1, 2, 0, 3)[turn % 4]
            makers = [generic[(turn // 4 + i * (turn // 12)) % len(generic)] for i in range(count)]
            yield [m() for m in makers], {}, [f"#{i}" for i in range(count)], makers
        return
    required = [p for p in parameters if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    starred = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    shapes = getattr(getattr(function, "__self__", function), "numargs", None)
    useful = [
        p for p in parameters if p.default is not p.empty and not required and pool.candidates(library, name, p.name)
    ][:2]
    for turn in range(TRIES):
        makers = []
        keywords: dict[str, Any] = {}
        positional: list[Any] = []
        names: list[str] = []
        chosen = list(required)
        if not required and useful and turn % 3:
            chosen = useful[: turn % 3]
        for parameter in chosen:
            options = pool.candidates(library, name, parameter.name) or generic
            make = options[turn % len(options)] if turn < 8 else rng.choice(options)
            makers.append(make)
            as_keyword = parameter.kind is parameter.KEYWORD_ONLY or (
                turn % 4 == 3 and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
            )
            in_place = parameters.index(parameter) == len(positional)  # none before it is left out
            if as_keyword or keywords or not in_place or (parameter.default is not parameter.empty and turn % 2):
                if parameter.kind is parameter.POSITIONAL_ONLY:
                    continue
                keywords[parameter.name] = make()
            else:
                positional.append(make())
                names.append(parameter.name)
        if starred and not keywords:
            count = shapes if isinstance(shapes, int) else (1, 2, 0, 3)[turn % 4] if not required else 0
            for place in range(count):
                make = (
                    rng.choice(generic)
                    if not isinstance(shapes, int)
                    else pool.const((0.5, 2.0, 3, 1.5, 5)[(turn + place * (turn // 5)) % 5])[0]
                )
                makers.append(make)
                positional.append(make())
                names.append(f"#{len(positional) - 1}")
        yield positional, keywords, names, makers


def _parameters(function: Any) -> list[inspect.Parameter] | None:
    try:
        return list(inspect.signature(function).parameters.values())
    except (ValueError, TypeError):
        return None


def extras(function: Any, result: Any, library: str) -> Iterator[dict[str, Callable[[], Any]]]:
    """Optional arguments, one at a time, by which a call may change what it would else leave alone."""
    for parameter in _parameters(function) or []:
        if parameter.default is parameter.empty or (library == "plotly" and parameter.name == "ax"):
            continue  # plotly's ``ax`` is a coordinate
        if parameter.name == "out" and isinstance(result, np.ndarray):
            yield {"out": lambda: np.empty_like(result)}
        for make in pool.OPTIONS.get(parameter.name, []):
            yield {parameter.name: make}


def run_row(name: str, row: Call, library: str, outside: world.Outside, survey: bool) -> Outcome:
    """Call a row in as many ways as it takes, and say what contradicts it."""
    outcome = Outcome(name)
    began = time.process_time()
    before, taken = _standing(library)
    rng = random.Random(name)
    deadline = 60.0 if name.startswith(ESTIMATOR) else ONE_ROW
    brief = name.startswith("scipy.stats.") and name.count(".") == 3  # a method of one of the hundred distributions
    if brief:
        deadline = 0.1
    found_targets = targets(name)
    several = len(found_targets) > 1
    for place, target in enumerate(found_targets):
        successes = 0
        last: Any = None
        function: Any = None
        try:
            tries = attempts(name, target, library, rng)
            for turn, (positional, keywords, names, makers) in enumerate(tries):
                if time.process_time() - began > deadline * (1 if outcome.calls else 4):
                    break
                if successes >= (
                    1
                    if brief or target.samples is not None or (library == "matplotlib" and target.make)
                    else FEW_ENOUGH
                    if several
                    else ENOUGH
                ) or ((several or brief or library == "matplotlib") and turn >= FEW_TRIES):
                    break
                own = TABLE.method(target.class_name, name.rpartition(".")[2]) if target.samples is not None else None
                found = one_call(
                    outcome,
                    own or row,
                    target,
                    (positional, keywords, names, makers),
                    outside,
                    survey,
                    0.3 if brief else ONE_CALL,
                )
                if outcome.interrupted:
                    world.put_back(taken)
                if found is None:
                    continue
                successes += 1
                function, last = found
                if successes == 1 and place == 0:
                    _settings_faults(outcome, row, before, library)
                if successes == 1 and target.samples is None and place < 3 and not brief:
                    for extra in extras(function, last, library):
                        fresh = [m() for m in makers]
                        changed = {
                            **dict(list(zip([*names, *keywords], fresh, strict=False))[len(names) :]),
                            **{k: m() for k, m in extra.items()},
                        }
                        if any(k in names for k in extra):
                            continue
                        one_call(
                            outcome,
                            row,
                            target,
                            (fresh[: len(names)], changed, names, [*makers, *extra.values()]),
                            outside,
                            survey,
                        )
        except (Exception, TooLong) as error:
            outcome.error = outcome.error or f"{type(error).__name__}: {error}"
    if outcome.interrupted:
        world.put_back(taken)
    if _settings_faults(outcome, row, before, library):
        world.put_back(taken)
    return outcome


@lru_cache(maxsize=4)
def _standing(library: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The settings before any row is tried, digested and to put back: each row leaves them as they are here."""
    return world.settings(library), world.take(library)


def _settings_faults(outcome: Outcome, row: Call, before: dict[str, Any], library: str) -> bool:
    """Note what settings the calls so far have changed; whether there are any."""
    after = world.settings(library)
    claimed = {t[1] for t in row.touches if t[0] in ("setting", "environment", "cwd") and t[2] != "read"}
    for key, value in before.items():
        if after[key] != value and key not in claimed:
            outcome.faults[f"changes the setting {key}"] = ""
        if after[key] != value:
            outcome.moved.add(key)
    return after != before


def one_call(
    outcome: Outcome,
    row: Call,
    target: Target,
    arguments: tuple[Any, ...],
    outside: world.Outside,
    survey: bool,
    limit: float = ONE_CALL,
) -> tuple[Any, Any] | None:
    """Call once; None where the arguments do not fit."""
    positional, keywords, names, makers = arguments
    receiver = _receiver(row, target) if target.make is not None else None
    function = target.function(receiver)
    given = Given(receiver, target.make is not None, positional, keywords, names)
    values = given.values()
    covered = set() if survey else claims.covered_by_mutates(row, given)
    watched = {
        k: digest(v) for k, v in values.items() if k not in covered and not immutable(v) and not isinstance(v, Spy)
    }
    drawn = world.random_states()
    Spy.calls.clear()
    outside.start()
    try:
        with time_limit(limit):
            result = function(*positional, **keywords)
    except (Exception, TooLong, SystemExit) as error:
        outcome.error = f"{type(error).__name__}: {str(error)[:90]}"
        outcome.interrupted = isinstance(error, TooLong)
        return None
    finally:
        outside.active = False
    called = {k for k, v in values.items() if isinstance(v, Spy) and id(v) in Spy.calls}
    moved = world.random_states()
    seen = Observed(drawn={k for k, v in drawn.items() if moved.get(k) != v}, called=called, outside=outside)
    seen.changed = {k for k, v in watched.items() if digest(values[k]) != v}
    seen.result = result
    mutable = [k for k, v in values.items() if not immutable(v) and not isinstance(v, Spy)]
    sharing = bool(mutable) and not immutable(result) and row.alias != "args"
    if mutable == ["self"] and row.alias in ("view", "elements", "self"):
        sharing = False
    if sharing or len(mutable) > 1:
        stop: set[int] = set()
        for make in [*makers, *([target.make] if target.make else [])]:
            stop |= shared_by_all(make) if not isinstance(make, type) else frozenset()
        seen.reaches = {k: reach(values[k], stop) for k in mutable}
        seen.result_reach = reach(result, stop) if sharing else Reach()
    outcome.calls += 1
    seeded = isinstance(getattr(receiver, "random_state", None), (int, np.random.RandomState))
    for fault in claims.faults(outcome.name, row, given, seen, target.class_name, seeded=seeded):
        whose = f" ({target.class_name})" if target.samples is not None else ""
        outcome.faults.setdefault(fault + whose, _example(target, given))
    outcome.moved |= seen.changed | seen.drawn
    outcome.types.add(f"{type(result).__module__}.{type(result).__qualname__}".removeprefix("builtins."))
    outcome.unfit |= {d for d in [claims.type_differs(row, result)] if d}
    if survey:
        for label, what in seen.reaches.items():
            if claims.meets(seen.result_reach, what):
                outcome.shared.add(label)
    _close(result)
    return function, result


_worn: dict[Any, tuple[Any, int]] = {}
WEAR = 25  # calls that one figure stands before a new one is made: making one is slow


def _receiver(row: Call, target: Target) -> Any:
    """A receiver: a new one, or a used one where the row says that the call changes it and nothing else is asked of it."""
    assert target.make is not None
    drawn = (target.class_name or "").startswith(("matplotlib.", "plotly.", "seaborn."))
    if not drawn or not any(m.startswith("self") and "?" not in m for m in row.mutates):
        return target.make()
    value, uses = _worn.get(target.make, (None, WEAR))
    if uses >= WEAR:
        value, uses = target.make(), 0
    _worn[target.make] = (value, uses + 1)
    return value


def _example(target: Target, given: Given) -> str:
    def short(value: Any) -> str:
        return type(value).__qualname__ if not isinstance(value, (int, float, str, bool, type(None))) else repr(value)

    head = target.class_name or ""
    parts = [short(v) for v in given.positional] + [f"{k}={short(v)}" for k, v in given.keywords.items()]
    return f"{head}({', '.join(parts)})"


def _close(result: Any) -> None:
    import sys

    plt = sys.modules.get("matplotlib.pyplot")
    if plt is not None:
        plt.close("all")
    if hasattr(result, "close") and type(result).__module__ in ("_io", "sqlite3", "zipfile", "tarfile", "gzip"):
        with contextlib.suppress(Exception):
            result.close()


__all__ = ["TABLE", "Outcome", "run_row", "targets"]
