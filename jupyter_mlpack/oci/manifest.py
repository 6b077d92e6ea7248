"""Manifests and image configurations: values, and the bytes that the official lifecycle would write for them.

Field order and escaping are those of Go's JSON encoder over go-containerregistry's structures, so that equal images
have equal ids whoever wrote them. What is read may come from any registry: every field is checked.
"""

from __future__ import annotations

from collections.abc import Mapping

from jupyter_mlpack import errors
from jupyter_mlpack.frozen import dataclass, field, replace
from jupyter_mlpack.oci.fields import Fields, go_json, read_object
from jupyter_mlpack.values import Json

LAYER_GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"
LAYER_TAR = "application/vnd.oci.image.layer.v1.tar"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"

CREATED = "1980-01-01T00:00:01Z"
"""The moment of all things in a reproducible image (the specification's; equals 315532801 seconds)."""

_NEVER = "0001-01-01T00:00:00Z"
_TOP_REST = ("author", "container", "docker_version", "os.version", "os.features")
_CONFIG_ORDER = (
    "AttachStderr", "AttachStdin", "AttachStdout", "Cmd", "Healthcheck", "Domainname", "Entrypoint", "Env", "Hostname",
    "Image", "Labels", "OnBuild", "OpenStdin", "StdinOnce", "Tty", "User", "Volumes", "WorkingDir", "ExposedPorts",
    "ArgsEscaped", "NetworkDisabled", "MacAddress", "StopSignal", "Shell",
)  # fmt: skip
_CONFIG_OURS = frozenset({"Cmd", "Entrypoint", "Env", "Labels", "User", "WorkingDir"})


@dataclass(frozen=True)
class Descriptor:
    """A blob by its media type, its digest (``sha256:<hex>``) and its size in bytes."""

    media_type: str
    digest: str
    size: int

    def as_json(self) -> dict[str, Json]:
        """The object of the wire, in go-containerregistry's field order."""
        return {"mediaType": self.media_type, "size": self.size, "digest": self.digest}

    @classmethod
    def read(cls, entry: Fields) -> Descriptor:
        """The descriptor in a JSON object; raises ``ManifestUnreadable``."""
        return cls(entry.text("mediaType"), entry.digest("digest"), entry.size("size"))


@dataclass(frozen=True)
class Layer:
    """A compressed blob and the digest of the tar inside."""

    descriptor: Descriptor
    diff_id: str


@dataclass(frozen=True)
class History:
    """How a layer came to be; ``created`` is RFC 3339 text. An ``empty_layer`` has no entry in ``diff_ids``."""

    created: str
    created_by: str
    comment: str = ""
    empty_layer: bool = False
    author: str = ""

    def as_json(self) -> dict[str, Json]:
        """The object of the wire; empty fields are left out."""
        entry: dict[str, Json] = {
            "author": self.author,
            "created": self.created or _NEVER,
            "created_by": self.created_by,
            "comment": self.comment,
            "empty_layer": self.empty_layer,
        }
        return _filled(entry)

    @classmethod
    def read(cls, entry: Fields) -> History:
        """The history entry in a JSON object; raises ``ManifestUnreadable``."""
        return cls(
            created=_moment(entry),
            created_by=entry.text("created_by", ""),
            comment=entry.text("comment", ""),
            empty_layer=entry.raw.get("empty_layer") is True,
            author=entry.text("author", ""),
        )


@dataclass(frozen=True)
class ImageConfig:
    """What a container of the image starts with, and its list of layers.

    ``rest`` keeps all other fields as they were read; those of the inner object stand under its key ``config``.
    """

    architecture: str
    os: str
    diff_ids: tuple[str, ...]
    history: tuple[History, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    working_dir: str = ""
    user: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    created: str = CREATED
    variant: str = ""
    rest: Mapping[str, Json] = field(default_factory=dict, hash=False)

    def to_bytes(self) -> bytes:
        """The JSON text: Go's field order, map keys sorted, empty fields left out, no spaces."""
        top: dict[str, Json] = {name: self.rest.get(name) for name in _TOP_REST}
        rootfs: dict[str, Json] = {"type": "layers", "diff_ids": list(self.diff_ids)}
        known: dict[str, Json] = {
            "architecture": self.architecture,
            "author": top["author"],
            "container": top["container"],
            "created": self.created or _NEVER,
            "docker_version": top["docker_version"],
            "history": [entry.as_json() for entry in self.history],
            "os": self.os,
            "rootfs": rootfs,
            "config": self._inner(),
            "os.version": top["os.version"],
            "variant": self.variant,
            "os.features": top["os.features"],
        }
        further = {name: self.rest[name] for name in sorted(self.rest) if name not in known}
        required = {name: known[name] for name in ("architecture", "os", "config")}
        return go_json({name: value for name, value in {**known, **further}.items() if value or name in required})

    def _inner(self) -> dict[str, Json]:
        others = self.rest.get("config")
        inner: dict[str, Json] = dict(others) if isinstance(others, Mapping) else {}
        inner["Cmd"] = list(self.cmd)
        inner["Entrypoint"] = list(self.entrypoint)
        inner["Env"] = [f"{name}={value}" for name, value in self.env]
        inner["Labels"] = dict(sorted(self.labels))
        inner["User"] = self.user
        inner["WorkingDir"] = self.working_dir
        order = (*_CONFIG_ORDER, *sorted(set(inner) - set(_CONFIG_ORDER)))
        return {name: inner[name] for name in order if inner.get(name)}

    @classmethod
    def from_bytes(cls, data: bytes) -> ImageConfig:
        """Read an OCI or Docker image configuration; raises ``ManifestUnreadable``."""
        entry = read_object(data)
        inner = entry.inside("config")
        named = {"architecture", "created", "history", "os", "rootfs", "config", "variant"}
        rest = {name: value for name, value in entry.raw.items() if name not in named}
        others = {name: value for name, value in inner.raw.items() if name not in _CONFIG_OURS}
        return cls(
            architecture=entry.text("architecture"),
            os=entry.text("os"),
            diff_ids=entry.inside("rootfs").digests("diff_ids"),
            history=tuple(History.read(line) for line in entry.objects("history")),
            env=tuple(_pair(line) for line in inner.texts("Env")),
            entrypoint=inner.texts("Entrypoint"),
            cmd=inner.texts("Cmd"),
            working_dir=inner.text("WorkingDir", ""),
            user=inner.text("User", ""),
            labels=inner.pairs("Labels"),
            created=_moment(entry),
            variant=entry.text("variant", ""),
            rest={**rest, "config": others} if others else rest,
        )


@dataclass(frozen=True)
class Manifest:
    """The list of an image's blobs. ``media_type`` is Docker's where the image came from there."""

    config: Descriptor
    layers: tuple[Descriptor, ...]
    media_type: str = MANIFEST

    def to_bytes(self) -> bytes:
        """The JSON text, in go-containerregistry's field order."""
        layers: list[Json] = [layer.as_json() for layer in self.layers]
        head: dict[str, Json] = {"schemaVersion": 2, "mediaType": self.media_type}
        return go_json({**head, "config": self.config.as_json(), "layers": layers})

    @classmethod
    def from_bytes(cls, data: bytes) -> Manifest:
        """Read an OCI manifest or a Docker manifest of schema 2; raises ``ManifestUnreadable``."""
        entry = read_object(data)
        media_type = entry.text("mediaType", MANIFEST)
        if entry.raw.get("schemaVersion") != 2 or media_type not in (MANIFEST, DOCKER_MANIFEST):
            raise errors.ManifestUnreadable(reason=f"It is of another kind: {media_type}.")
        layers = tuple(Descriptor.read(layer) for layer in entry.objects("layers"))
        return cls(Descriptor.read(entry.inside("config")), layers, media_type)


@dataclass(frozen=True)
class StoredImage:
    """An image in the content store. ``name`` is empty as long as no name points at it."""

    name: str
    descriptor: Descriptor
    manifest: Manifest
    config: ImageConfig

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers, lowest first."""
        return tuple(Layer(*pair) for pair in zip(self.manifest.layers, self.config.diff_ids, strict=True))

    @property
    def size(self) -> int:
        """All compressed bytes: configuration and layers."""
        return self.manifest.config.size + sum(layer.size for layer in self.manifest.layers)

    def named(self, name: str) -> StoredImage:
        """The same image under ``name``."""
        return replace(self, name=name)


def image_of(name: str, descriptor: Descriptor, manifest: bytes, config: bytes) -> StoredImage:
    """The image that a manifest and a configuration describe; raises ``ManifestUnreadable`` when they do not fit."""
    image = StoredImage(name, descriptor, Manifest.from_bytes(manifest), ImageConfig.from_bytes(config))
    counts = len(image.manifest.layers), len(image.config.diff_ids)
    if counts[0] != counts[1]:
        raise errors.ManifestUnreadable(reason=f"It lists {counts[0]} layers, and digests of {counts[1]}.")
    return image


def _moment(entry: Fields) -> str:
    """``created``; Go writes the year 1 for a moment that was never set."""
    return entry.text("created", "").replace(_NEVER, "")


def _pair(line: str) -> tuple[str, str]:
    name, _, value = line.partition("=")
    return name, value


def _filled(entry: Mapping[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in entry.items() if value}
