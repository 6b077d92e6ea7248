"""What uv says when it fails becomes one of our errors; secrets in addresses are left out."""

from __future__ import annotations

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.resolution.explain import lock_error
from jupyter_mlpack.values import Target

TARGET = Target("linux", "amd64", "glibc2.36", "3.11")
FRAME = "error: No solution found when resolving dependencies\n  cause: "
CASES = {
    "unknown name": (
        FRAME + "Because no-such-thing was not found in the package registry and you require no-such-thing, we can "
        "conclude that your requirements are unsatisfiable.",
        errors.PackageUnknown,
        {"package": "no-such-thing"},
    ),
    "unknown version": (
        FRAME + "Because there is no version of numpy==99.1 and you require numpy==99.1, we can conclude that your "
        "requirements are unsatisfiable.",
        errors.PackageVersionUnknown,
        {"package": "numpy", "specifier": "==99.1"},
    ),
    "sources only": (
        FRAME + "Because all versions of docopt have no usable wheels and you require docopt, we can conclude that "
        "your requirements are unsatisfiable.\n\nhint: Wheels are required",
        errors.NoWheelForTarget,
        {"release": "docopt", "python": "3.11", "arch": "amd64"},
    ),
    "other Python only": (
        FRAME + "Because tensorflow==2.10.0 has no wheels with a matching Python ABI tag (e.g., `cp311`) and you "
        "require tensorflow==2.10, we can conclude that your requirements are unsatisfiable.",
        errors.NoWheelForTarget,
        {"release": "tensorflow 2.10.0", "python": "3.11", "arch": "amd64"},
    ),
    "two needs clash": (
        FRAME + "Because pandas==2.2.0 depends on numpy<2 and you require pandas==2.2.0, we can conclude that you "
        "require numpy<2.\n         And because you require numpy==2.3, we can conclude that your requirements are "
        "unsatisfiable.",
        errors.DependencyConflict,
        {
            "reason": "Because pandas==2.2.0 depends on numpy<2 and the notebook needs pandas==2.2.0, we can conclude "
            "that the notebook needs numpy<2. And because the notebook needs numpy==2.3, we can conclude that the "
            "notebook's needs are unsatisfiable."
        },
    ),
    "no requirement": (
        "error: Couldn't parse requirement in `requirements.txt` at position 0\n  cause: Expected one of `@`",
        errors.RequirementInvalid,
        {"reason": "Couldn't parse requirement in `requirements.txt` at position 0 Expected one of `@`"},
    ),
    "index does not answer": (
        "error: Request failed\n  cause: Failed to fetch: https://user:secret@mirror.example/simple/numpy/\n"
        "  cause: tcp connect error",
        errors.IndexUnreachable,
        {
            "reason": "mirror.example",
            "detail": "Request failed Failed to fetch: https://mirror.example tcp connect error",
        },
    ),
    "something new": (
        "error: the moon is in the wrong place",
        errors.ResolverFailed,
        {"reason": "the moon is in the wrong place"},
    ),
}


@pytest.mark.parametrize(("stderr", "kind", "data"), CASES.values(), ids=CASES)
def test_lock_error(stderr: str, kind: type[errors.MlpackError], data: dict[str, object]) -> None:
    error = lock_error(stderr, TARGET)
    assert type(error) is kind
    assert error.data == data
    assert "secret" not in str(error.data)
