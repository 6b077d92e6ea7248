"""A notebook's word alone adds no index; the user's does."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mlpack.events import Event, Noticed
from jupyter_mlpack.locking import allowed_machine, lock_packages
from jupyter_mlpack.oci import Store
from jupyter_mlpack.resolution import allow_indexes
from jupyter_mlpack.stack import StackSettings
from jupyter_mlpack.values import (
    Catalog,
    Dependency,
    Evidence,
    Inspection,
    Location,
    PackageIndex,
    Target,
)
from jupyter_mlpack.wishes import Machine, Wishes

from .conftest import Index, write_wheel

TARGET = Target("linux", "amd64", "glibc2.36", "3.11")
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


def test_lock_packages__index_of_the_notebook__is_asked_only_if_allowed(index: Index, tmp_path: Path) -> None:
    """``plain`` is on this machine's folder of wheels; the notebook's index has it, too, in a newer version."""
    write_wheel(tmp_path / "own", "plain", "1.0")
    index.add("plain", "9.9", body="who = 'somebody else'\n")
    settings = {**index.settings(tmp_path / "cache"), "UV_FIND_LINKS": str(tmp_path / "own"), "UV_NO_INDEX": "1"}
    del settings["UV_DEFAULT_INDEX"]
    machine = Machine(Store(tmp_path / "store"), Catalog((), (), ()), StackSettings(), settings)
    found = Inspection(
        "n.ipynb",
        dependencies=(Dependency("plain", "", "install", (TOLD,)),),
        indexes=(PackageIndex(f"{index.url}/all.html", "links", (TOLD,)),),
    )
    (index.folder / "all.html").write_text('<a href="plain-9.9-py3-none-any.whl">plain-9.9-py3-none-any.whl</a>')
    events: list[Event] = []
    refused = lock_packages(found, TARGET, Wishes(runner=()), machine, events.append)
    assert [package.version for package in refused.packages] == ["1.0"]
    assert [event.notice.code for event in events if isinstance(event, Noticed)] == ["index-not-used"]
    wishes = Wishes(allowed_indexes=(f"{index.url}/all.html",), runner=())
    allowed = lock_packages(found, TARGET, wishes, machine, events.append)
    assert [package.version for package in allowed.packages] == ["9.9"]
    assert len(events) == 1


def test_allowed_machine__allowed_index__is_handed_to_the_buildpacks(tmp_path: Path) -> None:
    machine = Machine(Store(tmp_path), Catalog((), (), ()), StackSettings(), {"UV_DEFAULT_INDEX": OWN})
    found = Inspection("n.ipynb", indexes=NAMED)
    assert allowed_machine(found, Wishes(), machine) == machine
    settings = allowed_machine(found, Wishes(allowed_indexes=(EXTRA,)), machine).index_settings
    assert settings == {"UV_DEFAULT_INDEX": OWN, "UV_INDEX": EXTRA, **BEST}
