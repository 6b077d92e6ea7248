"""Which function answers requests, and what it takes and gives."""

from __future__ import annotations

import pytest

from jupyter_mlpack.inspection.serving import find_function
from jupyter_mlpack.values import ServedParameter

from .conftest import Make

FOUND = {
    "by name": ("def predict(x):\n    return x", {}, ("predict", 1, "name")),
    "by name, asynchronous": ("async def predict(x):\n    return x", {}, ("predict", 1, "name")),
    "the last of that name": ("def predict(x): pass\n---\ndef predict(y): pass", {}, ("predict", 2, "name")),
    "by tag": ("# tag: predict\ndef score(x): pass", {}, ("score", 1, "tag")),
    "the last function of a tagged cell": ("# tag: predict\ndef a(): pass\ndef b(): pass", {}, ("b", 1, "tag")),
    "a tag beats a name": ("def predict(x): pass\n---\n# tag: predict\ndef score(x): pass", {}, ("score", 2, "tag")),
    "choices beat a tag": (
        "def a(x): pass\n---\n# tag: predict\ndef b(x): pass",
        {"predict": "a"},
        ("a", 1, "metadata"),
    ),
    "a tagged cell without a function": (
        "# tag: predict\nx = 1\n---\ndef predict(x): pass",
        {},
        ("predict", 2, "name"),
    ),
    "none": ("def score(x): pass", {}, None),
    "choices name one that is not there": ("def predict(x): pass", {"predict": "score"}, None),
    "choices name a method": (
        "model = load()\n---\ny = 1",
        {"predict": "model.predict"},
        ("model.predict", 1, "metadata"),
    ),
    "choices name an object": ("score = lambda x: x", {"predict": "score"}, ("score", 1, "metadata")),
    "choices name a method of nothing": ("def f():\n    model = 1", {"predict": "model.predict"}, None),
    "choices name several": (
        "def a(x): pass\n---\ndef b(x): pass\nm = 1",
        {"predict": "b, a, m.explain"},
        ("b", 2, "metadata"),
    ),
    "choices name several, one is not there": ("def a(x): pass", {"predict": "a, b"}, None),
    "only a variable": ("predict = lambda x: x", {}, None),
    "only a method": ("class A:\n    def predict(self, x): pass", {}, None),
    "only a function in a function": ("def f():\n    def predict(x): pass", {}, None),
    "a cell that is no Python": ("def predict(x:\n", {}, None),
    "beside a magic": ("%matplotlib inline\ndef predict(x): pass", {}, ("predict", 1, "name")),
}


@pytest.mark.parametrize("case", FOUND)
def test_find_function__order_of_belief(make: Make, case: str) -> None:
    text, choices, expected = FOUND[case]
    found = find_function(make(text, **choices))
    assert (found and (found.name, found.cell, found.rule)) == expected


SIGNATURES = {
    "nothing": ("()", []),
    "plain": ("(x)", [ServedParameter("x")]),
    "annotated": ("(x: list[float])", [ServedParameter("x", "list[float]")]),
    "a default": ("(x, k: int = 3)", [ServedParameter("x"), ServedParameter("k", "int", True, True, 3)]),
    "None is a default": ("(x=None)", [ServedParameter("x", None, True, True, None)]),
    "a default that is no literal": ("(x=np.pi)", [ServedParameter("x", None, True, False, None)]),
    "by keyword only": ("(*, x, k='a')", [ServedParameter("x"), ServedParameter("k", None, True, True, "a")]),
    "by position only": ("(x=1, /)", [ServedParameter("x", None, True, True, 1)]),
    "any number": ("(*args, **rest)", []),
}


@pytest.mark.parametrize("case", SIGNATURES)
def test_find_function__signature(make: Make, case: str) -> None:
    given, expected = SIGNATURES[case]
    found = find_function(make(f"def predict{given}:\n    pass"))
    assert found
    assert list(found.parameters) == expected
    assert found.returns is None


def test_find_function__returns__as_written(make: Make) -> None:
    found = find_function(make("def predict(x) -> dict[str, float]:\n    pass"))
    assert found
    assert found.returns == "dict[str, float]"


def test_find_function__several_are_named__all_are_known_by_their_first_names(make: Make) -> None:
    found = find_function(make("m = 1\ndef a(x): pass\ndef b(x): pass", predict="m.predict, b, m.explain, b"))
    assert found
    assert (found.name, found.others, found.roots) == ("m.predict", ("b", "m.explain"), {"m", "b"})
