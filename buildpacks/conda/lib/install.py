"""Installs conda packages into a folder as if it stood at another path; run by a Python that has rattler.

No link script and no activation script is run. What would tell of this machine or of the moment is written anew.
"""

import asyncio
import json
import os
import shutil
import stat
import sys
from pathlib import Path

KEPT = (
    "arch", "build", "build_number", "channel", "constrains", "depends", "files", "fn", "license", "md5", "name",
    "noarch", "sha256", "size", "subdir", "timestamp", "url", "version",
)  # fmt: skip
"""Of a record in ``conda-meta``: the rest tells of a cache of this machine."""


def records(rattler, rows):
    """rattler's words for the packages."""
    for row in rows:
        package = rattler.PackageRecord(
            row["name"], rattler.VersionWithSource(row["version"]), rattler.BuildString(row["build"]),
            build_number(row["build"]), row["subdir"], noarch=row["noarch"] or None, depends=row["depends"] or None,
            sha256=bytes.fromhex(row["sha256"]) or None, md5=bytes.fromhex(row["md5"]) or None,
            size=row["size"] or None,
        )  # fmt: skip
        channel, file = row["url"].rsplit("/", 2)[0], row["url"].rsplit("/", 1)[1]
        yield rattler.RepoDataRecord(package, file, row["url"], channel)


def build_number(build):
    """``3`` of ``py311h64a7726_3``."""
    last = build.rsplit("_", 1)[-1]
    return int(last) if last.isdigit() else 0


async def install(described, target, final):
    """Fetches what is not in the cache, with hashes checked, and links it into ``target``."""
    import rattler

    cache = Path(os.environ.get("BP_CONDA_CACHE") or f"{target}.cache") / "packages"
    await rattler.install(
        list(records(rattler, described["packages"])),
        target_prefix=target,
        alternative_target_prefix=final,
        cache_dir=cache,
        platform=rattler.Subdir(described["platform"]),
        execute_link_scripts=False,
        show_progress=False,
        client=rattler.Client.authenticated_client(),
    )
    shutil.rmtree(f"{target}.cache", ignore_errors=True)


def settle(target):
    """Equal packages make equal bytes: records without the moment, no folder of a package manager's own."""
    for name in ("CACHEDIR.TAG", "conda-meta/history", "conda-meta/pixi"):
        (target / name).unlink(missing_ok=True)
    for path in sorted(target.glob("conda-meta/*.json")):
        told = json.loads(path.read_text(encoding="utf-8"))
        kept = {key: told[key] for key in KEPT if told.get(key) is not None}
        path.unlink()
        path.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    for path in target.rglob("*"):
        mode = path.lstat().st_mode
        if stat.S_ISREG(mode) and mode & 0o022 and path.lstat().st_nlink == 1:
            path.chmod(stat.S_IMODE(mode) & ~0o022)


def main(packages, target, final):
    """The exit status."""
    described = json.loads(Path(packages).read_text(encoding="utf-8"))
    try:
        import rattler  # noqa: F401
    except ImportError as error:
        print(f"ERROR: A conda environment needs py-rattler: pip install 'jupyter-mlpack[conda]' ({error})")
        return 1
    print(f"---> {len(described['packages'])} conda packages of {described['file']} for {described['platform']}")
    try:
        asyncio.run(install(described, target, final))
    except Exception as error:
        print(f"ERROR: The conda packages could not be installed: {error}")
        return 1
    settle(Path(target))
    skipped = sorted(path.name for path in Path(target).glob("etc/conda/activate.d/*"))
    if skipped:
        print(f"---> Not run at launch: activation scripts {', '.join(skipped)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
