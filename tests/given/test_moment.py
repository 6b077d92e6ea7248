"""``--creation-time`` and ``SOURCE_DATE_EPOCH``."""

from __future__ import annotations

import pytest

from jupyter_mlpack.errors import MomentWrong
from jupyter_mlpack.given.moment import read_moment


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("0", "1970-01-01T00:00:00Z", id="zero"),
        pytest.param("1767225600", "2026-01-01T00:00:00Z", id="seconds"),
        pytest.param("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", id="UTC"),
        pytest.param("2026-01-01T02:00:00.5+02:00", "2026-01-01T00:00:00Z", id="another zone"),
        pytest.param("253402300799", "9999-12-31T23:59:59Z", id="the last"),
    ],
)
def test_read_moment__option__rfc_3339(text: str, expected: str) -> None:
    assert read_moment(text, {"SOURCE_DATE_EPOCH": "5"}) == expected


def test_read_moment__variable__where_no_option_is() -> None:
    assert read_moment("", {"SOURCE_DATE_EPOCH": "5"}) == "1970-01-01T00:00:05Z"
    assert read_moment("", {"SOURCE_DATE_EPOCH": ""}) is None
    assert read_moment("", {}) is None


def test_read_moment__now__some_year_after_2025() -> None:
    found = read_moment("now", {})
    assert found is not None
    assert found >= "2026"


@pytest.mark.parametrize("text", ["-1", "yesterday", "2026-01-01T00:00:00", "253402300800", "9999999999999", "\uff11"])
def test_read_moment__no_moment__error(text: str) -> None:
    with pytest.raises(MomentWrong):
        read_moment(text, {})


@pytest.mark.parametrize("text", ["now", "2026-01-01T00:00:00Z"])
def test_read_moment__variable_that_is_no_number__error(text: str) -> None:
    with pytest.raises(MomentWrong):
        read_moment("", {"SOURCE_DATE_EPOCH": text})
