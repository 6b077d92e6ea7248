"""Tables that a program writes when its package is installed: made by the program itself, from where it is now.

Only Graphviz refuses to work without its own (``dot -c`` lists the plug-ins).
"""

import os
import subprocess
from pathlib import Path

SECONDS = 60


def register(layer: Path, triple: str) -> None:
    """Make them; where the program does not run (another architecture), that is said."""
    program, plugins = layer / "usr/bin/dot", layer / f"usr/lib/{triple}/graphviz"
    if not program.is_file() or not plugins.is_dir():
        return
    libraries = f"{layer}/usr/lib/{triple}:{layer}/lib/{triple}"
    environment = {"PATH": os.environ.get("PATH", ""), "GVBINDIR": str(plugins), "LD_LIBRARY_PATH": libraries}
    try:
        subprocess.run([program, "-c"], env=environment, capture_output=True, timeout=SECONDS, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        print(f"---> Graphviz could not list its plug-ins here ({error}); in a running image, `dot -c` does")
