"""Settings of the builds under test: the buildpacks that `run` made wait where a test holds them."""

import os
from pathlib import Path

c = get_config()  # noqa: F821  (traitlets puts it there)
c.BuildCommand.buildpacks = str(Path(os.environ["MLPACK_UI_FOLDER"]) / "buildpacks")
