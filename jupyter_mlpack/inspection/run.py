"""``inspect_notebook``: all that can be told about a notebook without running it, on one page.

Read the commands, see what they write and install, read what is declared, tell imports from local files, name the
distributions, then look for needs without an import, hardware, Python, system packages, parameters, files and secrets.
Pure: what lies outside the notebook is handed in.
"""

from __future__ import annotations

from pathlib import Path

from jupyter_mlpack.frozen import replace
from jupyter_mlpack.inspection.assets import Covered
from jupyter_mlpack.inspection.choices import read_decided
from jupyter_mlpack.inspection.commands import notebook_commands
from jupyter_mlpack.inspection.credentials import find_in_prose, find_secrets, without_secrets
from jupyter_mlpack.inspection.declarations import read_declarations, with_use
from jupyter_mlpack.inspection.distributions import read_known, resolve
from jupyter_mlpack.inspection.dvc import awaited
from jupyter_mlpack.inspection.files import MAX_FILE, files_above, find_files
from jupyter_mlpack.inspection.folder import DiskFolder, Folder
from jupyter_mlpack.inspection.hardware import find_builds, find_hardware
from jupyter_mlpack.inspection.imports import cell_imports
from jupyter_mlpack.inspection.installs import find_installs
from jupyter_mlpack.inspection.local import explain_unresolved, follow_local
from jupyter_mlpack.inspection.needs import add_needs
from jupyter_mlpack.inspection.parameters import find_parameters
from jupyter_mlpack.inspection.python_version import find_python
from jupyter_mlpack.inspection.scripts import run_scripts, script_commands
from jupyter_mlpack.inspection.surroundings import read_surroundings
from jupyter_mlpack.inspection.system import find_system
from jupyter_mlpack.inspection.versions import constraints
from jupyter_mlpack.values import Inspection, KernelEnvironment, Notebook


def inspect_notebook(
    notebook: Notebook, environment: KernelEnvironment | None = None, folder: Folder | None = None
) -> Inspection:
    """What ``notebook`` needs, with a place and a rule for each finding.

    ``environment`` is what its kernel holds (``read_kernel``), ``folder`` what stands beside it (by default the
    notebook's own folder on disk). Raises nothing for a notebook that ``read_notebook`` gave.
    """
    path, cells = notebook.path.name, notebook.cells
    commands = tuple(notebook_commands(path, cells))
    around = read_surroundings(cells, commands, folder or DiskFolder(notebook.path.parent))
    decided = read_decided(notebook.metadata)
    beside = folder.root if isinstance(folder, DiskFolder) else notebook.path.parent if folder is None else None
    later = [*(asset.path for asset in decided.assets), *(awaited(Path(beside), MAX_FILE) if beside else ())]
    if later:
        around = replace(around, folder=Covered(around.folder, later))
    commands = (*commands, *script_commands(commands, around))
    installs = find_installs(commands, around)
    declared = read_declarations(notebook, around)
    followed = follow_local(cell_imports(path, cells), run_scripts(path, cells, commands), around)
    known = read_known(installs.found, environment, declared)
    resolution = resolve(followed.outside, installs.found, known, decided)
    dependencies = add_needs(resolution.dependencies, followed.outside, path, cells, known, decided.without)
    python = find_python(notebook, environment, declared)
    builds = find_builds(commands, installs.found, environment)
    hardware = find_hardware(notebook, followed.outside, builds, around)
    files = find_files(path, cells, followed.files, around, notebook.metadata)
    secrets = find_secrets(path, cells, followed.files, around, [file.path for file in files.found])
    notices = [
        notice for said in (notebook, installs, declared, followed, resolution, hardware) for notice in said.notices
    ]
    notices += [*explain_unresolved(resolution.unresolved, around), *files.notices, *secrets.notices]
    notices += find_in_prose(path, notebook.content)
    inspection = Inspection(
        notebook=path,
        kernel=environment.kernel if environment else notebook.kernel,
        language=notebook.language,
        python=python.python,
        hardware=hardware.hardware,
        dependencies=dependencies,
        unresolved=resolution.unresolved,
        conflicts=(*resolution.conflicts, *python.conflicts, *hardware.conflicts),
        declarations=with_use(declared, dependencies),
        constraints=constraints(environment, dependencies, declared.requirements),
        system=find_system(installs.found, declared, dependencies),
        indexes=tuple(dict.fromkeys((*installs.indexes, *declared.indexes))),
        parameters=find_parameters(path, cells),
        files=(*files_above(followed.above, around), *files.found),
        outputs=files.outputs,
        secrets=secrets.found,
        notices=tuple(dict.fromkeys(notices)),
    )
    return without_secrets(inspection)
