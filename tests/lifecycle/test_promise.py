"""Buildpacks that promise what their outcome depends on: when they run again, and that replaying them does not show."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from jupyter_mlpack.catalog import read_catalog
from jupyter_mlpack.events import LogLines
from jupyter_mlpack.values import Buildpack, BuildPlan, Image, PlannedFile

Workshop = Any  # conftest.Workshop, handed in by the fixture

DESCRIPTOR = """
api = "0.10"
[buildpack]
id = "example/promising"
version = "1"
[metadata.mlpack]
reads = ["read.txt", "read.json#key"]
settings = ["BP_MODE"]
programs = ["BP_TOOL"]
"""
DETECT = """#!/bin/sh
printf '[[provides]]\\nname = "it"\\n[[requires]]\\nname = "it"\\n[requires.metadata]\\nlaunch = true\\n' > "$2"
"""
BUILD = """#!/bin/sh
echo running
mkdir -p "$1/plain" "$1/kept/lib"
cat read.txt > "$1/plain/content"
"$BP_TOOL" > "$1/kept/lib/said"
printf '[types]\\nlaunch = true\\n' > "$1/plain.toml"
printf '[types]\\nlaunch = true\\n[metadata]\\nkey = "%s"\\n' "$(cat read.txt)" > "$1/kept.toml"
printf '[[labels]]\\nkey = "mode"\\nvalue = "%s"\\n[[processes]]\\ntype = "go"\\ncommand = ["go"]\\n' \
  "$BP_MODE" > "$1/launch.toml"
"""


@dataclass
class Bench:
    """A workshop with one promising buildpack and the tool that it calls."""

    workshop: Workshop

    def __post_init__(self) -> None:
        self.root, self.tool = self.workshop.root / "promising", self.workshop.root / "tool"
        self.write("buildpack.toml", DESCRIPTOR)
        self.write("bin/detect", DETECT)
        self.write("bin/build", BUILD)
        self.tool.write_text("#!/bin/sh\necho one\n")
        self.tool.chmod(0o755)
        catalog = self.workshop.catalog()
        mine = Buildpack("example/promising", "1", self.root)
        self.workshop.catalog = lambda: replace(catalog, buildpacks=(mine,), order=(mine.reference,))
        files = {"read.txt": "a", "read.json": '{"key": 1, "other": 1}', "notebook.ipynb": "{}"}
        planned = tuple(PlannedFile(path, text=text) for path, text in sorted(files.items()))
        environment = (("BP_MODE", "train"), ("BP_TOOL", str(self.tool)), ("BP_UNRELATED", "x"))
        self.plan: BuildPlan = replace(
            self.workshop.plan(planned), order=("example/promising@1",), environment=environment
        )

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def change(self, name: str, old: str, new: str) -> None:
        self.write(name, (self.root / name).read_text().replace(old, new))

    def put(self, path: str, text: str) -> None:
        """Add a file to the application, or give it another text."""
        others = [file for file in self.plan.files if file.path != path]
        files = sorted((*others, PlannedFile(path, text=text)), key=lambda file: file.path)
        self.plan = replace(self.plan, files=tuple(files))

    def set(self, name: str, value: str) -> None:
        """Set a variable of the platform, or take it away."""
        values = {**dict(self.plan.environment), name: value}
        self.plan = replace(self.plan, environment=tuple((key, text) for key, text in values.items() if text))

    def build(self) -> Image:
        image: Image = self.workshop.build(self.plan)
        return image

    @property
    def ran(self) -> bool:
        lines = [line for event in self.workshop.events if isinstance(event, LogLines) for line in event.lines]
        return "running" in lines

    def lose(self, layer: str) -> None:
        image = self.workshop.store.image(self.plan.name)
        place = [entry.created_by for entry in image.config.history].index(layer)
        self.workshop.store.path(image.layers[place].descriptor.digest).unlink()

    def fresh(self) -> Image:
        """What a machine builds that remembers nothing."""
        other = type(self.workshop)(self.workshop.root / f"fresh {self.workshop.builds}")
        other.root.mkdir()
        other.catalog = self.workshop.catalog
        image: Image = other.build(self.plan)
        return image


DETECTS = {
    "another file": (lambda bench: bench.put("other.txt", ""), False),
    "what only the build reads": (lambda bench: bench.put("read.txt", "b"), False),
    "another file that is there": (lambda bench: bench.put("read.json", '{"key": 1, "file": "read.txt"}'), False),
    "a file that is not there": (lambda bench: bench.put("read.json", '{"key": 1, "file": "absent"}'), True),
    "no name any more": (lambda bench: bench.put("read.json", '{"key": 1}'), True),
    "what is looked for": (lambda bench: bench.put("wanted.txt", ""), True),
    "what it reads": (lambda bench: bench.put("read.json", '{"key": 2, "file": "notebook.ipynb"}'), True),
}  # fmt: skip


@pytest.mark.parametrize(("change", "asked"), DETECTS.values(), ids=DETECTS)
def test_build__detect_depends_on_less__asked_again_when_that_changes(
    bench: Bench, change: Callable[[Bench], None], asked: bool
) -> None:
    table = 'reads = ["read.json#key"]\nlists = ["wanted"]\nnamed = ["read.json#file"]\n'
    bench.write("buildpack.toml", f"{DESCRIPTOR}relocatable = true\n[metadata.mlpack.detect]\n{table}")
    bench.write("bin/detect", DETECT + f"echo x >> '{bench.tool}.asked'\n")
    bench.put("read.json", '{"key": 1, "file": "notebook.ipynb"}')
    bench.build()
    change(bench)
    image = bench.build()
    assert len((bench.tool.parent / f"{bench.tool.name}.asked").read_text().split()) == (2 if asked else 1)
    assert image.digest == bench.fresh().digest


@pytest.fixture
def bench(workshop: Workshop) -> Bench:
    return Bench(workshop)


KEEPS: dict[str, Callable[[Bench], None]] = {
    "nothing": lambda bench: None,
    "another file": lambda bench: bench.put("notebook.ipynb", '{"cells": []}'),
    "another key": lambda bench: bench.put("read.json", '{"key": 1, "other": 2}'),
    "another setting": lambda bench: bench.set("BP_UNRELATED", "y"),
    "another image": lambda bench: setattr(bench, "plan", replace(bench.plan, name="example/other:1")),
}
RUNS: dict[str, Callable[[Bench], None]] = {
    "a file it reads": lambda bench: bench.put("read.txt", "b"),
    "a key it reads": lambda bench: bench.put("read.json", '{"key": 2, "other": 1}'),
    "a file more": lambda bench: bench.put("more.txt", ""),
    "a setting": lambda bench: bench.set("BP_MODE", "test"),
    "the program": lambda bench: [bench.tool.write_text("#!/bin/sh\necho three\n"), None][1],
    "its own files": lambda bench: bench.change("bin/build", "echo running", "echo running; true"),
    "what it is asked for": lambda bench: bench.change("bin/detect", "launch = true", "launch = false"),
    "a lost layer": lambda bench: bench.lose("Layer: 'plain', Created by buildpack: example/promising@1"),
}


@pytest.mark.parametrize("change", KEEPS.values(), ids=list(KEEPS))
def test_promise__what_it_does_not_name_changes__replayed(change: Callable[[Bench], None], bench: Bench) -> None:
    bench.build()
    assert bench.ran
    change(bench)
    image = bench.build()
    assert not bench.ran
    assert replace(image, layers=()) == replace(bench.fresh(), layers=())


@pytest.mark.parametrize("change", RUNS.values(), ids=list(RUNS))
def test_promise__what_it_names_changes__runs(change: Callable[[Bench], None], bench: Bench) -> None:
    bench.build()
    change(bench)
    image = bench.build()
    assert bench.ran
    assert replace(image, layers=()) == replace(bench.fresh(), layers=())


@pytest.mark.parametrize(
    ("lists", "name", "runs"),
    [("[]", "more.txt", False), ('["data/"]', "more.txt", False), ('["data/"]', "data/more.txt", True)],
    ids=["looks for no file", "another folder", "a folder it looks into"],
)
def test_promise__a_file_more_and_where_it_looks__runs_only_for_these(
    lists: str, name: str, runs: bool, bench: Bench
) -> None:
    bench.change("buildpack.toml", "reads", f"lists = {lists}\nreads")
    bench.build()
    bench.put(name, "")
    image = bench.build()
    assert bench.ran is runs
    assert replace(image, layers=()) == replace(bench.fresh(), layers=())


def test_promise__back_to_an_older_state__its_layers_come_back(bench: Bench) -> None:
    first = bench.build()
    bench.put("read.txt", "b")
    other = bench.build()
    bench.put("read.txt", "a")
    assert bench.build().digest == first.digest != other.digest
    assert not bench.ran


NEVER: dict[str, Callable[[Bench], None]] = {
    "no promise": lambda bench: bench.change("buildpack.toml", "reads", "knows"),
    "a setting is missing": lambda bench: bench.set("BP_MODE", ""),
    "a memory of its own": lambda bench: bench.change(
        "bin/build", "echo running", "echo running\nprintf '[metadata]\\nx = 1\\n' > \"$1/store.toml\""
    ),
    "a layer for later builds": lambda bench: bench.change(
        "bin/build", "echo running", 'echo running\nprintf \'[types]\\ncache = true\\n\' > "$1/c.toml"; mkdir -p "$1/c"'
    ),
}


@pytest.mark.parametrize("change", NEVER.values(), ids=list(NEVER))
def test_promise__cannot_be_replayed__runs_again(change: Callable[[Bench], None], bench: Bench) -> None:
    change(bench)
    first = bench.build()
    assert bench.build().digest == first.digest
    assert bench.ran


def test_promise__kept_outcome_is_damaged__runs_again(bench: Bench) -> None:
    first = bench.build()
    kept = list((bench.workshop.root / "store" / "outcomes").glob("*/*.json"))
    assert len(kept) == 2
    for path in kept:
        path.write_text(path.read_text()[:-3])
    assert bench.build().digest == first.digest
    assert bench.ran


def test_promise__detect_has_something_to_say__is_asked_again(bench: Bench) -> None:
    bench.change("bin/detect", "printf", "echo look out; printf")
    for _ in range(2):
        bench.build()
        assert LogLines("detect", ("[example/promising@1] look out",)) in bench.workshop.events


HOW = ("BP_CONDA_", "BP_LISTINGS_DIR", "BP_UV", "BP_WHEELS_DIR")
"""How something is made, not what."""


def test_our_buildpacks__all_promise__and_name_the_settings_that_they_read() -> None:
    from jupyter_mlpack.lifecycle.descriptor import read_descriptors
    from jupyter_mlpack.lifecycle.inputs import RESERVED

    for descriptor in read_descriptors(read_catalog().buildpacks).values():
        assert descriptor.promise is not None, descriptor.reference
        sources = [path.read_text() for path in (descriptor.root / "bin").iterdir()]
        read = set(re.findall(r"\bBP_[A-Z_]+", json.dumps(sources)))
        assert read <= RESERVED, descriptor.reference
        if not descriptor.promise.build:  # it looks at the world, and says so
            continue
        assert read - {name for name in RESERVED if name.startswith(HOW)} <= {
            *descriptor.promise.settings,
            *descriptor.promise.programs,
        }, descriptor.reference
