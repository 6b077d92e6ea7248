"""conda's way to write versions."""

from __future__ import annotations

import pytest

from jupyter_mlpack.inspection.conda import conda_specifier


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=1.26", "==1.26.*"),
        ("=1.26.4", "==1.26.4"),
        ("=1.26.4=py311h1_0", "==1.26.4"),
        ("==1.26", "==1.26"),
        ("=1.26.*", "==1.26.*"),
        ("1.26.*", "==1.26.*"),
        ("1.26", "==1.26.*"),
        (">=1.2,<2", ">=1.2,<2"),
        (">= 1.2", ">=1.2"),
        ("", ""),
        ("=1.2|=1.3", ""),
        ("[version='>=1.2']", ">=1.2"),
        ("[build=x]", ""),
        ("=*", ""),
        ("*", ""),
        ("1.26.4 py311_0", "==1.26.4"),
        ("$!", ""),
    ],
)
def test_conda_specifier__spelling__is_pep_440(text: str, expected: str) -> None:
    assert conda_specifier(text) == expected
