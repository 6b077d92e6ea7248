"""Signed distribution packages and uv -> the two layers that a build image has above its run image."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from jupyter_mlpack.events import Progress
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.oci.manifest import History, ImageConfig, Layer, StoredImage
from jupyter_mlpack.oci.tar import write_tar
from jupyter_mlpack.scratch import passing_folder
from jupyter_mlpack.stack.alternatives import add_alternatives
from jupyter_mlpack.stack.apt import open_apt, resolve, update_index
from jupyter_mlpack.stack.archive import UNREAD
from jupyter_mlpack.stack.asked import INSTALL_ONLY
from jupyter_mlpack.stack.assembling import CREATED
from jupyter_mlpack.stack.build_image import BuildAssembly
from jupyter_mlpack.stack.closure import Offer, fetch, show
from jupyter_mlpack.stack.mixins import MIXINS, mixins
from jupyter_mlpack.stack.python import run_root
from jupyter_mlpack.stack.sources import Archive
from jupyter_mlpack.stack.system import CHOICES, NO_LOGIN, add_package
from jupyter_mlpack.stack.tree import Tree

CONTROLS = "/var/lib/dpkg/status.d/"
STATUS = "/var/lib/dpkg/status"
RUN_STATUS = "/usr/share/mlpack/run-image.status"
"""The packages of the run image, in the form of dpkg's own file: what a buildpack need not bring. apt can be told to
take it for the system's (``-o Dir::State::status=``); packages that only installing needs count as there."""

PUBLIC = re.compile(r"^(?:deb |URIs: )(https?://\S+)/debian(?:\s|$)", re.MULTILINE)
"""Where Debian's archives are, in the example that apt comes with. The machine's own mirror may be secret, and would
make another image."""

DEPENDS = re.compile(r"^(?:Pre-)?Depends:.*\n(?:[ \t].*\n)*", re.MULTILINE)
SOURCES = """\
Types: deb
URIs: {public}/debian
Suites: {suite} {suite}-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: {public}/debian-security
Suites: {suite}-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""
STATE_FOLDERS = (
    "/var/lib/apt/lists/partial",
    "/var/cache/apt/archives/partial",
    "/var/log/apt",
    "/etc/apt/sources.list.d",
)


def assemble_build(assembly: BuildAssembly, archive: Archive, *, refresh: bool) -> StoredImage:
    """The image, named. Raises leaves of ``StackError``."""
    stack, store, base = assembly.stack, assembly.store, assembly.base
    apt = open_apt(stack, assembly.arch, archive, assembly.state)
    if refresh or not (apt.state / "index.stamp").is_file():
        update_index(apt, refresh=refresh)
    root = run_root(store, base)
    there = controls(root)
    without = {"debconf", *there}  # what the run image does without, programs for building may need
    wanted = [one for one in resolve(apt, (*stack.packages, *stack.build)) if one.name not in without]
    assembly.emit(Progress("stack", "build packages", 0, len(wanted), "packages"))
    tree = Tree()
    contents = fetch(apt, wanted, UNREAD)
    for one in contents:
        add_package(tree, one)
    add_alternatives(tree, contents)
    assumed = show(apt, sorted(INSTALL_ONLY - there.keys()))
    tree.put_file(RUN_STATUS, status({**there, **{name: _assumed(one) for name, one in assumed.items()}}, alone=True))
    _finish(tree, assembly, root, there)
    packages = store.add_layer(functools.partial(write_tar, entries=tree))
    with passing_folder(assembly.state / f"uv-{os.urandom(6).hex()}") as scratch:
        program = assembly.uv.read(scratch)
    added = Tree()
    added.put_file("/usr/local/bin/uv", program, 0o755)
    added.close()
    layers = (packages, store.add_layer(functools.partial(write_tar, entries=added)))
    image = store.add_image(build_config(assembly, layers), [*base.layers, *layers])
    store.tag(assembly.name, image.descriptor)
    return image.named(assembly.name)


def controls(root: Path) -> dict[str, str]:
    """The control texts of an unpacked run image by the packages' names."""
    folder = root / CONTROLS.strip("/")
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir() if path.suffix != ".md5sums"}


def status(texts: Mapping[str, str], *, alone: bool = False) -> bytes:
    """Control texts as dpkg keeps them of packages that are installed; ``alone``: without what they depend on."""
    said = (re.sub(r"^(Package: .*\n)", r"\1Status: install ok installed\n", texts[name]) for name in sorted(texts))
    plain = (DEPENDS.sub("", f"{text.rstrip()}\n") if alone else f"{text.rstrip()}\n" for text in said)
    return "".join(f"{text}\n" for text in plain).encode()


def _assumed(offer: Offer) -> str:
    """The control text of a package that the run image does without."""
    package = offer.package
    arch = package.file.removesuffix(".deb").rpartition("_")[2]
    named = f"Package: {package.name}\nArchitecture: {arch}\nVersion: {package.version}\n"
    return f"{named}Maintainer: none\nDescription: assumed\n"


def _finish(tree: Tree, assembly: BuildAssembly, root: Path, there: dict[str, str]) -> None:
    """What maintainer scripts would have made: links, apt's account, folders and sources; dpkg's list of packages."""
    new = {
        name.removeprefix(CONTROLS): (tree[name].data or b"").decode("utf-8", "replace")
        for name in tree.names(CONTROLS) if not name.endswith(".md5sums")
    }  # fmt: skip
    tree.put_file(STATUS, status(there | new))
    for name in STATE_FOLDERS:
        tree.put_folder(name)
    public = public_archive(tree)
    if public:
        sources = SOURCES.format(public=public, suite=assembly.stack.suite)
        tree.put_file("/etc/apt/sources.list.d/debian.sources", sources.encode())
    for name, program in CHOICES.items():
        if f"/usr/bin/{program}" in tree:
            tree.link(name, program)
    for folder in ("bin", "sbin", "lib", "lib64"):
        if tree.names(f"/usr/{folder}/") and not (root / folder).is_symlink():
            tree.link(f"/{folder}", f"usr/{folder}")
    accounts = (root / "etc/passwd").read_text(encoding="utf-8").replace(f":{NO_LOGIN}\n", ":/bin/sh\n")
    accounts = accounts.replace("/nonexistent:/bin/sh", f"/nonexistent:{NO_LOGIN}")
    tree.put_file("/etc/passwd", f"{accounts}_apt:x:42:65534::/nonexistent:{NO_LOGIN}\n".encode())
    tree.close()


def public_archive(tree: Tree) -> str:
    """The address below which Debian's archives are; empty where the distribution's apt does not say."""
    for name in tree.names("/usr/share/doc/apt/examples/"):
        found = PUBLIC.search((tree[name].data or b"").decode("utf-8", "replace"))
        if found:
            return found[1]
    return ""


def build_config(assembly: BuildAssembly, layers: tuple[Layer, ...]) -> ImageConfig:
    """The run image's configuration with what the specification asks of a build image."""
    stack, base = assembly.stack, assembly.base.config
    labels = {
        **dict(base.labels),
        MIXINS: mixins(stack.packages, stack.build),
        "org.opencontainers.image.title": f"mlpack build image {stack.name}",
    }
    added = (f"mlpack build packages of {stack.name}: {', '.join(stack.build)}", f"uv {assembly.uv.version}")
    return replace(
        base,
        diff_ids=(*base.diff_ids, *(layer.diff_id for layer in layers)),
        history=(*base.history, *(History(CREATED, text) for text in added)),
        env=(*base.env, *_variables(assembly)),
        labels=tuple(sorted(labels.items())),
    )


def _variables(assembly: BuildAssembly) -> Iterator[tuple[str, str]]:
    stack = assembly.stack
    yield "CNB_USER_ID", str(stack.uid)
    yield "CNB_GROUP_ID", str(stack.gid)
    yield "CNB_STACK_ID", dict(assembly.base.config.labels)["io.buildpacks.stack.id"]
