"""What an image says of itself, whoever built it, wherever it is."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlpack.cli.inspect_image import write_description
from jupyter_mlpack.cli.style import make_sheet
from jupyter_mlpack.events import ignore
from jupyter_mlpack.lifecycle.description import describe_image
from jupyter_mlpack.lifecycle.rebasable import is_outdated
from jupyter_mlpack.oci.layout import write_layout
from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.origin import find_origin, read_image
from jupyter_mlpack.oci.reference import parse_reference
from jupyter_mlpack.oci.registry import push_image
from jupyter_mlpack.oci.tar import TarEntry, write_tar
from jupyter_mlpack.oci.transport import Access
from jupyter_mlpack.rebasing import RebaseWish, rebase_image
from jupyter_mlpack.values import to_json

Workshop = Any  # conftest.Workshop, handed in by the fixture
LOCAL = Access(insecure=True)


def built(workshop: Workshop) -> StoredImage:
    image = workshop.store.image(workshop.build().reference)
    assert isinstance(image, StoredImage)
    return image


def renew_run_image(workshop: Workshop) -> None:
    """Let the store have a run image of one more layer under the same name."""
    run = workshop.store.image("mlpack/run:tiny-amd64")
    more = workshop.store.add_layer(lambda out: write_tar(out, [TarEntry("/fixed", "directory", 0o755, 0, 0)]))
    newer = replace(run.config, diff_ids=(*run.config.diff_ids, more.diff_id), history=())
    workshop.store.tag(run.name, workshop.store.add_image(newer, [*run.layers, more]).descriptor)


def test_describe_image__built_by_us__processes_buildpacks_run_image_and_layers(workshop: Workshop) -> None:
    shown = describe_image(built(workshop), "store")
    assert [one.id for one in shown.buildpacks] == ["example/library", "example/start"]
    assert [(one.type, one.default, one.buildpack) for one in shown.processes if one.default] == [
        ("train", True, "example/start")
    ]
    assert shown.run_image is not None
    assert shown.run_image.image == "mlpack/run:tiny-amd64"
    assert (shown.rebasable, shown.platform) == (True, "linux/amd64 (debian 12)")
    parts = [layer.part for layer in shown.layers]
    assert parts[0] == "run image"
    assert parts.count("run image") == 1
    assert ("buildpack", "example/library: library") in [(layer.part, layer.name) for layer in shown.layers]
    assert "other" not in parts


def test_describe_image__rebased__layers_still_have_their_names(workshop: Workshop) -> None:
    before = describe_image(built(workshop), "store")
    renew_run_image(workshop)
    rebase_image(RebaseWish(before.name), workshop.store, ignore)
    image = workshop.store.image(before.name)
    assert image is not None
    after = describe_image(image, "store")
    assert [layer.name for layer in after.layers[2:]] == [layer.name for layer in before.layers[1:]]
    assert not any(entry.created_by for entry in image.config.history)


@pytest.mark.parametrize(
    "label", ["", "{", "[]", '{"processes": [3], "buildpacks": 5}', '{"processes":[{"command":"x"}]}']
)
def test_describe_image__strange_labels__count_as_none(label: str, workshop: Workshop) -> None:
    image = built(workshop)
    names = ("io.buildpacks.build.metadata", "io.buildpacks.lifecycle.metadata")
    labels = {**dict(image.config.labels), **dict.fromkeys(names, label)}
    shown = describe_image(replace(image, config=replace(image.config, labels=tuple(labels.items()))), "store")
    assert shown.run_image is None
    assert not shown.rebasable
    assert {layer.part for layer in shown.layers} == {"other"}
    write_description(make_sheet(sys.stdout), shown, full=True)


def test_describe_image__store_layout_and_registry__say_the_same(
    workshop: Workshop, shared_registry: Any, tmp_path: Path
) -> None:
    image = built(workshop)
    write_layout(workshop.store, image, tmp_path / "layout", image.name)
    reference = f"{shared_registry.host}/described:1"
    push_image(workshop.store, image, parse_reference(reference), access=LOCAL)
    shown = {}
    for text in (image.name, f"oci:{tmp_path}/layout", reference):
        origin = find_origin(text, workshop.store)
        shown[origin.kind] = describe_image(read_image(origin, workshop.store, "amd64", LOCAL), "")
    assert sorted(shown) == ["layout", "registry", "store"]
    assert len({json.dumps(to_json(replace_name(one)), sort_keys=True) for one in shown.values()}) == 1


def replace_name(description: Any) -> dict[str, Any]:
    return {**to_json(description), "name": ""}  # type: ignore[dict-item]


def test_command__text_and_json(workshop: Workshop) -> None:
    image = built(workshop)
    command = [sys.executable, "-m", "jupyter_mlpack", "inspect-image", "--home", str(workshop.store.root), image.name]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "mlpack/run:tiny-amd64" in text
    assert "example/library: library" in text
    data = subprocess.run([*command, "--format", "json"], capture_output=True, text=True, check=True).stdout
    assert json.loads(data)["image"] == to_json(describe_image(image, "store"))
    rebase = [sys.executable, "-m", "jupyter_mlpack", "rebase", "--home", str(workshop.store.root), image.name]
    assert "stood on it already" in subprocess.run(rebase, capture_output=True, text=True, check=True).stdout


def test_images__newer_run_image_in_the_store__is_told_until_rebased(workshop: Workshop) -> None:
    image = built(workshop)
    assert not is_outdated(image, workshop.store)
    renew_run_image(workshop)
    assert is_outdated(image, workshop.store)
    command = [sys.executable, "-m", "jupyter_mlpack", "images", "--home", str(workshop.store.root)]
    said = f"There is a newer run image for {image.name}: jupyter mlpack rebase {image.name}"
    assert said in subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rebase_image(RebaseWish(image.name), workshop.store, ignore)
    data = json.loads(subprocess.run([*command, "--format", "json"], capture_output=True, text=True, check=True).stdout)
    shown = next(one for one in data["images"] if one["name"] == image.name)
    assert not shown["outdated"]
    assert "buildpack: example/library: library" in [layer["origin"] for layer in shown["layers"]]
