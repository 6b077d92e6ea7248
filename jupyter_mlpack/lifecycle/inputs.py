"""What a build is given beside the application: variables, bindings, volumes, an order, names, a moment.

They reach buildpacks the way the platform specification says: files of ``<platform>/env``, folders of
``<platform>/bindings``, the operator's defaults in ``<build-config>/env``. Secret values are hidden in every log.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from jupyter_mlpack.frozen import dataclass, field, replace
from jupyter_mlpack.lifecycle.records import Analyzed, Order, Table
from jupyter_mlpack.lifecycle.toml import make_folders, write_text
from jupyter_mlpack.masking import Mask
from jupyter_mlpack.oci.manifest import CREATED

RESERVED = frozenset(
    [
        "BP_CA_BUNDLE", "BP_CONDA_AUTH", "BP_CONDA_CACHE", "BP_CONDA_PYTHON", "BP_IMAGE_APP_DIR",
        "BP_IMAGE_LAYERS_DIR", "BP_LISTINGS_DIR", "BP_TARGET_PYTHON", "BP_UV", "BP_WHEELS_DIR",
    ]
)  # fmt: skip
"""Variables that tell our buildpacks about this machine and the image: nobody else may set them."""

LARGEST_SECRET = 1 << 16
"""Bytes of a binding's file up to which its lines are hidden in logs; a larger one is no credential."""

SECRET_ENDS = ("_PASSWORD", "_TOKEN", "_SECRET", "_KEY")
"""How settings of programs end whose values are credentials."""

CERTIFICATES = "ca-certificates"
"""The type of bindings whose other files are certificates: no secrets."""

OPEN = frozenset({"type", "provider"})
"""Files of a binding that say what it is: no secrets (as the Service Binding specification has it)."""


@dataclass(frozen=True)
class Variable:
    """A variable that buildpacks see. ``secret`` says that its value must be seen nowhere else."""

    name: str
    value: str = field(repr=False)
    secret: bool = True


@dataclass(frozen=True)
class Binding:
    """A service binding: a folder of files, one for each fact of a service, ``type`` among them.

    ``kind`` is what that file says, if it was looked at.
    """

    name: str
    folder: Path
    kind: str = field(default="", compare=False)

    @property
    def secret(self) -> bool:
        """Whether its files may hold what nobody must see."""
        return self.kind != CERTIFICATES


@dataclass(frozen=True)
class Volume:
    """A folder or file of this machine that buildpacks see at ``target``, to read only."""

    source: Path
    target: str


@dataclass(frozen=True)
class RunImageNames:
    """What the label says of the run image, whichever copy of it was used: its name and its mirrors'."""

    image: str
    mirrors: tuple[str, ...] = ()


@dataclass(frozen=True)
class BuildInputs:
    """All of it. ``defaults`` are files of ``<build-config>/env`` by name; an empty ``order`` means the plan's.

    ``tags`` are further names of the image; ``created`` is the moment that its configuration tells (RFC 3339);
    ``source`` is what the label ``io.buildpacks.project.metadata`` says of the application; ``origins`` are pairs of a
    buildpack that was fetched (``id@version``) and the word for where from.
    """

    variables: tuple[Variable, ...] = ()
    bindings: tuple[Binding, ...] = ()
    volumes: tuple[Volume, ...] = ()
    defaults: Mapping[str, str] = field(default_factory=dict, hash=False)
    order: Order = ()
    tags: tuple[str, ...] = ()
    created: str = CREATED
    run_image: RunImageNames | None = None
    source: Table | None = field(default=None, hash=False)
    origins: tuple[tuple[str, str], ...] = ()

    @property
    def private(self) -> bool:
        """True when buildpacks see what must not be remembered, not even as the digest of a key: secrets, volumes."""
        secret = any(one.secret for one in self.bindings) or any(one.secret for one in self.variables)
        return secret or bool(self.volumes)

    def recorded(self, analyzed: Analyzed) -> Analyzed:
        """With the names that the label shall tell of the run image, whichever copy of it was used."""
        names = self.run_image
        if names is None:
            return analyzed
        return replace(analyzed, run_image=replace(analyzed.run_image, image=names.image, mirrors=names.mirrors))

    def environment(self) -> dict[str, str]:
        """The variables by name; the last of a name counts."""
        return {variable.name: variable.value for variable in self.variables}

    def mask(self, others: Iterable[str] = ()) -> Mask:
        """Hides all that is secret, and ``others``. Raises ``OSError`` when a binding cannot be read."""
        given = (variable.value for variable in self.variables if variable.secret)
        return Mask([*given, *self._facts(), *others])

    def _facts(self) -> Iterator[str]:
        for binding in filter(lambda one: one.secret, self.bindings):
            for path in sorted(binding.folder.iterdir()):
                if path.name not in OPEN and path.is_file() and path.stat().st_size <= LARGEST_SECRET:
                    yield path.read_bytes().decode("utf-8", "replace")


def credentials_in(settings: Mapping[str, str]) -> Iterator[str]:
    """What must not be seen of the machine's own settings: passwords, and those in addresses of indexes."""
    for name, value in settings.items():
        if name.endswith(SECRET_ENDS):
            yield value
        for _, _, rest in (word.partition("://") for word in value.split()):
            account, at, _ = rest.partition("/")[0].rpartition("@")
            if at:
                yield from (account, account.partition(":")[2])


def furnish(platform: Path, build_config: Path, inputs: BuildInputs) -> None:
    """Put the inputs where buildpacks look for them. Raises ``OSError``.

    A binding is a link to its folder: no copy of a secret is written, so none can be left behind.
    """
    for variable in inputs.variables:
        path = platform / "env" / variable.name
        write_text(path, variable.value)
        path.chmod(0o600)
    if inputs.bindings:
        make_folders(platform / "bindings")
    for binding in inputs.bindings:
        (platform / "bindings" / binding.name).symlink_to(binding.folder.resolve(), target_is_directory=True)
    for name, value in inputs.defaults.items():
        write_text(build_config / "env" / name, value)
