"""Small pure parts: how long it may take, what drifted, how values travel to a command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from jupyter_mlpack.ledger import Record
from jupyter_mlpack.server.asks import JobAsk
from jupyter_mlpack.server.drift import package_changes
from jupyter_mlpack.server.expected import expected_build, expected_job
from jupyter_mlpack.server.requests import Requests, yaml_text

MB = 1_000_000


def built(created: float, seconds: float, fresh: int = 0, notebook: str = "/a.ipynb", **more: Any) -> Record:
    fields = {"kind": "build", "state": "succeeded", "image": "a:training", **more}
    return Record(
        id=f"{int(created):018x}",
        notebook=notebook,
        created=created,
        started=created,
        ended=created + seconds,
        fresh=fresh,
        **fields,
    )


@pytest.mark.parametrize(
    ("records", "fresh", "expected"),
    [
        ([], None, None),
        ([], 5 * MB, None),
        ([built(1, 60, 300 * MB)], None, 60.0),
        ([built(1, 60, 300 * MB), built(2, 4), built(3, 6), built(4, 5)], None, 5.0),
        ([built(1, 60, 300 * MB), built(2, 4), built(3, 6)], 250 * MB, 60.0),
        ([built(1, 60, 300 * MB), built(2, 4), built(3, 6)], 0, 5.0),
        ([built(1, 40, 200 * MB, notebook="/b.ipynb")], 300 * MB, 40.0),
        ([built(1, 40, 200 * MB, notebook="/b.ipynb")], 0, None),
        ([built(1, 40, 200 * MB, notebook="/b.ipynb")], None, None),
        ([built(1, 40, state="failed"), built(2, 30, state="cancelled")], 0, None),
    ],
)
def test_expected_build(records: list[Record], fresh: int | None, expected: float | None) -> None:
    assert expected_build(records, "/a.ipynb", fresh) == expected


def test_expected_build__only_the_last_few_count() -> None:
    records = [built(number, 100.0 if number < 50 else 10.0) for number in range(60)]
    assert expected_build(records, "/a.ipynb", 0) == 10.0


def test_expected_job__is_of_the_same_image() -> None:
    records = [built(1, 10, kind="job"), built(2, 99, kind="job", image="b"), built(3, 20, kind="job")]
    assert expected_job(records, "a:training") == 15.0
    assert expected_job(records, "c") is None


def test_package_changes__versions_added_and_gone() -> None:
    was = (("numpy", "==2.2.3"), ("scipy", "==1.0"), ("pandas", ""))
    now = [["numpy", "==2.3.0"], ["pandas", ""], ["tqdm", ""]]
    assert package_changes(was, now) == [
        {"name": "numpy", "was": "2.2.3", "is": "2.3.0"},
        {"name": "scipy", "was": "1.0", "is": ""},
        {"name": "tqdm", "was": "", "is": "*"},
    ]
    assert package_changes(None, now) == []
    assert package_changes(was, None) == []


VALUES = (
    1e-05, 1e16, -2.5e-300, 0.1, 3, -7, True, None, "", "no", "1e-05", "null", "~", "a: b", "- x", "{", "#", "'", '"',
    "über\n\tzwei", "2001-01-01", "0x1f", "1_000", [1e-05, "yes"], {"lr": 1e-05, "on": [None, {}]}, [], {},
)  # fmt: skip


@pytest.mark.parametrize("value", VALUES)
def test_yaml_text__is_read_back_as_the_same_value_and_kind(value: Any) -> None:
    read = yaml.safe_load(yaml_text(value))
    assert read == value
    assert type(read) is type(value)


def test_job__secrets_are_named_but_not_said_on_the_command_line() -> None:
    ask = JobAsk("a:training", "a.ipynb", {"x": "--help"}, "docker", {"API_KEY": "hunter2"})
    request = Requests(Path("/home")).job(ask, Path("/root/a-runs/1"))
    assert "hunter2" not in " ".join(request.argv)
    assert "hunter2" not in repr(request)
    assert "hunter2" not in repr(ask)
    assert request.environment == {"API_KEY": "hunter2"}
    words = list(request.argv)
    assert words[words.index("--env") + 1] == "API_KEY"
    assert words[words.index("-p") + 1] == 'x="--help"'
    assert words[words.index("--output") + 1] == "/root/a-runs/1"
