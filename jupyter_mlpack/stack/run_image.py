"""The run image of a stack: at hand, pulled from a registry, or assembled here from signed distribution packages."""

from __future__ import annotations

import fcntl
import functools
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jupyter_mlpack.events import Emit, Noticed, Progress
from jupyter_mlpack.oci.manifest import History, ImageConfig, Layer, StoredImage
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.tar import write_tar
from jupyter_mlpack.stack.apt import Apt, Package, download, find_apt, open_apt, resolve, update_index
from jupyter_mlpack.stack.archive import read_archive
from jupyter_mlpack.stack.bytecode import add_bytecode
from jupyter_mlpack.stack.python import host_arch, run_root, target_python
from jupyter_mlpack.stack.recipe import StackSettings
from jupyter_mlpack.stack.record import Record, packages_digest, read_record, recipe_digest, write_record
from jupyter_mlpack.stack.sources import find_archive
from jupyter_mlpack.stack.system import add_package, finish
from jupyter_mlpack.stack.tree import Tree
from jupyter_mlpack.values import Notice, Stack

CREATED = "1980-01-01T00:00:01Z"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
OLD = 30
"""Days after which a run image at hand is worth a notice."""

SCRIPTS_ONLY = frozenset({"debconf", "dpkg"})
"""Packages that others need only to be installed, not to run; they stay out unless the recipe names them."""


@dataclass(frozen=True)
class Assembly:
    """One run image to be at hand: what for, where it goes, who is told."""

    stack: Stack
    arch: str
    store: Store
    settings: StackSettings
    emit: Emit

    @property
    def name(self) -> str:
        """The image's name in the store."""
        return f"mlpack/run:{self.stack.name}-{self.arch}"

    @property
    def state(self) -> Path:
        """The folder of package index, archives and record."""
        folder = self.settings.state or self.store.root / "stacks"
        return folder.absolute() / f"{self.stack.name}-{self.arch}"


def ensure_run_image(stack: Stack, arch: str, store: Store, settings: StackSettings, emit: Emit) -> StoredImage:
    """The run image of ``stack`` for ``arch`` (Go's word), in the store as ``mlpack/run:<stack>-<arch>``.

    An image at hand is used as it is while the recipe is the same: no process, no network. ``settings.refresh``
    asks for today's packages; the image is then made again only if one of them changed. Raises leaves of
    ``StackError``, and those of the registry when ``settings.run_image`` names one.
    """
    assembly = Assembly(stack, arch, store, settings, emit)
    if settings.run_image:
        return _pulled(assembly, settings.run_image)
    known = None if settings.refresh else _at_hand(assembly)
    if known:
        _tell_age(assembly)
        return known
    find_apt(stack)
    with locked(assembly.state):
        known = None if settings.refresh else _at_hand(assembly)
        return known or _assembled(assembly)


def _at_hand(assembly: Assembly) -> StoredImage | None:
    """The tagged image if it is the one that the record tells of, and of this recipe."""
    image, record = assembly.store.image(assembly.name), read_record(assembly.state)
    wanted = recipe_digest(assembly.stack, assembly.arch)
    if image and record and record.recipe == wanted and record.image == image.descriptor.digest:
        return image
    return None


def _tell_age(assembly: Assembly) -> None:
    """Say so when the image at hand is old: its packages do not get the distribution's fixes by themselves."""
    days = int((time.time() - (assembly.state / "image.json").stat().st_mtime) // 86400)
    if days >= OLD:
        text = f"The run image {assembly.name} was made {days} days ago; --upgrade has the distribution's fixes."
        assembly.emit(Noticed(Notice("run-image-old", text)))


def _pulled(assembly: Assembly, text: str) -> StoredImage:
    """The run image that the settings name; one that was pulled before is used until ``refresh`` asks for today's."""
    from jupyter_mlpack.oci.reference import parse_reference
    from jupyter_mlpack.oci.registry import pull_image
    from jupyter_mlpack.oci.transport import Access

    reference, store = parse_reference(text), assembly.store
    known = None if assembly.settings.refresh else store.image(str(reference))
    if not known or known.config.architecture != assembly.arch:
        access = Access(insecure=assembly.settings.insecure)
        known = pull_image(reference, store, assembly.arch, assembly.emit, access=access)
    store.tag(assembly.name, known.descriptor)
    return known


def _assembled(assembly: Assembly) -> StoredImage:
    """Index, resolve, download, unpack, compile, export; each step hands on a value."""
    stack, arch, emit = assembly.stack, assembly.arch, assembly.emit
    apt = open_apt(stack, arch, find_archive(stack, assembly.settings), assembly.state)
    emit(Progress("stack", "package index", 0, None, "bytes"))
    update_index(apt, refresh=assembly.settings.refresh)
    packages = _kept(stack, resolve(apt, stack.packages))
    digest = packages_digest(packages)
    record, known = read_record(assembly.state), _at_hand(assembly)
    if known and record and record.packages_sha256 == digest:
        return known
    download(apt, packages, lambda done, total: emit(Progress("stack", "archives", done, total, "bytes")))
    tree = _unpacked(apt, packages, emit)
    _compile(assembly, tree)
    layer = assembly.store.add_layer(functools.partial(write_tar, entries=tree))
    image = assembly.store.add_image(run_config(stack, arch, layer, digest), [layer])
    assembly.store.tag(assembly.name, image.descriptor)
    listed = tuple(f"{package.name}={package.version}" for package in packages)
    write_record(assembly.state, Record(recipe_digest(stack, arch), listed, digest, image.descriptor.digest))
    return image.named(assembly.name)


def _kept(stack: Stack, packages: Sequence[Package]) -> tuple[Package, ...]:
    """The packages that go into the image."""
    return tuple(one for one in packages if one.name not in SCRIPTS_ONLY or one.name in stack.packages)


def _unpacked(apt: Apt, packages: Sequence[Package], emit: Emit) -> Tree:
    """All packages' files as one checked tree; archives are read in parallel and merged in the order of their names."""
    tree = Tree()
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        contents = pool.map(lambda package: read_archive(apt.archives / package.file, package.sha256), packages)
        for count, one in enumerate(contents, 1):
            add_package(tree, one)
            emit(Progress("stack", "unpacking", count, len(packages), "packages"))
    finish(tree, apt.stack)
    return tree


def _compile(assembly: Assembly, tree: Tree) -> None:
    """Add the compiled standard library.

    For a foreign architecture the Python of this machine's run image of the same stack compiles: bytecode depends on
    the Python version only. A machine for which there are no run images compiles nothing; its images start slower.
    """
    stack, native = assembly.stack, host_arch()
    if not native:
        return
    with tempfile.TemporaryDirectory(prefix="compile-", dir=assembly.state) as folder:
        scratch = Path(folder)
        tree.write(scratch, ("/usr/lib/", "/usr/bin/python", "/etc/python"))
        python = target_python(scratch, stack.python)
        if assembly.arch != native:
            image = ensure_run_image(stack, native, assembly.store, assembly.settings, assembly.emit)
            python = target_python(run_root(assembly.store, image), stack.python)
        add_bytecode(tree, scratch, python, stack.python)


def run_config(stack: Stack, arch: str, layer: Layer, packages_sha256: str) -> ImageConfig:
    """The image's configuration: not root, a plain environment, the labels that buildpack tools look for."""
    labels = {
        "io.buildpacks.base.distro.name": stack.distribution,
        "io.buildpacks.base.distro.version": stack.version,
        "io.buildpacks.stack.id": f"mlpack.stacks.{stack.name}",
        "org.opencontainers.image.title": f"mlpack run image {stack.name}",
    }
    history = History(CREATED, f"mlpack stack {stack.name}", comment=f"packages sha256:{packages_sha256}")
    return ImageConfig(
        architecture=arch, os="linux", diff_ids=(layer.diff_id,), history=(history,),
        env=(("PATH", PATH), ("LANG", "C.UTF-8")), entrypoint=(), cmd=("/usr/bin/python3",), working_dir="",
        user=f"{stack.uid}:{stack.gid}", labels=tuple(sorted(labels.items())), created=CREATED,
    )  # fmt: skip


@contextmanager
def locked(state: Path) -> Iterator[None]:
    """One assembly at a time in a state folder: apt's own locks are off because they need root's files."""
    state.mkdir(parents=True, exist_ok=True)
    with (state / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
