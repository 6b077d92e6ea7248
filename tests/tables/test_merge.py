from __future__ import annotations

import pytest

from jupyter_mlpack.tables.merge import Decisions, closeness, make_rows, refresh
from jupyter_mlpack.tables.read import Provided, State

NOTHING = Decisions({}, frozenset())


def read(name: str, *modules: str, state: State = "read") -> Provided:
    return Provided(name, state, "1.0", modules=modules)


def test_make_rows__several_builds__closest_name_then_the_more_used() -> None:
    found = [read("opencv-python-headless", "cv2"), read("opencv-python", "cv2"), read("cv2", "cv2")]
    assert make_rows(found, NOTHING) == {"cv2": ("cv2", "opencv-python-headless", "opencv-python")}


def test_make_rows__decision__beats_the_name() -> None:
    decided = Decisions({"serial": ["pyserial"]}, frozenset())
    assert make_rows([read("serial", "serial"), read("pyserial", "serial")], decided)["serial"] == (
        "pyserial",
        "serial",
    )


def test_make_rows__copy_carried_along__is_no_provider() -> None:
    found = [read("six", "six"), read("bundle", "bundle", "six"), read("py-six-fork", "six")]
    assert make_rows(found, NOTHING)["six"] == ("six", "py-six-fork")


@pytest.mark.parametrize("module", ["tests", "tests.unit", "json", "docs"])
def test_make_rows__generic_or_python_s_own__left_out(module: str) -> None:
    assert make_rows([read("acme", "acme", module)], Decisions({}, {"tests", "docs"})) == {"acme": ("acme",)}


def test_refresh__read_since__mark_falls_and_untrue_pairs_with_it() -> None:
    older = {"yaml": ("pyyaml?",), "ghost": ("ghost?",), "other": ("pyyaml?", "later?"), "nobody": ()}
    since = [read("pyyaml", "yaml"), read("ghost", state="unknown"), read("later", state="failed")]
    new = refresh(older, since, NOTHING)
    assert new.rows == {"yaml": ("pyyaml",), "other": ("later?",), "nobody": ()}
    assert new.wrong == (("ghost", "ghost"), ("other", "pyyaml"))


def test_refresh__namespace_rows__prefix_either_way_is_true() -> None:
    older = {"ruamel": ("ruamel-yaml?",), "ruamel.yaml.main": ("ruamel-yaml?",)}
    new = refresh(older, [read("ruamel-yaml", "ruamel.yaml")], NOTHING)
    assert new.rows == {
        "ruamel": ("ruamel-yaml",),
        "ruamel.yaml": ("ruamel-yaml",),
        "ruamel.yaml.main": ("ruamel-yaml",),
    }


def test_refresh__empty_distribution_by_decision__stays() -> None:
    decided = Decisions({"pydantic_ai": ["pydantic-ai", "pydantic-ai-slim"]}, frozenset())
    older = {"pydantic_ai": ("pydantic-ai?",)}
    new = refresh(older, [read("pydantic-ai"), read("pydantic-ai-slim", "pydantic_ai")], decided)
    assert new.rows == {"pydantic_ai": ("pydantic-ai", "pydantic-ai-slim")}


def test_refresh__order_of_the_older_table__kept() -> None:
    new = refresh({"dtw": ("dtw-python?", "dtw?")}, [read("dtw", "dtw"), read("dtw-python", "dtw")], NOTHING)
    assert new.rows == {"dtw": ("dtw-python", "dtw")}


def test_refresh__generic_names_of_a_whole_table__become_rows_of_nobody() -> None:
    assert refresh({"a": ("a?",)}, [], Decisions({}, {"utils"})).rows == {"a": ("a?",), "utils": ()}


@pytest.mark.parametrize(
    ("module", "name", "near"),
    [
        ("google.cloud.storage", "google-cloud-storage", 0),
        ("docx", "python-docx", 1),
        ("jwt", "pyjwt", 1),
        ("cv2", "x", 2),
    ],
)
def test_closeness__names__near(module: str, name: str, near: int) -> None:
    assert closeness(module, name) == near
