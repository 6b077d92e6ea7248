"""Whole builds with two small buildpacks: the image, what the next build keeps, what a cancelled one leaves."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.events import Event, LayerExported, LogLines, PhaseEnded, PhaseStarted, Progress
from jupyter_mlpack.lifecycle import export
from jupyter_mlpack.lifecycle.records import BuildpackRecord
from jupyter_mlpack.oci.layout import write_layout
from jupyter_mlpack.oci.manifest import History, StoredImage
from jupyter_mlpack.oci.tar import TarEntry, write_tar
from jupyter_mlpack.oci.trees import run_image_layers
from jupyter_mlpack.values import BuildPlan, Image, PlannedFile

Workshop = Any  # conftest.Workshop, handed in by the fixture
NAMES = ["library", "start", "sbom", "slice-1", "slice-2", "launcher", "config", "process-types"]


def changed(plan: BuildPlan, path: str) -> BuildPlan:
    files = tuple(replace(file, text="other\n") if file.path == path else file for file in plan.files)
    return replace(plan, files=files)


def logs(events: list[Event]) -> list[str]:
    return [line for event in events if isinstance(event, LogLines) for line in event.lines]


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def layout_of(workshop: Workshop, image: Image, folder: Path) -> Path:
    stored = workshop.store.image(image.reference)
    assert stored is not None
    write_layout(workshop.store, stored, folder, "it")
    return folder


def entries(workshop: Workshop, image: Image) -> dict[str, tarfile.TarInfo]:
    """All members of the image's layers by name."""
    found = {}
    for layer in image.layers:
        with tarfile.open(workshop.store.path(layer.digest)) as archive:
            found.update({member.name: member for member in archive})
    return found


# --- one build ------------------------------------------------------------------------------------------------


def test_run_lifecycle__two_buildpacks__phases_and_progress(workshop: Workshop) -> None:
    workshop.build()
    phases = [event.phase for event in workshop.events if isinstance(event, PhaseStarted)]
    assert phases == ["analyze", "detect", "restore", "build", "export"]
    assert phases == [event.phase for event in workshop.events if isinstance(event, PhaseEnded)]
    steps = [
        (event.done, event.total)
        for event in workshop.events
        if isinstance(event, Progress) and event.what == "packages"
    ]
    assert steps == [(0, 2), (2, 2)]
    assert logs(workshop.events) == ["making the library"]
    exported = [event.name.rpartition(":")[2] for event in workshop.events if isinstance(event, LayerExported)]
    assert sorted(exported) == sorted(NAMES)


def test_run_lifecycle__long_layer__tells_its_bytes(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "BEAT", 0.01)
    plan = workshop.plan()
    large = PlannedFile("large.txt", text=os.urandom(15_000_000).hex())
    workshop.build(replace(plan, files=tuple(sorted((*plan.files, large), key=lambda file: file.path))))
    told = [event for event in workshop.events if isinstance(event, Progress) and event.unit == "bytes"]
    assert told
    assert {event.phase for event in told} == {"export"}
    assert max(event.total or 0 for event in told) >= 30_000_000
    assert all(event.done <= (event.total or 0) for event in told)


def test_run_lifecycle__extended_run_image__the_layers_are_put_on_it(workshop: Workshop) -> None:
    plain = workshop.build()
    asked = []

    def extend(records: Sequence[BuildpackRecord]) -> StoredImage:
        asked.extend(records)
        base = workshop.store.image("mlpack/run:tiny-amd64")
        assert base is not None
        more = workshop.store.add_layer(lambda out: write_tar(out, [TarEntry("/more", "directory", 0o755, 0, 0)]))
        history = (*base.config.history, History("1980-01-01T00:00:01Z", "more"))
        config = replace(base.config, diff_ids=(*base.config.diff_ids, more.diff_id), history=history)
        return workshop.store.add_image(config, [*base.layers, more])

    workshop.extend = extend
    image = workshop.build()
    assert [record.id for record in asked] == ["example/library", "example/start"]
    assert asked[0].layers["library"].metadata
    assert [layer.origin for layer in image.layers[:2]] == ["packages", "more"]
    assert image.layers[2:] == tuple(replace(layer, reused=True) for layer in plain.layers[1:])
    run = json.loads(dict(image.labels)["io.buildpacks.lifecycle.metadata"])["runImage"]
    assert run["topLayer"] == image.layers[0].diff_id  # what extends it is kept by a rebase
    stored = workshop.store.image(image.reference)
    assert stored is not None
    assert run_image_layers(stored) == 2
    assert run["image"] == "mlpack/run:tiny-amd64"


def test_run_lifecycle__two_buildpacks__image(workshop: Workshop) -> None:
    image = workshop.build()
    stored = workshop.store.image(image.reference)
    assert stored is not None
    assert (stored.descriptor.digest, stored.size) == (image.digest, image.size)
    assert stored.config.entrypoint == ("/cnb/process/train",)
    assert stored.config.working_dir == "/workspace"
    assert dict(stored.config.env) == {
        "LANG": "C.UTF-8",
        "PATH": "/cnb/process:/cnb/lifecycle:/usr/bin:/bin",
        "CNB_LAYERS_DIR": "/layers",
        "CNB_APP_DIR": "/workspace",
        "CNB_PLATFORM_API": "0.12",
        "CNB_DEPRECATION_MODE": "quiet",
    }
    assert [(process.type, process.default) for process in image.processes] == [("shell", False), ("train", True)]
    assert dict(image.labels)["org.example.label"] == 'a "quoted" value'
    members = entries(workshop, image)
    assert members["/workspace/tools/run.sh"].mode == 0o755
    assert members["/workspace/data/größe.csv"].mode == 0o644
    assert members["/layers/example_library/library/lib/link"].linkname == "größe.txt"
    assert members["/cnb/process/train"].linkname == "/cnb/lifecycle/launcher"
    assert {member.uid for name, member in members.items() if name.startswith(("/layers", "/workspace"))} == {1000}
    assert {member.mtime for member in members.values()} == {315532801}


def test_run_lifecycle__image__no_path_of_this_machine(workshop: Workshop, tmp_path: Path) -> None:
    image = workshop.build()
    stored = workshop.store.image(image.reference)
    assert str(tmp_path) not in stored.config.to_bytes().decode()
    for layer in image.layers:
        with tarfile.open(workshop.store.path(layer.digest)) as archive:
            for member in archive:
                assert str(tmp_path) not in member.name + member.linkname
                content = archive.extractfile(member) if member.isfile() else None
                assert content is None or str(tmp_path).encode() not in content.read()


@pytest.mark.parametrize("tool", ["skopeo", "umoci"])
def test_run_lifecycle__image__is_read_by(tool: str, workshop: Workshop, tmp_path: Path) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"NOT TESTED: {tool} is not installed")
    folder = layout_of(workshop, workshop.build(), tmp_path / "layout")
    if tool == "skopeo":
        command = [
            "skopeo",
            "copy",
            "--insecure-policy",
            f"oci:{folder}:it",
            f"docker-archive:{tmp_path / 'image.tar'}:a/b:1",
        ]
    else:
        command = ["umoci", "unpack", "--rootless", "--image", f"{folder}:it", str(tmp_path / "bundle")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    if tool == "umoci":
        assert (tmp_path / "bundle/rootfs/layers/example_library/library/lib/link").read_text() == "a library\n"
        assert (tmp_path / "bundle/rootfs/workspace/notebook.ipynb").read_text() == "{}\n"


# --- the next build -------------------------------------------------------------------------------------------


def test_run_lifecycle__again__everything_is_reused(workshop: Workshop) -> None:
    first, second = workshop.build(), workshop.build()
    assert second.digest == first.digest
    assert all(layer.reused for layer in second.layers)
    assert logs(workshop.events) == ["keeping the library"]


def test_run_lifecycle__notebook_changed__only_its_layer_is_new(workshop: Workshop) -> None:
    plan = workshop.plan()
    workshop.build(plan)
    changed = tuple(
        replace(file, text='{"cells": []}') if file.path == "notebook.ipynb" else file for file in plan.files
    )
    image = workshop.build(replace(plan, files=changed))
    assert [layer.origin for layer in image.layers if not layer.reused] == ["Application Slice: 2"]


def test_run_lifecycle__other_image_name__library_layer_is_known(workshop: Workshop) -> None:
    first = workshop.build()
    second = workshop.build(workshop.plan(name="example/other:1"))
    assert logs(workshop.events) == ["keeping the library"]
    assert second.digest == first.digest
    assert {layer.origin for layer in second.layers if layer.reused} == {"packages", second.layers[1].origin}


def test_run_lifecycle__library_changed__is_made_anew(workshop: Workshop) -> None:
    plan = workshop.plan()
    first = workshop.build(plan)
    second = workshop.build(changed(plan, "library.txt"))
    assert logs(workshop.events) == ["making the library"]
    assert second.layers[1].diff_id != first.layers[1].diff_id


def test_run_lifecycle__cached_layer__comes_back_and_grows(workshop: Workshop) -> None:
    for builds in (1, 2, 3):
        workshop.build()
        (found,) = (workshop.root / "store" / "cache").glob("*/example_library/downloads/builds")
        assert found.read_text() == "x" * builds


def test_run_lifecycle__other_folder_and_umask__same_digest(workshop: Workshop, tmp_path: Path) -> None:
    with umask(0o077):
        first = workshop.build()
    other = type(workshop)(tmp_path / "another machine")
    other.root.mkdir()
    with umask(0o000):
        second = other.build()
    assert second == first


# --- builds that fail -----------------------------------------------------------------------------------------


def is_running(process: str) -> bool:
    """False for what is gone, and for what only waits to be noticed by its parent."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class StoppedError(Exception):
    """The listener does not want to go on."""


KINDS = [PhaseStarted, LogLines, Progress, LayerExported, PhaseEnded]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_run_lifecycle__listener_raises__no_name_moves(kind: type, workshop: Workshop) -> None:
    def emit(event: Event) -> None:
        if isinstance(event, kind):
            raise StoppedError

    with pytest.raises(StoppedError):
        workshop.build(emit=emit)
    assert workshop.store.image("example/notebook:1") is None
    assert not [path for path in (workshop.root / "store" / "tmp").glob("*") if path.is_file()]


def test_run_lifecycle__cancelled_while_silent__children_are_stopped(workshop: Workshop) -> None:
    root = workshop.root / "sleeper"
    (root / "bin").mkdir(parents=True)
    described = 'api = "0.10"\n[buildpack]\nid = "sleeper"\nversion = "1"\n[metadata.mlpack]\nrelocatable = true\n'
    (root / "buildpack.toml").write_text(described)
    mark = workshop.root / "children"
    scripts = {"detect": "true", "build": f"trap '' TERM; sleep 987 & echo $! $$ > '{mark}'; wait; sleep 987"}
    for name, script in scripts.items():
        (root / "bin" / name).write_text(f"#!/usr/bin/env bash\n{script}\n")
        (root / "bin" / name).chmod(0o755)
    catalog = workshop.catalog()
    sleeper = replace(catalog.buildpacks[0], id="sleeper", version="1", root=root)
    workshop.catalog = lambda: replace(catalog, buildpacks=(sleeper,))

    def emit(event: Event) -> None:
        if mark.exists() and isinstance(event, LogLines):
            raise StoppedError

    start = time.monotonic()
    with pytest.raises(StoppedError):
        workshop.build(replace(workshop.plan(), order=("sleeper",)), emit)
    assert time.monotonic() - start < 20
    assert [child for child in mark.read_text().split() if is_running(child)] == []


def test_run_lifecycle__no_buildpack_fits__detect_failed(workshop: Workshop) -> None:
    plan = workshop.plan(files=(PlannedFile("notebook.ipynb", text="{}"),))
    with pytest.raises(errors.DetectFailed) as failure:
        workshop.build(plan)
    assert "example/library@1.2.3 said no" in failure.value.sentence("why")


def test_run_lifecycle__unknown_buildpack__detect_broken(workshop: Workshop) -> None:
    with pytest.raises(errors.DetectBroken):
        workshop.build(replace(workshop.plan(), order=("nobody/knows",)))


def test_run_lifecycle__kept_layer_is_gone__is_made_anew(workshop: Workshop) -> None:
    first = workshop.build()
    workshop.store.path(first.layers[1].digest).unlink()
    second = workshop.build()
    assert logs(workshop.events) == ["making the library"]
    assert second.digest == first.digest
