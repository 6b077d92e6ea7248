"""What hostile notebooks cost: ``python bench/hostile.py [name ...]`` prints time and peak memory of each as a table.

Each case is inspected as by a user, in a process of its own (``python -m jupyter_mlpack inspect --no-kernel``), under a
limit on time and address space. An answer and a refusal in plain words are both fine; a traceback is not.
"""

from __future__ import annotations

import gc
import json
import os
import random
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

SECONDS = 60
"""A case that takes longer is ended."""

Make = Callable[[Path], None]


def notebook(path: Path, *sources: str, **more: object) -> None:
    """A notebook with these code cells."""
    cells = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": source} for source in sources]
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5} | more))


def raw(*parts: bytes) -> Make:
    return lambda folder: (folder / "n.ipynb").write_bytes(b"".join(parts)) and None


def outputs(data: object) -> Make:
    """A sound cell, with this as its output."""

    def make(folder: Path) -> None:
        cell = {"cell_type": "code", "metadata": {}, "source": "import numpy", "outputs": [data]}
        (folder / "n.ipynb").write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4}))

    return make


def beside(*makers: Make) -> Make:
    """A sound notebook that looks at everything beside it."""
    looks = "import helper\nimport pkg.sub\nfor f in open('data.csv'): pass\nimport pandas as pd\npd.read_csv('tree')\n"

    def make(folder: Path) -> None:
        notebook(folder / "n.ipynb", looks, "%run helper.py", "!pip install -r requirements.txt", "open('pipe')")
        for maker in makers:
            maker(folder)

    return make


def many_files(folder: Path) -> None:
    for number in range(100):
        (folder / "tree" / str(number)).mkdir(parents=True)
        for name in range(1_000):
            (folder / "tree" / str(number) / f"{name}.py").touch()


def loops(folder: Path) -> None:
    (folder / "pkg").mkdir()
    (folder / "pkg" / "sub").symlink_to(folder / "pkg")
    (folder / "helper.py").symlink_to(folder / "helper.py")
    (folder / "tree").symlink_to("/")


def specials(folder: Path) -> None:
    for name in ("helper.py", "pipe", "data.csv", "requirements.txt", "environment.yml", "kernel-metadata.json"):
        os.mkfifo(folder / name)
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.getcwd()
        os.chdir(folder)
        listener.bind("sock")
        os.chdir(here)


def sparse(folder: Path) -> None:
    for name in ("data.csv", "helper.py", "requirements.txt"):
        with (folder / name).open("wb") as file:
            file.truncate(200_000_000_000)


def chain(folder: Path) -> None:
    """Modules that import each other, each full of code."""
    body = "\n".join(f"x{number} = [{number}, 'text {number}']" for number in range(2_000))
    for number in range(300):
        (folder / f"m{number}.py").write_text(f"import m{(number + 1) % 300}\nimport m{(number * 7) % 300}\n{body}\n")
    notebook(folder / "n.ipynb", "import m0")


NOISE = random.Random(1)
WORDS = ["import a", "x = 1", "%pip install b", "!ls", "def f():", "lambda", *"()[]{}'\\ #?=,é\n\t"]
QUOTES = "'\"`$(){}<>|&;#\\ \n="


def noise(size: int, words: list[str]) -> str:
    return "".join(NOISE.choice(words) for _ in range(size))


def text(*sources: str) -> Make:
    return lambda folder: notebook(folder / "n.ipynb", *sources)


def lines(count: int, template: str) -> str:
    """``template`` for each number; ``@`` stands for it."""
    return "\n".join(template.replace("@", str(number)) for number in range(count))


CASES: dict[str, Callable[[], Make]] = {
    "a sound notebook": lambda: text("import numpy\n%pip install pandas"),
    "20,000 magics in a cell": lambda: text("%a b\n" * 20_000),
    "20,000 installs in a cell": lambda: text("!pip install a b c\n" * 20_000),
    "8,000 other installs": lambda: text(lines(8_000, "!pip install a@ b@>=1")),
    "magics in a broken cell": lambda: text("%a b\nprint 'x'\n" * 10_000),
    "help in a broken cell": lambda: text("a?\n)\n" * 20_000),
    "ten cells of 180,000 characters": lambda: text(*["x = [1, 2, 3]\n" * 13_000] * 10),
    "ten cells, all different": lambda: text(*[lines(8_000, f"x@_{k} = f(a.b, @)") for k in range(10)]),
    "cells of calls": lambda: text(*[f"open('f{k}')\n" * 14_000 for k in range(10)]),
    "cells of imports": lambda: text(*[lines(8_000, f"import m{k}_@.a.b as c") for k in range(10)]),
    "cells of addresses": lambda: text(*[f"a{k} = 'https://x.y/z{k}'\n" * 7_000 for k in range(10)]),
    "cells of shell": lambda: text(*["!a b | c && d; e > f 'g h' \"i\"\n" * 6_000] * 10),
    "deep brackets": lambda: text("(" * 90 + ")" * 90, "[" * 100_000, "x = " + "-" * 100_000 + "1"),
    "deep attributes": lambda: text("a" + ".b" * 60_000, "a" + "[0]" * 40_000, "a" + "()" * 60_000),
    "deep sums": lambda: text("+".join(["1"] * 60_000), " and ".join(["a"] * 30_000), "not " * 40_000 + "a"),
    "deep blocks": lambda: text(lines(99, "if a:"), "if a: pass\n" + "elif b: pass\n" * 10_000),
    "deep calls": lambda: text("f(" * 150 + ")" * 150 + "\nimport a\n", "f'" + "{x}" * 50_000 + "'"),
    "long import lines": lambda: text("import a" + ", ab" * 40_000, "import " + "a." * 90_000 + "a"),
    "long install lines": lambda: text("!pip install " + "a " * 90_000, "%pip install " + "x" * 180_000),
    "quotes": lambda: text("!" + "'" * 100_000, "!" + '"a' * 60_000, "!{" + "{" * 90_000, "!" + "\\" * 90_001),
    "here-documents": lambda: text("%%bash\n" + lines(15_000, "cat <<E@\nx"), "%%bash\n" + "<<A\n" * 40_000),
    "blanks": lambda: text(" " * 190_000 + "%", "x" + " " * 180_000 + "= 1 %", "=" * 190_000, "\t " * 90_000 + "?"),
    "empty lines": lambda: text("\n" * 190_000 + "%a", "\r" * 190_000 + "%a", "\f" * 100_000 + "x"),
    "backslashes": lambda: text("\\\n" * 90_000, "%a \\\n" * 40_000, "x = !a \\\n" * 20_000),
    "dashes": lambda: text("!pip install " + "-" * 180_000, "!pip install " + "a-" * 90_000),
    "long addresses": lambda: text("!pip install git+https://" + "a/" * 90_000, "# " + "https://a:b@" * 15_000),
    "base64 in a cell": lambda: text("x = '" + "A1b2" * 45_000 + "'", "y = b'" + "\\x00" * 45_000 + "'"),
    "key-like text": lambda: text(*[f"k = '{key * (180_000 // len(key))}'" for key in ("hf_", "sk-", "AKIA", "://a:")]),
    "noise of words": lambda: text(*[noise(30_000, WORDS) for _ in range(8)]),
    "noise in shell cells": lambda: text(*["%%bash\n" + noise(150_000, list(QUOTES)) for _ in range(8)]),
    "noise after a bang": lambda: text(*["!" + noise(150_000, list(QUOTES.strip())) for _ in range(8)]),
    "20,000 cells": lambda: text(*[f"import a{number}\n%pip install b{number}" for number in range(20_000)]),
    "100,000 cells": lambda: text(*["x = 1"] * 100_000),
    "one cell of 190 MB": lambda: text("a = 1\n" * 27_000_000),
    "a picture of 190 MB": lambda: outputs({"data": {"image/png": "A" * 190_000_000}}),
    "text output of 38 MB": lambda: outputs({"text": ["a line of text, of some length\n"] * 1_100_000}),
    "numbers of 40 MB": lambda: outputs({"data": {"x": [1234.5] * 5_000_000}}),
    "lists of 40 MB": lambda: raw(b'{"cells": [' + b"[]," * 13_000_000 + b"[]]}"),
    "objects of 8 MB": lambda: raw(b'{"cells": [' + b"{}," * 2_600_000 + b"{}]}"),
    "objects of 3 MB": lambda: raw(b'{"cells": [' + b"{}," * 1_000_000 + b"{}]}"),
    "deep JSON": lambda: raw(b'{"cells": ' + b"[" * 500_000),
    "a long number": lambda: raw(b'{"cells": [' + b"1" * 5_000_000 + b"]}"),
    "200,000 equal keys": lambda: raw(b'{"cells": [{"cell_type": "code"' + b', "source": "a"' * 200_000 + b"}]}"),
    "binary noise": lambda: raw(NOISE.randbytes(20_000_000)),
    "noise of brackets": lambda: raw(bytes(NOISE.choices(b'[]{}",:\\ 01', k=2_000_000))),
    "emoji of 60 MB": lambda: outputs({"text": "\U0001f600" * 5_000_000, "more": "\U0001f600 " * 10_000_000}),
    "path tricks": lambda: text("open('\\x1b[31m../../etc/passwd')\nopen('-rf')", "%run ../x.py"),
    "100,000 files beside": lambda: beside(many_files),
    "loops of links beside": lambda: beside(loops),
    "pipes and a socket beside": lambda: beside(specials),
    "sparse files of 200 GB beside": lambda: beside(sparse),
    "300 modules in a ring": lambda: chain,
}  # fmt: skip


def limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (4_000_000_000, 4_000_000_000))


def measure(case: Callable[[], Make]) -> tuple[float, float, str]:
    """Seconds, megabytes at the peak, and how it ended."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make = case()
        make(folder)
        del make
        gc.collect()
        words = [sys.executable, "-m", "jupyter_mlpack", "inspect", "--no-kernel", "--format", "json", "n.ipynb"]
        started = time.monotonic()
        with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
            process = subprocess.Popen(words, cwd=folder, stdout=out, stderr=err, preexec_fn=limited)  # noqa: PLW1509
            timer = started + SECONDS
            while True:
                done, status, usage = os.wait4(process.pid, os.WNOHANG)
                if done:
                    break
                if time.monotonic() > timer:
                    process.kill()
                time.sleep(0.02)
        took = time.monotonic() - started
        code = os.waitstatus_to_exitcode(status)
        process.returncode = code
        said = (folder / "err").read_text(errors="replace").strip().split("\n")
        end = "answered" if code == 0 else "refused" if code == 2 and said[0].startswith("error:") else f"WRONG {code}"
        end += f" {said[-1]}" if end.startswith("WRONG") else ""
        return took, usage.ru_maxrss / 1024, end if took < SECONDS else "TOO LONG"


def main(names: list[str]) -> int:
    wrong = 0
    for name, case in CASES.items():
        if not names or name in names:
            took, memory, end = measure(case)
            wrong += end not in ("answered", "refused")
            print(f"{name:<34}{took:7.2f} s{memory:8.0f} MB  {end}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
