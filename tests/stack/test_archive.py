"""What enters an image from an archive, and what never does."""

from __future__ import annotations

import tarfile

import pytest

from jupyter_mlpack.errors import ArchiveDamaged, ArchiveUnsafe
from jupyter_mlpack.stack.archive import climbs, read_archive, relative_link

HOSTILE = {
    "climbs": ("../etc/passwd", {}),
    "climbs-inside": ("./usr/../../etc/passwd", {}),
    "absolute": ("/etc/passwd", {}),
    "two-lines": ("./usr/a\nb", {}),
    "device": ("./usr/null", {"kind": tarfile.CHRTYPE}),
    "pipe": ("./usr/pipe", {"kind": tarfile.FIFOTYPE}),
    "link-climbs": ("./usr/lib/x", {"kind": tarfile.SYMTYPE, "link": "../../../etc/shadow"}),
    "link-absolute-climbs": ("./usr/lib/x", {"kind": tarfile.SYMTYPE, "link": "/../etc/shadow"}),
    "hard-link-outside": ("./usr/lib/x", {"kind": tarfile.LNKTYPE, "link": "/etc/shadow"}),
    "hard-link-to-nothing": ("./usr/lib/x", {"kind": tarfile.LNKTYPE, "link": "./usr/lib/y"}),
}


@pytest.mark.parametrize(("name", "options"), HOSTILE.values(), ids=HOSTILE)
def test_read_archive__hostile_member__is_refused(make_deb, name, options):
    path, digest = make_deb(make_deb.member(name, **options))
    with pytest.raises(ArchiveUnsafe) as failure:
        read_archive(path, digest)
    assert "sample_1_amd64.deb" in failure.value.sentence("what")


def test_read_archive__other_hash__is_refused_unread(make_deb):
    path, _ = make_deb(make_deb.member("../etc/passwd"))
    with pytest.raises(ArchiveDamaged):
        read_archive(path, "0" * 64)


@pytest.mark.parametrize("cut", [0, 8, 100, -150])
def test_read_archive__cut_file__is_damaged(make_deb, cut):
    from hashlib import sha256

    path, _ = make_deb(make_deb.member("./usr/bin/tool", b"x" * 5000))
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(ArchiveDamaged):
        read_archive(path, sha256(path.read_bytes()).hexdigest())


PLACES = {
    "usr": ("./usr/bin/tool", "/usr/bin/tool"),
    "merged-bin": ("./bin/tool", "/usr/bin/tool"),
    "merged-lib64": ("./lib64/ld.so", "/usr/lib64/ld.so"),
    "merged-folder": ("./lib", None),
    "root": ("./", None),
    "not-merged": ("./library/x", "/library/x"),
    "copyright": ("./usr/share/doc/tool/copyright", "/usr/share/doc/tool/copyright"),
    "licence": ("./usr/share/common-licenses/GPL-3", "/usr/share/common-licenses/GPL-3"),
    "changelog": ("./usr/share/doc/tool/changelog.gz", None),
    "copyright-elsewhere": ("./usr/share/doc/tool/examples/copyright", None),
    "manual": ("./usr/share/man/man1/tool.1.gz", None),
    "translation": ("./usr/share/locale/de/LC_MESSAGES/tool.mo", None),
    "character-set": ("./usr/lib/locale/C.utf8/LC_CTYPE", "/usr/lib/locale/C.utf8/LC_CTYPE"),
    "init-script": ("./etc/init.d/tool", None),
    "service": ("./lib/systemd/system/tool.service", None),
    "hook": ("./etc/apt/apt.conf.d/50tool", None),
}


@pytest.mark.parametrize(("name", "place"), PLACES.values(), ids=PLACES)
def test_read_archive__member__lands_in_its_place(make_deb, name, place):
    contents = read_archive(*make_deb(make_deb.member(name, b"x")))
    assert [entry.name for entry in contents.entries] == ([place] if place else [])


def test_read_archive__modes_and_links__are_the_packages_own(make_deb):
    contents = read_archive(
        *make_deb(
            make_deb.member("./usr/bin/su", b"su", mode=0o4755),
            make_deb.member("./usr/bin/su2", kind=tarfile.LNKTYPE, link="./usr/bin/su"),
            make_deb.member("./usr/lib/ssl/certs", kind=tarfile.SYMTYPE, link="/etc/ssl/certs"),
        )
    )
    first, second, third = contents.entries
    assert (first.mode, first.uid, first.gid, first.data) == (0o4755, 0, 0, b"su")
    assert (second.kind, second.data, second.mode) == ("file", b"su", 0o4755)
    assert (third.kind, third.link) == ("symlink", "../../../etc/ssl/certs")


@pytest.mark.parametrize(
    ("name", "target", "seen"),
    [
        ("/a/b", "c", "c"),
        ("/a/b", "/a/c", "c"),
        ("/a", "/b/c", "b/c"),
        ("/a/b/c", "/", "../.."),
        ("/a/b", "../c", "../c"),
    ],
)
def test_relative_link__target__is_seen_from_the_link(name, target, seen):
    assert relative_link(name, target) == seen


@pytest.mark.parametrize(
    ("name", "target", "out"),
    [
        ("/a", "..", True),
        ("/a/b", "..", False),
        ("/a/b", "../..", True),
        ("/a/b", "x/../../y", False),
        ("/a", "/b", False),
    ],
)
def test_climbs__target__leaves_the_image_or_not(name, target, out):
    assert climbs(name, target) is out
