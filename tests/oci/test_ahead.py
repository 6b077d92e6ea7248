"""Layers are on their way while others are being made; what goes wrong with that is made good by the push."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlpack.errors import MlpackError, UploadLost
from jupyter_mlpack.events import Event, LayerExported, Progress
from jupyter_mlpack.oci.manifest import Layer, StoredImage
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.publish import Early, Outputs, deliver, pushing_ahead

MIB = 1 << 20


def finished(layer: Layer) -> Event:
    return LayerExported("layer", layer.diff_id, layer.descriptor.size, reused=False)


def until(true: Any, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture
def image(store: Store, make_image: Any) -> StoredImage:
    made: StoredImage = make_image(store, 2 * MIB, MIB, 64)
    store.tag("iris", made.descriptor)
    return made.named("iris")


def test_early__layer_is_finished__it_travels_before_the_image_is_there(
    *, store: Store, image: StoredImage, registry: Any, cutting_proxy: Any, served_digest: Any
) -> None:
    proxy = cutting_proxy(registry.host)
    outputs = Outputs(push=(f"{proxy.host}/early/iris:1",), insecure=True)
    with pushing_ahead(outputs, store, lambda event: None) as early:
        early.hear(finished(image.layers[0]))
        until(lambda: proxy.bytes_up > 2 * MIB)
        assert served_digest(registry.host, "early/iris", "1") is None
        deliver(image, outputs, store, lambda event: None, early)
    assert served_digest(registry.host, "early/iris", "1") == image.descriptor.digest
    assert 3 * MIB < proxy.bytes_up < 3 * MIB + 30_000
    first = image.layers[0].descriptor.digest
    assert proxy.methods(f"/blobs/{first}") == ["HEAD"]


def test_early__connection_breaks__the_push_makes_it_good(
    *, store: Store, image: StoredImage, registry: Any, cutting_proxy: Any, served_digest: Any
) -> None:
    proxy = cutting_proxy(registry.host, cuts=[1000])
    outputs = Outputs(push=(f"{proxy.host}/broken/iris",), insecure=True)
    with pushing_ahead(outputs, store, lambda event: None) as early:
        for layer in image.layers:
            early.hear(finished(layer))
        deliver(image, outputs, store, lambda event: None, early)
    assert proxy.cut == 1
    assert served_digest(registry.host, "broken/iris", "latest") == image.descriptor.digest


@pytest.mark.parametrize(
    "reference", ["127.0.0.1:9/nobody/iris", "registry.example/team/iris"], ids=["nobody-listens", "plain-http-refused"]
)
def test_early__registry_cannot_be_used__the_build_goes_on_and_the_push_tells(
    store: Store, image: StoredImage, reference: str
) -> None:
    outputs = Outputs(push=(reference,), insecure=True)
    with pushing_ahead(outputs, store, lambda event: None) as early:
        for layer in image.layers:
            early.hear(finished(layer))
        with pytest.raises(MlpackError):
            deliver(image, outputs, store, lambda event: None, early)


def test_early__silent_registry__who_listens_may_stop_and_nobody_waits(store: Store, image: StoredImage) -> None:
    class Stopped(Exception):
        pass

    def listen(event: Event) -> None:
        if isinstance(event, Progress):
            raise Stopped

    with socket.create_server(("127.0.0.1", 0)) as silent:
        outputs = Outputs(push=(f"127.0.0.1:{silent.getsockname()[1]}/silent/iris",), insecure=True)
        begun = time.monotonic()
        with pytest.raises(Stopped), pushing_ahead(outputs, store, listen) as early:  # noqa: PT012
            early.hear(finished(image.layers[0]))
            deliver(image, outputs, store, listen, early)
    assert time.monotonic() - begun < 5


def test_early__build_fails__uploads_end(store: Store, image: StoredImage, cutting_proxy: Any, registry: Any) -> None:
    proxy = cutting_proxy(registry.host)
    outputs = Outputs(push=(f"{proxy.host}/failed/iris",), insecure=True)
    with pytest.raises(UploadLost), pushing_ahead(outputs, store, lambda event: None) as early:  # noqa: PT012
        early.hear(finished(image.layers[0]))
        until(lambda: proxy.bytes_up)
        raise UploadLost(host="a", repository="b", reason="c")


def test_early__nothing_to_push__only_listens(tmp_path: Path, image: StoredImage) -> None:
    heard: list[Event] = []
    early = Early(Outputs(), Store(tmp_path), heard.append)
    early.hear(finished(image.layers[0]))
    early.stop()
    assert heard == [finished(image.layers[0])]
