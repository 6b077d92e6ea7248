"""Notebook files that nobody saved: sound ones, changed in their structure or in their bytes."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

ODD: tuple[Callable[[random.Random], Any], ...] = (
    lambda chance: None,
    lambda chance: chance.choice([True, -1, 0, 10**30, 1e400, 0.5]),
    lambda chance: chance.choice(["", "\0", "\ud800", "é" * 50, "../../etc/passwd", "-rf", "\x1b[2J", "a\nb", "{x}"]),
    lambda chance: chance.choice([[], {}, [[]], [None], {"": None}, {"cells": []}, {"a": {"a": {}}}]),
    lambda chance: "".join(chance.choice(PIECES) for _ in range(chance.randrange(12))),
)  # fmt: skip
"""Makers of values that a notebook should not hold at that place."""

PIECES = (
    "import a.b as c\n", "from . import x\n", "from ..a import *\n", "%pip install a[b]>=1 ; python_version<'3'\n",
    "!", "%", "%%", "%%bash\n", "%%writefile x.py\n", "%run x.py\n", "%cd /tmp\n",
    "!pip install -r r.txt -e . git+https://u:p@h/x.git@v#egg=y\n", "x = !ls\n", "a?\n", "(", ")", "[", "'", '"""',
    "\\\n", "\n", "    ", "\t", "#", "# /// script\n", "# ///\n", "=", "f'{a!r}'\n", "def f(a, *, b=1): pass\n",
    "class A: x = 1\n", "try:\n    import q\nexcept ImportError:\n    pass\n", "if a:\n    import r\n",
    "os.environ['A_TOKEN']\n", "open('d.csv', 'w')\n", "torch.device('cuda:9')\n",
    "importlib.import_module('m' + n)\n", "import os\n", "subprocess.run(['pip', 'install', x])\n",
    "sys.path.append('lib')\n", "pd.read_parquet(p / 'x')\n", "lambda: 0\n", "\r", "\x0c", "é\n",
    "a = b = {**c, 'd': [1, 2]}\n", "async def g(): await h\n", "print 'x'\n", ">>> a\n", "In [1]: b\n", "$x", "`y`",
    "{z}", "<<E\n", "|&;\n", "https://user:secret@host/x\n", "hf_" + "a1" * 20 + "\n",
    "!conda install -c x y=1.2=py3_0\n", "!apt-get install -y a b\n",
)  # fmt: skip


def seeds(folder: Path) -> list[bytes]:
    """The project's own test notebooks."""
    return [path.read_bytes() for path in sorted(folder.rglob("*.ipynb"))]


def changed(seed: bytes, chance: random.Random) -> bytes:
    """A seed with a few changes: in its values if it is JSON, in its text, or in its bytes."""
    kind = chance.random()
    if kind < 0.25:
        return noisy(seed, chance)
    try:
        document = json.loads(seed)
    except ValueError:
        return noisy(seed, chance)
    for _ in range(chance.randrange(1, 6)):
        if kind < 0.6:
            change_code(document, chance)
        else:
            change_value(document, chance)
    return json.dumps(document, ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass")


def noisy(seed: bytes, chance: random.Random) -> bytes:
    """Bytes cut, doubled, swapped or replaced."""
    data = bytearray(seed)
    for _ in range(chance.randrange(1, 8)):
        at, end = sorted(chance.randrange(len(data) + 1) for _ in range(2))
        piece = chance.choice(
            [
                b"",
                data[at:end][:200] * 2,
                bytes([chance.randrange(256)]),
                b'"',
                b"[" * 30,
                b"\xef\xbb\xbf",
                b"NaN",
                b"\\u0000",
            ]
        )
        data[at : min(end, at + chance.choice([0, 1, 5, 1000]))] = piece
    return bytes(data)


def change_code(document: Any, chance: random.Random) -> None:
    """A cell gets other code."""
    cells = document.get("cells") if isinstance(document, dict) else None
    code = "".join(chance.choice(PIECES) for _ in range(chance.randrange(1, 30)))
    if isinstance(cells, list):
        at = chance.randrange(len(cells) + 1)
        cells.insert(
            at,
            {"cell_type": "code", "metadata": {}, "source": code if chance.random() < 0.5 else code.splitlines(True)},
        )


def change_value(document: Any, chance: random.Random) -> None:
    """A value somewhere becomes another, moves, or goes."""
    holder, path = document, chance.randrange(1, 7)
    for _ in range(path):
        inner = [
            value
            for value in (holder.values() if isinstance(holder, dict) else holder)
            if isinstance(value, (dict, list)) and value
        ]
        if not inner:
            break
        holder = chance.choice(inner)
    keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
    if not keys:
        return
    key = chance.choice(keys)
    if chance.random() < 0.2:
        del holder[key]
    else:
        holder[key] = chance.choice(ODD)(chance)
