"""``jupyter mlpack buildpack package DIR`` and ``jupyter mlpack buildpack show WORD``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from traitlets import Unicode

from jupyter_mlpack.cli.base import Command
from jupyter_mlpack.cli.machine import AccessMixin, MachineMixin, OutputsMixin
from jupyter_mlpack.cli.report import Reporter
from jupyter_mlpack.errors import BuildpackNotNamed
from jupyter_mlpack.fetching import Fetcher, read_path
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.given.sources import Found, Sources
from jupyter_mlpack.oci.reference import parse_reference
from jupyter_mlpack.publish import check_outputs, publish
from jupyter_mlpack.scratch import scratch_folder
from jupyter_mlpack.stack import StackSettings

if TYPE_CHECKING:
    from jupyter_mlpack.oci import Store, StoredImage


def make_sources(store: Store, mixin: AccessMixin, scratch: Path, reporter: Reporter) -> Sources:
    """What finds buildpacks for a command with these options."""
    hosts = frozenset(mixin.insecure_hosts)
    settings = replace(StackSettings(), insecure=mixin.insecure, insecure_hosts=hosts)
    return Sources(Fetcher(store, settings.access, reporter), scratch)


class BuildpackPackageCommand(OutputsMixin, MachineMixin, Command):
    """Make a buildpackage."""

    name = "jupyter-mlpack-buildpack-package"
    usage = "jupyter mlpack buildpack package DIR [options]"
    words = """
Packs the buildpack in DIR as an image, as `pack buildpack package` does: for registries, for builders, and for
`jupyter mlpack build --buildpack docker://IMAGE`. A composite buildpack takes along what its package.toml names. No
Docker is needed; the same folder makes the same bytes."""
    options = (
        ("--name NAME", "name of the image (default: the buildpack's id and version)"),
        ("--platform OS/ARCH", "linux/amd64 or linux/arm64 (default: this machine's); --arch ARCH says the same"),
        *OutputsMixin.output_options,
    )
    examples = """
jupyter mlpack buildpack package ./my-buildpack --archive my-buildpack.cnb
jupyter mlpack buildpack package ./my-buildpack --push registry.example.com/team/my-buildpack:1"""
    aliases = {
        **Command.common_aliases,
        **OutputsMixin.output_aliases,
        **MachineMixin.machine_aliases,
        "name": "BuildpackPackageCommand.image_name",
    }
    flags = {**Command.common_flags, **OutputsMixin.output_flags}

    image_name = Unicode(help="Name of the image.").tag(config=True)

    def run(self, reporter: Reporter) -> int:
        """Pack, deliver, and say what to type next."""
        from jupyter_mlpack.buildpackages import make_buildpackage

        if len(self.extra_args) != 1:
            raise BuildpackNotNamed(given=len(self.extra_args), command="package")
        if self.image_name:
            parse_reference(self.image_name)
        outputs, store = self.outputs(), self.store()
        check_outputs(outputs)
        folder = Path(self.extra_args[0]).expanduser()
        with scratch_folder() as scratch:
            sources = make_sources(store, self, scratch, reporter)
            image = make_buildpackage(folder, self.image_name, self.architecture(), sources)
        delivered = publish(image.name, outputs, store, reporter) if outputs.wanted else ()
        data = {"name": image.name, "digest": image.descriptor.digest, "size": image.size}
        reporter.result(describe_package(image, delivered), {"buildpackage": data, "delivered": list(delivered)})
        return 0


class BuildpackShowCommand(AccessMixin, Command):
    """What a word names."""

    name = "jupyter-mlpack-buildpack-show"
    usage = "jupyter mlpack buildpack show WORD [options]"
    words = """
Fetches what WORD names, and says which buildpacks are there: a folder, a .cnb, .tar or .tgz file, an address of one,
git+https://HOST/REPOSITORY@REF#subdirectory=DIR, docker://IMAGE or oci:FOLDER. No program of it is run."""
    options = (
        ("--insecure", "plain HTTP is allowed to a registry on this machine"),
        ("--insecure-host HOST", "plain HTTP is allowed to this host; repeatable"),
    )
    examples = """
jupyter mlpack buildpack show docker://registry.example.com/team/my-buildpack:1
jupyter mlpack buildpack show git+https://git.example.com/team/buildpacks@v1#subdirectory=packs/java"""
    aliases = {**Command.common_aliases, "insecure-host": "BuildpackShowCommand.insecure_hosts"}
    flags = {
        **Command.common_flags,
        "insecure": ({"BuildpackShowCommand": {"insecure": True}}, "Allow plain HTTP to a registry on this machine."),
    }

    def run(self, reporter: Reporter) -> int:
        """Fetch, and list."""
        if len(self.extra_args) != 1:
            raise BuildpackNotNamed(given=len(self.extra_args), command="show")
        from jupyter_mlpack.oci import Store

        word = self.extra_args[0]
        with scratch_folder() as scratch:
            sources = make_sources(Store(Path(self.home).expanduser().absolute()), self, scratch, reporter)
            found = sources.find(read_path(word, Path().absolute(), word), word)
        packs = [{"reference": pack.reference, "folder": str(pack.root)} for pack in found.buildpacks]
        order = [[one.reference for one in group] for group in found.order]
        reporter.result(describe_found(word, found), {"word": word, "buildpacks": packs, "order": order})
        return 0


def describe_package(image: StoredImage, delivered: tuple[str, ...]) -> str:
    """Name, digest, size, and the next command."""
    size = f"{image.size / 1e3:.1f} kB, {len(image.layers)} buildpacks"
    lines = ["", image.name, f"  digest  {image.descriptor.digest}", f"  size    {size}"]
    lines += [f"  done    {sentence}" for sentence in delivered]
    return "\n".join([*lines, f"  next    jupyter mlpack build NOTEBOOK --post-buildpack docker://{image.name}"])


def describe_found(word: str, found: Found) -> str:
    """The buildpacks, where they are now, and in which order they are asked."""
    from jupyter_mlpack.buildpackages import order_text

    lines = [word, *(f"  {pack.reference:<32} {pack.root}" for pack in found.buildpacks)]
    return "\n".join([*lines, f"  stands for  {order_text(found.order)}"])


class BuildpackCommand(Command):
    """Buildpacks of your own."""

    name = "jupyter-mlpack-buildpack"
    usage = "jupyter mlpack buildpack COMMAND ..."
    words = """
Buildpacks that did not come with this package: to pack them for others, and to see what others packed."""
    subcommands = {
        "package": (BuildpackPackageCommand, "pack a buildpack as an image or a .cnb file"),
        "show": (BuildpackShowCommand, "which buildpacks a word names"),
    }
    examples = """
jupyter mlpack buildpack package ./my-buildpack --archive my-buildpack.cnb
jupyter mlpack buildpack show my-buildpack.cnb"""
    aliases = dict(Command.common_aliases)
    flags = dict(Command.common_flags)

    def start(self) -> None:
        """Run the subcommand; alone, show the help."""
        self.run_subcommand()
