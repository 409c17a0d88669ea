"""In whatever form a secret stands in what is going to be written, it is found, and taken out of texts."""

from __future__ import annotations

import base64
import html
import json
import pickle
import urllib.parse
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nb2pipe.runtime.secrets.held import Secrets
from nb2pipe.runtime.secrets.scrubber import Scrubber
from nb2pipe.runtime.task import Metric, Report

SECRET = 'it\'s a "key" & <more> +/ \\ ünd'
KEY = "-----BEGIN KEY-----\nMIIEvAIBADAN+first\nsecond/line=\n-----END KEY-----"
FORMS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "repr": repr,
    "repr of bytes": lambda s: repr(s.encode()),
    "repr beside both quotes": lambda s: repr(f"'\"{s}"),
    "in a list": lambda s: repr([s]),
    "json": json.dumps,
    "json, not ascii": lambda s: json.dumps(s, ensure_ascii=False),
    "html": html.escape,
    "html, quotes as they are": lambda s: html.escape(s, quote=False),
    "path of a url": urllib.parse.quote,
    "query of a url": lambda s: urllib.parse.urlencode({"key": s}),
    "part of a url": lambda s: urllib.parse.quote(s, safe=""),
    "hex": lambda s: s.encode().hex(),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("secret", [SECRET, "sk-0123456789", "tok/en+==", "ключ от дома"])
def test_every_form_is_taken_out(secret: str, form: Callable[[str], str]) -> None:
    text = f"before {form(secret)} after"
    found = Scrubber({"KEY": secret}).text(text)
    assert "[secret:KEY]" in found
    assert form(secret).strip("'\"[]b") not in found
    assert found.startswith("before ")
    assert found.endswith(" after")


@settings(max_examples=200, deadline=None)
@given(st.text(min_size=4), st.text(max_size=20), st.text(max_size=20))
def test_no_text_keeps_a_secret(secret: str, before: str, behind: str) -> None:
    scrubber = Scrubber({"KEY": secret})
    found = scrubber.text(before + secret + behind)
    assert secret not in found.replace("[secret:KEY]", "\0").replace("[...]", "\0")
    assert scrubber.names_in([pickle.dumps([before, {secret: behind}], protocol=5)]) == ("KEY",)


@given(st.binary(max_size=20), st.binary(max_size=20))
def test_base64_is_found_whatever_stands_before_and_behind(before: bytes, behind: bytes) -> None:
    secret = b"sk-0123456789"
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        whole = encode(before + secret + behind).decode()
        assert "[secret:KEY]" in Scrubber({"KEY": secret.decode()}).text(whole)


def test_what_has_no_secret_is_the_very_same() -> None:
    scrubber = Scrubber({"KEY": "sk-0123456789"})
    value = {"a": ["x", ("y", {"z": 1})], "b": None}
    assert scrubber.tree(value) is value
    assert scrubber.names_in([pickle.dumps(value), memoryview(bytes(1000))]) == ()


def test_colours_in_the_midst_of_a_secret_hide_nothing() -> None:
    assert "tok" not in Scrubber({"KEY": "tok-en-0123"}).text("x \x1b[31mtok\x1b[39m-en\x1b[0m-0123")


def test_each_line_of_a_key_is_a_secret() -> None:
    scrubber = Scrubber({"KEY": KEY})
    assert scrubber.text("MIIEvAIBADAN+first") == "[secret:KEY]"
    assert scrubber.text(KEY) == "[secret:KEY]"


def test_the_longer_of_two_secrets_goes_first() -> None:
    scrubber = Scrubber({"A": "sk-0123", "B": "sk-0123456"})
    assert scrubber.text("sk-0123456 sk-0123") == "[secret:B] [secret:A]"
    assert scrubber.names_in([b"..sk-0123456.."]) == ("A", "B")


def test_what_stands_for_a_secret_is_none() -> None:
    assert Scrubber({"KEY": "secret"}).text("my secret") == "my [...]"


def test_a_secret_over_the_border_of_two_pieces_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nb2pipe.runtime.secrets.scrubber._PIECE", 64)
    scrubber = Scrubber({"KEY": "sk-0123456789"})
    for place in range(120):
        whole = bytearray(200)
        whole[place : place + 13] = b"sk-0123456789"
        assert scrubber.names_in([memoryview(whole)]) == ("KEY",)


@pytest.mark.parametrize("kind", ["U13", "U40", [("a", "u1"), ("b", "U13")], "S13"])
@pytest.mark.parametrize("secret", ["sk-0123456789", "ключ от дома!"])
def test_arrays_of_texts_are_looked_through(kind: Any, secret: str) -> None:
    numpy = pytest.importorskip("numpy")
    if kind == "S13":
        secret = "sk-0123456789"
    array = numpy.zeros(3, kind)
    array[1] = (7, secret) if isinstance(kind, list) else secret
    raw = memoryview(bytearray(array.tobytes()))
    assert Scrubber({"KEY": secret}).names_in([raw]) == ("KEY",)


# -- what a step says ----------------------------------------------------------------------------------------------------


def said(pieces: list[tuple[str, str]], secret: str = "sk-0123456789", name: str = "KEY") -> list[tuple[str, str]]:
    """What becomes of the pieces of streams."""
    secrets = Secrets({name: secret}, {name})
    events = [("event", {"type": "stream", "cell": 1, "name": stream, "text": text}) for stream, text in pieces]
    found = [m for e in events for m in secrets.heard("a", e)] + [*secrets.rest("a")]
    return [(what["name"], what["text"]) for _, what in found]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(["sk-", "0123", "sk-0123", "456789", "6789", "s", "x", "\n"]), max_size=12))
def test_a_stream_in_pieces_reads_as_the_whole(pieces: list[str]) -> None:
    joined = "".join(text for _, text in said([("stdout", p) for p in pieces]))
    assert joined == "".join(pieces).replace("sk-0123456789", "[secret:KEY]")


def test_what_waits_comes_before_what_follows() -> None:
    assert said([("stdout", "a sk-01"), ("stderr", "b"), ("stdout", "23")]) == [
        ("stdout", "a "),
        ("stdout", "sk-01"),
        ("stderr", "b"),
        ("stdout", "23"),
    ]


def test_the_words_of_an_event_stay() -> None:
    secrets = Secrets({"A": "text", "B": "stream", "C": "data"}, {"A", "B", "C"})
    event = {
        "type": "output",
        "cell": 0,
        "output": {"output_type": "display_data", "data": {"text/plain": "a text of data"}, "metadata": {}},
    }
    ((_, found),) = secrets.heard("a", ("event", event))
    assert found["output"]["output_type"] == "display_data"
    assert found["output"]["data"] == {"text/plain": "a [secret:A] of [secret:C]"}


def test_a_report_says_nothing() -> None:
    secrets = Secrets({"KEY": "sk-0123456789"}, {"KEY"})
    report = Report(
        "sk-0123456789",
        evalue="bad sk-0123456789",
        writes=["/x/sk-0123456789.csv"],
        metrics=[Metric("sk-0123456789", 1, None, 0)],
    )
    secrets.clean(report)
    assert (report.step, report.evalue, report.writes) == ("sk-0123456789", "bad [secret:KEY]", ["/x/[secret:KEY].csv"])
    assert report.metrics[0].name == "[secret:KEY]"
