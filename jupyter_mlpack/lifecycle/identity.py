"""Which paths a buildpack sees: its own machine's, or those that the image will have.

Our buildpacks write final paths wherever they run (``[metadata.mlpack] relocatable = true`` in ``buildpack.toml``).
Others take ``/layers`` and ``/workspace`` for granted: they run in a user namespace that shows the build's folders
there, with the rest of the machine read-only and the user's own folders empty. Where the kernel forbids that, they are
refused: an image of paths that do not exist in it would be worse. Volumes are shown the same way, to all.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_mlpack import errors
from jupyter_mlpack.frozen import dataclass, replace
from jupyter_mlpack.lifecycle.descriptor import Descriptor
from jupyter_mlpack.lifecycle.inputs import BuildInputs
from jupyter_mlpack.lifecycle.records import Order, escape_id

if TYPE_CHECKING:
    from jupyter_mlpack.lifecycle.child import Command
    from jupyter_mlpack.lifecycle.context import Folders, Owner

PLATFORM = "/platform"
BUILDPACKS = "/cnb/buildpacks"
PLANS = "plans"
"""Folder of the build's own for the plans that buildpacks read and write."""
PRIVATE = ("/tmp", "/var/tmp", "/home", "/root", "/run")
"""Folders of the machine that a foreign buildpack sees empty: other people's files, keys, sockets."""
RESOLVERS = ("/run/systemd/resolve", "/run/NetworkManager", "/run/resolvconf")
"""Where ``/etc/resolv.conf`` may lead: shown, or there would be no names of hosts."""


@dataclass(frozen=True)
class Place:
    """A folder or file of this machine, and the path at which it is seen."""

    source: Path
    target: str
    writable: bool = False


@dataclass(frozen=True)
class View:
    """What one buildpack sees. Without ``places`` it sees this machine as it is.

    ``workdir`` is where the instructions of the namespace are written; ``foreign`` says that the rest of the machine is
    not its to write or to read.
    """

    places: tuple[Place, ...] = ()
    workdir: Path = Path()
    user: tuple[int, int] = (0, 0)
    foreign: bool = False

    @property
    def scratch(self) -> Path | None:
        """Where a file for the buildpack alone is written; ``None`` for the machine's own folder of such files."""
        return self.workdir / PLANS if self.places else None

    def shown(self, path: Path) -> str:
        """The path at which the buildpack sees ``path``."""
        for place in self.places:
            if path.is_relative_to(place.source):
                return os.path.normpath(os.path.join(place.target, path.relative_to(place.source)))
        return str(path)

    def command(self, command: Command, name: str) -> Command:
        """The command that runs ``command``, whose paths are as shown. ``name`` tells it from others of this build.

        Raises ``OSError``.
        """
        if not self.places:
            return command
        import json

        from jupyter_mlpack.engines.places import BARE
        from jupyter_mlpack.lifecycle.child import Command

        scene = self.workdir / f"scene-{name}.json"
        scene.with_name(f"root-{name}").mkdir(exist_ok=True)
        handle = os.open(scene, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(handle, "w", encoding="utf-8") as file:
            json.dump(self._scene(command, scene.with_name(f"root-{name}")), file)
        package = str(Path(__file__).resolve().parents[2])
        argv = (sys.executable, "-I", "-S", "-c", BARE, package, str(scene))
        # only what the interpreter itself may need: the command's own environment is in the scene
        own = {key: os.environ[key] for key in ("LD_LIBRARY_PATH",) if key in os.environ}
        return Command(argv, self.workdir, own)

    def _scene(self, command: Command, root: Path) -> dict[str, object]:
        private = {*PRIVATE, str(Path.home().resolve())} if self.foreign else set()
        resolvers = [Place(Path(path), path) for path in RESOLVERS if self.foreign and os.path.isdir(path)]
        places = [*self.places, *resolvers]
        return {
            "root": str(root),
            "command": list(command.argv),
            "environment": dict(command.environment),
            "directory": self.shown(command.folder),
            "uid": self.user[0],
            "gid": self.user[1],
            "places": [[str(place.source), place.target, place.writable] for place in places],
            "fresh": sorted(private - {"/"}),
            "host": not self.foreign,
        }

    def refusal(self) -> errors.EngineError | None:
        """Why the kernel does not let us show this view; ``None`` if it does. Tries it."""
        import json

        from jupyter_mlpack.children import run
        from jupyter_mlpack.engines.launch import explain
        from jupyter_mlpack.lifecycle.child import Command

        if sys.platform != "linux":
            return errors.NotLinux(system=sys.platform)
        command = self.command(Command((), self.workdir, {}), "probe")
        run(command.argv, cwd=command.folder, env=dict(command.environment))
        report = (self.workdir / "scene-probe.json.refused").read_text(encoding="utf-8")
        return explain(json.loads(report)) if report else None


HERE = View()
"""This machine as it is."""


@dataclass(frozen=True)
class Views:
    """The views of a build: of our buildpacks, and of those that must see the image's paths."""

    ours: View = HERE
    foreign: View = HERE

    def of(self, descriptor: Descriptor) -> View:
        """What the buildpack sees."""
        if descriptor.relocatable or not self.foreign.places:
            return self.ours
        there = f"{BUILDPACKS}/{escape_id(descriptor.id)}/{descriptor.version}"
        return replace(self.foreign, places=(*self.foreign.places, Place(descriptor.root, there)))


def make_views(workdir: Path, folders: Folders, owner: Owner, inputs: BuildInputs) -> Views:
    """The views of a build. Nothing is tried yet."""
    user = (owner.uid, owner.gid)
    volumes = tuple(Place(volume.source.resolve(), volume.target) for volume in inputs.volumes)
    ours = View(volumes, workdir, user) if volumes else HERE
    own = (
        Place(folders.app, folders.image_app, writable=True),
        Place(folders.layers, folders.image_layers, writable=True),
        Place(folders.platform, PLATFORM),
    )
    scratch = tuple(Place(workdir / name, str(workdir / name), writable=True) for name in ("home", PLANS))
    bindings = [binding.folder.resolve() for binding in inputs.bindings]
    linked = tuple(Place(folder, str(folder)) for folder in bindings)
    return Views(ours, View((*own, *scratch, *linked, *volumes), workdir, user, foreign=True))


def taking_part(order: Order, descriptors: Mapping[str, Descriptor]) -> Iterator[Descriptor]:
    """The buildpacks that an order may run, those in composite ones among them; unknown ones are detect's to tell."""
    for group in order:
        for element in group:
            descriptor = descriptors.get(element.reference)
            if descriptor is not None and not descriptor.order:
                yield descriptor
            elif descriptor is not None:
                yield from taking_part(descriptor.order, descriptors)


def check_architecture(descriptors: Iterable[Descriptor], arch: str, host: str) -> None:
    """Fail where a buildpack that takes the image's paths for granted would run on another architecture than the
    image's: it may start what it has just put there. Raises ``BuildpackNeedsArchitecture``.
    """
    foreign = next((known for known in descriptors if not known.relocatable), None)
    if foreign is not None and arch != host:
        raise errors.BuildpackNeedsArchitecture(buildpack=foreign.reference, path=foreign.root, arch=arch, host=host)


def check_views(views: Views, descriptors: Iterable[Descriptor]) -> None:
    """Fail before any buildpack runs, not in the middle. Raises ``BuildpackNeedsPaths``, ``VolumeNotShown``."""
    foreign = next((known for known in descriptors if not known.relocatable), None)
    if foreign is not None and (reason := views.of(foreign).refusal()):
        raise errors.BuildpackNeedsPaths(
            buildpack=foreign.reference, path=foreign.root, reason=f"{reason} {reason.sentence('why')}"
        )
    if foreign is None and views.ours.places and (reason := views.ours.refusal()):
        targets = ", ".join(place.target for place in views.ours.places)
        raise errors.VolumeNotShown(targets=targets, reason=f"{reason} {reason.sentence('why')}")
