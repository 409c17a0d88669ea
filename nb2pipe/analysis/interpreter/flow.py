"""Branches of the abstract machine: bindings are journalled, undone, and joined where paths meet."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from nb2pipe.analysis.objects import (
    Binding,
    Obj,
    Val,
    join,
)
from nb2pipe.analysis.summaries import summarised
from nb2pipe.diagnostics import Span

Store = dict[str, Any]
Diff = dict[tuple[int, str], tuple[Store, Any]]


class Region:
    """A loop, a function body or a ``try`` that a jump may leave: the bindings at each jump are joined at its end."""

    __slots__ = ("depth", "snapshots")

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.snapshots: list[Diff] = []


class Exhausted(Exception):
    """The source of an installed module takes more work to interpret than it is given."""


class Flow:
    """Stores of bindings, and the paths through the code that may not be taken."""

    def __init__(self) -> None:
        self.may = 0
        self.span = Span(-1)
        self.journals: list[Diff] = []
        self.loops: list[tuple[Region, Region]] = []
        self.functions: list[Region] = []
        self.tries: list[Region] = []
        self.stack: list[ast.AST] = []
        self.budget = 0
        self.consuming: set[Obj] = set()
        self.sent: dict[ast.AST, Val] = {}
        self.thrown: Val = ()
        self.log_files: dict[str, None] = {}
        self.log_handlers: dict[Obj, None] = {}
        self.patches: dict[str, list[tuple[str, Val]]] = {}
        self.in_try = 0
        self.source_depth = 0

    def put(self, store: Store, name: str, entry: Any) -> None:
        """Bind in a store, remembering in the journal what stood there."""
        if self.journals:
            key = (id(store), name)
            journal = self.journals[-1]
            if key not in journal:
                journal[key] = (store, store.get(name))
        if entry is None:
            store.pop(name, None)
        else:
            store[name] = entry

    def run_branch(self, thunk: Callable[[], bool]) -> tuple[bool, Diff]:
        """Run one branch and undo its bindings: whether it ends normally, and what it bound."""
        self.journals.append({})
        self.may += 1
        alive = thunk()
        self.may -= 1
        journal = self.journals.pop()
        after: Diff = {}
        for key, (store, old) in journal.items():
            after[key] = (store, store.get(key[1]))
            if old is None:
                store.pop(key[1], None)
            else:
                store[key[1]] = old
        return alive, after

    def branches(self, *thunks: Callable[[], bool]) -> bool:
        """Run alternatives from the same state and join those that end normally; False where none does."""
        results = [self.run_branch(thunk) for thunk in thunks]
        return self.join_diffs([after for alive, after in results if alive])

    def bounded(self, thunk: Callable[[], Val]) -> Val | None:
        """Run ``thunk``; None where it exhausts its budget: the branches and loops that it stood in are left, undone."""
        lists: tuple[list[Any], ...] = (self.loops, self.functions, self.tries, self.stack)
        lengths = [len(part) for part in lists]
        depth = len(self.journals)
        may, in_try, source_depth, span, consuming = (
            self.may,
            self.in_try,
            self.source_depth,
            self.span,
            set(self.consuming),
        )
        try:
            return thunk()
        except Exhausted:
            while len(self.journals) > depth:
                for key, (store, old) in self.journals.pop().items():
                    if old is None:
                        store.pop(key[1], None)
                    else:
                        store[key[1]] = old
            self.loops, self.functions, self.tries, self.stack = lists
            for part, length in zip(lists, lengths, strict=True):
                del part[length:]
            self.may, self.in_try, self.source_depth, self.span, self.consuming = (
                may,
                in_try,
                source_depth,
                span,
                consuming,
            )
            return None

    def join_diffs(self, diffs: list[Diff]) -> bool:
        """Make the state the join of the states that ``diffs`` lead to."""
        if not diffs:
            return False
        keys: dict[tuple[int, str], Store] = {}
        for diff in diffs:
            for key, (store, _) in diff.items():
                keys[key] = store
        for key, store in keys.items():
            name = key[1]
            current = store.get(name)
            entries = [diff[key][1] if key in diff else current for diff in diffs]
            merged = entries[0]
            for entry in entries[1:]:
                merged = merge(merged, entry)
            if isinstance(merged, Binding):
                value = summarised(merged.value, self.span.cell)
                merged = Binding(value, merged.must, merged.maybe_unbound)
            elif merged is not None:
                merged = summarised(merged, self.span.cell)
            self.put(store, name, merged)
        return True

    def snapshot(self, region: Region) -> None:
        """Remember the bindings of this moment for the end of ``region``: a jump leads there."""
        diff: Diff = {}
        for journal in self.journals[region.depth :]:
            for key, (store, _) in journal.items():
                diff[key] = (store, store.get(key[1]))
        region.snapshots.append(diff)

    def in_region(self, region: Region, thunk: Callable[[], bool]) -> bool:
        """Run ``thunk`` as the body of ``region`` and join what the jumps out of it brought."""
        self.journals.append({})
        region.depth = len(self.journals) - 1
        alive = thunk()
        journal = self.journals.pop()
        if not region.snapshots:
            if self.journals:
                outer = self.journals[-1]
                for key, entry in journal.items():
                    outer.setdefault(key, entry)
            return alive
        after: Diff = {}
        for key, (store, old) in journal.items():
            after[key] = (store, store.get(key[1]))
            if old is None:
                store.pop(key[1], None)
            else:
                store[key[1]] = old
        diffs = [*region.snapshots, after] if alive else region.snapshots
        return self.join_diffs(diffs)


def merge(left: Any, right: Any) -> Any:
    """The join of two entries of a store: bindings of global names, or values of local ones."""
    if left is right:
        return left
    if isinstance(left, Binding) or isinstance(right, Binding):
        if left is None:
            return Binding(right.value, -1, True)
        if right is None:
            return Binding(left.value, -1, True)
        return Binding(
            join(left.value, right.value),
            left.must if left.must == right.must else -1,
            left.maybe_unbound or right.maybe_unbound,
        )
    return join(left or (), right or ())
