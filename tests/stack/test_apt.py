"""apt as the verifier: mirrors that were tampered with, packages that do not exist."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from jupyter_mlpack.errors import (
    ArchiveDamaged,
    KeyringMissing,
    MirrorUnknown,
    MirrorUnreachable,
    PackageMissing,
    SignatureInvalid,
    SigningKeyUnknown,
)
from jupyter_mlpack.stack.apt import Apt, find_apt, open_apt, resolve, update_index
from jupyter_mlpack.stack.recipe import StackSettings, read_stack
from jupyter_mlpack.stack.sources import Archive, find_archive

pytestmark = pytest.mark.network
STACK = read_stack(Path(__file__).parents[2] / "stacks" / "bookworm")


@pytest.fixture(scope="module")
def indexed(run_image, machine_store) -> Apt:
    """apt with a verified index, as an assembly left it."""
    run_image("bookworm")
    state = machine_store.root / "stacks" / "bookworm-amd64"
    try:
        return Apt(find_apt(STACK), state, STACK, "amd64", find_archive(STACK, StackSettings()))
    except (MirrorUnknown, KeyringMissing) as failure:
        pytest.skip(f"NO MIRROR HERE: {failure}")


@pytest.fixture
def mirror(indexed, tmp_path) -> Path:
    """A mirror in a folder: the real signed release files, the index as apt stored it."""
    root = tmp_path / "mirror"
    for suite in ("bookworm", "bookworm-updates"):
        (root / "dists" / suite).mkdir(parents=True)
        (release,) = (indexed.state / "lists").glob(f"*_dists_{suite}_InRelease")
        (root / "dists" / suite / "InRelease").write_bytes(release.read_bytes())
    return root


def opened(mirror: Path, keyring: Path, state: Path) -> Apt:
    return open_apt(STACK, "amd64", Archive(f"file:{mirror}", None, keyring), state)


def test_update_index__signed_text_changed__signature_is_invalid(mirror, indexed, tmp_path):
    release = mirror / "dists/bookworm/InRelease"
    release.write_bytes(release.read_bytes().replace(b"Origin: Debian", b"Origin: Debjan", 1))
    with pytest.raises(SignatureInvalid):
        update_index(opened(mirror, indexed.archive.keyring, tmp_path / "state"), refresh=True)


def test_update_index__signature_cut_off__is_refused(mirror, indexed, tmp_path):
    for release in mirror.glob("dists/*/InRelease"):
        text = release.read_bytes().split(b"-----BEGIN PGP SIGNATURE")[0].split(b"\n\n", 1)[1]
        release.with_name("Release").write_bytes(text)
        release.unlink()
    with pytest.raises(SignatureInvalid):
        update_index(opened(mirror, indexed.archive.keyring, tmp_path / "state"), refresh=True)


def test_update_index__index_changed__hash_is_wrong(mirror, indexed, tmp_path):
    for suite in ("bookworm", "bookworm-updates"):
        folder = mirror / "dists" / suite / "main" / "binary-amd64"
        folder.mkdir(parents=True)
        (folder / "Packages.xz").write_bytes(b"Package: evil\n")
    with pytest.raises(ArchiveDamaged):
        update_index(opened(mirror, indexed.archive.keyring, tmp_path / "state"), refresh=True)


def test_update_index__keyring_of_nobody__key_is_unknown(mirror, tmp_path):
    (tmp_path / "empty.gpg").write_bytes(b"")
    with pytest.raises(SigningKeyUnknown):
        update_index(opened(mirror, tmp_path / "empty.gpg", tmp_path / "state"), refresh=True)


def test_update_index__no_such_mirror__is_unreachable(indexed, tmp_path):
    with pytest.raises(MirrorUnreachable):
        update_index(opened(tmp_path / "nothing", indexed.archive.keyring, tmp_path / "state"), refresh=True)


def test_update_index__todays_index__is_not_fetched_again(indexed):
    assert update_index(indexed, refresh=False) is False


@pytest.mark.parametrize("name", ["libnothing-of-this-name", "libstdc++66"])
def test_resolve__unknown_package__is_named(indexed, name):
    with pytest.raises(PackageMissing) as failure:
        resolve(indexed, ["dash", name])
    assert failure.value.data["package"] == name


def test_resolve__known_package__has_version_size_and_hash_of_the_index(indexed):
    packages = {package.name: package for package in resolve(indexed, ["dash"])}
    assert {"dash", "libc6"} <= set(packages)
    path = indexed.archives / packages["libc6"].file
    said = subprocess.run(["sha256sum", str(path)], capture_output=True, text=True, check=True).stdout
    assert said.split()[0] == packages["libc6"].sha256
    assert path.stat().st_size == packages["libc6"].size
