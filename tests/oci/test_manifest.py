"""Manifests and configurations: Go's bytes, and no trust in what a registry sends."""

from __future__ import annotations

import json

import pytest

from jupyter_mlpack.errors import ManifestUnreadable
from jupyter_mlpack.oci.manifest import (
    CREATED,
    DOCKER_MANIFEST,
    MANIFEST,
    Descriptor,
    History,
    ImageConfig,
    Manifest,
    image_of,
)

HEX = "0123456789abcdef" * 4
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
DIGEST = f"sha256:{HEX}"


def test_config_to_bytes__all_fields__go_order_and_escaping() -> None:
    config = ImageConfig(
        architecture="arm64",
        os="linux",
        diff_ids=(DIGEST,),
        history=(History(CREATED, "a <b> & c"), History(CREATED, "x", comment="é\u2028", empty_layer=True)),
        env=(("PATH", "/bin=x"), ("A", "")),
        entrypoint=("/cnb/process/train",),
        working_dir="/workspace",
        user="1000:1000",
        labels=(("b", '{"x":"\\n"}'), ("a", "1")),
        variant="v8",
        rest={"os.version": "12", "config": {"ExposedPorts": {"80/tcp": {}}}},
    )
    assert config.to_bytes().decode() == (
        '{"architecture":"arm64","created":"1980-01-01T00:00:01Z","history":[{"created":"1980-01-01T00:00:01Z",'
        '"created_by":"a \\u003cb\\u003e \\u0026 c"},{"created":"1980-01-01T00:00:01Z","created_by":"x",'
        '"comment":"é\\u2028","empty_layer":true}],"os":"linux","rootfs":{"type":"layers","diff_ids":["'
        + DIGEST
        + '"]},'
        '"config":{"Entrypoint":["/cnb/process/train"],"Env":["PATH=/bin=x","A="],"Labels":{"a":"1","b":"{\\"x\\":\\"\\\\n\\"}"},'
        '"User":"1000:1000","WorkingDir":"/workspace","ExposedPorts":{"80/tcp":{}}},"os.version":"12","variant":"v8"}'
    )
    assert ImageConfig.from_bytes(config.to_bytes()).to_bytes() == config.to_bytes()


def test_config_from_bytes__docker_configuration__keeps_what_it_does_not_know() -> None:
    document = {
        "architecture": "amd64", "os": "linux", "docker_version": "20.10", "container": "abc",
        "created": "2024-01-01T00:00:00Z",
        "rootfs": {"type": "layers", "diff_ids": [DIGEST]}, "history": None,
        "config": {"Cmd": ["sh"], "Env": None, "Labels": None, "StopSignal": "SIGINT",
                   "Healthcheck": {"Test": ["NONE"]}},
        "container_config": {"Hostname": "x"},
    }  # fmt: skip
    config = ImageConfig.from_bytes(json.dumps(document).encode())
    again = json.loads(config.to_bytes())
    assert config.cmd == ("sh",)
    assert again["config"] == {"Cmd": ["sh"], "StopSignal": "SIGINT", "Healthcheck": {"Test": ["NONE"]}}
    assert (again["container"], again["container_config"]) == ("abc", {"Hostname": "x"})


def test_config__lone_surrogate_in_a_label__becomes_the_replacement_character() -> None:
    config = ImageConfig("amd64", "linux", (), labels=(("a", "x\ud800"),))
    assert ImageConfig.from_bytes(config.to_bytes()).labels == (("a", "x\ufffd"),)


@pytest.mark.parametrize("media_type", [MANIFEST, DOCKER_MANIFEST], ids=["oci", "docker"])
def test_manifest__written_and_read__is_the_same(media_type: str) -> None:
    manifest = Manifest(Descriptor("c", DIGEST, 1), (Descriptor(DOCKER_LAYER, DIGEST, 2),), media_type)
    assert Manifest.from_bytes(manifest.to_bytes()) == manifest
    assert manifest.to_bytes().startswith(b'{"schemaVersion":2,"mediaType":"%s","config":{' % media_type.encode())


def manifest_with(**changes: object) -> bytes:
    descriptor = {"mediaType": "x", "digest": DIGEST, "size": 1}
    return json.dumps({"schemaVersion": 2, "config": descriptor, "layers": [descriptor], **changes}).encode()


HOSTILE = {
    "no-json": b"<html>",
    "not-an-object": b"[]",
    "too-deep": b"[" * 100_000,
    "binary": b"\xff\xfe\x00",
    "schema-1": manifest_with(schemaVersion=1),
    "index": manifest_with(mediaType="application/vnd.oci.image.index.v1+json"),
    "no-config": manifest_with(config=None),
    "layers-no-list": manifest_with(layers={}),
    "layer-no-object": manifest_with(layers=["x"]),
    "digest-is-a-path": manifest_with(layers=[{"mediaType": "x", "digest": "sha256:../../../etc/passwd", "size": 1}]),
    "negative-size": manifest_with(layers=[{"mediaType": "x", "digest": DIGEST, "size": -1}]),
    "size-is-true": manifest_with(layers=[{"mediaType": "x", "digest": DIGEST, "size": True}]),
    "huge": manifest_with(annotations={"x": "y" * (17 << 20)}),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_manifest_from_bytes__not_a_manifest__is_told(data: bytes) -> None:
    with pytest.raises(ManifestUnreadable) as failure:
        Manifest.from_bytes(data)
    assert failure.value.sentence("why")


@pytest.mark.parametrize(
    "document",
    [
        {"os": "linux"},
        {"architecture": "amd64", "os": "linux", "rootfs": {"diff_ids": ["x"]}},
        {"architecture": "amd64", "os": "linux", "config": []},
        {"architecture": "amd64", "os": "linux", "config": {"Labels": {"a": 1}}},
        {"architecture": "amd64", "os": "linux", "config": {"Env": [1]}},
        {"architecture": "amd64", "os": "linux", "history": [1]},
    ],
    ids=["no-architecture", "bad-diff-id", "config-list", "label-number", "env-number", "history-number"],
)
def test_config_from_bytes__not_a_configuration__is_told(document: object) -> None:
    with pytest.raises(ManifestUnreadable):
        ImageConfig.from_bytes(json.dumps(document).encode())


def test_image_of__layers_and_diff_ids_do_not_fit__is_told() -> None:
    config = ImageConfig("amd64", "linux", (DIGEST, DIGEST))
    with pytest.raises(ManifestUnreadable, match="cannot be read"):
        image_of("x", Descriptor(MANIFEST, DIGEST, 1), manifest_with(), config.to_bytes())
