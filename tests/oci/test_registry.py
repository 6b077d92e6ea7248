"""Images go to real registries and come back, are verified, and nothing travels twice."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import bcrypt
import httpx
import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.events import Event, PhaseEnded, Progress
from jupyter_mlpack.oci.manifest import (
    CONFIG,
    DOCKER_MANIFEST,
    INDEX,
    LAYER_GZIP,
    Descriptor,
    ImageConfig,
    Layer,
    StoredImage,
)
from jupyter_mlpack.oci.pull import choose_platform
from jupyter_mlpack.oci.reference import Reference
from jupyter_mlpack.oci.registry import Registry, pull_image, push_image
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.tar import TarEntry, write_tar
from jupyter_mlpack.oci.transport import Access

MIB = 1 << 20


def noise(size: int, seed: int) -> bytes:
    """Bytes that do not compress, the same each time."""
    return b"".join(hashlib.sha512(b"%d/%d" % (seed, block)).digest() for block in range(size // 64))


def add_layer(store: Store, name: str, data: bytes) -> Layer:
    entry = TarEntry(name, "file", 0o644, 0, 0, size=len(data), data=data)
    return store.add_layer(lambda out: write_tar(out, [entry]))


def make_image(store: Store, *sizes: int, arch: str = "amd64") -> StoredImage:
    """An image with a layer of noise for each size in bytes."""
    layers = [add_layer(store, f"/f{number}", noise(size, number)) for number, size in enumerate(sizes)]
    diff_ids = tuple(layer.diff_id for layer in layers)
    return store.add_image(ImageConfig(architecture=arch, os="linux", diff_ids=diff_ids), layers)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def other(tmp_path: Path) -> Store:
    return Store(tmp_path / "other")


def served_digest(host: str, repository: str, tag: str) -> str | None:
    accept = {"Accept": f"application/vnd.oci.image.manifest.v1+json, {DOCKER_MANIFEST}"}
    answer = httpx.head(f"http://{host}/v2/{repository}/manifests/{tag}", headers=accept, trust_env=False)
    return answer.headers["docker-content-digest"] if answer.status_code == 200 else None


def test_push_image__then_pull__same_image(store: Store, other: Store, registry: Any, access: Any) -> None:
    image = make_image(store, 3 * MIB, 64 * 1024, 64)
    reference = Reference(registry.host, "team/iris", "1")
    assert push_image(store, image, reference, access=access()) == image.descriptor.digest
    pulled = pull_image(reference, other, "amd64", access=access())
    assert pulled.descriptor == image.descriptor
    assert pulled.layers == image.layers
    assert other.image(str(reference)) == pulled
    for layer in image.layers:
        assert other.read(layer.descriptor.digest) == store.read(layer.descriptor.digest)
        assert other.layer(layer.diff_id) == layer


def test_push_image__events__bytes_rise_to_the_total(store: Store, registry: Any, access: Any) -> None:
    image = make_image(store, 3 * MIB, MIB, 64)
    events: list[Event] = []
    push_image(store, image, Reference(registry.host, "iris"), events.append, access=access(chunk=MIB))
    progress = [event for event in events if isinstance(event, Progress)]
    done = [event.done for event in progress]
    assert done == sorted(done)
    assert done[-1] == progress[-1].total == image.size
    assert {(event.phase, event.unit) for event in progress} == {("publish", "bytes")}
    assert events[-1] == PhaseEnded("publish", "4 of 4 blobs were new")


def test_push_image__second_time__uploads_nothing(store: Store, registry: Any, access: Any, cutting_proxy: Any) -> None:
    image = make_image(store, 2 * MIB, 64)
    first, second = cutting_proxy(registry.host), cutting_proxy(registry.host)
    push_image(store, image, Reference(first.host, "iris"), access=access())
    push_image(store, image, Reference(second.host, "iris"), access=access())
    assert sorted(second.methods()) == ["GET", "HEAD", "HEAD", "HEAD", "PUT"]
    assert second.methods("/manifests/") == ["PUT"]
    assert first.bytes_up > 2 * MIB > 20_000 > second.bytes_up


def test_push_image__further_tags__all_point_at_it(store: Store, registry: Any, access: Any) -> None:
    image = make_image(store, 64)
    push_image(store, image, Reference(registry.host, "iris", "1"), tags=["1.2", "stable"], access=access())
    found = [served_digest(registry.host, "iris", tag) for tag in ("1", "1.2", "stable")]
    assert found == [image.descriptor.digest] * 3


def test_push_image__bad_further_tag__fails_before_anything(store: Store, registry: Any, access: Any) -> None:
    with pytest.raises(errors.ReferenceTagWrong):
        push_image(store, make_image(store, 64), Reference(registry.host, "iris"), tags=["a/b"], access=access())
    assert served_digest(registry.host, "iris", "latest") is None


def test_push_image__layer_known_elsewhere__is_mounted(
    store: Store, registry: Any, access: Any, cutting_proxy: Any
) -> None:
    image = make_image(store, 2 * MIB, 64)
    push_image(store, image, Reference(registry.host, "base"), access=access())
    proxy = cutting_proxy(registry.host)
    origins = {layer.descriptor.digest: Reference(proxy.host, "base") for layer in image.layers}
    push_image(store, image, Reference(proxy.host, "team/iris"), origins=origins, access=access())
    assert proxy.bytes_up < 20_000
    assert served_digest(registry.host, "team/iris", "latest") == image.descriptor.digest


def test_push_image__base_without_its_layers__is_mounted_or_missed(
    store: Store, other: Store, registry: Any, access: Any
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
    store: Store, registry: Any, access: Any, cutting_proxy: Any
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
    store: Store, registry: Any, access: Any, cutting_proxy: Any
) -> None:
    image = make_image(store, *[MIB] * 6)
    proxy = cutting_proxy(registry.host, cuts=[MIB // 2, MIB // 3, 700_000])
    push_image(store, image, Reference(proxy.host, "iris"), access=access())
    assert proxy.cut == 3
    assert served_digest(registry.host, "iris", "latest") == image.descriptor.digest


def test_pull_image__connection_breaks__is_taken_up_where_it_broke(
    store: Store, other: Store, registry: Any, access: Any, cutting_proxy: Any
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
    store: Store, other: Store, registry: Any, access: Any, cutting_proxy: Any
) -> None:
    push_image(store, make_image(store, MIB, 64), Reference(registry.host, "iris"), access=access())
    pull_image(Reference(registry.host, "iris"), other, "amd64", access=access())
    proxy = cutting_proxy(registry.host)
    pull_image(Reference(proxy.host, "iris"), other, "amd64", access=access())
    assert [path for _, path in proxy.requests] == ["/v2/iris/manifests/latest"]


def put(host: str, repository: str, kind: str, data: bytes, media_type: str) -> str:
    """Store a blob or manifest at the registry by hand, whatever it holds; gives its digest."""
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    with httpx.Client(trust_env=False, base_url=f"http://{host}/v2/{repository}/") as client:
        if kind == "blob":
            where = client.post("blobs/uploads/").headers["location"]
            client.put(where, params={**dict(httpx.URL(where).params), "digest": digest}, content=data)
        else:
            headers = {"Content-Type": media_type}
            client.put(f"manifests/{kind}", content=data, headers=headers).raise_for_status()
    return digest


def test_pull_image__index__takes_the_architecture(store: Store, other: Store, registry: Any, access: Any) -> None:
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
    store: Store, other: Store, registry: Any, access: Any
) -> None:
    push_image(store, make_image(store, 64, arch="arm64"), Reference(registry.host, "iris"), access=access())
    with pytest.raises(errors.PullNoPlatform):
        pull_image(Reference(registry.host, "iris"), other, "amd64", access=access())


def test_pull_image__layer_lies_about_its_content__is_not_remembered(
    store: Store, other: Store, registry: Any, access: Any
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


@pytest.fixture
def locked(start_registry: Any, tmp_path: Path) -> Any:
    """A registry that wants user name ``me`` and password ``hunter2``."""
    line = "me:" + bcrypt.hashpw(b"hunter2", bcrypt.gensalt(4)).decode()
    (tmp_path / "htpasswd").write_text(line + "\n")
    return start_registry(f"auth: {{htpasswd: {{realm: r, path: {tmp_path / 'htpasswd'}}}}}")


def test_push_image__basic_authentication__works_and_pulls(
    store: Store, other: Store, locked: Any, access: Any
) -> None:
    image = make_image(store, MIB)
    reference = Reference(locked.host, "iris")
    push_image(store, image, reference, access=access("me", "hunter2"))
    assert pull_image(reference, other, "amd64", access=access("me", "hunter2")).layers == image.layers


@pytest.mark.parametrize("known", [(), ("me", "hunter3")], ids=["nobody", "wrong password"])
def test_push_image__not_let_in__says_how_to_log_in(
    known: tuple[str, ...], store: Store, other: Store, locked: Any, access: Any
) -> None:
    reference = Reference(locked.host, "iris")
    with pytest.raises(errors.PushDenied) as caught:
        push_image(store, make_image(store, 64), reference, access=access(*known))
    words = " ".join(caught.value.sentence(part) for part in ("what", "where", "why", "hint"))
    assert f"docker login {locked.host}" in words
    assert "hunter" not in words
    with pytest.raises(errors.PullDenied):
        pull_image(reference, other, "amd64", access=access(*known))


def test_pull_image__nobody_listens__unreachable(store: Store, access: Any) -> None:
    with pytest.raises(errors.PullUnreachable):
        pull_image(Reference("127.0.0.1:1", "iris"), store, "amd64", access=access())


def test_pull_image__plain_http_to_another_machine__is_refused(store: Store, access: Any) -> None:
    with pytest.raises(errors.PlainHttpRefused) as caught:
        pull_image(Reference("registry.invalid:5000", "iris"), store, "amd64", access=access())
    assert "--insecure registry.invalid:5000" in caught.value.sentence("hint")


def test_ping__plain_registry_without_insecure__says_so(registry: Any) -> None:
    with pytest.raises(errors.PullPlainHttp) as caught:
        Registry(registry.host, Access()).ping()
    assert f"--insecure {registry.host}" in caught.value.sentence("hint")


def test_ping__host_named_by_the_user__plain_http(registry: Any) -> None:
    Registry(registry.host, Access(insecure_hosts=frozenset({registry.host}))).ping()


def test_pull_image__not_there__says_what_the_registry_says(store: Store, registry: Any, access: Any) -> None:
    with pytest.raises(errors.PullNotFound) as caught:
        pull_image(Reference(registry.host, "iris"), store, "amd64", access=access())
    assert "manifest unknown" in caught.value.sentence("why")
    assert caught.value.exit_code == 2


@pytest.fixture
def skopeo() -> str:
    program = shutil.which("skopeo")
    if program is None:
        pytest.skip("LOUD: skopeo is not installed; this test compares with an independent client")
    return program


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_push_image__read_by_skopeo__same_bytes(
    store: Store, registry: Any, access: Any, skopeo: str, tmp_path: Path
) -> None:
    image = make_image(store, MIB, 64)
    push_image(store, image, Reference(registry.host, "iris"), access=access())
    source = f"docker://{registry.host}/iris:latest"
    run(skopeo, "--insecure-policy", "copy", "--src-tls-verify=false", source, f"dir:{tmp_path / 'out'}")
    assert (tmp_path / "out" / "manifest.json").read_bytes() == store.read(image.descriptor.digest)
    for layer in image.layers:
        hexadecimal = layer.descriptor.digest.removeprefix("sha256:")
        assert (tmp_path / "out" / hexadecimal).read_bytes() == store.read(layer.descriptor.digest)


@pytest.mark.parametrize("form", ["oci", "v2s2"])
def test_pull_image__written_by_skopeo__is_accepted(
    form: str, store: Store, other: Store, registry: Any, access: Any, skopeo: str
) -> None:
    image = make_image(store, MIB, 64)
    push_image(store, image, Reference(registry.host, "iris"), access=access())
    flags = ["--src-tls-verify=false", "--dest-tls-verify=false", "--format", form]
    where = f"docker://{registry.host}/iris"
    run(skopeo, "--insecure-policy", "copy", *flags, f"{where}:latest", f"{where}:copy")
    pulled = pull_image(Reference(registry.host, "iris", "copy"), other, "amd64", access=access())
    assert pulled.descriptor.digest == served_digest(registry.host, "iris", "copy")
    assert (pulled.descriptor.media_type == DOCKER_MANIFEST) == (form == "v2s2")
    assert [layer.diff_id for layer in pulled.layers] == [layer.diff_id for layer in image.layers]
    assert [other.layer(layer.diff_id) for layer in pulled.layers] == list(pulled.layers)
    push_image(other, pulled, Reference(registry.host, "again"), access=access())
    assert served_digest(registry.host, "again", "latest") == pulled.descriptor.digest
