"""What becomes of a script of a binder folder: inspection + what the user says -> inspection, or a refusal."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from jupyter_mlpack import errors
from jupyter_mlpack.architecture import host_architecture
from jupyter_mlpack.binder.naming import named_files
from jupyter_mlpack.events import ignore
from jupyter_mlpack.frozen import dataclass, replace
from jupyter_mlpack.inspection.choices import read_decided
from jupyter_mlpack.inspection.declarations.read import RAN
from jupyter_mlpack.oci import Store
from jupyter_mlpack.values import Catalog, Inspection, LocalFile, Notebook, Notice, Stack, Target
from jupyter_mlpack.wishes import Wishes

REFUSE, SKIP, RUN = "refuse", "skip", "run"
CHOICES = (REFUSE, SKIP, RUN)
NAMED = "script"
"""``LocalFile.kind`` of what a script names; the scripts themselves have their file's name there."""

OPTIONS = {"postBuild": "--post-build", "start": "--start-script"}


@dataclass(frozen=True)
class Script:
    """A script as the notebook's folder sees it."""

    path: str
    notice: Notice

    @property
    def name(self) -> str:
        """``postBuild`` or ``start``."""
        return posixpath.basename(self.path)

    @property
    def top(self) -> str:
        """The folder that it is meant to run in: the project's, which a binder folder stands in."""
        folder = posixpath.dirname(self.path)
        return posixpath.dirname(folder) if posixpath.basename(folder) in ("binder", ".binder") else folder


def scripts_of(inspection: Inspection) -> Iterator[Script]:
    """The scripts that are not followed yet, the nearest of each name."""
    seen: set[str] = set()
    for notice in inspection.notices:
        if notice.code == RAN and notice.location is not None:
            script = Script(notice.location.path, notice)
            if script.name in OPTIONS and script.name not in seen:
                seen.add(script.name)
                yield script


def settle_scripts(notebook: Notebook, inspection: Inspection, wishes: Wishes) -> Inspection:
    """The inspection with the scripts that shall run among its files. Raises ``ScriptRefused``."""
    for script in tuple(scripts_of(inspection)):
        said = wishes.post_build if script.name == "postBuild" else wishes.start_script
        choice = said or read_decided(notebook.metadata).scripts or REFUSE
        if choice == REFUSE:
            option = OPTIONS[script.name]
            raise errors.ScriptRefused(script=script.path, name=script.name, option=option, where=script.path)
        if choice == RUN:
            inspection = followed(notebook, inspection, script)
    return inspection


def followed(notebook: Notebook, inspection: Inspection, script: Script) -> Inspection:
    """The inspection with ``script`` and the files of the project that it names."""
    folder = notebook.path.parent
    known = {file.path for file in inspection.files}
    size = (folder / script.path).stat().st_size
    more = [LocalFile(script.path, size, kind=script.name)]
    more += [
        LocalFile(path, size, kind=NAMED)
        for path, size in named_files(folder, script.path, script.top)
        if path not in known
    ]
    files = (*(file for file in inspection.files if file.path != script.path), *more)
    notices = tuple(notice for notice in inspection.notices if notice != script.notice)
    return replace(inspection, files=files, notices=notices)


def check_runs(inspection: Inspection, stack: Stack, target: Target, catalog: Catalog, store: Store) -> None:
    """Raises before a build what would stop a script in it."""
    for file in inspection.files:
        if file.kind not in OPTIONS:
            continue
        if not stack.shell:
            same = (one for one in catalog.stacks if one.shell and one.python == stack.python)
            other = next(same, None)
            raise errors.ScriptNeedsShell(script=file.path, stack=stack.name, other=other.name if other else "bookworm")
        if file.kind == "postBuild":
            check_sandbox(file.path, target, store)


def check_sandbox(script: str, target: Target, store: Store) -> None:
    """Whether ``postBuild`` can run in the image, on this machine. Raises ``PostBuildImpossible``."""
    from jupyter_mlpack.engines.process import ProcessEngine

    if target.arch != host_architecture():
        reason = f"The image is for {target.arch}, and this machine is {host_architecture()}."
        raise errors.PostBuildImpossible(script=script, reason=reason)
    available = ProcessEngine(store, emit=ignore).probe()
    if not available.available:
        raise errors.PostBuildImpossible(script=script, reason=available.reason)
