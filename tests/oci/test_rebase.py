"""Rebasing in a registry, compared with what the official rebaser makes of the same two images.

Each row changes something about an image and a run image that fit. ``golden/rebase.json`` holds what the official
program made of it; ours is compared with that everywhere. Where the official one is at hand, both rebase in a registry:
the configuration must be the same bytes, the layers the same blobs, and what one refuses the other must refuse.
``MLPACK_RECORD=1`` records anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.events import Event, Noticed, ignore
from jupyter_mlpack.lifecycle.rebase import rebase
from jupyter_mlpack.oci.layout import write_layout
from jupyter_mlpack.oci.layout_read import LayoutPlace, read_layout
from jupyter_mlpack.oci.manifest import (
    CONFIG,
    DOCKER_MANIFEST,
    MANIFEST,
    History,
    ImageConfig,
    Layer,
    Manifest,
    StoredImage,
)
from jupyter_mlpack.oci.reference import parse_reference
from jupyter_mlpack.oci.registry import push_image
from jupyter_mlpack.oci.session import Session
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.tar import TarEntry, write_tar
from jupyter_mlpack.oci.transport import Access
from jupyter_mlpack.rebasing import DOCKER_CONFIG, RebaseOutcome, RebaseWish, rebase_image

LABEL = "io.buildpacks.lifecycle.metadata"
DISTRO = {"io.buildpacks.base.distro.name": "debian", "io.buildpacks.base.distro.version": "12"}
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
LOCAL = Access(insecure=True)
HOST = "registry.example"
GOLDEN = Path(__file__).parent / "golden" / "rebase.json"
RECORD = os.environ.get("MLPACK_RECORD") == "1"


@dataclass(frozen=True)
class Row:
    """Changes to the configurations of image and new run image, to the label, and the options of the rebase."""

    id: str
    app: Mapping[str, Any] = field(default_factory=dict)
    run: Mapping[str, Any] = field(default_factory=dict)
    app_labels: Mapping[str, str] = field(default_factory=dict)
    run_labels: Mapping[str, str] = field(default_factory=dict)
    label: Mapping[str, Any] = field(default_factory=dict)
    run_image: Mapping[str, Any] = field(default_factory=dict)
    named: str = ""
    force: bool = False
    docker: str = ""
    refused: type[errors.MlpackError] | None = None


OLD = (("CNB_PLATFORM_API", "0.11"), ("PATH", "/bin"))
STACK = {"io.buildpacks.stack.id": "one"}
LAYERS = {"library": {"sha": "x", "data": {"a": 1, "b": 1.5, "c": [1e21, -0.0], "d": "<ü&>"}, "launch": True}}
ROWS = [
    Row("newer packages"),
    Row("its environment and its labels stay", app={"cmd": ("x",), "env": (*OLD[1:], ("CNB_PLATFORM_API", "0.12"))}),
    Row("known by a mirror", run_image={"image": "example.com/run:1", "mirrors": ["{host}/run:1"]}),
    Row("known by the stack only", run_image={"image": ""}, label={"stack": {"runImage": {"image": "{host}/run:1"}}}),
    Row("no stack in the label", label={"stack": None}),
    Row("layers with data", label={"buildpacks": [{"key": "é/b", "version": "1", "layers": LAYERS}]}),
    Row("store and no layers", label={"buildpacks": [{"key": "b", "version": "1", "store": {"metadata": {"z": 1}}}]}),
    Row("labels of the base are taken over", run_labels={"io.buildpacks.base.id": "new", "other": "stays away"}),
    Row("labels of the old base go", app_labels={"io.buildpacks.base.description": "old", "mine": "stays"}),
    Row("history with empty entries", run={"history": (History("", "ENV x", empty_layer=True), History("", "files"))}),
    Row("variant and other fields", app={"variant": "v1", "rest": {"author": "me", "docker_version": "1"}}),
    Row("health check and volumes", app={"rest": {"config": {"Volumes": {"/data": {}}, "StopSignal": "SIGINT"}}}),
    Row("another name", named="{host}/other:1", refused=errors.RebaseRefused),
    Row("another name by force", named="{host}/other:1", force=True),
    Row("marked", app_labels={"io.buildpacks.rebasable": "false"}, refused=errors.RebaseRefused),
    Row("marked by force", app_labels={"io.buildpacks.rebasable": "false"}, force=True),
    Row("another architecture", run={"architecture": "arm64"}, refused=errors.RebaseRefused),
    Row("another architecture by force", run={"architecture": "arm64", "rest": {"os.version": "3"}}, force=True),
    Row("another variant", app={"variant": "v1"}, run={"variant": "v2"}, refused=errors.RebaseRefused),
    Row("another release", run_labels={"io.buildpacks.base.distro.version": "13"}, refused=errors.RebaseRefused),
    Row("a release that is not said", app_labels=dict.fromkeys(DISTRO, ""), refused=errors.RebaseRefused),
    Row("old platform, same stack", app={"env": OLD}, app_labels=STACK, run_labels=STACK),
    Row("old platform, no stack", app={"env": OLD}, refused=errors.NotRebasable, force=True),
    Row("old platform, other stack", app={"env": OLD}, app_labels=STACK, refused=errors.NotRebasable, force=True),
    Row(
        "old platform, mixin missing", app={"env": OLD}, refused=errors.NotRebasable, run_labels=STACK,
        app_labels={**STACK, "io.buildpacks.stack.mixins": '["run:a", "b"]'},
    ),
    Row("a top layer that is not there", run_image={"topLayer": "sha256:" + 64 * "0"}, refused=errors.NotRebasable),
    Row("all in Docker's media types", docker="both"),
    Row("a run image in Docker's media types", docker="run"),
]  # fmt: skip


def add_layer(store: Store, name: str) -> Layer:
    data = name.encode() * 1000
    return store.add_layer(
        lambda out: write_tar(out, [TarEntry(f"/{name}", "file", 0o644, 0, 0, size=len(data), data=data)])
    )


def add_image(store: Store, config: ImageConfig, layers: list[Layer], *, docker: bool) -> StoredImage:
    """An image; in Docker's media types if asked."""
    config = replace(config, diff_ids=tuple(layer.diff_id for layer in layers))
    kinds = (DOCKER_CONFIG, DOCKER_MANIFEST) if docker else (CONFIG, MANIFEST)
    described = [replace(layer.descriptor, media_type=DOCKER_LAYER) if docker else layer.descriptor for layer in layers]
    manifest = Manifest(store.add_blob(config.to_bytes(), kinds[0]), tuple(described), kinds[1])
    return StoredImage("", store.add_blob(manifest.to_bytes(), kinds[1]), manifest, config)


def filled(value: Any, host: str) -> Any:
    return json.loads(json.dumps(value).replace("{host}", host))


@dataclass
class Pair:
    """An image ``app:1`` and the run image that it does not stand on yet, both for a registry."""

    host: str
    store: Store
    row: Row

    def __post_init__(self) -> None:
        row, store = self.row, self.store
        below = [add_layer(store, "old"), add_layer(store, "security")]
        above = [add_layer(store, name) for name in ("extension", "library", "notebook")]
        entry = {"topLayer": below[-1].diff_id, "reference": "x@sha256:1", "image": f"{self.host}/run:1"}
        run_image = {**entry, **filled(row.run_image, self.host)}
        names = {key: run_image[key] for key in ("image", "mirrors") if run_image.get(key)}
        label = {
            "app": [{"sha": above[2].diff_id}],
            "sbom": {"sha": "s"},
            "buildpacks": [{"key": "b", "version": "1", "layers": {"library": {"sha": above[1].diff_id}}}],
            "config": {"sha": "c"},
            "launcher": {"sha": "l"},
            "process-types": {"sha": "p"},
            "runImage": run_image,
            "stack": {"runImage": names},
        }
        label = {key: value for key, value in {**label, **filled(row.label, self.host)}.items() if value is not None}
        labels = {**DISTRO, **row.app_labels, LABEL: json.dumps(label)}
        config = ImageConfig(
            "amd64", "linux", (), (History("2020-01-01T00:00:00Z", "old"),) * 5, (("CNB_PLATFORM_API", "0.12"),),
            ("/cnb/process/train",), working_dir="/workspace", user="1000:1000", labels=tuple(sorted(labels.items())),
        )  # fmt: skip
        self.app = add_image(store, replace(config, **row.app), below + above, docker=row.docker == "both")
        labels = {**DISTRO, **row.run_labels}
        config = ImageConfig("amd64", "linux", (), labels=tuple(sorted(labels.items())), cmd=("sh",))
        self.run = add_image(store, replace(config, **row.run), [add_layer(store, "new")], docker=bool(row.docker))
        self.named = row.named.replace("{host}", self.host) or f"{self.host}/run:1"

    def pushed(self) -> Pair:
        """Both brought to the registry."""
        self.push(self.app, "app:1")
        self.push(self.run, self.named.partition("/")[2])
        return self

    def push(self, image: StoredImage, name: str) -> None:
        push_image(self.store, image, parse_reference(f"{self.host}/{name}"), access=LOCAL)

    def served(self, name: str) -> tuple[bytes, bytes]:
        """The manifest and the configuration that the registry has."""
        reference = parse_reference(f"{self.host}/{name}")
        from jupyter_mlpack.oci.diagnosis import PULL

        with Session(self.host, reference.repository, LOCAL, PULL, ()) as session:
            data = session.manifest(reference.target).data
            config = Manifest.from_bytes(data).config
            return data, b"".join(session.read_blob(config, lambda digest, done: None))

    def placeless(self, config: bytes) -> str:
        """A configuration without what depends on the registry's port and on the compression of layers."""
        return config.decode().replace(self.host, HOST).replace(self.run.descriptor.digest, "sha256:RUN")

    def ours(self, store: Store, name: str = "app:ours") -> RebaseOutcome:
        """Our rebase, on a store that holds nothing."""
        given = self.named if self.row.named else ""
        wish = RebaseWish(f"{self.host}/app:1", given, (f"{self.host}/{name}",), force=self.row.force, access=LOCAL)
        return rebase_image(wish, store, ignore)

    def official(self, program: Path, folder: Path) -> bool:
        """The official rebase; whether it did it."""
        rebaser = folder / "rebaser"
        shutil.copyfile(program, rebaser)
        rebaser.chmod(0o755)
        options = ["-report", str(folder / "report.toml"), "-previous-image", f"{self.host}/app:1"]
        options += ["-run-image", self.named] if self.row.named else []
        options += ["-force"] if self.row.force else []
        command = [str(rebaser), *options, f"{self.host}/app:official"]
        environment = {"CNB_PLATFORM_API": "0.12", "HOME": str(folder), "PATH": "/usr/bin:/bin"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode in (0, 1, 72), done.stderr
        return done.returncode == 0


def official_lifecycle() -> Path:
    found = shutil.which("lifecycle", path=os.environ.get("MLPACK_OFFICIAL"))
    if found is None:
        pytest.skip("NOT COMPARED with the official lifecycle: it is neither on PATH nor in MLPACK_OFFICIAL")
    return Path(found)


def in_dockers_words(manifest: bytes) -> bytes:
    """The manifest with the two media types that the official rebaser always writes."""
    return manifest.replace(MANIFEST.encode(), DOCKER_MANIFEST.encode()).replace(
        CONFIG.encode(), DOCKER_CONFIG.encode()
    )


def golden() -> dict[str, str]:
    """The official rebaser's configurations by the rows' ids."""
    return dict(json.loads(GOLDEN.read_text(encoding="utf-8"))) if GOLDEN.exists() else {}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_rebase__recorded_outcome__same_configuration(row: Row, tmp_path: Path) -> None:
    pair = Pair(HOST, Store(tmp_path), row)
    app, run = pair.app.named(f"{HOST}/app:1"), pair.run.named(pair.named)
    if row.refused:
        assert row.id not in golden()
        with pytest.raises(row.refused):
            rebase(app, run, force=row.force)
    else:
        assert pair.placeless(rebase(app, run, force=row.force).config.to_bytes()) == golden()[row.id]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_rebase__official_rebaser__same_configuration_and_layers(
    row: Row, shared_registry: Any, tmp_path: Path
) -> None:
    program = official_lifecycle()
    pair = Pair(shared_registry.host, Store(tmp_path / "store"), row).pushed()
    assert pair.official(program, tmp_path) == (row.refused is None)
    if row.refused:
        with pytest.raises(row.refused):
            pair.ours(Store(tmp_path / "empty"))
        return
    pair.ours(Store(tmp_path / "empty"))
    (manifest, config), (theirs, their_config) = pair.served("app:ours"), pair.served("app:official")
    assert config.decode() == their_config.decode()
    expected = pair.placeless(their_config)
    if RECORD:
        GOLDEN.write_text(
            json.dumps({**golden(), row.id: expected}, indent=0, sort_keys=True, ensure_ascii=False) + "\n"
        )
    assert golden()[row.id] == expected
    if row.docker != "run":  # then the official one mixes the kinds of layers, too
        assert in_dockers_words(manifest).decode() == theirs.decode()
    assert [layer.digest for layer in Manifest.from_bytes(manifest).layers] == [
        layer.digest for layer in Manifest.from_bytes(theirs).layers
    ]


def test_rebase__in_a_registry__no_layer_is_read_and_little_is_sent(
    registry: Any, cutting_proxy: Any, tmp_path: Path
) -> None:
    pair = Pair(registry.host, Store(tmp_path / "store"), Row("plain")).pushed()
    proxy = cutting_proxy(registry.host)
    wish = RebaseWish(f"{proxy.host}/app:1", f"{proxy.host}/run:1", force=True, access=LOCAL)
    empty = Store(tmp_path / "empty")
    outcome = rebase_image(wish, empty, ignore)
    layers = {layer.digest for layer in (*pair.app.manifest.layers, *pair.run.manifest.layers)}
    assert not any(digest in path for method, path in proxy.requests for digest in layers if method == "GET")
    assert not any(empty.has(digest) for digest in layers)
    assert any(method == "POST" and "mount=" in path for method, path in proxy.requests)
    assert proxy.bytes_up < 20_000
    assert (outcome.kept, outcome.already) == (3, False)
    again = rebase_image(replace(wish, force=False), empty, ignore)
    assert (again.already, again.digest) == (True, outcome.digest)


def test_rebase__same_image_in_registry_layout_and_store__same_digest(registry: Any, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    pair = Pair(registry.host, store, Row("plain")).pushed()
    store.tag("train:training", pair.app.descriptor)
    write_layout(store, pair.app, tmp_path / "layout", "train:training")
    write_layout(store, pair.run, tmp_path / "layout", "another")
    expected = pair.ours(Store(tmp_path / "empty")).digest
    assert rebase_image(RebaseWish("train:training", access=LOCAL), store, ignore).digest == expected
    stored = store.image("train:training")
    assert stored is not None
    assert all(store.has(layer.digest) for layer in stored.manifest.layers)
    empty = Store(tmp_path / "other")
    assert (
        rebase_image(RebaseWish(f"oci:{tmp_path}/layout:train:training", access=LOCAL), empty, ignore).digest
        == expected
    )
    place = LayoutPlace(tmp_path / "layout", "train:training")
    image = read_layout(place, "amd64")
    assert image.descriptor.digest == expected
    assert all(place.path(layer.digest).is_file() for layer in image.manifest.layers)
    assert read_layout(LayoutPlace(tmp_path / "layout", "another"), "amd64").descriptor == pair.run.descriptor


def test_rebase__stands_on_it_already__is_left_as_it_is(registry: Any, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    pair = Pair(registry.host, store, Row("plain")).pushed()
    pair.ours(store, "app:1")
    served = pair.served("app:1")
    again = pair.ours(store, "app:1")
    assert (again.already, again.digest) == (True, f"sha256:{hashlib.sha256(served[0]).hexdigest()}")
    assert pair.served("app:1") == served
    assert pair.ours(store, "other:2").digest == again.digest


def test_rebase__forced__says_what_was_passed_over(registry: Any, tmp_path: Path) -> None:
    pair = Pair(registry.host, Store(tmp_path / "store"), Row("other", run={"architecture": "arm64"})).pushed()
    events: list[Event] = []
    rebase_image(RebaseWish(f"{pair.host}/app:1", force=True, access=LOCAL), Store(tmp_path / "empty"), events.append)
    told = [event.notice for event in events if isinstance(event, Noticed)]
    assert [notice.code for notice in told] == ["rebase-forced"]
    assert "linux/arm64" in told[0].text


ELSEWHERE = [
    ("{host}/app:1", "elsewhere.example/app:2"),
    ("train:training", "docker://{host}/app:2"),
    ("oci:{layout}", "another"),
]


@pytest.mark.parametrize(("image", "name"), ELSEWHERE, ids=["another registry", "store to registry", "out of a layout"])
def test_rebase__to_another_kind_of_place__is_refused(image: str, name: str, registry: Any, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    pair = Pair(registry.host, store, Row("plain")).pushed()
    store.tag("train:training", pair.app.descriptor)
    write_layout(store, pair.app, tmp_path / "layout", "train:training")
    image, name = (text.format(host=pair.host, layout=tmp_path / "layout") for text in (image, name))
    with pytest.raises(errors.RebaseElsewhere):
        rebase_image(RebaseWish(image, names=(name,), access=LOCAL), store, ignore)


def test_rebase__run_image_of_this_machine__no_registry_is_asked_for_it(tmp_path: Path, registry: Any) -> None:
    store = Store(tmp_path / "store")
    pair = Pair(registry.host, store, Row("local", run_image={"image": "mlpack/run:bookworm-amd64"})).pushed()
    store.tag("train:training", pair.app.descriptor)
    with pytest.raises(errors.RunImageUnknown) as caught:
        rebase_image(RebaseWish("train:training", access=LOCAL), store, ignore)
    assert "mlpack/run:bookworm-amd64 is not in the store" in caught.value.sentence("why")
    store.tag("mlpack/run:bookworm-amd64", pair.run.descriptor)
    assert rebase_image(RebaseWish("train:training", access=LOCAL), store, ignore).kept == 3


def test_rebase__not_of_a_build__is_told(tmp_path: Path, registry: Any) -> None:
    store = Store(tmp_path / "store")
    pair = Pair(registry.host, store, Row("plain")).pushed()
    store.tag("plain:1", pair.run.descriptor)
    with pytest.raises(errors.NotRebasable):
        rebase_image(RebaseWish("plain:1", access=LOCAL), store, ignore)
    with pytest.raises(errors.ImageUnknown):
        rebase_image(RebaseWish("never:1", access=LOCAL), store, ignore)
