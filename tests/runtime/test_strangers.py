"""What others have put into a store runs no code: each of these pickles is one that would, and is refused by name."""

from __future__ import annotations

import contextlib
import copyreg
import datetime as dt
import importlib
import io
import operator
import os
import pickle
import struct
import subprocess
import types
import zoneinfo
from collections import Counter, OrderedDict, defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import cloudpickle
import pytest

from nb2pipe.runtime import strangers, values

np = pytest.importorskip("numpy")


class Call:
    """What pickle makes by calling a function."""

    def __init__(self, function: Any, *args: Any, state: Any = None) -> None:
        self.made = (function, args) if state is None else (function, args, state)

    def __reduce__(self) -> tuple[Any, ...]:
        return self.made


class Pid:
    """What the pickler of values leaves out, by name."""

    def __init__(self, pid: Any) -> None:
        self.pid = pid


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]  # cloudpickle ships no types
    def persistent_id(self, obj: Any) -> Any:
        return obj.pid if isinstance(obj, Pid) else None


def pickled(value: Any) -> bytes:
    file = io.BytesIO()
    _Pickler(file, protocol=5).dump(value)
    return file.getvalue()


def plain(value: Any) -> bytes:
    """What puts a plain value onto the stack."""
    return pickle.dumps(value, 3)[2:-1]


def named(module: str, name: str) -> bytes:
    """What puts onto the stack what is found under a name, dots and all."""
    return plain(module) + plain(name) + b"\x93"


def called(function: bytes, *args: bytes) -> bytes:
    """What calls what is on the stack."""
    return function + b"(" + b"".join(args) + b"tR"


def program(body: bytes) -> bytes:
    return b"\x80\x04" + body + b"."


def written(folder: Path, data: bytes, names: tuple[str, ...] = ("model",)) -> Path:
    path = folder / "kept-0.values"
    values.write_file(path, names, data, [], single=True)
    return path


def code_that(command: str) -> types.FunctionType:
    made: dict[str, Any] = {}
    exec(f"import os\ndef f():\n    os.system({command!r})", made)
    return made["f"]


def gadgets(mark: str) -> dict[str, tuple[bytes, str]]:
    """Pickles that leave a mark when they are loaded, and what they are refused for."""
    touch = f"touch {mark}"
    array = np.empty(1, object)
    array[0] = Call(os.system, touch)
    get, run = named("builtins", "getattr"), plain(touch)
    nested = called(called(get, called(named("importlib", "import_module"), plain("os")), plain("system")), run)
    attribute = called(called(get, called(get, named("numpy", "ndarray"), plain("__class__")), plain("mro")))
    return {
        "reduce": (pickled(Call(os.system, touch)), "posix.system"),
        "eval": (pickled(Call(eval, f"open({mark!r}, 'w').close()")), "builtins.eval"),
        "exec": (pickled(Call(exec, f"open({mark!r}, 'w').close()")), "builtins.exec"),
        "mkdir": (pickled(Call(os.mkdir, mark)), "posix.mkdir"),
        "subprocess": (pickled(Call(subprocess.check_call, ["touch", mark])), "subprocess.check_call"),
        "nested": (program(nested), "importlib.import_module"),
        "dotted": (program(called(named("subprocess", "os.system"), run)), "subprocess.os.system"),
        "of a harmless module": (program(called(named("collections", "_sys.modules.pop"), run)), "collections._sys.modules.pop"),
        "attribute": (program(attribute), "numpy.ndarray.__class__"),
        "method": (pickled(Call(operator.methodcaller("system", touch), os)), "operator.methodcaller"),
        "array": (pickled(array), "posix.system"),
        "list": (pickled([1, {"k": (Call(os.system, touch),)}]), "posix.system"),
        "key": (pickled({Call(os.system, touch): 1}), "posix.system"),
        "function": (pickled(Call(code_that(touch))), "cloudpickle.cloudpickle._make_function"),
        "numpy.load": (program(called(named("numpy", "load"), plain(mark), plain(None), plain(True))), "numpy.load"),
        "a function of ours": (program(called(named("nb2pipe.runtime.pickles", "_make_nested"), run)), "_make_nested"),
        "old global": (program(called(b"cposix\nsystem\n", run)), "posix.system"),
        "old instance": (program(b"(" + run + b"iposix\nsystem\n"), "posix.system"),
    }  # fmt: skip


RUN = [n for n in gadgets("") if n not in ("of a harmless module", "attribute", "numpy.load", "a function of ours")]


@pytest.mark.parametrize("name", gadgets(""))
def test_what_runs_code_is_refused_by_name(name: str, tmp_path: Path) -> None:
    data, wanted = gadgets(str(tmp_path / "mark"))[name]
    path = written(tmp_path, data)
    found = values.needs(path)
    assert any(wanted in n for n in found), found
    for known in ("", "0" * 64):
        with pytest.raises(strangers.Harmful, match=found[0].replace("(", ".")):
            values.load_file(path, {}, known)
    assert not (tmp_path / "mark").exists()
    if name in RUN:  # what is tested is what it is taken for
        with contextlib.suppress(Exception):
            values.load_file(path, {})
        assert (tmp_path / "mark").exists()


@pytest.mark.parametrize(
    "pid",
    [
        "sys.path",
        "os.environ",
        "sys.modules",
        "warnings.filters",
        "pandas.options",
        "namespace",
        "shell",
        ("os", "system"),
    ],
    ids=str,
)
def test_what_there_is_one_of_is_not_handed_out(pid: Any, tmp_path: Path) -> None:
    path = written(tmp_path, pickled([Pid(pid)]))
    (name,) = values.needs(path)
    assert name == {"namespace": "the names of the step", "shell": "IPython", ("os", "system"): "os.system"}.get(
        pid, pid
    )
    with pytest.raises(strangers.Harmful):
        values.load_file(path, {}, "")


@pytest.mark.parametrize(
    "name", ["<sys.path>", "<environment>", "<cwd>", "<module:json>", "<patch:os.system>", "<matplotlib>"]
)
def test_no_state_of_the_process_but_random_numbers_is_taken(name: str, tmp_path: Path) -> None:
    assert values.needs(written(tmp_path, pickled(["/tmp"]), (name,))) == (name,)
    assert values.needs(written(tmp_path, pickled([1]), ("<random>",))) == ()


def test_names_that_the_file_does_not_tell_are_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / "kept.values"
    values.write_file(path, ("a",), pickled({"a": 1, "<sys.path>": ["/tmp"]}), [], single=False)
    assert values.load_file(path, {}, "") == {"a": 1}


def test_the_index_of_a_file_is_plain(tmp_path: Path) -> None:
    index = pickled(Call(os.system, f"touch {tmp_path / 'mark'}"))
    path = tmp_path / "kept.values"
    path.write_bytes(index + struct.pack("<QQ8s", 0, len(index), b"nb2pipe2"))
    with pytest.raises(strangers.Harmful, match="system"):
        values.load_file(path, {}, "")
    assert not (tmp_path / "mark").exists()


def test_a_type_that_hides_its_objects_is_refused() -> None:
    """Numbers that are taken for the addresses of objects run what they point to."""
    forged = Call(np.dtype, "O8", False, True, state=(3, "|", None, None, None, -1, -1, 0))
    assert pickle.loads(pickled(forged)).hasobject is False  # numpy takes it
    assert strangers.needs(pickled(forged), ()) == ("numpy.dtype, of an unknown form",)
    longer = Call(np.dtype, "f8", False, True, state=(3, "<", None, None, None, 800, -1, 0))
    outside = Call(np.dtype, "V8", False, True, state=(3, "|", None, ("a",), {"a": (np.dtype("i8"), 4096)}, 8, 1, 16))
    fields = Call(np.dtype, "V8", False, True, state=(3, "|", None, ("a",), {"a": (np.dtype("O"), 0)}, 8, 1, 16))
    for made in (longer, outside, fields, Call(np.dtype, "O,O"), Call(np.dtype, "f8")):
        assert strangers.needs(pickled(made), ()) == ("numpy.dtype, of an unknown form",)


def test_arrays_on_the_memory_of_objects_are_refused() -> None:
    from nb2pipe.runtime.pickles import _view

    objects = np.array([None])
    direct = Call(np.ndarray, (1,), "O", bytearray(8))
    assert strangers.needs(pickled(direct), ()) == ("numpy.ndarray, called",)
    numeric = importlib.import_module("numpy._core.numeric")
    read = Call(numeric._frombuffer, objects, np.dtype("i8"), (1,), "C")
    assert strangers.needs(pickled(read), ()) == ("numpy._core.numeric._frombuffer, called otherwise than numpy does",)
    shape = plain((1,)) + plain("O")
    new = named("numpy", "ndarray") + b"(" + shape + b"t\x81"  # which calls no ``__init__``
    assert strangers.needs(program(new), ()) == ("numpy.ndarray, called",)
    keywords = named("numpy", "ndarray") + b")" + plain({"shape": (1,), "dtype": "O"}) + b"\x92"
    assert "numpy.ndarray, called" in strangers.needs(program(keywords), ())
    pandas = pytest.importorskip("pandas.core.indexes.base")
    other = Call(pandas._new_Index, np.ndarray, {"shape": (1,), "dtype": "O"})
    assert strangers.needs(pickled(other), ()) == (
        "pandas.core.indexes.base._new_Index, called with the type of arrays",
    )
    whole = called(
        named("numpy._core.multiarray", "scalar"), called(named("numpy", "dtype"), plain("O,O")), plain(b"0" * 16)
    )
    assert strangers.needs(program(whole), ()) == ("numpy.dtype, of an unknown form",)
    for base, kind in ((objects, "i8"), (np.zeros(1), "O"), (np.zeros(2), "O,O")):
        with pytest.raises(pickle.UnpicklingError):
            _view(base, 0, (1,), (8,), np.dtype(kind))


def test_no_object_is_asked_for_its_memory() -> None:
    """NumPy takes the word of any object for where its memory is."""
    pytest.importorskip("sklearn")
    there = {"__array_interface__": {"data": (4096, False), "typestr": "<i8", "shape": (1,), "version": 3}}
    scaler = named("sklearn.preprocessing._data", "StandardScaler") + b")\x81"
    bunch = named("sklearn.utils._bunch", "Bunch") + b")\x81"
    computed = called(named("builtins", "str"), plain(b"__array_interface__"), plain("ascii"))
    for made, wanted in (
        (scaler + plain(there) + b"b", "StandardScaler, with the attribute __array_interface__"),
        (scaler + plain((None, there)) + b"b", "StandardScaler, with the attribute __array_interface__"),
        (bunch + plain("__array_interface__") + plain(1) + b"s", "Bunch, with the attribute __array_interface__"),
        (bunch + computed + plain(1) + b"s", "builtins.str, called"),
        (scaler + b"}" + plain("mean") + named("numpy", "dtype") + b"sb", "StandardScaler, with the attribute mean"),
    ):
        found = strangers.needs(program(made), ())
        assert any(wanted in name for name in found), found


def test_a_layout_reaches_no_further_than_its_items() -> None:
    from nb2pipe.runtime.layout import Layout, laid_out

    layout = Layout((0, 1), (False, False, False), (), (0,), writeable=True)
    made = laid_out(np.ones((1, 4)), (3, 4_000_000), layout)
    assert made.shape == (3, 4)


def test_what_is_named_is_not_changed() -> None:
    """A class, once changed, is changed for all that the step does."""
    for state in ({"update": 1}, (None, {"update": 1})):
        data = program(named("collections", "Counter") + plain(state) + b"b")
        assert "collections.Counter, changed" in strangers.needs(data, ())


def test_what_only_looks_harmless_is_refused_when_it_is_loaded() -> None:
    pytest.importorskip("sklearn")
    for name in ("Parallel", "NoSuchThing"):
        data = program(named("sklearn.utils.parallel", name) + b")\x81")
        with pytest.raises((strangers.Harmful, AttributeError)):
            strangers.load(data, ())


def test_libraries_that_execute_what_they_keep_are_refused() -> None:
    stats = pytest.importorskip("scipy.stats")
    assert "scipy.stats._continuous_distns.norm_gen" in strangers.needs(pickled(stats.norm), ())
    api = pytest.importorskip("statsmodels.api")
    fitted = api.OLS([1.0, 2.0, 4.0], [[1.0], [2.0], [3.0]]).fit()
    assert "statsmodels.base.data.ModelData" in strangers.needs(pickled(fitted), ())


PLAIN: list[Any] = [
    None, 1, "text", b"bytes", 2.5, [1, (2, {"a": {3}})], Decimal("1.5"), dt.datetime(2026, 1, 2, tzinfo=zoneinfo.ZoneInfo("UTC")),
    Path("a/b"), Counter("aab"), OrderedDict(a=1), defaultdict(list, a=[1]), range(3), ValueError("x"),
]  # fmt: skip


@pytest.mark.parametrize("value", PLAIN, ids=repr)
def test_plain_data_comes_through(value: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Dask, which other tests import, has exceptions pickled in a way of its own
    monkeypatch.delitem(copyreg.dispatch_table, type(value), raising=False)
    scan = values.scan(value, {}, 0)
    path = tmp_path / "x.values"
    values.write_file(path, ("x",), scan.data, scan.buffers, single=True)
    assert values.needs(path) == ()
    assert repr(values.load_file(path, {}, "")["x"]) == repr(value)


def test_arrays_frames_and_models_come_through(tmp_path: Path) -> None:
    pd = pytest.importorskip("pandas")
    pytest.importorskip("sklearn")
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x = np.random.default_rng(0).normal(size=(40, 3))
    y = x[:, 0] > 0
    frame = pd.DataFrame({
        "n": [1, 2], "t": ["a", None], "c": pd.Categorical(["u", "v"]), "d": pd.to_datetime(["2020", "2021"]).tz_localize("Europe/Berlin"),
        "i": pd.array([1, None], dtype="Int64"), "p": pd.period_range("2020", periods=2, freq="M"), "o": [{1}, [2]],
    }).set_index(["n", "t"])  # fmt: skip
    made = {
        "frame": frame, "series": frame["d"], "array": x[::2, ::-1], "objects": np.array(["a", None], object), "texts": np.array(["ä"]),
        "random": np.random.RandomState(3), "fields": np.zeros(2, [("a", "f8"), ("b", "i4")]),
        "model": make_pipeline(StandardScaler(), RandomForestClassifier(5, random_state=0)).fit(x, y),
        "process": GaussianProcessRegressor().fit(x, y),
    }  # fmt: skip
    for name, value in made.items():
        scan = values.scan(value, {}, 0)
        path = tmp_path / "x.values"
        values.write_file(path, (name,), scan.data, scan.buffers, single=True)
        assert values.needs(path) == (), name
        found = values.load_file(path, {}, "")[name]
        as_it_is = values.load_file(path, {})[name]
        assert values.scan(found, {}, 0).digest() == values.scan(as_it_is, {}, 0).digest(), name
    assert (found.predict(x) == made["process"].predict(x)).all()


def test_what_the_user_has_written_is_loaded_as_it_is(tmp_path: Path) -> None:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec("def f():\n    return 7", namespace)
    scan = values.scan(namespace["f"], namespace, 0)
    path = tmp_path / "f.values"
    _, _, proof = values.write_file(path, ("f",), scan.data, scan.buffers, single=True, digests=True)
    assert values.load_file(path, {}, proof)["f"]() == 7
    with pytest.raises(strangers.Harmful, match="_make_function"):
        values.load_file(path, {}, "")
