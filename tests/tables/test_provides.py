from __future__ import annotations

import pytest

from jupyter_mlpack.tables.provides import MOST, candidates_for_namespace, extends_path, module_parts, owned_modules

OWNED = [
    pytest.param(["cv2/__init__.py", "cv2/cv2.abi3.so"], (), ("cv2",), id="a package"),
    pytest.param(["six.py"], (), ("six",), id="a module"),
    pytest.param(
        ["_cffi_backend.cpython-312-x86_64-linux-gnu.so", "cffi/__init__.py"], (), ("cffi",), id="private top"
    ),
    pytest.param(["fast.cp312-win_amd64.pyd"], (), ("fast",), id="a compiled module"),
    pytest.param(
        ["google/cloud/storage/__init__.py", "google/cloud/storage/blob.py"],
        (),
        ("google.cloud.storage",),
        id="PEP 420",
    ),
    pytest.param(
        ["google/__init__.py", "google/cloud/__init__.py", "google/cloud/iot/__init__.py"],
        ("google", "google.cloud"),
        ("google.cloud.iot",),
        id="older namespace",
    ),
    pytest.param(["ruamel/yaml/__init__.py", "ruamel/yaml/main.py"], (), ("ruamel.yaml",), id="two levels"),
    pytest.param(["mpl_toolkits/mplot3d/__init__.py", "pylab.py"], (), ("mpl_toolkits.mplot3d", "pylab"), id="several"),
    pytest.param(["acme/billing.py", "acme/py.typed"], (), ("acme.billing",), id="a module of a namespace"),
    pytest.param(["x-1.0.data/purelib/deep/__init__.py"], (), ("deep",), id="relocated"),
    pytest.param(["x-1.0.data/scripts/run.py", "x-1.0.data/data/share/a.py"], (), (), id="scripts and data"),
    pytest.param(["x.libs/libfoo.so", "x-1.0.dist-info/METADATA"], (), (), id="vendored libraries"),
    pytest.param(["a-b/__init__.py", "my data/x.py", "1up.py", "a.pyi", "b.txt"], (), (), id="no modules"),
    pytest.param(["foo-stubs/__init__.pyi"], (), (), id="stubs"),
    pytest.param(["__init__.py"], (), (), id="init at the top"),
]


@pytest.mark.parametrize(("files", "namespaces", "owned"), OWNED)
def test_owned_modules__files__shortest_own_names(
    files: list[str], namespaces: tuple[str, ...], owned: tuple[str, ...]
) -> None:
    assert owned_modules(files, namespaces) == owned


def test_owned_modules__heap_of_files__bounded() -> None:
    assert len(owned_modules(f"heap/m{number}.py" for number in range(MOST * 3))) == MOST


def test_module_parts__library_with_a_version__no_module() -> None:
    assert module_parts("x/libz.so.1") is None


def test_candidates_for_namespace__init_alone_at_depth_one_or_two__named() -> None:
    files = ["g/__init__.py", "g/c/__init__.py", "g/c/s/__init__.py", "full/__init__.py", "full/a.py"]
    assert list(candidates_for_namespace(files)) == ["g/__init__.py", "g/c/__init__.py"]


@pytest.mark.parametrize(
    ("source", "is_namespace"),
    [
        pytest.param(b"__path__ = __import__('pkgutil').extend_path(__path__, __name__)", True, id="pkgutil"),
        pytest.param(b"import pkg_resources\npkg_resources.declare_namespace(__name__)", True, id="setuptools"),
        pytest.param(b"__version__ = '1'", False, id="a package"),
    ],
)
def test_extends_path__source__told(source: bytes, is_namespace: bool) -> None:
    assert extends_path(source) is is_namespace
