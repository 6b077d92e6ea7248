"""Foreign words are shown short and without secrets; each kind of failure has its leaf."""

from __future__ import annotations

import json

import httpx
import pytest

from jupyter_mlpack.oci.diagnosis import PULL, PUSH, Answer, Failures, Kind, clean

CLEAN = {
    "user name and password": ("at https://me:hunter2@box/v2/ sorry", "at https://box/v2/ sorry"),
    "query": ("GET https://box/v2/a?X-Signature=hunter2&x=1 failed", "GET https://box/v2/a failed"),
    "password with a slash sign": ('"https://me:hunter2@box"', '"https://box"'),
    "token": ("sent Authorization: Bearer hunter2hunter2", "sent Authorization: Bearer ***"),
    "basic": ("basic aHVudGVyMg==", "basic ***"),
    "several lines": ("a\r\n  b\tc", "a b c"),
    "terminal control": ("\x1b[31mred\x07", "[31mred"),
    "plain words": ("quota of team/iris exceeded (10 GiB)", "quota of team/iris exceeded (10 GiB)"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CLEAN.values(), ids=CLEAN)
def test_clean__foreign_text__safe_and_short(text: str, expected: str) -> None:
    assert clean(text) == expected


def test_clean__long_text__is_cut() -> None:
    assert len(clean("x" * 10_000)) == 300


def answer(status: int, body: object, kind: str = "application/json") -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    phrase = httpx.codes.get_reason_phrase(status)
    return Answer(status, phrase, httpx.Headers({"content-type": kind}), content, "https://box/v2/")


SAID = {
    "message": (answer(403, {"errors": [{"code": "DENIED", "message": "no"}]}), "403 Forbidden: no"),
    "code only": (answer(403, {"errors": [{"code": "DENIED"}]}), "403 Forbidden: DENIED"),
    "words in the detail": (
        answer(413, {"errors": [{"code": "DENIED", "message": "too much", "detail": "10 GiB"}]}),
        "413 Request Entity Too Large: too much; 10 GiB",
    ),
    "plain text": (answer(502, b"proxy is tired", "text/plain; charset=utf-8"), "502 Bad Gateway: proxy is tired"),
    "a web page": (answer(502, b"<html>long</html>", "text/html"), "502 Bad Gateway"),
    "not an object": (answer(500, [1, 2]), "500 Internal Server Error"),
    "strange list": (answer(500, {"errors": [3, {}]}), "500 Internal Server Error"),
    "nothing": (answer(404, b""), "404 Not Found"),
    "deep": (answer(500, b"[" * 100_000), "500 Internal Server Error"),
}  # fmt: skip


@pytest.mark.parametrize(("given", "expected"), SAID.values(), ids=SAID)
def test_said__answer__the_registrys_own_words(given: Answer, expected: str) -> None:
    assert given.said == expected


@pytest.mark.parametrize("failures", [PUSH, PULL], ids=["push", "pull"])
@pytest.mark.parametrize("kind", Kind)
def test_error__each_kind__has_a_leaf_that_tells_the_reason(failures: Failures, kind: Kind) -> None:
    error = failures.error(kind, "box:5000", "team/iris", "its words")
    words = [error.sentence(part) for part in ("what", "where", "why", "hint")]
    assert "box:5000" in words[0]
    assert "team/iris" in words[0]
    assert words[2] == "its words"
    assert words[3]
