"""What comes from a registry is verified, chosen for the platform, and fetched once."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.oci.manifest import (
    CONFIG,
    INDEX,
    LAYER_GZIP,
    Descriptor,
    ImageConfig,
    Layer,
)
from jupyter_mlpack.oci.pull import choose_platform
from jupyter_mlpack.oci.reference import Reference
from jupyter_mlpack.oci.registry import pull_image, push_image
from jupyter_mlpack.oci.store import Store

MIB = 1 << 20


def test_pull_image__connection_breaks__is_taken_up_where_it_broke(
    *, store: Store, other: Store, registry: Any, access: Any, cutting_proxy: Any, make_image: Any
) -> None:
    image = make_image(store, 4 * MIB)
    push_image(store, image, Reference(registry.host, "iris"), access=access())
    proxy = cutting_proxy(registry.host, cuts=[2 * MIB, MIB], direction="down")
    pulled = pull_image(Reference(proxy.host, "iris"), other, "amd64", access=access())
    layer = image.layers[0].descriptor
    assert pulled.descriptor == image.descriptor
    assert other.read(layer.digest) == store.read(layer.digest)
    assert proxy.methods(f"/blobs/{layer.digest}") == ["GET"] * 3


def test_pull_image__second_time__fetches_the_manifest_only(
    *, store: Store, other: Store, registry: Any, access: Any, cutting_proxy: Any, make_image: Any
) -> None:
    push_image(store, make_image(store, MIB, 64), Reference(registry.host, "iris"), access=access())
    pull_image(Reference(registry.host, "iris"), other, "amd64", access=access())
    proxy = cutting_proxy(registry.host)
    pull_image(Reference(proxy.host, "iris"), other, "amd64", access=access())
    assert [path for _, path in proxy.requests] == ["/v2/iris/manifests/latest"]


def test_pull_image__index__takes_the_architecture(
    *, store: Store, other: Store, registry: Any, access: Any, make_image: Any, put: Any
) -> None:
    entries = []
    for arch in ("amd64", "arm64"):
        image = make_image(store, 64, arch=arch)
        reference = Reference(registry.host, "iris", "", image.descriptor.digest)
        push_image(store, image, reference, access=access())
        platform = {"os": "linux", "architecture": arch}
        entries.append({**image.descriptor.as_json(), "platform": platform})
    index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}).encode()
    put(registry.host, "iris", "latest", index, INDEX)
    reference = Reference(registry.host, "iris")
    assert pull_image(reference, other, "arm64", access=access()).config.architecture == "arm64"
    with pytest.raises(errors.PullNoPlatform) as caught:
        pull_image(reference, other, "riscv64", access=access())
    assert "linux/amd64, linux/arm64" in caught.value.sentence("why")


def test_pull_image__single_image_of_another_architecture__is_refused(
    store: Store, other: Store, registry: Any, access: Any, make_image: Any
) -> None:
    push_image(store, make_image(store, 64, arch="arm64"), Reference(registry.host, "iris"), access=access())
    with pytest.raises(errors.PullNoPlatform):
        pull_image(Reference(registry.host, "iris"), other, "amd64", access=access())


def test_pull_image__layer_lies_about_its_content__is_not_remembered(
    *, store: Store, other: Store, registry: Any, access: Any, add_layer: Any, put: Any
) -> None:
    honest = add_layer(store, "/f", b"the content that everybody trusts")
    bad = gzip.compress(b"something else")
    digest = put(registry.host, "iris", "blob", bad, "")
    config = ImageConfig(architecture="amd64", os="linux", diff_ids=(honest.diff_id,))
    image = store.add_image(config, [Layer(Descriptor(LAYER_GZIP, digest, len(bad)), honest.diff_id)])
    put(registry.host, "iris", "blob", store.read(image.manifest.config.digest), CONFIG)
    put(registry.host, "iris", "latest", store.read(image.descriptor.digest), image.descriptor.media_type)
    with pytest.raises(errors.PullDamaged):
        pull_image(Reference(registry.host, "iris"), other, "amd64", access=access())
    assert other.layer(honest.diff_id) is None
    assert other.images() == ()


ORDER = {
    "first plain, then v8": ([("linux", "arm64", "v8"), ("linux", "arm64", "")], 1),
    "v8 before others": ([("linux", "arm64", "v9"), ("linux", "arm64", "v8")], 1),
    "attestations are no platform": ([("unknown", "unknown", ""), ("linux", "arm64", "")], 1),
}


@pytest.mark.parametrize(("platforms", "expected"), ORDER.values(), ids=ORDER)
def test_choose_platform__several__the_plainest_wins(platforms: Any, expected: int) -> None:
    digests = ["sha256:" + str(number) * 64 for number in range(len(platforms))]
    entries = [
        {"digest": digest, "platform": {"os": words[0], "architecture": words[1], "variant": words[2]}}
        for digest, words in zip(digests, platforms, strict=True)
    ]
    assert choose_platform(json.dumps({"manifests": entries}).encode(), "arm64", "iris") == digests[expected]


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"manifests": 3}', '{"manifests": [3, {"platform": 1}, {"platform": {}, "digest": "../x"}]}'],
)
def test_choose_platform__nonsense__no_platform(text: str) -> None:
    with pytest.raises(errors.PullNoPlatform):
        choose_platform(text.encode(), "amd64", "iris")


def test_pull_image__registry_serves_other_bytes__nothing_is_kept(
    store: Store, other: Store, registry: Any, access: Any, make_image: Any
) -> None:
    image = make_image(store, 64 * 1024)
    push_image(store, image, Reference(registry.host, "iris"), access=access())
    digest = image.layers[0].descriptor.digest
    (kept,) = registry.log.parent.glob(f"data/**/{digest.removeprefix('sha256:')}/data")
    kept.write_bytes(kept.read_bytes()[:-1] + b"?")
    with pytest.raises(errors.PullDamaged) as caught:
        pull_image(Reference(registry.host, "iris"), other, "amd64", access=access())
    assert digest in caught.value.sentence("what")
    assert not other.has(digest)
    assert other.images() == ()
