"""Files that cells write: which of them the kept code needs, and with which text."""

from __future__ import annotations

import pytest

from jupyter_mlpack.inspection.serving import find_serving

from .conftest import Make

WRITTEN: dict[str, tuple[str, dict[str, str]]] = {
    "a module": (
        "%%writefile helper.py\na = 1\n---\nimport helper\ndef predict(x): return helper.a",
        {"helper.py": "a = 1\n"},
    ),
    "a module that nobody needs": ("%%writefile helper.py\na = 1\n---\nimport helper\ndef predict(x): return x", {}),
    "twice": (
        "%%writefile h.py\na = 1\n---\n%%writefile h.py\na = 2\n---\nimport h\ndef predict(x): return h.a",
        {"h.py": "a = 2\n"},
    ),
    "more of it": (
        "%%writefile h.py\na = 1\n---\n%%writefile -a h.py\nb = 2\n---\nfrom h import b\ndef predict(x): return b",
        {"h.py": "a = 1\nb = 2\n"},
    ),
    "a module of a module": (
        "%%writefile a.py\nfrom b import c\n---\n%%writefile b.py\nc = 1\n---\nimport a\ndef predict(x): return a.c",
        {"a.py": "from b import c\n", "b.py": "c = 1\n"},
    ),
    "a package": (
        "%%writefile p/__init__.py\n\n---\n%%writefile p/m.py\nfrom . import n\n---\n%%writefile p/n.py\nz = 1\n---\n"
        "from p.m import n\ndef predict(x): return n.z",
        {"p/__init__.py": "\n", "p/m.py": "from . import n\n", "p/n.py": "z = 1\n"},
    ),
    "a file that is read": (
        "%%writefile labels.txt\ncat\n---\n%%writefile other.txt\nx\n---\n"
        "labels = open('labels.txt').read()\ndef predict(x): return labels",
        {"labels.txt": "cat\n"},
    ),
    "outside": ("%%writefile ../helper.py\na = 1\n---\nimport helper\ndef predict(x): return helper.a", {}),
    "over what says what the image is": (
        "%%writefile .mlpack/service.json\n{}\n---\ns = open('.mlpack/service.json').read()\ndef predict(x): return s",
        {},
    ),
}


@pytest.mark.parametrize("case", WRITTEN)
def test_find_serving__cells_write_files__those_that_are_needed(make: Make, case: str) -> None:
    text, expected = WRITTEN[case]
    serving = find_serving(make(text))
    assert serving
    assert dict(serving.written) == expected


def test_find_serving__a_cell_writes_what_is_needed__is_told_to_be_kept(make: Make) -> None:
    text, _ = WRITTEN["a module"]
    serving = find_serving(make(text))
    assert serving
    assert [(fate.kept, fate.why) for fate in serving.cells][:1] == [("all", "writes helper.py: predict needs it")]


def test_find_serving__a_method__keeps_what_loads_its_object(make: Make) -> None:
    text = (
        "import joblib\n---\nfrom sklearn.svm import SVC\nmodel = SVC().fit(X, y)\n"
        "joblib.dump(model, 'm.joblib')\n---\nmodel = joblib.load('m.joblib')\nprint(model)"
    )
    serving = find_serving(make(text, predict="model.predict"))
    assert serving
    assert (serving.function, serving.trains, serving.files) == ("model.predict", (), ("m.joblib",))
    assert [fate.kept for fate in serving.cells] == ["all", "part", "part"]
    assert serving.cells[2].why == "defines model"
