"""One Debian archive, read into memory -> tar entries with the package's own modes and owners. Nothing is written.

The archive's hash is checked on the very bytes that are read. Its names are not trusted even then.
"""

from __future__ import annotations

import io
import posixpath
import re
import tarfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_mlpack.errors import ArchiveDamaged, ArchiveUnsafe
from jupyter_mlpack.frozen import dataclass, replace
from jupyter_mlpack.oci.tar import TarEntry

if TYPE_CHECKING:
    from debian.debfile import DebFile

MERGED = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libo32", "/libx32")
"""Folders that are links into ``/usr`` on every Debian since 12; archives may still ship files below them."""

BIG = 1 << 18
"""Bytes from which a second name of a file is not worth a second copy."""

UNWANTED = re.compile(
    r"/usr/share/doc/(?!(?:[^/]+/)?copyright$|[^/]+$)"
    r"|/usr/share/(?:man|info|locale|lintian|doc-base|bug|menu|debconf|reportbug|gdb|gcc|pixmaps|applications"
    r"|bash-completion|perl5|binfmts|python3?|dpkg|apport|initramfs-tools|doc-rfc)(?:/|$)"
    r"|/usr/lib/(?:systemd|tmpfiles\.d|sysusers\.d|python3?/debian|dpkg|apt|mime|valgrind|debug|init|udev)(?:/|$)"
    r"|/etc/(?:init\.d|init|default|apt|dpkg|cron\.[a-z]+|logrotate\.d|kernel|update-motd\.d|systemd|udev|pam\.d)(?:/|$)"
    r"|/var/lib/dpkg(?:/|$)"
)
"""What an image does not need. Copyright files stay: the licences ask for it."""


@dataclass(frozen=True)
class Contents:
    """What one archive holds: its control text, the lines of its ``md5sums`` file, its files as entries.

    ``script`` is the text of its ``postinst``, which is read for the links it would make and never run.
    """

    name: str
    control: str
    md5sums: str
    entries: tuple[TarEntry, ...]
    script: str = ""


UNREAD = re.compile(
    r"/usr/share/doc/(?!(?:[^/]+/)?copyright$|[^/]+$|apt/examples/[^/]*sources[^/]*$)"
    r"|/usr/share/(?:man|info|locale|lintian|doc-base|bug|menu|gdb|pixmaps|applications|bash-completion|apport)(?:/|$)"
    r"|/usr/lib/(?:systemd|udev)(?:/|$)|/etc/(?:init\.d|cron\.[a-z]+|logrotate\.d|kernel|systemd|udev)(?:/|$)"
)
"""What a build image does not need: there, packages are installed and asked for, so their tools stay."""


def read_archive(path: Path, digest: str, unwanted: re.Pattern[str] = UNWANTED) -> Contents:
    """The contents of the archive at ``path``, whose SHA-256 must be ``digest``, without what is ``unwanted``.

    Raises ``ArchiveDamaged`` when it is not, or is no archive; ``ArchiveUnsafe`` when a member must not enter an image.
    """
    from debian.arfile import ArError  # these two cost 0.1 s, which only an assembly has to pay
    from debian.debfile import DebError, DebFile

    data = path.read_bytes()
    if sha256(data).hexdigest() != digest:
        raise ArchiveDamaged(file=path.name, reason="Its SHA-256 is not the one in the index.")
    try:
        with DebFile(fileobj=io.BytesIO(data)) as archive:
            control, sums, script = (_control_file(archive, name) for name in ("control", "md5sums", "postinst"))
            with archive.data.tgz() as members:
                entries = tuple(read_members(members, path.name, unwanted))
    except (ArError, DebError, tarfile.TarError, EOFError, OSError) as error:
        raise ArchiveDamaged(file=path.name, reason=f"It is not a Debian archive: {error}.") from error
    name = re.search(r"^Package: (\S+)$", control, re.MULTILINE)
    return Contents(name[1] if name else path.name.split("_")[0], control, sums, entries, script)


def _control_file(archive: DebFile, name: str) -> str:
    """The text of a file of the control part; empty if there is none."""
    return (
        str(archive.control.get_content(name, encoding="utf-8", errors="replace"))
        if archive.control.has_file(name)
        else ""
    )


def read_members(members: tarfile.TarFile, archive: str, unwanted: re.Pattern[str] = UNWANTED) -> Iterator[TarEntry]:
    """The wanted members under their final paths.

    Hard links become files of their own, as layers have it; those to big files become symbolic links: the graphics
    drivers are one file under twenty names.
    """
    files: dict[str, TarEntry] = {}
    for member in members:
        name = image_path(member.name, archive)
        if name is None or unwanted.match(name):
            continue
        if member.islnk():
            target = image_path(member.linkname, archive)
            if target not in files:
                raise ArchiveUnsafe(archive=archive, member=member.name, reason="links to a file that is not in it")
            yield _second_name(files[target], name)
        else:
            entry = _entry(members, member, name, archive)
            files[name] = entry
            yield entry


def _second_name(entry: TarEntry, name: str) -> TarEntry:
    if entry.length < BIG:
        return replace(entry, name=name)
    return TarEntry(name, "symlink", 0o777, entry.uid, entry.gid, link=relative_link(name, entry.name))


def image_path(name: str, archive: str) -> str | None:
    """Where a member lands in the image: absolute, below ``/usr`` where folders are merged.

    Nothing for the root and the merged folders themselves. Raises ``ArchiveUnsafe`` for absolute and climbing names.
    """
    if name.startswith("/") or ".." in name.split("/") or "\0" in name or "\n" in name:
        raise ArchiveUnsafe(archive=archive, member=name, reason="points outside of the image")
    path = posixpath.normpath("/" + name)
    if path in ("/", *MERGED):
        return None
    return f"/usr{path}" if path.startswith(tuple(f"{folder}/" for folder in MERGED)) else path


def _entry(members: tarfile.TarFile, member: tarfile.TarInfo, name: str, archive: str) -> TarEntry:
    mode, uid, gid = member.mode & 0o7777, member.uid, member.gid
    if member.isdir():
        return TarEntry(name, "directory", mode, uid, gid)
    if member.issym():
        if climbs(name, member.linkname):
            raise ArchiveUnsafe(archive=archive, member=member.name, reason="links to a place outside of the image")
        return TarEntry(name, "symlink", 0o777, uid, gid, link=relative_link(name, member.linkname))
    if not member.isreg():
        raise ArchiveUnsafe(archive=archive, member=member.name, reason="is neither file, folder nor link")
    stream = members.extractfile(member)
    assert stream is not None
    data = stream.read()
    return TarEntry(name, "file", mode, uid, gid, size=len(data), data=data)


def relative_link(name: str, target: str) -> str:
    """The link's target seen from ``name``: absolute links are made relative, so that an unpacked image holds together
    in any folder (its Python runs from there) and never reaches into the machine."""
    if not target.startswith("/"):
        return target
    return posixpath.relpath(posixpath.normpath(target), posixpath.dirname(name))


def climbs(name: str, target: str) -> bool:
    """True when the link's target leaves the image: in an unpacked image it would then be a file of the machine."""
    depth = 0 if target.startswith("/") else name.count("/") - 1
    for part in target.split("/"):
        depth += {"..": -1, ".": 0, "": 0}.get(part, 1)
        if depth < 0:
            return True
    return False
