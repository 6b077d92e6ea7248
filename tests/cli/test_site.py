"""What a site asks of every image, as its configuration says it: tags, authorities, mirrors. Whole builds."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest

from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.store import Store

pytestmark = pytest.mark.network

KERNEL = {"language_info": {"name": "python", "version": "3.11.2"}}
ASKS = """
import os, ssl, urllib.request
assert ssl.get_default_verify_paths().cafile == os.environ["SSL_CERT_FILE"], os.environ["SSL_CERT_FILE"]
print("ANSWER", urllib.request.urlopen("{address}/").status)
"""


@dataclass
class Site:
    """A folder with a notebook and a configuration, and a store."""

    folder: Path
    home: Path

    def run(self, *words: str, expected: int = 0, **environment: str) -> str:
        command = [sys.executable, "-m", "jupyter_mlpack", *words, "--home", str(self.home)]
        environment = {**os.environ, "JUPYTER_CONFIG_DIR": str(self.folder / "etc"), **environment}
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=self.folder, env=environment, check=False, timeout=300
        )
        assert done.returncode == expected, done.stdout + done.stderr
        return done.stdout + done.stderr

    def configure(self, **settings: object) -> None:
        (self.folder / "etc").mkdir(exist_ok=True)
        lines = [f"c.{name.replace('__', '.')} = {value!r}\n" for name, value in settings.items()]
        (self.folder / "etc/jupyter_mlpack_config.py").write_text("".join(lines))

    def write(self, source: str) -> None:
        cell = nbformat.v4.new_code_cell(source, id="c")
        nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=KERNEL), self.folder / "n.ipynb")

    def labels(self) -> dict[str, str]:
        image = Store(self.home).image("n:training")
        assert image is not None
        return dict(image.config.labels)


@pytest.fixture
def site(
    tmp_path: Path,
    machine_store: Store,
    run_image: Callable[..., StoredImage],
    base_and_locks: Callable[[Path, Path], None],
) -> Site:
    run_image("bookworm")
    base_and_locks(machine_store.root, tmp_path / "home")
    (tmp_path / "work").mkdir()
    found = Site(tmp_path / "work", tmp_path / "home")
    found.write("print(1)")
    return found


def test_build__required_tag__missing_refused_given_it_is_a_label(site: Site) -> None:
    site.configure(GivenMixin__required_tags=["cost-center"])
    refused = site.run("build", "n.ipynb", expected=2)
    assert "without the business tag cost-center" in refused
    (site.folder / "business-tags.yaml").write_text("cost-center: 007\nowner:\n  team: fraud\n")
    site.run("build", "n.ipynb")
    labels = site.labels()
    assert (labels["cost-center"], labels["owner.team"]) == ("007", "fraud")
    assert labels["org.jupyter-mlpack.business-tags"] == "cost-center,owner.team"
    answer = site.run("build", "n.ipynb", "-v")
    assert "mlpack/business-tags@0.1.0: nothing that it depends on has changed" in answer


def test_build__sites_tags__over_the_notebooks_and_in_any_order(site: Site) -> None:
    (site.folder / "business-tags.yaml").write_text("region: us\nteam: fraud\n")
    (site.folder / "site.yaml").write_text("region: eu\n")
    site.configure(GivenMixin__business_tags=str(site.folder / "site.yaml"))
    order = [{"id": f"mlpack/{name}"} for name in ("python", "packages", "notebook")]
    lines = "".join(f'[[order.group]]\nid = "{one["id"]}"\n' for one in order)
    (site.folder / "order.toml").write_text(f"[[order]]\n{lines}")
    answer = site.run("build", "n.ipynb", "--order", "order.toml")
    assert "region: the tags of" in answer
    labels = site.labels()
    assert (labels["region"], labels["team"]) == ("eu", "fraud")


def test_build__secret_in_the_tags__refused_and_not_told(site: Site) -> None:
    (site.folder / "business-tags.yaml").write_text("db.password: hunter2x\n")
    refused = site.run("build", "n.ipynb", expected=2)
    assert "looks like a secret" in refused
    assert "hunter2x" not in refused


def test_build__authority_of_the_site__index_is_trusted_and_so_is_the_image(
    site: Site, tls_site: Callable[[Path], str], authority: Path
) -> None:
    served = site.folder / "served"
    wheel = make_wheel(served / "simple/siteonly")
    address = tls_site(served)
    site.write("import siteonly\n" + ASKS.format(address=address))
    (site.folder / "ca").mkdir()
    (site.folder / "ca/type").write_text("ca-certificates")
    (site.folder / "ca/own.pem").write_bytes(authority.read_bytes())
    words = ("build", "n.ipynb", "--choices", json.dumps({"modules": {"siteonly": "siteonly"}}))
    refused = site.run(*words, "--dry-run", expected=4, UV_INDEX=f"{address}/simple")
    assert "certificate" in refused.lower()
    site.configure(Command__ca_certificates=str(authority))
    site.run(*words, "--dry-run", UV_INDEX=f"{address}/simple")
    site.configure()
    answer = site.run(*words, "--binding", "own=ca", "-v", UV_INDEX=f"{address}/simple")
    assert "1 authorities beside the" in answer
    assert wheel not in answer
    assert len(site.labels()["org.jupyter-mlpack.ca-certificates"]) == 64
    assert "ANSWER 200" in site.run("run", "n:training", "--output", str(site.folder / "out"))


def make_wheel(folder: Path) -> str:
    """A wheel on a page of an index; its hash."""
    folder.mkdir(parents=True)
    name, info = "siteonly-1.0-py3-none-any.whl", "siteonly-1.0.dist-info"
    files = {
        "siteonly.py": "",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: siteonly\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": "",
    }
    with zipfile.ZipFile(folder / name, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    (folder / "index.html").write_text(f'<a href="{name}#sha256={digest}">{name}</a>')
    return digest
