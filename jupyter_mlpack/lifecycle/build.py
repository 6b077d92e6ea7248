"""The build phase: runs ``bin/build`` of each buildpack of the group, in order, and reads what it left behind."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_mlpack import errors
from jupyter_mlpack.events import Emit, LogLines, Progress
from jupyter_mlpack.frozen import dataclass, field, replace
from jupyter_mlpack.lifecycle.context import Session
from jupyter_mlpack.lifecycle.descriptor import Descriptor
from jupyter_mlpack.lifecycle.environment import Environment, add_files, add_root
from jupyter_mlpack.lifecycle.files import write_buildpack_plan, write_metadata
from jupyter_mlpack.lifecycle.gojson import go_json
from jupyter_mlpack.lifecycle.identity import View
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
from jupyter_mlpack.lifecycle.requirements import requires_of, without_met
from jupyter_mlpack.lifecycle.toml import MalformedError, make_folders, write_text
from jupyter_mlpack.oci.files import FULL
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.scratch import remove_tree

if TYPE_CHECKING:
    from jupyter_mlpack.lifecycle.child import Command

READ = 60
"""Last lines of a log that are read for the reason of a failure."""

PROGRESS = pattern(r"\[mlpack\] (?P<what>[a-z]+) (?P<done>\d{1,15}) of (?P<total>\d{1,15})\Z")


def build(group: tuple[GroupElement, ...], plan: tuple[PlanEntry, ...], session: Session) -> BuildMetadata:
    """Run the phase: layers, bills of materials and ``config/metadata.toml`` stand in the layers folder afterwards.

    Raises ``BuildpackFailed`` (exit 51), ``BuildBroken`` (52).
    """
    folders = session.folders
    remove_tree(folders.sbom)
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
                from jupyter_mlpack.lifecycle.failure import full_disk

                raise full_disk(error.filename or "", folders.layers.parent) from error
            path = getattr(error, "filename", None) or folders.layers
            raise errors.BuildBroken(buildpack=element.reference, path=path, reason=error) from error
        outputs.append(made)
        plan = without_met(plan, element.id, made.unmet)
    _write_legacy_bom(folders.sbom, outputs)
    metadata = merge_outputs(group, outputs)
    write_metadata(folders.metadata, metadata)
    return metadata


@dataclass(frozen=True)
class _Buildpack:
    """One buildpack's turn."""

    descriptor: Descriptor
    session: Session
    plan: tuple[Require, ...]

    @property
    def _folder(self) -> Path:
        return self.session.folders.layers / escape_id(self.descriptor.id)

    @property
    def _view(self) -> View:
        return self.session.views.of(self.descriptor)

    def build(self, env: Environment) -> BuildOutputs:
        """Run it, then add what its build layers bring to ``env``, for the buildpacks after it."""
        make_folders(self._folder)
        if not self._replay(env):
            self._run(env)
        layers = read_layers(self._folder)
        self._extend(env, layers)
        outputs = read_outputs(self._folder, self.descriptor, self.plan)
        collect_sboms(self._folder, self.descriptor, layers, self.session.folders.sbom)
        return outputs

    def _replay(self, env: Environment) -> bool:
        """Leave behind what it left the last time, if it promises to do the same again."""
        outcomes = self.session.outcomes
        if outcomes is None or not outcomes.replay(self.descriptor, self.session, env, self.plan):
            return False
        line = f"---> {self.descriptor.reference}: nothing that it depends on has changed"
        self.session.emit(LogLines("build", (line,)))
        return True

    def _run(self, env: Environment) -> None:
        import tempfile

        from jupyter_mlpack.lifecycle.child import NotStarted, run_streaming

        name = self.descriptor.reference
        log = _Log(self.session.emit, self.session.mask)
        with tempfile.TemporaryDirectory(prefix="mlpack-build-", dir=self._view.scratch) as scratch:
            plan = Path(scratch) / "plan.toml"
            write_buildpack_plan(plan, self.plan)
            command = self._command(env, plan)
            try:
                status = run_streaming(command, log.take)
            except NotStarted as error:
                raise errors.BuildpackFailed(buildpack=name, status="none", lines=str(error)) from error
        if status != 0:
            from jupyter_mlpack.lifecycle.failure import build_failure

            raise build_failure(name, status, tuple(log.last), self.session.folders.layers.parent)

    def _command(self, env: Environment, plan: Path) -> Command:
        from jupyter_mlpack.lifecycle.child import Command

        folders = self.session.folders
        argv = (self.descriptor.root / "bin" / "build", self._folder, folders.platform, plan)
        shown = self._view.shown
        own = {"CNB_LAYERS_DIR": shown(self._folder), "CNB_BP_PLAN_PATH": shown(plan)}
        full = {**self.session.environment(self.descriptor, env), **(own if self.descriptor.at_least("0.8") else {})}
        return self._view.command(Command(tuple(map(shown, argv)), folders.app, full), plan.parent.name)

    def _extend(self, env: Environment, layers: dict[str, LayerRecord]) -> None:
        # in the order of the files that tell their types: a-b.toml, a.b.toml, a.toml
        for name in sorted(layers, key=lambda name: os.fsencode(f"{name}.toml")):
            if layers[name].build:
                add_root(env, self._folder / name, self._view.shown(self._folder / name))
                add_files(env, self._folder / name / "env")
                add_files(env, self._folder / name / "env.build")


@dataclass
class _Log:
    """A buildpack's log on its way to the listener; ``[mlpack] packages 12 of 40`` becomes progress."""

    emit: Emit
    mask: Callable[[str], str]
    last: deque[str] = field(default_factory=lambda: deque(maxlen=READ))
    reached: dict[str, int] = field(default_factory=dict)

    def take(self, lines: tuple[str, ...]) -> None:
        """Hand on a batch. An empty one is handed on, too: the listener may raise to cancel."""
        plain = tuple(self.mask(line) for line in lines if not self._is_progress(line))
        self.last.extend(line for line in plain if line.strip())
        if plain or not lines:
            self.emit(LogLines("build", plain))

    def _is_progress(self, line: str) -> bool:
        found = PROGRESS.match(line)
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
