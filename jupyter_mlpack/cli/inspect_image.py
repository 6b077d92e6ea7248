"""``jupyter mlpack inspect-image IMAGE``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

from jupyter_mlpack.cli.base import Command
from jupyter_mlpack.cli.machine import AccessMixin, MachineMixin
from jupyter_mlpack.cli.report import Reporter
from jupyter_mlpack.cli.style import Sheet, Span, make_sheet
from jupyter_mlpack.errors import ImageNotNamed
from jupyter_mlpack.lifecycle.description import (
    DescribedBuildpack,
    DescribedProcess,
    ImageDescription,
    describe_image,
)
from jupyter_mlpack.lifecycle.labels import ORIGINS_LABEL
from jupyter_mlpack.oci.origin import find_origin, read_image
from jupyter_mlpack.values import to_json

SHOWN = 20
"""Characters of a digest that a person sees."""


class InspectImageCommand(AccessMixin, MachineMixin, Command):
    """Show what an image is made of."""

    name = "jupyter-mlpack-inspect-image"
    usage = "jupyter mlpack inspect-image IMAGE [options]"
    words = """
What an image says of itself: its processes, the buildpacks that made it, its run image, its layers and labels. IMAGE
is a name of the content store, a reference in a registry (with its host; no layer is fetched), or oci:FOLDER[:NAME]
for an OCI layout. Images of other buildpacks tools are read as well."""
    options = (
        ("--arch ARCH", "which image, where there is one for each of several (default: this machine's)"),
        ("--insecure", "plain HTTP is allowed to a registry on this machine"),
        ("--insecure-host HOST", "plain HTTP is allowed to this host; repeatable"),
    )
    examples = """
jupyter mlpack inspect-image train:training
jupyter mlpack inspect-image registry.example.com/team/train:1 --format json
jupyter mlpack inspect-image oci:train-layout -v"""
    aliases = {
        **Command.common_aliases,
        "arch": "MachineMixin.arch",
        "insecure-host": "InspectImageCommand.insecure_hosts",
    }
    flags = {
        **Command.common_flags,
        "insecure": ({"InspectImageCommand": {"insecure": True}}, "Allow plain HTTP to a registry on this machine."),
    }

    def run(self, reporter: Reporter) -> int:
        """Read, and show."""
        if len(self.extra_args) != 1:
            raise ImageNotNamed(given=len(self.extra_args))
        store = self.store()
        origin = find_origin(self.extra_args[0], store)
        description = describe_image(read_image(origin, store, self.arch, self.access()), origin.kind)
        sheet = make_sheet(sys.stdout)
        write_description(sheet, description, full=self.verbose)
        reporter.result(sheet.text(), {"image": to_json(description)})
        return 0


def write_description(sheet: Sheet, image: ImageDescription, *, full: bool) -> None:
    """The page; ``full`` has whole digests and all labels."""
    sheet.line((image.name, "bold"), (f"  {image.platform}, {image.size / 1e6:.1f} MB, {image.place}", ""))
    sheet.columns(facts(image, full=full), wrap=True)
    if image.processes:
        sheet.heading("processes")
        sheet.columns([process(entry) for entry in image.processes], wrap=True)
    if image.buildpacks:
        sheet.heading("buildpacks")
        rows = [
            [(one.id, "bold"), (one.version, "cyan"), (origin_of(one, image) or one.homepage, "")]
            for one in image.buildpacks
        ]
        sheet.columns(rows, wrap=True)
    sheet.heading("layers", str(len(image.layers)))
    sheet.columns(layers(image, full=full), wrap=full)
    if full and image.labels:
        sheet.heading("labels", str(len(image.labels)))
        sheet.columns([[(name, "bold"), (text, "")] for name, text in image.labels.items()], wrap=True)


def origin_of(pack: DescribedBuildpack, image: ImageDescription) -> str:
    """Where a buildpack was fetched from; empty where the image does not say."""
    try:
        told = json.loads(image.labels.get(ORIGINS_LABEL, "{}"))
    except ValueError:
        return ""
    found = told.get(f"{pack.id}@{pack.version}") if isinstance(told, dict) else None
    return found if isinstance(found, str) else ""


def facts(image: ImageDescription, *, full: bool) -> Iterator[list[Span]]:
    """Names and values."""
    end = None if full else SHOWN
    if image.notebook:
        yield [("notebook", ""), (" ".join(filter(None, (image.notebook, image.purpose and f"({image.purpose})"))), "")]
    yield [("digest", ""), (image.digest[:end], "")]
    if image.run_image:
        names = ", ".join(filter(None, (image.run_image.image, *image.run_image.mirrors))) or "not named"
        head, at, digest = image.run_image.reference.partition("@")
        yield [("run image", ""), (f"{names} ({(at and digest[:end]) or head})", "")]
        yield [("rebasable", ""), ("yes" if image.rebasable else "no", "")]
    yield [("started as", ""), (" ".join(image.entrypoint) or "not said", "")]
    yield [("user", ""), (image.user or "root", "")]


def process(entry: DescribedProcess) -> list[Span]:
    """A row: type, whether it is the default, command."""
    said = " ".join((*entry.command, *entry.arguments))
    return [(entry.type, "bold"), ("default" if entry.default else "", "cyan"), (said, "")]


def layers(image: ImageDescription, *, full: bool) -> Iterator[list[Span]]:
    """A row for each: part, size, digest, name."""
    for layer in image.layers:
        size = f"{layer.size / 1e6:9.2f} MB"
        yield [(layer.part, "bold"), (size, ""), (layer.digest[: None if full else SHOWN], "dim"), (layer.name, "")]
