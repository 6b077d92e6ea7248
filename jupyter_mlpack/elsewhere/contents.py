"""What the volumes of a build hold before its first phase: as one tar, owned by the user who builds."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from jupyter_mlpack.elsewhere import layouts
from jupyter_mlpack.elsewhere.phases import APP, CACHE, LAYERS, LAYOUT, PLATFORM, WHEELS
from jupyter_mlpack.frozen import dataclass, replace
from jupyter_mlpack.given.trust import machine_certificates
from jupyter_mlpack.lifecycle.inputs import BuildInputs
from jupyter_mlpack.lifecycle.labels import LIFECYCLE_LABEL, read_lifecycle_label
from jupyter_mlpack.lifecycle.toml import dump_toml
from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.tar import TarEntry, parent_entries
from jupyter_mlpack.values import BuildPlan, PlannedFile

CERTIFICATES = f"{PLATFORM}/certificates.pem"
DESCRIPTION = f"{LAYERS}/project-metadata.toml"


@dataclass(frozen=True)
class Contents:
    """All of it: ``told`` are the variables of the buildpacks, ``user`` who builds (number, group).

    ``wheels``: what was downloaded and installed is kept on the daemon for other builds.
    """

    plan: BuildPlan
    inputs: BuildInputs
    told: Mapping[str, str]
    run_image: StoredImage
    previous: StoredImage | None
    store: Store
    user: tuple[int, int]
    wheels: bool = False

    def entries(self) -> Iterator[TarEntry]:
        """Everything below the volumes' places, each folder before what is in it. Raises ``ContentMissing``."""
        uid, gid = self.user
        made = {"/"}
        for root in (APP, LAYERS, PLATFORM, LAYOUT, CACHE, *((WHEELS,) if self.wheels else ())):
            made.add(root)
            yield TarEntry(root, "directory", 0o755, uid, gid)
        for entry in self._files():
            for parent in parent_entries(entry.name):
                if parent.name not in made:
                    made.add(parent.name)
                    yield replace(parent, uid=uid, gid=gid)
            if entry.kind != "directory" or entry.name not in made:
                made.add(entry.name)
                yield replace(entry, uid=uid, gid=gid)

    def _files(self) -> Iterator[TarEntry]:
        for planned in self.plan.files:
            yield planned_entry(planned)
        told = dict(self.told)
        if self.wheels:
            told |= {
                "BP_WHEELS_DIR": f"{WHEELS}/installed",
                "UV_CACHE_DIR": f"{WHEELS}/downloaded",
                "UV_LINK_MODE": "copy",
            }
        yield from variables(told)
        for binding in self.inputs.bindings:
            yield from bound(binding.folder, f"{PLATFORM}/bindings/{binding.name}")
        if self.inputs.source:
            yield layouts.file(DESCRIPTION, dump_toml(self.inputs.source).encode())
        yield from layouts.sparse(self.run_image, self.run_image.name, self.store)
        if self.previous:
            yield from layouts.sparse(self.previous, layouts.PREVIOUS, self.store, told_layers(self.previous))


def variables(told: Mapping[str, str]) -> Iterator[TarEntry]:
    """The variables as buildpacks find them, and whom this machine trusts where that is more than everybody does."""
    bundle = certificates(os.environ)
    if bundle:
        yield layouts.file(CERTIFICATES, bundle.encode())
    every = {**told, **({"SSL_CERT_FILE": CERTIFICATES} if bundle else {})}
    for name, value in sorted(every.items()):
        yield layouts.file(f"{PLATFORM}/env/{name}", value.encode("utf-8", "surrogateescape"), mode=0o600)


def planned_entry(planned: PlannedFile) -> TarEntry:
    """A file of the application, as ``write_workspace`` writes it."""
    name, mode = f"{APP}/{planned.path}", 0o755 if planned.executable else 0o644
    if planned.source is None:
        return layouts.file(name, (planned.text or "").encode("utf-8", "surrogatepass"), mode=mode)
    return TarEntry(name, "file", mode, 0, 0, size=planned.source.stat().st_size, source=planned.source)


def bound(folder: Path, at: str) -> Iterator[TarEntry]:
    """The files of a binding, links followed: a mounted secret is made of them."""
    for path in sorted(folder.iterdir()):
        if path.is_file():
            size = path.stat().st_size
            yield TarEntry(f"{at}/{path.name}", "file", 0o600, 0, 0, size=size, source=path)


def told_layers(previous: StoredImage) -> Iterable[str]:
    """The layer of a previous image that a build reads: its bill of materials."""
    metadata = read_lifecycle_label(dict(previous.config.labels).get(LIFECYCLE_LABEL, ""))
    return (metadata.sbom,) if metadata and metadata.sbom else ()


def certificates(environment: Mapping[str, str]) -> str:
    """Whom this machine trusts, where that is not just what every image does; else nothing."""
    named = any(environment.get(name) for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"))
    return "".join(machine_certificates(environment)) if named else ""
