"""A run image extended from an archive of a few packages, signed here: what is taken, what is told, and that it is the
same on every machine."""

from __future__ import annotations

import functools
import gzip
import io
import re
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import md5, sha256
from pathlib import Path

import pytest

from jupyter_mlpack.errors import PackageVersionMissing
from jupyter_mlpack.events import ignore
from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.tar import TarEntry, write_tar
from jupyter_mlpack.stack.assembling import run_config
from jupyter_mlpack.stack.extension import Extended, Wanted, at_hand, extend_run_image
from jupyter_mlpack.stack.libraries import Libraries
from jupyter_mlpack.stack.recipe import StackSettings
from jupyter_mlpack.stack.run_image import Assembly
from jupyter_mlpack.values import Stack

STACK = Stack("tiny", "debian", "12", "tiny", "3.11", "glibc2.36", ("base",), "mlpack", 1000, 1000)
FOLDER = "usr/lib/x86_64-linux-gnu"
TABLE = "libgreat1 libgreat.so.1\nlibsmall1 libsmall.so.1\nlibmath3 libmath.so.3\nlibgone2 libgone.so.2\n"
BASE = "libc6"


@dataclass(frozen=True)
class Mirror:
    """A signed archive in a folder, and the keyring that knows its key."""

    root: Path
    keyring: Path
    table: Path


def packed(files: Mapping[str, bytes], links: Mapping[str, str]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:xz") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(f"./{name}")
            info.size, info.mode = len(data), 0o644
            archive.addfile(info, io.BytesIO(data))
        for name, target in links.items():
            info = tarfile.TarInfo(f"./{name}")
            info.type, info.linkname = tarfile.SYMTYPE, target
            archive.addfile(info)
    return out.getvalue()


def deb(control: str, script: str, files: Mapping[str, bytes], links: Mapping[str, str]) -> bytes:
    parts = {"control": control.encode(), **({"postinst": script.encode()} if script else {})}
    members = [
        ("debian-binary", b"2.0\n"),
        ("control.tar.xz", packed(parts, {})),
        ("data.tar.xz", packed(files, links)),
    ]
    out = b"!<arch>\n"
    for name, data in members:
        out += f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n".encode() + data + b"\n" * (len(data) % 2)
    return out


def packages(make_object: Callable[..., bytes]) -> list[tuple[str, str, bytes]]:
    """Name, control text and archive of each package."""
    made = []

    def add(name: str, depends: str = "", *, arch: str = "amd64", script: str = "", files=None, links=None) -> None:
        depends = f"Depends: {depends}\n" if depends else ""
        control = (
            f"Package: {name}\nVersion: 1.0\nArchitecture: {arch}\nMaintainer: Nobody <n@example.org>\n"
            f"Installed-Size: 10\n{depends}Description: {name}\n"
        )
        made.append(
            (name, control, deb(control, script, files or {f"usr/share/doc/{name}/copyright": b"free"}, links or {}))
        )

    great = {f"{FOLDER}/libgreat.so.1.5": make_object(["libsmall.so.1", "libc.so.6"], "libgreat.so.1")}
    add("libgreat1", "libc6, libsmall1, drivers", files=great, links={f"{FOLDER}/libgreat.so.1": "libgreat.so.1.5"})
    small = {f"{FOLDER}/libsmall.so.1": make_object(["libc.so.6"], "libsmall.so.1")}
    add("libsmall1", "libc6, small-data | other-data", files=small)
    add("small-data", arch="all", files={"usr/share/small/table": b"1 2 3\n"})
    add("drivers", files={f"{FOLDER}/dri/card.so": b"x" * 1000})
    script = (
        f"#!/bin/sh\nupdate-alternatives --install /{FOLDER}/libmath.so.3 \\\n  libmath.so.3-x86 "
        f"/{FOLDER}/plain/libmath.so.3 10\nrm -rf /\n"
    )
    add("libmath3", files={f"{FOLDER}/plain/libmath.so.3": make_object([], "libmath.so.3")}, script=script)
    add("reader", "libc6, libgreat1, debconf", files={"usr/bin/reader": b"#!/bin/sh\n"})
    add("debconf", arch="all")
    add(BASE, files={f"{FOLDER}/libc.so.6": make_object([], "libc.so.6")})
    return made


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory, make_object: Callable[..., bytes]) -> Mirror:
    for program in ("gpg", "apt-get"):
        if not shutil.which(program):
            pytest.skip(f"NO {program} HERE: no archive could be made and read; extensions were not tried")
    root = tmp_path_factory.mktemp("mirror")
    (root / "pool").mkdir()
    index = ""
    for name, control, data in packages(make_object):
        arch = re.search(r"^Architecture: (\S+)", control, re.MULTILINE)
        assert arch is not None
        file = f"pool/{name}_1.0_{arch[1]}.deb"
        (root / file).write_bytes(data)
        sums = f"MD5sum: {md5(data).hexdigest()}\nSHA256: {sha256(data).hexdigest()}"
        index += f"{control}Filename: {file}\nSize: {len(data)}\n{sums}\n\n"
    table = root / "libraries.txt"
    table.write_text(TABLE)
    return Mirror(root, signed(root, index.encode()), table)


def signed(root: Path, index: bytes) -> Path:
    """Write the two suites that the sources of a stack name, and sign them with a new key; returns the keyring."""
    home = root / "gnupg"
    home.mkdir(mode=0o700)
    gpg = ["gpg", "--homedir", str(home), "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""]
    subprocess.run([*gpg, "--quick-generate-key", "Tiny <tiny@example.org>", "rsa2048", "sign", "never"], check=True)
    for suite in ("tiny", "tiny-updates"):
        listed = index if suite == "tiny" else b""
        folder = root / "dists" / suite / "main" / "binary-amd64"
        folder.mkdir(parents=True)
        lines = ""
        for name, data in (("Packages", listed), ("Packages.gz", gzip.compress(listed, mtime=0))):
            (folder / name).write_bytes(data)
            lines += f" {sha256(data).hexdigest()} {len(data)} main/binary-amd64/{name}\n"
        release = root / "dists" / suite / "Release"
        release.write_text(
            f"Origin: Tiny\nSuite: {suite}\nCodename: {suite}\nArchitectures: amd64 all\nComponents: main\n"
            f"Date: Sun, 22 Nov 2026 00:00:00 UTC\nSHA256:\n{lines}"
        )
        subprocess.run([*gpg, "--clearsign", "--output", str(release.with_name("InRelease")), str(release)], check=True)
    keyring = root / "keyring.gpg"
    subprocess.run([*gpg, "--export", "--output", str(keyring)], check=True)
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False)
    return keyring


@dataclass(frozen=True)
class Machine:
    """A store with a run image that holds a C library."""

    assembly: Assembly
    base: StoredImage
    table: Libraries

    def extend(self, wanted: Wanted) -> Extended:
        return extend_run_image(self.assembly, self.base, self.table, wanted)

    def names(self, image: StoredImage) -> set[str]:
        """The files and links of the topmost layer."""
        with tarfile.open(self.assembly.store.path(image.layers[-1].descriptor.digest)) as archive:
            return {member.name for member in archive if not member.isdir()}

    def content(self, image: StoredImage, name: str) -> bytes:
        with tarfile.open(self.assembly.store.path(image.layers[-1].descriptor.digest)) as archive:
            file = archive.extractfile(name)
            assert file is not None
            return file.read()


def make_machine(folder: Path, mirror: Mirror, make_object: Callable[..., bytes]) -> Machine:
    store = Store(folder / "store")
    data, status = make_object([], "libc.so.6"), f"Package: {BASE}\nVersion: 2.36-9\n".encode()
    parents = ["/usr", "/usr/lib", f"/{FOLDER}", "/var", "/var/lib", "/var/lib/dpkg", "/var/lib/dpkg/status.d"]
    entries = [TarEntry(name, "directory", 0o755, 0, 0) for name in parents]
    entries += [TarEntry(f"/{FOLDER}/libc.so.6", "file", 0o644, 0, 0, size=len(data), data=data)]
    entries += [TarEntry(f"/var/lib/dpkg/status.d/{BASE}", "file", 0o644, 0, 0, size=len(status), data=status)]
    layer = store.add_layer(functools.partial(write_tar, entries=entries))
    base = store.add_image(run_config(STACK, "amd64", layer, "0" * 64), [layer])
    settings = StackSettings(mirror=f"file:{mirror.root}", keyring=mirror.keyring)
    return Machine(Assembly(STACK, "amd64", store, settings, ignore), base, Libraries(mirror.table, "amd64"))


@pytest.fixture
def machine(tmp_path: Path, mirror: Mirror, make_object: Callable[..., bytes]) -> Machine:
    return make_machine(tmp_path, mirror, make_object)


def test_extend_run_image__library__what_it_loads_and_its_data_but_not_all_it_depends_on(machine: Machine) -> None:
    extended = machine.extend(Wanted(libraries=("libgreat1",)))
    assert {name for name in machine.names(extended.image) if not name.startswith("/var")} == {
        "/etc/ld.so.cache", f"/{FOLDER}/libgreat.so.1", f"/{FOLDER}/libgreat.so.1.5", f"/{FOLDER}/libsmall.so.1",
        "/usr/share/small/table",
    }  # fmt: skip
    assert "/var/lib/dpkg/status.d/libsmall1" in machine.names(extended.image)
    assert extended.notices == ()
    assert extended.image.layers[:-1] == machine.base.layers
    assert extended.image.config.user == machine.base.config.user


def test_extend_run_image__package_by_name__its_depends_without_what_only_installs(machine: Machine) -> None:
    names = machine.names(machine.extend(Wanted(packages=("reader",))).image)
    assert {"/usr/bin/reader", f"/{FOLDER}/dri/card.so", f"/{FOLDER}/libgreat.so.1.5"} <= names
    assert not any("debconf" in name for name in names)
    assert f"/{FOLDER}/libc.so.6" not in names


def test_extend_run_image__alternatives__linked_and_no_script_run(machine: Machine) -> None:
    image = machine.extend(Wanted(libraries=("libmath3",))).image
    assert f"/{FOLDER}/libmath.so.3" in machine.names(image)
    assert b"libmath.so.3\0" in machine.content(image, "/etc/ld.so.cache")


def test_extend_run_image__packages_that_nobody_has__are_told_and_the_rest_is_there(machine: Machine) -> None:
    extended = machine.extend(Wanted(libraries=("libgone2", "libsmall1"), packages=("reader", "unheard-of")))
    assert [notice.code for notice in extended.notices] == ["system-package-missing"] * 2
    assert ["unheard-of" in extended.notices[0].text, "libgone2" in extended.notices[1].text] == [True, True]
    assert "/usr/bin/reader" in machine.names(extended.image)


def test_extend_run_image__version_that_the_archive_has__the_same_files(machine: Machine) -> None:
    extended = machine.extend(Wanted(packages=("reader=1.0",)))
    assert "/usr/bin/reader" in machine.names(extended.image)
    assert extended.notices == ()


@pytest.mark.parametrize(
    ("wanted", "holder", "versions"),
    [("reader=0.9", "debian 12", "1.0"), (f"{BASE}=9", "the run image", "2.36-9")],
    ids=["of the archive", "of the run image"],
)
def test_extend_run_image__version_that_is_not_there__refused_with_those_that_are(
    machine: Machine, wanted: str, holder: str, versions: str
) -> None:
    with pytest.raises(PackageVersionMissing) as caught:
        machine.extend(Wanted(packages=("libgreat1", wanted)))
    assert caught.value.sentence("why") == f"{holder} has: {versions}."


def test_extend_run_image__nothing_of_it_exists__the_run_image_itself(machine: Machine) -> None:
    extended = machine.extend(Wanted(packages=("unheard-of",)))
    assert extended.image == machine.base
    assert at_hand(machine.assembly, machine.base, Wanted(packages=("unheard-of",))) == extended


def test_extend_run_image__again__no_process_and_no_archive(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = Wanted(libraries=("libgreat1",))
    first = machine.extend(wanted)
    monkeypatch.setenv("PATH", "/nowhere")
    assert at_hand(machine.assembly, machine.base, wanted) == first
    assert at_hand(machine.assembly, machine.base, Wanted(libraries=("libsmall1",))) is None


def test_extend_run_image__other_machine__same_digest(
    machine: Machine, mirror: Mirror, tmp_path: Path, make_object: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "other tmp"))
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    wanted = Wanted(libraries=("libgreat1", "libmath3"), packages=("reader",))
    other = make_machine(tmp_path / "another", mirror, make_object).extend(wanted).image
    assert machine.extend(wanted).image.descriptor == other.descriptor
