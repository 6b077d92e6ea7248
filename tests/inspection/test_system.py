"""System packages: install lines, declarations, programs and libraries that distributions use at run time."""

from __future__ import annotations

import pytest

from jupyter_mlpack.inspection.declarations import Declared
from jupyter_mlpack.inspection.installs import Install
from jupyter_mlpack.inspection.requirement import Wanted
from jupyter_mlpack.inspection.system import find_system
from jupyter_mlpack.inspection.tables import programs
from jupyter_mlpack.values import Dependency, Evidence, Location, SystemPackage

CELL = Location("n.ipynb", 3, 1)


def evidence(rule: str, text: str) -> Evidence:
    return Evidence(rule, CELL, text)


def test_find_system__three_sources__merged_and_sorted_each_with_its_evidence() -> None:
    line = evidence("APT1", "apt-get install -y tesseract-ocr jq")
    installs = [Install("apt", Wanted("tesseract-ocr"), line), Install("apt", Wanted("jq"), line)]
    installs.append(Install("pip", Wanted("pandas"), evidence("PIP1", "pip install pandas")))
    declared = Declared(system=(SystemPackage("jq", (evidence("DCL1", "jq"),)),))
    dependencies = [Dependency("PyTesseract", "", "table", (evidence("IMP1", "import pytesseract"),))]
    found = {
        package.name: [one.rule for one in package.evidence]
        for package in find_system(installs, declared, dependencies)
    }
    assert found == {"jq": ["APT1", "DCL1"], "tesseract-ocr": ["APT1", "SYS1"]}
    assert list(found) == sorted(found)


def test_find_system__program_of_a_distribution__place_of_the_import_and_the_reason() -> None:
    dependencies = [Dependency("python-magic", "", "table", (evidence("IMP1", "import magic"),))]
    (package,) = find_system((), Declared(), dependencies)
    assert package.name == "libmagic.so.1"
    assert [(one.location, "libmagic" in one.text) for one in package.evidence] == [(CELL, True)]


@pytest.mark.parametrize("name", ["opencv-python", "moviepy", "soundfile", "pandas"])
def test_find_system__wheels_with_all_they_need__nothing(name: str) -> None:
    assert find_system((), Declared(), [Dependency(name, "", "table")]) == ()


def test_programs__every_rule__has_packages_and_a_reason() -> None:
    assert all(packages and reason for packages, reason in programs().values())
