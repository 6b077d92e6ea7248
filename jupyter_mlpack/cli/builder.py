"""``jupyter mlpack builder create NAME``."""

from __future__ import annotations

from pathlib import Path

from traitlets import Bool, List, Unicode

from jupyter_mlpack.builder import BuilderWish, create_builder, read_recipe
from jupyter_mlpack.builder.create import Created
from jupyter_mlpack.cli.base import Command
from jupyter_mlpack.cli.machine import MachineMixin, OutputsMixin
from jupyter_mlpack.cli.report import Reporter
from jupyter_mlpack.errors import BuilderNotNamed, OptionWrong
from jupyter_mlpack.events import Noticed
from jupyter_mlpack.fetching import Fetcher
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.given.sources import Sources
from jupyter_mlpack.oci import Store
from jupyter_mlpack.oci.reference import parse_reference
from jupyter_mlpack.publish import Outputs, check_outputs, publish
from jupyter_mlpack.scratch import scratch_folder
from jupyter_mlpack.values import Notice


class BuilderCreateCommand(OutputsMixin, MachineMixin, Command):
    """Make a builder image."""

    name = "jupyter-mlpack-builder-create"
    usage = "jupyter mlpack builder create NAME [options]"
    words = """
Makes a builder image: a stack's build image, the official lifecycle, buildpacks and their order. With it `pack`, kpack
and plain Docker build what `jupyter mlpack build NOTEBOOK --workspace DIR` writes. Without --config it holds all
buildpacks that came with this package. No Docker and no root are needed; the same things make the same bytes."""
    options = (
        ("--config FILE", "a builder.toml, as pack has it: buildpacks, order, run images, lifecycle, build image"),
        (
            "--lifecycle WORD",
            "a release of the official lifecycle: folder, archive, address (default: built by Go, once)",
        ),
        ("--stack NAME", "the stack that it stands on, and that images stand on (default: bookworm)"),
        ("--run-image REF", "what images are built on, where its users can have it (default: the stack's, by name)"),
        ("--run-image-mirror REF", "a further place of it; repeatable"),
        ("--with-run-image", "the stack's run image goes to --run-image, and to Docker with --load"),
        ("--platform OS/ARCH", "linux/amd64 or linux/arm64 (default: this machine's); --arch ARCH says the same"),
        ("--upgrade", "make the stack's images anew first, with the distribution's fixes"),
        *OutputsMixin.output_options,
    )
    examples = """
jupyter mlpack builder create team/builder:1 --load --with-run-image
jupyter mlpack builder create localhost:5000/builder:1 --push localhost:5000/builder:1 \\
    --run-image localhost:5000/run:1 --with-run-image --insecure
jupyter mlpack builder create team/builder:1 --config builder.toml --archive builder.tar"""
    aliases = {
        **Command.common_aliases,
        **OutputsMixin.output_aliases,
        **MachineMixin.machine_aliases,
        "config": "BuilderCreateCommand.recipe",
        "lifecycle": "BuilderCreateCommand.lifecycle",
        "stack": "BuilderCreateCommand.stack",
        "run-image-mirror": "BuilderCreateCommand.run_image_mirrors",
    }
    flags = {
        **Command.common_flags,
        **OutputsMixin.output_flags,
        "with-run-image": ({"BuilderCreateCommand": {"with_run_image": True}}, "Deliver the run image, too."),
        "upgrade": ({"BuilderCreateCommand": {"upgrade": True}}, "Make the stack's images anew first."),
    }

    recipe = Unicode(help="A builder.toml.").tag(config=True)
    lifecycle = Unicode(help="A release of the official lifecycle: a folder or an archive.").tag(config=True)
    stack = Unicode(help="Name of the stack.").tag(config=True)
    run_image_mirrors = List(Unicode(), help="Further places of the run image.").tag(config=True)
    with_run_image = Bool(False, help="Deliver the stack's run image, too.").tag(config=True)
    upgrade = Bool(False, help="Make the stack's images anew first.").tag(config=True)

    def run(self, reporter: Reporter) -> int:
        """Make it, deliver it, and say what to type next."""
        wish, outputs, machine = self.wish(), self.outputs(), self.machine()
        check_outputs(outputs)
        if self.with_run_image and outputs.push and not self.run_image:
            problem = "--with-run-image pushes to --run-image, which is not said"
            raise OptionWrong(problem=problem, command=self.name.replace("-", " "))
        hosts = frozenset(self.insecure_hosts)
        settings = replace(
            machine.stack_settings, run_image=None, refresh=self.upgrade, insecure=self.insecure, insecure_hosts=hosts
        )
        with scratch_folder() as scratch:
            sources = Sources(Fetcher(machine.store, settings.access, reporter), scratch)
            created = create_builder(read_recipe(wish, machine.catalog, sources), machine.store, settings, reporter)
        delivered = publish(created.image.name, outputs, machine.store, reporter) if outputs.wanted else ()
        delivered += self.deliver_run_image(created, outputs, machine.store, reporter)
        data = {
            "name": created.image.name,
            "digest": created.image.descriptor.digest,
            "size": created.image.size,
            "lifecycle": created.lifecycle,
            "run_images": [names.image for names in created.run_images],
        }
        reporter.result(describe(created, delivered), {"builder": data, "delivered": list(delivered)})
        return 0

    def deliver_run_image(
        self, created: Created, outputs: Outputs, store: Store, reporter: Reporter
    ) -> tuple[str, ...]:
        """Bring the run image to where the builder says that it is; what was done, as sentences."""
        name, run = created.run_images[0].image, created.run
        if run is None or not self.with_run_image:
            if outputs.push and run is not None and name == run.name:
                text = f"The builder names the run image {name}, which only this machine has: --run-image says another."
                reporter(Noticed(Notice("run-image-here-only", text)))
            return ()
        store.tag(name, run.descriptor)
        push = (name,) if outputs.push else ()
        return publish(name, replace(outputs, layout=None, archive=None, push=push), store, reporter)

    def wish(self) -> BuilderWish:
        """What the options ask for. Raises ``BuilderNotNamed``, and the reference's errors."""
        if len(self.extra_args) != 1:
            raise BuilderNotNamed(given=len(self.extra_args))
        for text in (*self.extra_args, *filter(None, (self.run_image,)), *self.run_image_mirrors):
            parse_reference(text)
        return BuilderWish(
            name=self.extra_args[0],
            arch=self.architecture(),
            config=Path(self.recipe).expanduser() if self.recipe else None,
            stack=self.stack,
            lifecycle=self.lifecycle,
            run_image=self.run_image,
            mirrors=tuple(self.run_image_mirrors),
        )


def describe(created: Created, delivered: tuple[str, ...]) -> str:
    """Name, digest, size, what it holds, and the next commands."""
    image = created.image
    images = ", ".join(names.image for names in created.run_images)
    lines = [
        "",
        image.name,
        f"  digest     {image.descriptor.digest}",
        f"  size       {image.size / 1e6:.1f} MB, {len(image.config.diff_ids)} layers",
        f"  lifecycle  {created.lifecycle}",
        f"  run image  {images}",
    ]
    lines += [f"  done       {sentence}" for sentence in delivered]
    return "\n".join([*lines, "  next       jupyter mlpack build NOTEBOOK --workspace DIR"])


class BuilderCommand(Command):
    """Builder images."""

    name = "jupyter-mlpack-builder"
    usage = "jupyter mlpack builder COMMAND ..."
    words = """
Builder images, for platforms on which a container builds: Docker, `pack`, kpack."""
    subcommands = {"create": (BuilderCreateCommand, "make a builder image")}
    examples = """
jupyter mlpack builder create --help"""
    aliases = dict(Command.common_aliases)
    flags = dict(Command.common_flags)

    def start(self) -> None:
        """Run the subcommand; alone, show the help."""
        self.run_subcommand()
