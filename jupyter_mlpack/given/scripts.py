"""Buildpacks that a project descriptor writes as one script -> folders that the lifecycle can run."""

from __future__ import annotations

import hashlib
from pathlib import Path

from jupyter_mlpack.given.project import Named
from jupyter_mlpack.lifecycle.toml import dump_toml, make_folders, write_text

VERSION = "0.0.0"
"""Of a script that does not say one."""


def write_script(named: Named, scratch: Path) -> Path:
    """The folder of a buildpack whose detect passes and whose build is the script. Raises ``OSError``."""
    script = named.script
    assert script is not None
    name = hashlib.sha256(repr(named).encode()).hexdigest()[:12]
    folder = scratch / "scripts" / name
    make_folders(folder / "bin")
    info = {"id": named.id or f"script/{name}", "version": named.version or VERSION}
    write_text(folder / "buildpack.toml", dump_toml({"api": script.api, "buildpack": info}))
    for program, text in (("detect", "#!/bin/sh\n"), ("build", f"#!{script.shell}\n\n{script.inline}\n")):
        write_text(folder / "bin" / program, text)
        (folder / "bin" / program).chmod(0o755)
    return folder
