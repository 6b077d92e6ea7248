"""One sample of every value and event of the wire; run as a program, this writes them down beside itself."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from jupyter_mlpack import errors
from jupyter_mlpack.events import (
    BuildSucceeded,
    CellStarted,
    Event,
    JobChanged,
    LayerExported,
    LogLines,
    MetricsRecorded,
    Noticed,
    PhaseEnded,
    PhaseStarted,
    Progress,
    event_json,
    failed,
)
from jupyter_mlpack.values import (
    Action,
    CellFate,
    Claim,
    Conflict,
    DeclaredHardware,
    Dependency,
    Evidence,
    Hardware,
    Image,
    ImageLayer,
    ImageProcess,
    Inspection,
    JobState,
    Json,
    LocalFile,
    Location,
    NeededHardware,
    NotebookParameter,
    Notice,
    OutputFile,
    Plan,
    PlannedPackage,
    Purpose,
    PythonVersion,
    Secret,
    SystemPackage,
    Unresolved,
    to_json,
)

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

CELL = Location("train.ipynb", 3, 2)
IMPORT = Evidence("IMP1", CELL, "import pandas")
NOTICE = Notice("kernel-silent", "The kernel python3 could not say which packages it holds.", CELL)
CHOICES: dict[str, Json] = {
    "packages": ["pyarrow>=15"],
    "modules": {"cv2": "opencv-python-headless"},
    "ignore": ["cv3x"],
    "without": ["ray"],
    "system": ["graphviz"],
    "hardware": {"accelerator": "gpu", "count": 1},
    "purpose": "training",
    "predict": "score",
    "name": "churn:training",
    "python": "3.11",
    "requirements": ["requirements.txt"],
    "groups": ["dev"],
    "conda": "environment.yml",
    "model": "train-runs/3",
    "platform": "linux/arm64",
    "stack": "trixie",
    "assets": [
        {"path": "data/train.csv", "from": "https://example.org/train.csv", "sha256": "9" * 64},
        {"path": "data/images", "mount": True, "required": False},
    ],
}
DEPENDENCY = Dependency("pandas", "==2.2.3", "kernel", (IMPORT,), ("excel",))
UNRESOLVED = Unresolved("cv3x", (Evidence("IMP1", CELL, "import cv3x"),), "opencv-python")
CLAIM = Claim("install", "==2.2.3", Evidence("PIP1", CELL, "%pip install pandas==2.2.3"))
CONFLICT = Conflict("pandas", (CLAIM, Claim("requirements", ">=2.3", Evidence("DCL6", Location("train.ipynb"), "x"))))
DECLARED = DeclaredHardware("gpu", "nvidia", "T4", 1, 16, "7.5", "colab", (Evidence("HW2", CELL, "gpuType=T4"),))
NEEDED = NeededHardware("cuda", True, False, (Evidence("HW3", CELL, "torch.cuda.is_available()"),))
HARDWARE = Hardware(DECLARED, NEEDED, "cuda", "Colab declares T4.")
PARAMETER = NotebookParameter("epochs", 20, CELL)
FILE = LocalFile("data/churn.csv", 2048, (Evidence("FILE1", CELL, "pd.read_csv('data/churn.csv')"),))
OUTPUT = OutputFile("model.joblib", (Evidence("OUT1", CELL, "joblib.dump(model, 'model.joblib')"),))
SECRET = Secret("OPENAI_API_KEY", "environment", (Evidence("SEC1", CELL, "os.environ['OPENAI_API_KEY']"),))
SYSTEM = SystemPackage("graphviz", (Evidence("SYS1", CELL, "graphviz starts dot"),))
INSPECTION = Inspection(
    notebook="train.ipynb", kernel="python3", python=PythonVersion("3.11.7", "kernel", ">=3.10"), hardware=HARDWARE,
    dependencies=(DEPENDENCY, Dependency("house", "==0.3", "kernel", (IMPORT,), packaged=True)),
    unresolved=(UNRESOLVED,), conflicts=(CONFLICT,), system=(SYSTEM,), parameters=(PARAMETER,), files=(FILE,),
    outputs=(OUTPUT,), secrets=(SECRET,), notices=(NOTICE,),
)  # fmt: skip
PLAN = Plan(
    name="churn:training", purpose=Purpose.TRAINING, stack="bookworm", python="3.11", arch="amd64", accelerator="cuda",
    packages=(PlannedPackage("pandas", "2.2.3", 12_700_000, True), PlannedPackage("house", "0.3", 0, False)),
    files=("train.ipynb", "data/churn.csv"), system=("graphviz",), notices=(NOTICE,), size=61_000_000,
    reused=47_000_000, cells=(CellFate(3, "part", "score needs model"),),
)  # fmt: skip
LAYER = ImageLayer(f"sha256:{'1' * 64}", f"sha256:{'2' * 64}", 28_000_000, "Layer: 'runner'", True)
IMAGE = Image(
    reference="churn:training", digest=f"sha256:{'3' * 64}", id=f"sha256:{'4' * 64}", size=28_000_000,
    layers=(LAYER,), processes=(ImageProcess("train", ("python", "/layers/train.py"), (), True),),
    labels=(("org.jupyter-mlpack.purpose", "training"),),
)  # fmt: skip
FAILED = failed(
    errors.ImportsUnresolved(
        modules="cv3x", names=["cv3x"], short="cv3x", where="train.ipynb, cell 3, line 2", location=CELL
    )
)

VALUES: Mapping[str, object] = {
    "CellFate": CellFate(3, "part", "score needs model"),
    "Action": Action("retry", "Build without cv3x", {"ignore": ["cv3x"]}),
    "Choices": CHOICES,
    "Claim": CLAIM,
    "Conflict": CONFLICT,
    "DeclaredHardware": DECLARED,
    "Dependency": DEPENDENCY,
    "Evidence": IMPORT,
    "Hardware": HARDWARE,
    "Image": IMAGE,
    "ImageLayer": LAYER,
    "Inspection": INSPECTION,
    "LocalFile": FILE,
    "Location": CELL,
    "NeededHardware": NEEDED,
    "NotebookParameter": PARAMETER,
    "Notice": NOTICE,
    "OutputFile": OUTPUT,
    "Plan": PLAN,
    "PlannedPackage": PLAN.packages[0],
    "Secret": SECRET,
    "SystemPackage": SYSTEM,
    "Unresolved": UNRESOLVED,
}
EVENTS: tuple[Event, ...] = (
    PhaseStarted("build"),
    PhaseEnded("build", "1 process"),
    Progress("build", "packages", 12, 40, "packages"),
    LogLines("build", ("---> Installing 40 packages", "done")),
    Noticed(NOTICE),
    LayerExported("runner", LAYER.diff_id, 28_000_000, True),
    BuildSucceeded(IMAGE),
    FAILED,
    JobChanged(JobState.FAILED, 1),
    CellStarted(3, 12),
    MetricsRecorded((("loss", 0.31), ("accuracy", 0.9)), 3),
)


def contents() -> dict[str, str]:
    """The files by path, relative to this folder."""
    from sequences import sequence_json, sequences

    made: dict[str, object] = {f"values/{name}.json": to_json(value) for name, value in VALUES.items()}
    made |= {f"events/{type(event).__name__}.json": event_json(event) for event in EVENTS}
    made |= {f"sequences/{name}.json": sequence_json(events) for name, events in sequences().items()}
    return {path: json.dumps(data, indent=1, ensure_ascii=False) + "\n" for path, data in made.items()}


if __name__ == "__main__":
    for path, text in contents().items():
        (HERE / path).parent.mkdir(exist_ok=True)
        (HERE / path).write_text(text, encoding="utf-8")
