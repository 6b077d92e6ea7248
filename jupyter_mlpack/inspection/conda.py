"""conda's way to write versions, as PEP 440 text."""

from __future__ import annotations

import re


def conda_specifier(text: str) -> str:
    """``=1.26`` (any 1.26) is ``==1.26.*``, ``=1.26.4=build`` is ``==1.26.4``; ranges stay, alternatives are open.

    ``text`` is what stands behind the name. Three parts are taken for a whole version: releases have no more.
    """
    bracket = re.search(r"version\s*=\s*[\"']([^\"']*)[\"']", text)
    plain = (bracket.group(1) if bracket else text.partition("[")[0]).strip()
    exact = re.match(r"^(={0,2})\s*(\d[\w.!]*?)(\.?\*)?(?:(?:=|\s+).*)?$", plain)
    if exact is None:
        return "" if "|" in plain or not re.match(r"^[<>=!~]+\s*\d", plain) else re.sub(r"\s+", "", plain)
    signs, version, star = exact.groups()
    whole = signs == "==" or version.count(".") >= 2
    return f"=={version}" if whole and not star else f"=={version}.*"
