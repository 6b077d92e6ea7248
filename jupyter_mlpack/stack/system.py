"""What the packages' maintainer scripts would have made: accounts, links, certificates, folders. No script is run."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence

from jupyter_mlpack.stack.archive import Contents
from jupyter_mlpack.stack.tree import Tree
from jupyter_mlpack.values import Stack

NO_LOGIN = "/usr/sbin/nologin"
PASSWD = """\
root:x:0:0:root:/root:{shell}
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
{user}:x:{uid}:{gid}:{user}:/home/{user}:{shell}
"""
GROUP = """\
root:x:0:
tty:x:5:
mail:x:8:
staff:x:50:
nogroup:x:65534:
{user}:x:{gid}:
"""
NSSWITCH = """\
passwd:         files
group:          files
shadow:         files
hosts:          files dns
networks:       files
protocols:      files
services:       files
"""
FOLDERS = {
    "/dev": 0o755, "/etc": 0o755, "/home": 0o755, "/opt": 0o755, "/proc": 0o555, "/root": 0o700, "/run": 0o755,
    "/sys": 0o555, "/tmp": 0o1777, "/usr": 0o755, "/var/lib/dpkg/status.d": 0o755, "/var/tmp": 0o1777,
}  # fmt: skip
"""Folders of root with a mode that matters; engines mount over most of them and need them to be there."""

CHOICES = {"/usr/bin/awk": "mawk", "/usr/bin/which": "which.debianutils", "/usr/bin/sh": "dash"}
"""Commands for which the distribution has several programs; a link names the one at hand."""

BUNDLE = "/etc/ssl/certs/ca-certificates.crt"


def add_package(tree: Tree, contents: Contents) -> None:
    """One package's files; its control text and the sums of the kept files go where image scanners look for them."""
    for entry in contents.entries:
        tree.add(entry, contents.name)
    kept = {entry.name for entry in contents.entries}
    sums = [line for line in contents.md5sums.splitlines() if _installed(line) in kept]
    tree.put_file(f"/var/lib/dpkg/status.d/{contents.name}", (contents.control.rstrip("\n") + "\n").encode())
    tree.put_file(f"/var/lib/dpkg/status.d/{contents.name}.md5sums", "".join(f"{line}\n" for line in sums).encode())


def _installed(line: str) -> str:
    """The path of a line of ``md5sums``, below ``/usr`` where folders are merged."""
    path = "/" + line[32:].strip()
    return f"/usr{path}" if path.startswith(("/bin/", "/sbin/", "/lib/", "/lib64/")) else path


def finish(tree: Tree, stack: Stack) -> None:
    """Add everything that is not in an archive, and check the tree."""
    for name, mode in FOLDERS.items():
        tree.put_folder(name, mode)
    for name in ("/output", "/workspace", f"/home/{stack.user}"):
        tree.put_folder(name, 0o755, stack.uid, stack.gid)
    _leave_out(tree, stack.left_out_files)
    shell = "/bin/sh" if stack.shell else NO_LOGIN
    account = {"user": stack.user, "uid": stack.uid, "gid": stack.gid, "shell": shell}
    tree.put_file("/etc/passwd", PASSWD.format(**account).encode())
    tree.put_file("/etc/group", GROUP.format(**account).encode())
    tree.put_file("/etc/nsswitch.conf", NSSWITCH.encode())
    _links(tree, stack)
    _certificates(tree)
    tree.close()


def _leave_out(tree: Tree, patterns: Sequence[str]) -> None:
    """Drop what the recipe does without. The packages' own lists of files still name it, as for what is never taken."""
    if patterns:
        gone = re.compile("|".join(fnmatch.translate(pattern) for pattern in patterns))
        tree.drop([name for name in tree.names() if gone.match(name)])


def _links(tree: Tree, stack: Stack) -> None:
    for folder in ("bin", "sbin", "lib", "lib64"):
        if tree.names(f"/usr/{folder}/"):
            tree.link(f"/{folder}", f"usr/{folder}")
    for name, program in CHOICES.items():
        if f"/usr/bin/{program}" in tree:
            tree.link(name, program)
    tree.link("/usr/bin/python3", f"python{stack.python}")
    tree.link("/usr/bin/python", "python3")
    tree.link("/etc/localtime", "../usr/share/zoneinfo/Etc/UTC")


def _certificates(tree: Tree) -> None:
    """The bundle in the order of ``update-ca-certificates``: by path. OpenSSL finds it as ``/usr/lib/ssl/cert.pem``."""
    names = [name for name in tree.names("/usr/share/ca-certificates/") if name.endswith(".crt")]
    if names:
        texts = ((tree[name].data or b"").rstrip(b"\n") + b"\n" for name in names)
        tree.put_file(BUNDLE, b"".join(texts))
        tree.link("/usr/lib/ssl/cert.pem", "../../.." + BUNDLE)
