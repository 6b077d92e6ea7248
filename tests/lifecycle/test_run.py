"""Whole builds with two small buildpacks: what is in the image, what a second build reuses, what a cancelled one leaves."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_mlpack.events import Event, LayerExported, LogLines, PhaseEnded, PhaseStarted, Progress
from jupyter_mlpack.values import Image, PlannedFile

from .conftest import FILES, Workshop
