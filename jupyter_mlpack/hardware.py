"""What an image's hardware adds to its plan: ``.mlpack/hardware.toml`` for the buildpack, and compilers. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from jupyter_mlpack.frozen import dataclass, replace
from jupyter_mlpack.inspection.hardware.facts import images_table, kernels_table
from jupyter_mlpack.inspection.hardware.images import HardwareImage, hardware_image
from jupyter_mlpack.inspection.tables import normalised
from jupyter_mlpack.preflight import least_capability
from jupyter_mlpack.resolution.cuda import cuda_lines
from jupyter_mlpack.values import (
    BuildPlan,
    Catalog,
    Evidence,
    Hardware,
    Inspection,
    Location,
    Lock,
    Notebook,
    PlannedFile,
    SystemPackage,
)

FILE = ".mlpack/hardware.toml"
BUILDPACK = "mlpack/hardware"
LABEL = "org.jupyter-mlpack."


@dataclass(frozen=True)
class Compiler:
    """What compiles at run time, and where the notebook says so."""

    packages: tuple[str, ...]
    environment: Mapping[str, str]
    evidence: Evidence


def with_hardware(
    plan: BuildPlan, notebook: Notebook, inspection: Inspection, lock: Lock, catalog: Catalog
) -> BuildPlan:
    """The plan with what its hardware takes. An image for a CPU that compiles nothing stays as it is."""
    image = hardware_image(plan.target.accelerator)
    compiler = find_compiler(image, notebook, inspection)
    if image.kind == "cpu" and compiler is None:
        return plan
    environment = {**image.environment, **(compiler.environment if compiler else {})}
    text = hardware_text(image.name, environment, labels(image, inspection.hardware, lock))
    files = (*plan.files, PlannedFile(FILE, text=text))
    return replace(
        plan,
        files=tuple(sorted(files, key=lambda file: file.path)),
        order=ordered(plan.order, catalog),
        system=with_packages(plan, compiler) if compiler else plan.system,
    )


def ordered(order: tuple[str, ...], catalog: Catalog) -> tuple[str, ...]:
    """The order with the hardware buildpack first, if there is one."""
    found = tuple(pack.reference for pack in catalog.buildpacks if pack.id == BUILDPACK)
    return (*found, *order)


def with_packages(plan: BuildPlan, compiler: Compiler) -> tuple[SystemPackage, ...]:
    """The system packages and the compiler's. A Python that is not the run image's brings its own headers."""
    own = plan.target.python == plan.stack.python
    names = (name.format(python=plan.target.python) for name in compiler.packages if own or "{python}" not in name)
    return (*plan.system, *(SystemPackage(name, (compiler.evidence,)) for name in names))


def find_compiler(image: HardwareImage, notebook: Notebook, inspection: Inspection) -> Compiler | None:
    """The compiler that the notebook's own packages or its code start at run time, if any."""
    row = images_table()["compilers"].get("gpu" if image.kind in ("cuda", "rocm") else "cpu", {})
    found = next(asked(row, notebook, inspection), None)
    if found is None:
        return None
    place, said = found
    evidence = Evidence("SYS1", place, f"{row['reason']} ({said})")
    return Compiler(tuple(row["packages"].split()), row.get("environment", {}), evidence)


def asked(row: Mapping[str, str], notebook: Notebook, inspection: Inspection) -> Iterator[tuple[Location, str]]:
    """Where the notebook asks for what compiles, and by which name."""
    needs, words = row.get("needs", "").split(), row.get("code", "").split()
    said = re.compile(rf"^[^#\n]*(?<![\w.])({'|'.join(map(re.escape, words))})\b", re.MULTILINE)
    for dependency in inspection.dependencies:
        if normalised(dependency.name) in needs:
            places = [evidence.location for evidence in dependency.evidence]
            yield (places[0] if places else Location(notebook.path.name)), dependency.name
    for cell in notebook.cells if words else ():
        found = said.search(cell.python)
        if found:
            yield Location(notebook.path.name, cell.number), found.group(1)


def labels(image: HardwareImage, hardware: Hardware, lock: Lock) -> dict[str, str]:
    """What a launcher may want to know before it starts the image."""
    lines = cuda_lines(lock)
    declared = hardware.declared
    here = declared.class_ not in ("none", "cpu") and hardware.accelerator == image.kind != "cpu"
    every = {
        "accelerator": image.name,
        "accelerator.resource": image.resource,
        "accelerator.model": (declared.model or "") if here else "",
        "accelerator.count": str(declared.count or "") if here else "",
        "cuda": image.cuda if lines else "",
        "cuda.driver": kernels_table()["drivers"].get(image.cuda, image.driver) if lines else "",
        "cuda.capability": least_capability(lock) if lines else "",
    }
    return {f"{LABEL}{name}": value for name, value in every.items() if value}


def hardware_text(accelerator: str, environment: Mapping[str, str], labels: Mapping[str, str]) -> str:
    """``hardware.toml``; quoted strings only, so that few lines of any language read it."""
    lines = [f"accelerator = {toml(accelerator)}"]
    for head, table in (("environment", environment), ("labels", labels)):
        lines += [f"\n[{head}]", *(f"{toml(key)} = {toml(table[key])}" for key in sorted(table))]
    return "\n".join(lines) + "\n"


def toml(text: str) -> str:
    """A TOML basic string: JSON's escapes are TOML's, except for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
