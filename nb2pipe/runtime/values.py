"""Values that cross from step to step: pickles with their buffers beside them, mapped copy-on-write when loaded."""

from __future__ import annotations

import hashlib
import hmac
import io
import mmap
import pickle
import struct
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from nb2pipe.runtime import strangers
from nb2pipe.runtime.pickles import Loader, Saver
from nb2pipe.runtime.task import Held, ValueFile
from nb2pipe.store.digests import STANDS_IN, hasher

_MAGIC = b"nb2pipe2"
_ALIGN = 64
_TAIL = struct.Struct("<QQ8s")
_CODE = (b"_make_function", b"_make_nested", b"cloudpickle")
"""What the pickle of a value says that has functions or classes of the notebook in it."""
SecretsIn = Callable[[Iterable[bytes | memoryview]], tuple[str, ...]]
"""The names of the secrets that are in bytes."""
_PLAIN = (str, bytes, int, float, complex, bool, type(None), tuple, frozenset, range, slice, type, types.ModuleType,
          types.FunctionType, types.BuiltinFunctionType, types.CodeType, pickle.PickleBuffer, property, classmethod, staticmethod,
          types.MappingProxyType)  # fmt: skip


class Absent:
    """Stands for a name that is unbound when its step ends."""

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        return (_absent, ())


def _absent() -> Absent:
    return ABSENT


ABSENT = Absent()


class Own(NamedTuple):
    """What the notebook itself has bound to ``_`` or ``Out``, where IPython keeps what was shown."""

    value: Any


def as_bound(found: Mapping[str, Any]) -> dict[str, Any]:
    """Values as the notebook has bound them, for whoever reads a file of values and is no step."""
    return {name: value.value if isinstance(value, Own) else value for name, value in found.items()}


@dataclass(slots=True)
class Scan:
    """What pickling one value showed: its bytes, its buffers, the objects that can change, and arrays' owners.

    ``told`` and ``frames`` are the owners of memory of which others can tell, and of memory that frames stand on; ``both``
    says that some of the value's own is both.
    """

    data: bytes
    buffers: list[pickle.PickleBuffer]
    objects: dict[int, Any]
    roots: dict[int, int]
    told: frozenset[int] = frozenset()
    frames: frozenset[int] = frozenset()
    both: bool = False

    def digest(self) -> bytes:
        """A digest of the value: equal before and after where nothing changed."""
        state = hasher(self.data)
        for buffer in self.buffers:
            state.update(buffer.raw())
        return bytes(state.digest())


def sharing_memory(scans: Mapping[str, Scan]) -> Iterator[tuple[str, str]]:
    """The pairs of a value with a frame and one that can tell what is in the frame's memory, as ``df.values`` can.

    Stored, the two have memories of their own: whoever changes one of them needs both as they are.
    """
    for name, one in scans.items():
        for other, found in scans.items() if one.frames else ():
            if one.both if name == other else not one.frames.isdisjoint(found.told):
                yield name, other


def held_in_frames(values: Mapping[str, Any], scans: Mapping[str, Scan]) -> Iterator[tuple[str, str]]:
    """The pairs of a frame or array of objects, and a value that has one of the lists, dicts or own instances in it."""
    owners: dict[int, list[str]] = {}
    for name, one in scans.items():
        for key, obj in one.objects.items():
            if isinstance(obj, (list, dict, set, bytearray)) or type(obj).__module__ == "__main__":
                owners.setdefault(key, []).append(name)
    frames = {n for n, v in values.items() if type(v).__module__.partition(".")[0] in ("pandas", "numpy")}
    pairs = {(a, b) for names in owners.values() for a in names if a in frames for b in names if b != a}
    yield from sorted(pairs)


def scan(value: Any, namespace: dict[str, Any], stamp: int, owners: frozenset[int] = frozenset()) -> Scan:
    """Pickle one value in memory; its big buffers are not copied.

    Raises:
        Exception: whatever pickling raises where the value cannot leave its process.
    """
    buffers: list[pickle.PickleBuffer] = []
    file = io.BytesIO()
    saver = Saver(file, namespace, stamp, buffers.append, owners)
    saver.dump(value)
    memo = saver.memo.copy()
    objects = {id(obj): obj for _, obj in memo.values() if id(obj) not in saver.private and _changeable(obj)}
    objects |= saver.sets
    return Scan(file.getvalue(), buffers, objects, dict(saver.roots), *saver.memory())


_FIXED_MODULES = (
    "datetime",
    "decimal",
    "fractions",
    "pathlib",
    "uuid",
    "re",
    "enum",
    "pyarrow",
    "zoneinfo",
    "dataclasses",
)


def _changeable(obj: Any) -> bool:
    """Whether two names that hold this object could tell that they share it."""
    if isinstance(obj, _PLAIN):
        return False
    kind = type(obj)
    module = kind.__module__
    if module.partition(".")[0] == "pandas":
        return kind.__name__ in ("DataFrame", "Series")
    if module.startswith("numpy"):
        return kind.__name__ in ("ndarray", "Generator", "RandomState", "MaskedArray", "matrix", "recarray")
    if module == "torch" and kind.__name__ in ("dtype", "device", "layout", "memory_format"):
        return False
    if kind.__name__ in ("cython_function_or_method", "fused_cython_function"):
        return False
    if module.partition(".")[0] == "sympy" and (not hasattr(kind, "__setitem__") or isinstance(obj, dict)):
        return False  # all but its matrices
    return module.partition(".")[0] not in _FIXED_MODULES and not hasattr(kind, "__members__")


def store(
    names: Mapping[str, Any],
    scans: Mapping[str, Scan],
    folder: Path,
    prefix: str,
    namespace: dict[str, Any],
    stamp: int,
    *,
    digests: bool = False,
    secrets_in: SecretsIn | None = None,
) -> tuple[list[ValueFile], list[Held]]:
    """Write values that were scanned; those that share what can change go into one file, so that they share it still.

    What ``secrets_in`` finds secrets in is not written; it comes back as it would be.
    """
    result, held = [], []
    owners = frozenset(_shared_roots(scans))
    for number, group in enumerate(_groups(scans)):
        path = folder / f"{prefix}-{number}.values"
        if len(group) == 1 and not owners & set(scans[group[0]].roots):
            one, single = scans[group[0]], True
        else:
            one, single = scan({n: names[n] for n in group}, namespace, stamp, owners), False
        secrets = () if secrets_in is None else secrets_in([one.data, *_texts(one.buffers)])
        if secrets:
            file = io.BytesIO()
            _write(file, group, one.data, one.buffers, single, None)
            held.append(Held(path.name, tuple(group), secrets, file.getvalue()))
            continue
        size, digest, index = write_file(path, group, one.data, one.buffers, single=single, digests=digests)
        code = any(mark in one.data for mark in _CODE)
        kinds = tuple(kind_of(names[n]) for n in group)
        result.append(ValueFile(path.name, tuple(group), size, digest, code, index, kinds))
    return result, held


def _texts(buffers: Iterable[pickle.PickleBuffer]) -> Iterator[memoryview]:
    """The buffers that may hold texts: all but those of numbers with a point."""
    return (b.raw() for b in buffers if memoryview(b).format not in ("e", "f", "d", "g"))


def kind_of(value: Any) -> str:
    """The type of a value, in short: the library, and the name of the type in it."""
    if isinstance(value, Absent):
        return ""
    kind = type(value)
    library = str(kind.__module__).partition(".")[0]
    name = str(kind.__qualname__)
    return name if library in ("builtins", "__main__") else f"{library}.{name}"


def _shared_roots(scans: Mapping[str, Scan]) -> set[int]:
    """The owners of arrays that more than one array of the values has."""
    counts: dict[int, int] = {}
    for one in scans.values():
        for root, count in one.roots.items():
            counts[root] = counts.get(root, 0) + count
    return {root for root, count in counts.items() if count > 1}


def _groups(scans: Mapping[str, Scan]) -> list[list[str]]:
    """The names in groups that share an object which can change."""
    leader: dict[str, str] = {n: n for n in scans}

    def find(name: str) -> str:
        while leader[name] != name:
            name = leader[name]
        return name

    owner: dict[int, str] = {}
    for name, one in scans.items():
        for key in (*one.objects, *one.roots):
            if key in owner:
                leader[find(name)] = find(owner[key])
            else:
                owner[key] = name
    groups: dict[str, list[str]] = {}
    for name in scans:
        groups.setdefault(find(name), []).append(name)
    return list(groups.values())


def shared_between(left: Scan, right: Scan) -> bool:
    """Whether two values share an object that can change, or memory that one of them has as an array."""
    return (
        not left.objects.keys().isdisjoint(right.objects)
        or not left.roots.keys().isdisjoint(right.roots)
        or not left.frames.isdisjoint(right.told)
        or not left.told.isdisjoint(right.frames)
    )


def write_file(
    path: Path,
    names: Iterable[str],
    data: bytes,
    buffers: list[pickle.PickleBuffer],
    *,
    single: bool,
    digests: bool = False,
) -> tuple[int, str, str]:
    """Write a file of values atomically; its size in bytes, and with ``digests`` the digest of them and that of its index, else "".

    The first is left to others where xxhash is not installed (see `nb2pipe.runtime.finished`).

    The layout is the buffers, each on a multiple of 64 bytes, the pickle with an index, and where that is. It is kept in
    a store as it is.
    """
    temporary = path.with_name(path.name + ".part")
    state = hasher() if digests and not STANDS_IN else None
    try:
        with temporary.open("wb") as file:
            size, index = _write(file, names, data, buffers, single, state)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    return size, "" if state is None else state.hexdigest(), digest_of_index(index) if digests else ""


def _write(
    file: BinaryIO, names: Iterable[str], data: bytes, buffers: Iterable[pickle.PickleBuffer], single: bool,
    state: Any,
) -> tuple[int, bytes]:  # fmt: skip
    """Write the content of a file of values; its size, and its index."""
    offsets = []
    place = 0

    def write(part: Any, size: int) -> None:
        nonlocal place
        file.write(part)
        if state is not None:
            state.update(part)
        place += size

    for buffer in buffers:
        gap = -place % _ALIGN
        write(b"\0" * gap, gap)
        raw = buffer.raw()
        offsets.append((place, raw.nbytes, raw.readonly))
        write(raw, raw.nbytes)
    index = pickle.dumps((tuple(names), single, offsets, data), protocol=5)
    tail = _TAIL.pack(place, len(index), _MAGIC)
    write(index, len(index))
    write(tail, len(tail))
    return place, index


def digest_of_index(index: bytes) -> str:
    """The digest of what runs when a file of values is loaded: nobody makes another one with the same."""
    return hashlib.sha256(index).hexdigest()


def load_file(path: Path, namespace: dict[str, Any], known: str | None = None) -> dict[str, Any]:
    """The values of a file, by name. Buffers are mapped copy-on-write: nothing is read before it is touched.

    ``known`` is there for a file from a store: the digest of the index that the user has written, or "". Any other index is that of a
    stranger, and only what is harmless is loaded.

    Raises:
        Harmful: A stranger's file needs more.
        OSError: It is no file of values.
    """
    mapped, index = _opened(path)
    if known is None or (known and hmac.compare_digest(known, digest_of_index(index))):
        found = _parts(mapped, pickle.loads(index))
        loaded = Loader(found.data, found.buffers, namespace).load()
        return {found.names[0]: loaded} if found.single else dict(loaded)
    found = _parts(mapped, strangers.plain(index))
    loaded = strangers.load(found.data, found.buffers, found.names)
    return {found.names[0]: loaded} if found.single else {n: loaded[n] for n in found.names}


def load_bytes(content: bytes, namespace: dict[str, Any]) -> dict[str, Any]:
    """The values of what would be a file, handed over in memory; they are this process's to change."""
    mapped = mmap.mmap(-1, len(content))
    mapped.write(content)
    found = _parts(mapped, pickle.loads(_index(mapped, "what was handed over")))
    loaded = Loader(found.data, found.buffers, namespace).load()
    return {found.names[0]: loaded} if found.single else dict(loaded)


def needs(path: Path) -> tuple[str, ...]:
    """What a file that a stranger may have written needs and is not known to be harmless, by name.

    Raises:
        Exception: It is no file of values, or a damaged one.
    """
    mapped, index = _opened(path)
    found = _parts(mapped, strangers.plain(index))
    return strangers.needs(found.data, found.buffers, found.names)


class _Parts(NamedTuple):
    """What is in a file: the names, whether it is the value of one name by itself, the pickle, and its buffers."""

    names: tuple[str, ...]
    single: bool
    data: bytes
    buffers: list[memoryview]


def _opened(path: Path) -> tuple[mmap.mmap, bytes]:
    """A file, mapped, and a copy of its index, which nobody can change any more."""
    with path.open("rb") as file:
        size = file.seek(0, io.SEEK_END)
        if size < _TAIL.size:
            raise OSError(f"{path.name} is not a file of values")
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    return mapped, _index(mapped, path.name)


def _index(mapped: mmap.mmap, name: str) -> bytes:
    place, length, magic = _TAIL.unpack_from(mapped, len(mapped) - _TAIL.size)
    if magic != _MAGIC:
        raise OSError(f"{name} is not a file of values")
    return mapped[place : place + length]


def _parts(mapped: mmap.mmap, index: Any) -> _Parts:
    names, single, offsets, data = index
    whole = memoryview(mapped)
    buffers: list[memoryview] = []
    for offset, size, readonly in offsets:
        part = whole[offset : offset + size]
        buffers.append(part.toreadonly() if readonly else part)
    return _Parts(names, single, data, buffers)
