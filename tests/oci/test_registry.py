"""Images go to real registries and come back; other clients read and write them too."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import bcrypt
import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.events import Event, PhaseEnded, Progress
from jupyter_mlpack.oci.manifest import (
    DOCKER_MANIFEST,
)
from jupyter_mlpack.oci.reference import Reference
from jupyter_mlpack.oci.registry import Registry, pull_image, push_image
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.transport import Access

MIB = 1 << 20


def test_push_image__then_pull__same_image(
    store: Store, other: Store, registry: Any, access: Any, make_image: Any
) -> None:
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


def test_push_image__events__bytes_rise_to_the_total(store: Store, registry: Any, access: Any, make_image: Any) -> None:
    image = make_image(store, 3 * MIB, MIB, 64)
    events: list[Event] = []
    push_image(store, image, Reference(registry.host, "iris"), events.append, access=access(chunk=MIB))
    progress = [event for event in events if isinstance(event, Progress)]
    done = [event.done for event in progress]
    assert done == sorted(done)
    assert done[-1] == progress[-1].total == image.size
    assert {(event.phase, event.unit) for event in progress} == {("publish", "bytes")}
    assert events[-1] == PhaseEnded("publish", "4 of 4 blobs were new")


@pytest.fixture
def locked(start_registry: Any, tmp_path: Path) -> Any:
    """A registry that wants user name ``me`` and password ``hunter2``."""
    line = "me:" + bcrypt.hashpw(b"hunter2", bcrypt.gensalt(4)).decode()
    (tmp_path / "htpasswd").write_text(line + "\n")
    return start_registry(f"auth: {{htpasswd: {{realm: r, path: {tmp_path / 'htpasswd'}}}}}")


def test_push_image__basic_authentication__works_and_pulls(
    store: Store, other: Store, locked: Any, access: Any, make_image: Any
) -> None:
    image = make_image(store, MIB)
    reference = Reference(locked.host, "iris")
    push_image(store, image, reference, access=access("me", "hunter2"))
    assert pull_image(reference, other, "amd64", access=access("me", "hunter2")).layers == image.layers


@pytest.mark.parametrize("known", [(), ("me", "hunter3")], ids=["nobody", "wrong password"])
def test_push_image__not_let_in__says_how_to_log_in(
    *, known: tuple[str, ...], store: Store, other: Store, locked: Any, access: Any, make_image: Any
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
    assert "--insecure-host registry.invalid:5000" in caught.value.sentence("hint")


def test_ping__plain_registry_without_insecure__says_so(registry: Any) -> None:
    with pytest.raises(errors.PullPlainHttp) as caught:
        Registry(registry.host, Access()).ping()
    assert f"--insecure-host {registry.host}" in caught.value.sentence("hint")


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
    *, store: Store, registry: Any, access: Any, skopeo: str, tmp_path: Path, make_image: Any
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
    *,
    form: str,
    store: Store,
    other: Store,
    registry: Any,
    access: Any,
    skopeo: str,
    make_image: Any,
    served_digest: Any,
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
