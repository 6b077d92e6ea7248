"""``find_python``: which Python the notebook was written for, and who says so.

Order of belief: the user, who chose one; the kernel's own interpreter; what the notebook itself declares (its metadata,
a PEP 723 block) and its binder folder; the version that the kernel wrote when the notebook was saved
(``language_info``); a hosted service's environment; the name of the kernel or its image; files of the folder, which are
shared with other code.
An exact version is taken from the first source that every more believed range allows. Display names are not asked:
they are free text, and go stale when a kernel is moved to another Python.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.inspection.choices import read_decided
from jupyter_mlpack.inspection.declarations import Declared
from jupyter_mlpack.inspection.hardware.dialects.field import evidence, mapping, text
from jupyter_mlpack.inspection.hardware.facts import hardware_table
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.values import Claim, Conflict, Evidence, KernelEnvironment, Location, Notebook, PythonVersion

OWN = frozenset(["metadata", "script", "binder"])
"""Sources of declarations that stand above what the kernel once wrote."""

EXACT = pattern(r"(?:==|~=|=)?\s*(\d+\.\d+(?:\.\d+)?)(?:\.\*)?$")
NAMED = (
    pattern(r"(?:^|[_.-])p(?:y(?:thon)?)?(?P<major>[23])\.?(?P<minor>\d{1,2})(?![\d.])"),
    pattern(r"data-?science-(?P<major>3)(?P<minor>\d{1,2})(?:-v\d+)?$"),
)
"""``conda_pytorch_p310``, ``pytorch-2.0.0-gpu-py310``, ``python310-sdkv2``, ``sagemaker-data-science-310-v1``."""

IMAGES = {"datascience-1.0": "3.7", "sagemaker-data-science-1.0": "3.7"}
"""Images of SageMaker Studio whose Python does not stand in their name."""

DATABRICKS = "application/vnd.databricks.v1+notebook"


@dataclass(frozen=True)
class FoundPython:
    """The version, and the sources that disagree."""

    python: PythonVersion
    conflicts: tuple[Conflict, ...] = ()


def find_python(notebook: Notebook, environment: KernelEnvironment | None, declared: Declared) -> FoundPython:
    """The version of the most believed source, and a conflict with all that name another minor version."""
    claims = tuple(_claims(notebook, environment, declared))
    chosen = next((claim for index, claim in enumerate(claims) if _stands(claim, claims[:index])), None)
    requires = ",".join(dict.fromkeys(claim.says for claim in claims if _is_range(claim.says)))
    if chosen is None:
        forbidden = tuple(claim for claim in claims[1:] if _forbids(claims[0], claim))
        return FoundPython(
            PythonVersion(requires=requires), (Conflict("python", (claims[0], *forbidden)),) if forbidden else ()
        )
    version = exact_version(chosen.says)
    decided = chosen.source == "user"  # others may say what they like
    against = () if decided else tuple(claim for claim in claims if not allows(claim.says, version))
    conflicts = (Conflict("python", (chosen, *dict.fromkeys(against))),) if against else ()
    return FoundPython(PythonVersion(version, chosen.source, requires), conflicts)


def _forbids(believed: Claim, claim: Claim) -> bool:
    return bool(exact_version(claim.says)) and not allows(believed.says, exact_version(claim.says))


def _stands(claim: Claim, above: tuple[Claim, ...]) -> bool:
    """Whether a claim is exact, and no more believed one forbids it."""
    return bool(exact_version(claim.says)) and not any(_forbids(other, claim) for other in above)


def _claims(notebook: Notebook, environment: KernelEnvironment | None, declared: Declared) -> Iterator[Claim]:
    """All claims, most believed first."""
    chosen = read_decided(notebook.metadata).python
    if chosen:
        yield Claim("user", chosen, evidence(notebook, "mlpack.python", chosen, "PY0"))
    if environment:
        said = Evidence("PY1", Location(notebook.path.name), f"kernel {environment.kernel}")
        yield Claim("kernel", environment.python_version, said)
    yield from (claim for claim in declared.python if claim.source in OWN)
    if notebook.python_version:
        version = notebook.python_version
        yield Claim("language_info", version, evidence(notebook, "language_info.version", version, "PY2"))
    yield from _serverless(notebook)
    yield from _names(notebook)
    yield from (claim for claim in declared.python if claim.source not in OWN)


def _serverless(notebook: Notebook) -> Iterator[Claim]:
    said = mapping(mapping(notebook.metadata.get(DATABRICKS)).get("environmentMetadata")).get("environment_version")
    number = str(said) if isinstance(said, (str, int)) else ""
    version = hardware_table()["databricks"]["python"].get(number.strip())
    if version:
        yield Claim("databricks", version, evidence(notebook, "environment_version", number, "PY3"))


def _names(notebook: Notebook) -> Iterator[Claim]:
    environment: Mapping[str, object] = mapping(notebook.metadata.get("environment"))
    image = environment.get("uri")
    names = (("kernelspec.name", notebook.kernel or ""), ("environment.uri", image if isinstance(image, str) else ""))
    for key, name in names:
        version = version_in_name(name)
        if version:
            yield Claim("kernelspec" if key.startswith("kernelspec") else "image", version, _shown(notebook, key, name))


def _shown(notebook: Notebook, key: str, name: str) -> Evidence:
    return evidence(notebook, key, text(name).rsplit("/", 1)[-1], "PY4")


def version_in_name(name: str) -> str | None:
    """``3.10`` for ``conda_pytorch_p310``; ``None`` where a name says nothing, or only ``python3``."""
    last = name.strip().rsplit("/", 1)[-1]
    if last in IMAGES:
        return IMAGES[last]
    found = next((match for pattern in NAMED if (match := pattern.search(last))), None)
    return f"{found['major']}.{found['minor']}" if found else None


def exact_version(says: str) -> str:
    """The version in ``3.11.7``, ``==3.11.*``, ``~=3.11.2``; empty for a range."""
    found = EXACT.match(says.strip())
    return found.group(1) if found and not (says.startswith("~=") and found.group(1).count(".") < 2) else ""


def _is_range(says: str) -> bool:
    """Whether a claim is a PEP 440 specifier and no exact version."""
    if not says or exact_version(says):
        return False
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return bool(str(SpecifierSet(says)))
    except InvalidSpecifier:
        return False


def allows(says: str, version: str) -> bool:
    """Whether a claim leaves room for the minor version of ``version``. What cannot be read forbids nothing."""
    minor = ".".join(version.split(".")[:2])
    exact = exact_version(says)
    if exact:
        return ".".join(exact.split(".")[:2]) == minor
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        allowed = SpecifierSet(says)
    except InvalidSpecifier:
        return True
    return any(allowed.contains(f"{minor}.{patch}") for patch in (0, 5, 99)) or allowed.contains(version)
