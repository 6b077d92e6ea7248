"""Signed distribution packages -> a run image: index, resolve, download, unpack, compile, export."""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from jupyter_mlpack.events import Emit, Progress
from jupyter_mlpack.oci.manifest import History, ImageConfig, Layer, StoredImage
from jupyter_mlpack.oci.tar import write_tar
from jupyter_mlpack.scratch import passing_folder
from jupyter_mlpack.stack.apt import Apt, Package, download, open_apt, resolve, update_index
from jupyter_mlpack.stack.archive import read_archive
from jupyter_mlpack.stack.bytecode import add_bytecode
from jupyter_mlpack.stack.mixins import MIXINS, mixins
from jupyter_mlpack.stack.python import host_arch, run_root, target_python
from jupyter_mlpack.stack.record import Record, packages_digest, read_record, recipe_digest, write_record
from jupyter_mlpack.stack.run_image import Assembly, ensure_run_image, image_at_hand
from jupyter_mlpack.stack.sources import find_archive
from jupyter_mlpack.stack.system import add_package, finish
from jupyter_mlpack.stack.tree import Tree
from jupyter_mlpack.values import Stack

CREATED = "1980-01-01T00:00:01Z"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

SCRIPTS_ONLY = frozenset({"debconf", "dpkg"})
"""Packages that others need only to be installed, not to run; they stay out unless the recipe names them."""


def assemble(assembly: Assembly) -> StoredImage:
    """Index, resolve, download, unpack, compile, export; each step hands on a value."""
    stack, arch, emit = assembly.stack, assembly.arch, assembly.emit
    apt = open_apt(stack, arch, find_archive(stack, assembly.settings), assembly.state)
    emit(Progress("stack", "package index", 0, None, "bytes"))
    update_index(apt, refresh=assembly.settings.refresh)
    packages = _kept(stack, resolve(apt, stack.packages))
    digest = packages_digest(packages)
    record, known = read_record(assembly.state), image_at_hand(assembly)
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
    without = SCRIPTS_ONLY.union(stack.left_out) - set(stack.packages)
    return tuple(one for one in packages if one.name not in without)


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
    with passing_folder(assembly.state / f"compile-{os.urandom(6).hex()}") as scratch:
        tree.write(scratch, ("/usr/lib/", "/usr/bin/python", "/etc/python"))
        python = target_python(scratch, stack.python)
        if assembly.arch != native:
            image = ensure_run_image(stack, native, assembly.store, assembly.settings, assembly.emit)
            python = target_python(run_root(assembly.store, image), stack.python)
        add_bytecode(tree, scratch, python, stack.python)


def run_config(stack: Stack, arch: str, layer: Layer, packages_sha256: str) -> ImageConfig:
    """The image's configuration: not root, a plain environment, the labels that buildpack tools look for."""
    history = History(CREATED, f"mlpack stack {stack.name}", comment=f"packages sha256:{packages_sha256}")
    return ImageConfig(
        architecture=arch, os="linux", diff_ids=(layer.diff_id,), history=(history,),
        env=(("PATH", PATH), ("LANG", "C.UTF-8")), entrypoint=(), cmd=("/usr/bin/python3",), working_dir="",
        user=f"{stack.uid}:{stack.gid}", labels=tuple(sorted(stack_labels(stack).items())), created=CREATED,
    )  # fmt: skip


def stack_labels(stack: Stack) -> dict[str, str]:
    """The labels of the stack's run image: the recipe's own, and those that tools look for (stack and target)."""
    return {
        **dict(stack.labels),
        "io.buildpacks.base.distro.name": stack.distribution,
        "io.buildpacks.base.distro.version": stack.version,
        "io.buildpacks.stack.id": f"mlpack.stacks.{stack.name}",
        MIXINS: mixins(stack.packages),
        "org.opencontainers.image.title": f"mlpack run image {stack.name}",
    }
