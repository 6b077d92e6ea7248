"""The program that solves: a question as JSON on standard input, the answer on standard output."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


async def solve(question: dict[str, Any]) -> list[dict[str, Any]]:
    """The packages, as ``CondaPackage`` has them."""
    import rattler

    gateway = rattler.Gateway(
        cache_dir=Path(question["cache"]) / "repodata", client=rattler.Client.authenticated_client()
    )
    virtual = [
        rattler.GenericVirtualPackage(rattler.PackageName(name), rattler.Version(version), rattler.BuildString(build))
        for name, version, build in question["virtual"]
    ]
    records = await rattler.solve(
        question["channels"],
        question["specs"],
        gateway=gateway,
        platforms=[question["platform"], "noarch"],
        virtual_packages=virtual,
    )
    return [row(record) for record in records]


def row(record: Any) -> dict[str, Any]:
    """One record."""
    told = json.loads(record.to_json())
    kept = {key: told.get(key) or "" for key in ("name", "version", "build", "subdir", "url", "sha256", "md5")}
    kind = told.get("noarch")
    noarch = "generic" if kind is True else kind or ""
    return {**kept, "size": told.get("size") or 0, "noarch": noarch, "depends": told.get("depends") or []}


def main() -> None:
    """Answer one question."""
    import asyncio

    question = json.load(sys.stdin)
    answer: dict[str, Any]
    try:
        answer = {"packages": asyncio.run(solve(question))}
    except Exception as error:
        kind = "unsolvable" if type(error).__name__ in ("SolverError", "InvalidMatchSpecError") else "channel"
        answer = {"error": kind, "reason": str(error)}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
