"""Tables that a program writes when its package is installed: made by the program itself, under the image's loader.

Only Graphviz refuses to work without its own (``dot -c`` lists the plug-ins). Those of fonts and icons make a start
faster, no more.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from jupyter_mlpack import children
from jupyter_mlpack.scratch import passing_folder
from jupyter_mlpack.stack.python import host_arch
from jupyter_mlpack.stack.run_image import Assembly
from jupyter_mlpack.stack.tree import Tree
from jupyter_mlpack.values import Notice

SECONDS = 60
PLUGIN = re.compile(r"(/usr/lib/[^/]+)/graphviz/libgvplugin_core\.so\.\d+")


def register_plugins(tree: Tree, base: Path, assembly: Assembly) -> tuple[Notice, ...]:
    """Put Graphviz' table into ``tree``, if ``dot`` is in it; ``base`` is the unpacked run image.

    Where the program does not run (another architecture), a notice says so.
    """
    folder = next((match[1] for match in map(PLUGIN.fullmatch, tree.names("/usr/lib/")) if match), "")
    if not folder or "/usr/bin/dot" not in tree:
        return ()
    tree.close()
    with passing_folder(assembly.state / f"register-{os.urandom(6).hex()}") as scratch:
        tree.write(scratch, ("/usr/lib/", "/usr/bin/dot", "/usr/sbin/libgvc"))
        made = _run_dot(scratch, base, folder) if host_arch() == assembly.arch else []
        for path in made:
            tree.put_file(f"{folder}/graphviz/{path.name}", path.read_bytes())
    text = "Graphviz could not list its plug-ins on this machine; in a running image, `dot -c` as root does."
    return () if made else (Notice("plugins-unregistered", text),)


def _run_dot(scratch: Path, base: Path, folder: str) -> list[Path]:
    """The tables that ``dot -c`` wrote; none if it failed."""
    plugins = scratch / folder.lstrip("/") / "graphviz"
    loaders = sorted((base / folder.lstrip("/")).glob("ld-linux-*.so.*"))
    libraries = ":".join(f"{root}{folder}" for root in (scratch, base))
    command = [*map(str, loaders), "--inhibit-cache", "--library-path", libraries, str(scratch / "usr/bin/dot"), "-c"]
    environment = {"GVBINDIR": str(plugins), "LC_ALL": "C", "HOME": "/nonexistent"}
    try:
        children.run(command, env=environment, cwd=scratch, timeout=SECONDS).check_returncode()
    except (OSError, subprocess.SubprocessError):
        return []
    return sorted(plugins.glob("config[0-9]*"))
