"""The options of a build that say more than the notebook: variables, bindings, buildpacks, run image, names, moment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from traitlets import List, Unicode
from traitlets.config.configurable import Configurable

if TYPE_CHECKING:
    from jupyter_mlpack.given.options import Given

MOMENT = "SOURCE_DATE_EPOCH"


class GivenMixin(Configurable):
    """What a build is given, for the subcommand that builds."""

    given_options: ClassVar[tuple[tuple[str, str], ...]] = (
        ("--env NAME[=VALUE]", "a variable for the buildpacks; without a value that of your environment; repeatable"),
        ("--env-file FILE", "a file of such variables, one a line; repeatable"),
        ("--binding NAME=DIR", "a service binding: a folder of files such as type, username, password; repeatable"),
        ("--volume HOST:PATH", "a folder of this machine that buildpacks can read at PATH; repeatable"),
        ("--descriptor FILE", "a project descriptor (default: project.toml beside the notebook)"),
        ("--builder WORD", "builder.toml or a builder's image: buildpacks, their order, run image and its mirrors"),
        ("--order FILE", "order.toml: which buildpacks are asked, in which order"),
        ("--buildpack WORD", "ask this buildpack, and no others but those named so; repeatable; or from=builder"),
        ("--pre-buildpack WORD", "ask this buildpack before all others; repeatable"),
        (
            "--post-buildpack WORD",
            "ask it after all others; WORD: a folder, a .cnb file, git+https, docker://, oci:, an id",
        ),
        (
            "--run-image-mirror REF",
            "a further place of --run-image; the one of the image's registry is used; repeatable",
        ),
        ("--tag NAME", "a further name of the image; repeatable"),
        ("--previous-image REF", "the image whose layers may be kept (default: the last one of this name)"),
        ("--cache-dir DIR", "where layers that buildpacks cache are kept (default: in the content store)"),
        ("--cache-image REF", "an image in a registry where they are kept, for machines that forget"),
        (
            "--business-tags FILE",
            "tags that become labels, over those of business-tags.yaml beside the notebook",
        ),
        ("--required-tag KEY", "a business tag without which no image is built; repeatable"),
        ("--creation-time TIME", "when the image was made: seconds since 1970, a date, now (or SOURCE_DATE_EPOCH)"),
    )
    given_aliases: ClassVar[Mapping[str, str]] = {
        "env": "GivenMixin.env",
        "env-file": "GivenMixin.env_files",
        "binding": "GivenMixin.bindings",
        "volume": "GivenMixin.volumes",
        "descriptor": "GivenMixin.descriptor",
        "builder": "GivenMixin.builder",
        "order": "GivenMixin.order",
        "buildpack": "GivenMixin.asked_buildpacks",
        "pre-buildpack": "GivenMixin.pre_buildpacks",
        "post-buildpack": "GivenMixin.post_buildpacks",
        "run-image-mirror": "GivenMixin.run_image_mirrors",
        "tag": "GivenMixin.tags",
        "previous-image": "GivenMixin.previous_image",
        "cache-dir": "GivenMixin.cache_dir",
        "cache-image": "GivenMixin.cache_image",
        "creation-time": "GivenMixin.creation_time",
        "business-tags": "GivenMixin.business_tags",
        "required-tag": "GivenMixin.required_tags",
    }

    env = List(Unicode(), help="Variables for the buildpacks, NAME or NAME=VALUE each; values are shown nowhere.").tag(
        config=True
    )
    env_files = List(Unicode(), help="Files of variables for the buildpacks.").tag(config=True)
    bindings = List(Unicode(), help="Service bindings, NAME=DIR each; what is in them is shown nowhere.").tag(
        config=True
    )
    volumes = List(Unicode(), help="Folders that buildpacks can read, HOST:PATH each.").tag(config=True)
    descriptor = Unicode(help="A project descriptor instead of the project.toml beside the notebook.").tag(config=True)
    builder = Unicode(help="A builder.toml, or a word for a place with one or for a builder's image.").tag(config=True)
    order = Unicode(help="An order.toml.").tag(config=True)
    asked_buildpacks = List(
        Unicode(), help="The buildpacks to ask: folders, files, git+https, docker://, oci:, ids, from=builder."
    ).tag(config=True)
    pre_buildpacks = List(Unicode(), help="Buildpacks to ask before the others.").tag(config=True)
    post_buildpacks = List(Unicode(), help="Buildpacks to ask after the others.").tag(config=True)
    run_image_mirrors = List(Unicode(), help="Further places of the run image.").tag(config=True)
    tags = List(Unicode(), help="Further names of the image.").tag(config=True)
    previous_image = Unicode(help="The image whose layers may be kept.").tag(config=True)
    cache_dir = Unicode(help="A folder for layers that buildpacks cache.").tag(config=True)
    cache_image = Unicode(help="An image in a registry for layers that buildpacks cache.").tag(config=True)
    creation_time = Unicode(help="When the image was made.").tag(config=True)
    business_tags = Unicode(help="A file of tags that images get as labels.").tag(config=True)
    required_tags = List(Unicode(), help="Keys of business tags that every image has.").tag(config=True)

    def given(self, registry: str) -> Given | None:
        """What the options say; nothing where they say nothing. ``registry`` is the one that the image goes to.

        Raises leaves of ``InputError``.
        """
        if not os.environ.get(MOMENT) and not any(self._trait_values_given()):
            return None
        from jupyter_mlpack.given.bindings import read_bindings
        from jupyter_mlpack.given.moment import read_moment
        from jupyter_mlpack.given.options import Given
        from jupyter_mlpack.given.variables import read_variables
        from jupyter_mlpack.given.volumes import read_volumes
        from jupyter_mlpack.lifecycle.inputs import Binding, Volume
        from jupyter_mlpack.oci.reference import parse_reference

        for name in (*self.tags, *self.run_image_mirrors, *filter(None, (self.previous_image, self.cache_image))):
            parse_reference(name)
        mounted = tuple(read_volumes(self.volumes))
        bindings = (*read_bindings(self.bindings), *(one for one in mounted if isinstance(one, Binding)))
        return Given(
            variables=tuple(read_variables(self.env, map(_path, self.env_files), os.environ)),
            bindings=bindings,
            volumes=tuple(one for one in mounted if isinstance(one, Volume)),
            builder=self.builder or None,
            order=_path(self.order) if self.order else None,
            buildpacks=tuple(self.asked_buildpacks),
            before=tuple(self.pre_buildpacks),
            after=tuple(self.post_buildpacks),
            descriptor=_path(self.descriptor) if self.descriptor else None,
            mirrors=tuple(self.run_image_mirrors),
            registry=registry,
            previous=self.previous_image or None,
            tags=tuple(self.tags),
            created=read_moment(self.creation_time, os.environ),
            cache_folder=_path(self.cache_dir) if self.cache_dir else None,
            cache_image=self.cache_image or None,
            business_tags=_path(self.business_tags) if self.business_tags else None,
            required_tags=tuple(self.required_tags),
        )

    def _trait_values_given(self) -> list[object]:
        return [getattr(self, target.partition(".")[2]) for target in self.given_aliases.values()]


def _path(text: str) -> Path:
    return Path(text).expanduser()
