"""The build phase: runs ``bin/build`` of each buildpack of the group, in order, and reads what it left behind."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from jupyter_mlpack import errors
from jupyter_mlpack.events import Emit, LogLines, Progress
from jupyter_mlpack.lifecycle.child import Command, run_streaming
from jupyter_mlpack.lifecycle.context import Session
from jupyter_mlpack.lifecycle.descriptor import Descriptor
from jupyter_mlpack.lifecycle.environment import Environment, add_files, add_root
from jupyter_mlpack.lifecycle.failure import READ, build_failure, full_disk
from jupyter_mlpack.lifecycle.files import write_buildpack_plan, write_metadata
from jupyter_mlpack.lifecycle.gojson import go_json
from jupyter_mlpack.lifecycle.outputs import (
    FORBIDDEN_IDS,
    BuildOutputs,
    collect_sboms,
    read_layers,
    read_outputs,
)
from jupyter_mlpack.lifecycle.records import (
    BuildMetadata,
    GroupElement,
    LayerRecord,
    PlanEntry,
    Process,
    Require,
    escape_id,
)
from jupyter_mlpack.lifecycle.toml import MalformedError, make_folders, write_text
from jupyter_mlpack.oci.files import FULL

_PROGRESS = re.compile(r"\[mlpack\] (?P<what>[a-z]+) (?P<done>\d{1,15}) of (?P<total>\d{1,15})\Z")


def build(group: tuple[GroupElement, ...], plan: tuple[PlanEntry, ...], session: Session) -> BuildMetadata:
    """Run the phase: layers, bills of materials and ``config/metadata.toml`` stand in the layers folder afterwards.

    Raises ``BuildpackFailed`` (exit 51), ``BuildBroken`` (52).
    """
    folders = session.folders
    shutil.rmtree(folders.sbom, ignore_errors=True)
    env = session.inherited()
    outputs: list[BuildOutputs] = []
    for element in group:
        descriptor = session.descriptors.get(element.reference)
        try:
            if descriptor is None or element.id in FORBIDDEN_IDS:
                raise MalformedError(Path(element.reference), "no such buildpack, or its id is reserved")
            made = _Buildpack(descriptor, session, requires_of(plan, element.id)).build(env)
        except MalformedError as error:
            raise errors.BuildBroken(buildpack=element.reference, path=error.path, reason=error.reason) from error
        except (OSError, ValueError) as error:
            if isinstance(error, OSError) and error.errno in FULL:
                raise full_disk(error.filename or "", folders.layers.parent) from error
            path = getattr(error, "filename", None) or folders.layers
            raise errors.BuildBroken(buildpack=element.reference, path=path, reason=error) from error
        outputs.append(made)
        plan = _without_met(plan, element.id, made.unmet)
    _write_legacy_bom(folders.sbom, outputs)
    metadata = merge_outputs(group, outputs)
    write_metadata(folders.metadata, metadata)
    return metadata


def requires_of(plan: Iterable[PlanEntry], buildpack_id: str) -> tuple[Require, ...]:
    """What a buildpack is asked to provide."""
    mine = (entry for entry in plan if buildpack_id in {provider.id for provider in entry.providers})
    return tuple(require for entry in mine for require in entry.requires)


def _without_met(plan: tuple[PlanEntry, ...], buildpack_id: str, unmet: frozenset[str]) -> tuple[PlanEntry, ...]:
    """The plan without what the buildpack met: later buildpacks are asked only for what it left unmet."""
    met = {require.name for require in requires_of(plan, buildpack_id)} - unmet
    return tuple(entry for entry in plan if not met & {require.name for require in entry.requires})


@dataclass(frozen=True)
class _Buildpack:
    """One buildpack's turn."""

    descriptor: Descriptor
    session: Session
    plan: tuple[Require, ...]

    @property
    def _folder(self) -> Path:
        return self.session.folders.layers / escape_id(self.descriptor.id)

    def build(self, env: Environment) -> BuildOutputs:
        """Run it, then add what its build layers bring to ``env``, for the buildpacks after it."""
        make_folders(self._folder)
        self._run(env)
        layers = read_layers(self._folder)
        self._extend(env, layers)
        outputs = read_outputs(self._folder, self.descriptor, self.plan)
        collect_sboms(self._folder, self.descriptor, layers, self.session.folders.sbom)
        return outputs

    def _run(self, env: Environment) -> None:
        name = self.descriptor.reference
        log = _Log(self.session.emit)
        with tempfile.TemporaryDirectory(prefix="mlpack-build-") as scratch:
            plan = Path(scratch) / "plan.toml"
            write_buildpack_plan(plan, self.plan)
            status = run_streaming(self._command(env, plan), log.take)
        if status != 0:
            raise build_failure(name, status, tuple(log.last), self.session.folders.layers.parent)

    def _command(self, env: Environment, plan: Path) -> Command:
        folders = self.session.folders
        argv = (self.descriptor.root / "bin" / "build", self._folder, folders.platform, plan)
        own = {"CNB_LAYERS_DIR": str(self._folder), "CNB_BP_PLAN_PATH": str(plan)}
        full = {**self.session.environment(self.descriptor, env), **own}
        return Command(tuple(map(str, argv)), folders.app, full)

    def _extend(self, env: Environment, layers: dict[str, LayerRecord]) -> None:
        for name in sorted(layers):
            if layers[name].build:
                add_root(env, self._folder / name)
                add_files(env, self._folder / name / "env")
                add_files(env, self._folder / name / "env.build")


@dataclass
class _Log:
    """A buildpack's log on its way to the listener; ``[mlpack] packages 12 of 40`` becomes progress."""

    emit: Emit
    last: deque[str] = field(default_factory=lambda: deque(maxlen=READ))
    reached: dict[str, int] = field(default_factory=dict)

    def take(self, lines: tuple[str, ...]) -> None:
        """Hand on a batch. An empty one is handed on, too: the listener may raise to cancel."""
        plain = tuple(line for line in lines if not self._is_progress(line))
        self.last.extend(line for line in plain if line.strip())
        if plain or not lines:
            self.emit(LogLines("build", plain))

    def _is_progress(self, line: str) -> bool:
        found = _PROGRESS.match(line)
        if not found:
            return False
        what, done, total = found["what"], int(found["done"]), int(found["total"])
        if done >= self.reached.get(what, 0):
            self.reached[what] = done
            self.emit(Progress("build", what, done, total, what))
        return True


def merge_outputs(group: tuple[GroupElement, ...], outputs: Iterable[BuildOutputs]) -> BuildMetadata:
    """All contributions in one: the last buildpack wins a process type, the last default is the default.

    A type that is defined again without being the default again is the default no longer.
    """
    outputs = list(outputs)
    processes: dict[str, Process] = {}
    default = ""
    for process in (process for output in outputs for process in output.processes):
        if process.default:
            default = process.type
        elif process.type == default:
            default = ""
        processes[process.type] = replace(process, default=False)
    return BuildMetadata(
        buildpacks=group,
        labels=tuple(label for output in outputs for label in output.labels),
        processes=tuple(processes[kind] for kind in sorted(processes)),
        slices=tuple(paths for output in outputs for paths in output.slices),
        default_process=default,
    )


def _write_legacy_bom(sbom: Path, outputs: Iterable[BuildOutputs]) -> None:
    outputs = list(outputs)
    launch = [entry for output in outputs for entry in output.launch_bom]
    build_ = [entry for output in outputs for entry in output.build_bom]
    for kind, entries in (("launch", launch), ("build", build_)):
        write_text(sbom / kind / "sbom.legacy.json", go_json(entries or None) + "\n")
