"""The nouns of the project: frozen, comparable, JSON-able; nothing else.

Read ``pipeline.py`` for the order in which they are made. A value is complete when it is made: no later stage
fills anything in. ``to_json`` turns any of them into plain dicts, lists, strings and numbers.
"""

from jupyter_mlpack.values.action import Action
from jupyter_mlpack.values.asset import Asset
from jupyter_mlpack.values.hardware import DeclaredHardware, Hardware, NeededHardware
from jupyter_mlpack.values.image import Image, ImageLayer, ImageProcess
from jupyter_mlpack.values.inspection import (
    Claim,
    Conflict,
    Declaration,
    Dependency,
    Inspection,
    KernelDistribution,
    KernelEnvironment,
    LocalFile,
    NotebookParameter,
    OutputFile,
    PackageIndex,
    PythonVersion,
    Secret,
    SystemPackage,
    Unresolved,
)
from jupyter_mlpack.values.job import Job, JobSpec, JobState, JobTarget, Mount, Resources, Task
from jupyter_mlpack.values.notebook import Cell, Evidence, Location, Magic, Notebook, Notice
from jupyter_mlpack.values.plan import (
    Buildpack,
    BuildPlan,
    Catalog,
    LocalWheel,
    Lock,
    LockedPackage,
    Plan,
    PlannedFile,
    PlannedPackage,
    Purpose,
    Stack,
    Target,
)
from jupyter_mlpack.values.serving import CellFate, ServedCell, ServedParameter, Serving, StillTrains
from jupyter_mlpack.values.wire import Json, Parameter, to_json

__all__ = [
    "Action", "Asset", "BuildPlan", "Buildpack", "Catalog", "Cell", "CellFate", "Claim", "Conflict", "Declaration",
    "DeclaredHardware", "Dependency", "Evidence", "Hardware", "Image", "ImageLayer", "ImageProcess", "Inspection",
    "Job", "JobSpec", "JobState", "JobTarget", "Json", "KernelDistribution", "KernelEnvironment", "LocalFile",
    "LocalWheel", "Location", "Lock", "LockedPackage", "Magic", "Mount", "NeededHardware", "Notebook",
    "NotebookParameter", "Notice", "OutputFile", "PackageIndex", "Parameter", "Plan", "PlannedFile", "PlannedPackage",
    "Purpose", "PythonVersion", "Resources", "Secret", "ServedCell", "ServedParameter", "Serving", "Stack",
    "StillTrains", "SystemPackage", "Target", "Task", "Unresolved", "to_json",
]  # fmt: skip
