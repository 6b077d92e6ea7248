"""What a builder image is made of, layer by layer and label by label."""

from __future__ import annotations

import io
import json
import shutil
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.builder.create import Created
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.lifecycle.toml import read_toml
from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.store import Store

Create = Callable[..., Created]


def entries(store: Store, image: StoredImage) -> dict[str, tarfile.TarInfo]:
    """All that is in the image's layers, the last of a name."""
    found = {}
    for layer in image.layers:
        with tarfile.open(fileobj=io.BytesIO(store.read(layer.descriptor.digest))) as tar:
            found.update({member.name.lstrip("/"): member for member in tar})
    return found


def content(store: Store, image: StoredImage, name: str, folder: Path) -> dict[str, object]:
    """A TOML file of the image's last layer."""
    with tarfile.open(fileobj=io.BytesIO(store.read(image.layers[-1].descriptor.digest))) as tar:
        file = tar.extractfile(f"/{name}")
        assert file is not None
        (folder / "read.toml").write_bytes(file.read())
    return dict(read_toml(folder / "read.toml"))


def test_create_builder__places_and_owners__by_the_specification(create: Create, store: Store) -> None:
    found = entries(store, create().image)
    users = {name for name, member in found.items() if (member.uid, member.gid) == (1234, 1235)}
    assert users == {"layers", "workspace"}
    assert {"cnb/build-config/env", "platform/env", "cnb/extensions"} <= set(found)
    assert found["cnb/lifecycle/creator"].linkname == "lifecycle"
    assert found["cnb/lifecycle/launcher"].mode == 0o755
    assert found["cnb/buildpacks/example_mine/1/bin/detect"].mode == 0o755
    assert found["cnb/buildpacks/example_mine/1/buildpack.toml"].mode == 0o644
    assert not [name for name in found if "__pycache__" in name]


def test_create_builder__a_site_names_one_of_ours__only_that_one_comes_along(create: Create) -> None:
    metadata = json.loads(dict(create().image.config.labels)["io.buildpacks.builder.metadata"])
    assert [pack["id"] for pack in metadata["buildpacks"]] == ["example/mine", "mlpack/python"]


def test_create_builder__labels__what_pack_and_kpack_read(create: Create) -> None:
    image = create().image
    labels = dict(image.config.labels)
    metadata = json.loads(labels["io.buildpacks.builder.metadata"])
    run = {"image": "registry.example.com/run:1", "mirrors": ["mirror.example.com/run:1"]}
    assert (metadata["stack"], metadata["images"]) == ({"runImage": run}, [run])
    assert metadata["description"] == "A site's own"
    assert metadata["lifecycle"]["version"] == labels["io.buildpacks.lifecycle.version"] == "1.2.3"
    assert metadata["lifecycle"]["api"] == {"buildpack": "0.9", "platform": "0.9"}
    assert metadata["lifecycle"]["apis"]["platform"]["supported"] == ["0.9", "0.12"]
    assert labels["io.buildpacks.stack.id"] == "example.stack"
    assert labels["io.buildpacks.base.distro.name"] == "debian"
    group = json.loads(labels["io.buildpacks.buildpack.order"])[0]["group"]
    assert group == [
        {"id": "mlpack/python", "version": "0.1.0"},
        {"id": "example/mine", "version": "1", "optional": True},
    ]
    layers = json.loads(labels["io.buildpacks.buildpack.layers"])
    assert layers["example/mine"]["1"]["layerDiffID"] in image.config.diff_ids
    assert layers["mlpack/python"]["0.1.0"]["targets"][0] == {"os": "linux", "arch": "amd64"}


def test_create_builder__configuration__both_stack_and_target_and_no_root(create: Create) -> None:
    config = create().image.config
    env = dict(config.env)
    assert (env["CNB_USER_ID"], env["CNB_GROUP_ID"], env["CNB_STACK_ID"]) == ("1234", "1235", "example.stack")
    assert (config.user, config.working_dir, config.entrypoint, config.cmd) == ("1234:1235", "/layers", (), ())
    assert len(config.history) == len(config.diff_ids)


def test_create_builder__files_of_the_lifecycle__order_run_images_defaults(
    create: Create, store: Store, tmp_path: Path
) -> None:
    image = create().image
    run = {"image": "registry.example.com/run:1", "mirrors": ["mirror.example.com/run:1"]}
    assert content(store, image, "cnb/run.toml", tmp_path) == {"images": [run]}
    assert content(store, image, "cnb/stack.toml", tmp_path) == {"run-image": run}
    order = content(store, image, "cnb/order.toml", tmp_path)
    assert [len(one["group"]) for one in order["order"]] == [2]  # type: ignore[attr-defined]
    assert "cnb/build-config/env/BP_LOG_LEVEL.default" in entries(store, image)


def test_create_builder__buildpacks_of_the_system__are_there_and_said(
    create: Create, store: Store, tmp_path: Path
) -> None:
    pre = '[[system.pre.buildpacks]]\nid = "mlpack/hardware"\n'
    image = create("[build]\n", f"{pre}\n[build]\n").image
    said = {"pre": {"buildpacks": [{"id": "mlpack/hardware", "version": "0.1.0"}]}, "post": {"buildpacks": []}}
    assert content(store, image, "cnb/system.toml", tmp_path) == {"system": said}
    assert json.loads(dict(image.config.labels)["io.buildpacks.buildpack.system"]) == said
    assert "cnb/buildpacks/mlpack_hardware/0.1.0/bin/detect" in entries(store, image)


def test_create_builder__another_folder_time_and_umask__same_bytes(create: Create, site: Path) -> None:
    first = create().image.descriptor.digest
    for path in (site / "mine").rglob("*"):
        path.chmod(stat.S_IMODE(path.stat().st_mode) ^ 0o020)
    shutil.copytree(site, site.with_name("elsewhere"))
    shutil.rmtree(site)
    site.with_name("elsewhere").rename(site)
    assert create().image.descriptor.digest == first


@pytest.mark.parametrize(
    ("instead_of", "text", "words"),
    [
        pytest.param('[lifecycle]\nuri = "release"', '[lifecycle]\nuri = "mine"', "no lifecycle.toml", id="no-release"),
        pytest.param(
            "[build]\n", '[stack]\nid = "other"\n[build]\n', "that of the build image is example.stack", id="id"
        ),
        pytest.param("[build]\n", '[[targets]]\narch = "arm64"\n[build]\n', "is for arm64, not for amd64", id="target"),
        pytest.param('id = "example/mine"', 'id = "example/none"', "example/none", id="unknown-buildpack"),
    ],
)
def test_create_builder__what_does_not_go_together__said_and_nothing_named(
    create: Create, store: Store, instead_of: str, text: str, words: str
) -> None:
    with pytest.raises(errors.MlpackError) as caught:
        create(instead_of, text)
    said = " ".join(caught.value.sentence(part) for part in ("what", "why"))
    assert words in said
    assert store.image("example/builder:1") is None


def test_create_builder__lifecycle_too_old_for_a_buildpack__said(
    create: Create, site: Path, make_release: Callable[..., Path]
) -> None:
    make_release(site / "old", apis='"0.7", "0.8"')
    with pytest.raises(errors.BuilderUnusable) as caught:
        create('uri = "release"', 'uri = "old"')
    assert "speaks Buildpack API 0.10, lifecycle 1.2.3 0.7, 0.8" in caught.value.sentence("why")


def test_create_builder__lifecycle_for_another_architecture__said(
    create: Create, site: Path, make_release: Callable[..., Path]
) -> None:
    make_release(site / "arm", "arm64")
    with pytest.raises(errors.LifecycleUnreadable) as caught:
        create('uri = "release"', 'uri = "arm"')
    assert "another architecture than amd64" in caught.value.sentence("why")


def test_create_builder__lifecycle_in_an_archive__same_as_its_folder(create: Create, site: Path) -> None:
    first = create().image.descriptor.digest
    with tarfile.open(site / "release.tgz", "w:gz") as tar:
        tar.add(site / "release" / "lifecycle.toml", "lifecycle.toml")
        tar.add(site / "release" / "lifecycle", "lifecycle")
    assert create('uri = "release"', 'uri = "release.tgz"').image.descriptor.digest == first


def test_create_builder__buildpack_that_cannot_be_started__said(create: Create, site: Path) -> None:
    (site / "mine" / "bin" / "build").chmod(0o644)
    with pytest.raises(errors.BuilderUnusable) as caught:
        create()
    assert "chmod +x" in caught.value.sentence("hint")


def test_create_builder__build_image_whose_user_is_root__refused(create: Create, store: Store) -> None:
    image = store.image("example/build:1")
    assert image is not None
    env = (("CNB_USER_ID", "0"), ("CNB_GROUP_ID", "0"))
    rooted = store.add_image(replace(image.config, env=env), image.layers)
    store.tag("example/build:1", rooted.descriptor)
    with pytest.raises(errors.BuilderUnusable) as caught:
        create()
    assert "no build runs as root" in caught.value.sentence("hint")
