"""Only what is missing travels to a registry, and a tag moves last."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.oci.reference import Reference
from jupyter_mlpack.oci.registry import pull_image, push_image
from jupyter_mlpack.oci.store import Store

MIB = 1 << 20


def test_push_image__second_time__uploads_nothing(
    store: Store, registry: Any, access: Any, cutting_proxy: Any, make_image: Any
) -> None:
    image = make_image(store, 2 * MIB, 64)
    first, second = cutting_proxy(registry.host), cutting_proxy(registry.host)
    push_image(store, image, Reference(first.host, "iris"), access=access())
    push_image(store, image, Reference(second.host, "iris"), access=access())
    assert sorted(second.methods()) == ["GET", "HEAD", "HEAD", "HEAD", "PUT"]
    assert second.methods("/manifests/") == ["PUT"]
    assert first.bytes_up > 2 * MIB > 20_000 > second.bytes_up


def test_push_image__further_tags__all_point_at_it(
    store: Store, registry: Any, access: Any, make_image: Any, served_digest: Any
) -> None:
    image = make_image(store, 64)
    push_image(store, image, Reference(registry.host, "iris", "1"), tags=["1.2", "stable"], access=access())
    found = [served_digest(registry.host, "iris", tag) for tag in ("1", "1.2", "stable")]
    assert found == [image.descriptor.digest] * 3


def test_push_image__bad_further_tag__fails_before_anything(
    store: Store, registry: Any, access: Any, make_image: Any, served_digest: Any
) -> None:
    with pytest.raises(errors.ReferenceTagWrong):
        push_image(store, make_image(store, 64), Reference(registry.host, "iris"), tags=["a/b"], access=access())
    assert served_digest(registry.host, "iris", "latest") is None


def test_push_image__layer_known_elsewhere__is_mounted(
    *, store: Store, registry: Any, access: Any, cutting_proxy: Any, make_image: Any, served_digest: Any
) -> None:
    image = make_image(store, 2 * MIB, 64)
    push_image(store, image, Reference(registry.host, "base"), access=access())
    proxy = cutting_proxy(registry.host)
    origins = {layer.descriptor.digest: Reference(proxy.host, "base") for layer in image.layers}
    push_image(store, image, Reference(proxy.host, "team/iris"), origins=origins, access=access())
    assert proxy.bytes_up < 20_000
    assert served_digest(registry.host, "team/iris", "latest") == image.descriptor.digest


def test_push_image__base_without_its_layers__is_mounted_or_missed(
    *, store: Store, other: Store, registry: Any, access: Any, make_image: Any, served_digest: Any
) -> None:
    image = make_image(store, MIB)
    base = Reference(registry.host, "base")
    push_image(store, image, base, access=access())
    known = pull_image(base, other, "amd64", layers=False, access=access())
    assert not other.has(image.layers[0].descriptor.digest)
    assert other.images() == ()
    with pytest.raises(errors.PushLayerMissing):
        push_image(other, known, Reference(registry.host, "iris"), access=access())
    origins = {layer.descriptor.digest: base for layer in known.layers}
    push_image(other, known, Reference(registry.host, "iris"), origins=origins, access=access())
    assert served_digest(registry.host, "iris", "latest") == image.descriptor.digest


def test_push_image__connection_breaks_for_good__tag_stays(
    *, store: Store, registry: Any, access: Any, cutting_proxy: Any, make_image: Any, served_digest: Any
) -> None:
    before, after = make_image(store, 64), make_image(store, 2 * MIB)
    push_image(store, before, Reference(registry.host, "iris"), access=access())
    proxy = cutting_proxy(registry.host, cuts=[MIB] * 50)
    with pytest.raises(errors.UploadLost) as caught:
        push_image(store, after, Reference(proxy.host, "iris"), access=access(chunk=4 * MIB))
    assert proxy.cut == 4
    assert caught.value.sentence("hint")
    assert served_digest(registry.host, "iris", "latest") == before.descriptor.digest
    push_image(store, after, Reference(registry.host, "iris"), access=access())
    assert served_digest(registry.host, "iris", "latest") == after.descriptor.digest


def test_push_image__cuts_in_parallel_uploads__all_arrives(
    *, store: Store, registry: Any, access: Any, cutting_proxy: Any, make_image: Any, served_digest: Any
) -> None:
    image = make_image(store, *[MIB] * 6)
    proxy = cutting_proxy(registry.host, cuts=[MIB // 2, MIB // 3, 700_000])
    push_image(store, image, Reference(proxy.host, "iris"), access=access())
    assert proxy.cut == 3
    assert served_digest(registry.host, "iris", "latest") == image.descriptor.digest
