"""The official lifecycle, built from its source by Go: where no release of it is at hand.

Its source comes from Go's module proxy, verified by Go's checksum database. The part that applies image extensions is
left out (``no_extensions.go``): it needs a further tool's source, and root, and no buildpack of ours has an extension.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

from jupyter_mlpack import children, errors
from jupyter_mlpack.builder.official import DESCRIPTOR, PROGRAMS
from jupyter_mlpack.lifecycle.toml import write_toml
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.scratch import passing_folder

MODULE = "github.com/buildpacks/lifecycle"
VERSION = "0.21.17"
"""The release that is built if nothing else is said."""

RELEASE = pattern(r"[0-9]+\.[0-9]+\.[0-9]+(-[0-9a-z.]+)?")
STAND_IN = Path(__file__).with_name("no_extensions.go")
EXTENDER = Path("internal", "extend", "kaniko")
APIS = {"platform": "Platform", "buildpack": "Buildpack"}


def build_official(version: str, arch: str, keep: Path) -> Path:
    """The folder of a release like an unpacked one; built once. Raises ``LifecycleMissing``, ``LifecycleNotBuilt``."""
    folder = keep / f"{version}-{arch}"
    if (folder / DESCRIPTOR).is_file():
        return folder
    go = shutil.which("go")
    if go is None:
        raise errors.LifecycleMissing(arch=arch, reason="Go, which could build it, is not installed.", version=VERSION)
    keep.mkdir(parents=True, exist_ok=True)
    with passing_folder(keep / f".building-{os.urandom(6).hex()}") as scratch:
        made = _Compilation(go, version, arch, scratch).made()
        try:
            made.rename(folder)
        except OSError:  # another process was faster
            if not (folder / DESCRIPTOR).is_file():
                raise
    return folder


class _Compilation:
    """One version for one architecture, in a folder of its own."""

    def __init__(self, go: str, version: str, arch: str, scratch: Path) -> None:
        self.go, self.version, self.arch, self.scratch = go, version, arch, scratch

    def made(self) -> Path:
        """The folder with descriptor and programs."""
        source = self.scratch / "source"
        shutil.copytree(self._downloaded(), source)
        for path in (source, *source.rglob("*")):
            path.chmod(path.stat().st_mode | 0o200)
        for path in (source / EXTENDER).glob("*.go"):
            path.unlink()
        if (source / EXTENDER).is_dir():
            shutil.copy(STAND_IN, source / EXTENDER)
        out = self.scratch / "release"
        for program in PROGRAMS:
            flags = f"-s -w -X {MODULE}/cmd.Version={self.version}"
            words = ("build", "-mod=mod", "-trimpath", "-buildvcs=false", "-ldflags", flags)
            self._run(*words, "-o", str(out / "lifecycle" / program), f"./cmd/{program}", folder=source)
        write_toml(out / DESCRIPTOR, self._descriptor(source))
        return out

    def _downloaded(self) -> Path:
        said = self._run("mod", "download", "-json", f"{MODULE}@v{self.version}", folder=self.scratch)
        return Path(json.loads(said)["Dir"])

    def _descriptor(self, source: Path) -> dict[str, object]:
        """What a release says of itself, out of the same source."""
        text = (source / "api" / "apis.go").read_text(encoding="utf-8")
        apis: dict[str, object] = {}
        for name, word in APIS.items():
            found = re.search(word + r"\s*= newApisMustParse\(\[\]string\{(.*?)\}, \[\]string\{(.*?)\}\)", text)
            if found is None:
                raise self._failed("Its source does not say which APIs it speaks.")
            supported, deprecated = (re.findall(r'"([0-9.]+)"', part) for part in found.groups())
            apis[name] = {"deprecated": deprecated, "supported": supported}
        return {"apis": apis, "lifecycle": {"version": self.version}}

    def _run(self, *words: str, folder: Path) -> str:
        settings = {**os.environ, "CGO_ENABLED": "0", "GOOS": "linux", "GOARCH": self.arch, "GOFLAGS": ""}
        done = children.run([self.go, *words], text=True, cwd=folder, env=settings)
        if done.returncode:
            lines = (done.stderr or done.stdout).strip().splitlines() or [f"It ended with status {done.returncode}."]
            raise self._failed("\n".join(lines[-4:]))
        return str(done.stdout)

    def _failed(self, reason: str) -> errors.LifecycleNotBuilt:
        return errors.LifecycleNotBuilt(version=self.version, arch=self.arch, reason=reason)
