"""A notebook's word alone adds no index; the user's does."""

from __future__ import annotations

import pytest

from jupyter_mlpack.resolution import allow_indexes
from jupyter_mlpack.values import Evidence, Location, PackageIndex

OWN, EXTRA, PAGE = "https://own.example/simple", "https://extra.example/simple", "https://extra.example/all.html"
TOLD = Evidence("PIP1", Location("n.ipynb", 2, 1), "!pip install acme -i ...")
NAMED = tuple(PackageIndex(url, role, (TOLD,)) for url, role in ((EXTRA, "extra"), (PAGE, "links"), ("cu128", "torch")))
BEST = {"UV_INDEX_STRATEGY": "unsafe-best-match"}
CASES = {
    "nothing": ({}, (), {}, 3),
    "nothing, with own ones": ({"UV_INDEX": OWN}, (), {"UV_INDEX": OWN}, 3),
    "an index": ({}, (EXTRA,), {"UV_INDEX": EXTRA, **BEST}, 2),
    "spelt otherwise": ({}, ("https://EXTRA.example/simple/",),
                        {"UV_INDEX": "https://EXTRA.example/simple/", **BEST}, 2),
    "with credentials": ({}, ("https://me:pw@extra.example/simple",),
                         {"UV_INDEX": "https://me:pw@extra.example/simple", **BEST}, 2),
    "a page": ({"UV_FIND_LINKS": "/srv/wheels"}, (PAGE,), {"UV_FIND_LINKS": f"/srv/wheels,{PAGE}", **BEST}, 2),
    "torch's build": ({}, ("cu128",), {"UV_TORCH_BACKEND": "cu128"}, 2),
    "behind own ones, by uv's rule": ({"UV_INDEX": OWN}, (EXTRA,), {"UV_INDEX": f"{OWN} {EXTRA}"}, 2),
    "behind own ones, old name": ({"UV_EXTRA_INDEX_URL": OWN}, (EXTRA,), {"UV_EXTRA_INDEX_URL": f"{OWN} {EXTRA}"}, 2),
    "own anyway": ({"UV_INDEX": f"x={EXTRA}/"}, (), {"UV_INDEX": f"x={EXTRA}/"}, 2),
    "own default": ({"UV_DEFAULT_INDEX": EXTRA}, (EXTRA,), {"UV_DEFAULT_INDEX": EXTRA}, 2),
    "not named by the notebook": ({}, (OWN,), {"UV_INDEX": OWN, **BEST}, 3),
    "host alone is not enough": ({}, ("https://extra.example",), {"UV_INDEX": "https://extra.example", **BEST}, 3),
}  # fmt: skip


@pytest.mark.parametrize(("settings", "allowed", "expected", "refused"), CASES.values(), ids=CASES)
def test_allow_indexes(
    settings: dict[str, str], allowed: tuple[str, ...], expected: dict[str, str], refused: int
) -> None:
    merged, notices = allow_indexes(settings, NAMED, allowed)
    assert merged == expected
    assert len(notices) == refused
    assert all("--allow-index" in notice.text and notice.location == TOLD.location for notice in notices)
    again, same = allow_indexes(merged, NAMED, allowed)
    assert again == merged
    assert same == notices
