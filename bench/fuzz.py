"""Random changes to notebooks, for as long as one likes: ``python bench/fuzz.py --seconds 600``.

Each changed notebook (``tests/notebook_bytes.py``) is read and inspected in this process. Whatever is no leaf of
``InputError``, and whatever takes longer than ``--slow`` seconds, is a finding: its bytes are kept in ``--keep``.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from notebook_bytes import changed, seeds  # noqa: E402

from jupyter_mlpack.errors import InputError  # noqa: E402
from jupyter_mlpack.inspection import inspect_notebook  # noqa: E402
from jupyter_mlpack.inspection.syntax import forget_trees  # noqa: E402
from jupyter_mlpack.notebook import read_notebook  # noqa: E402
from jupyter_mlpack.values import to_json  # noqa: E402


def outcome(path: Path) -> str:
    """``answered``, the code of a refusal, or the last lines of a traceback."""
    try:
        json.dumps(to_json(inspect_notebook(read_notebook(path))))
    except InputError as error:
        return error.code
    except Exception:
        last = traceback.extract_tb(sys.exc_info()[2])[-1]
        return f"CRASH {sys.exc_info()[0].__name__} in {Path(last.filename).name}:{last.lineno} {last.name}"
    return "answered"


def main() -> int:
    """Run; 1 if there are findings."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--slow", type=float, default=5)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument(
        "--notebooks", type=Path, default=ROOT / "tests" / "notebooks", help="folder of sound notebooks"
    )
    parser.add_argument("--keep", type=Path, default=Path("fuzz-findings"), help="folder for what is found")
    args = parser.parse_args()
    chance, pool = random.Random(args.seed), seeds(args.notebooks)
    ends: Counter[str] = Counter()
    started = time.monotonic()
    longest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "n.ipynb")
        while time.monotonic() - started < args.seconds:
            content = changed(chance.choice(pool), chance)
            path.write_bytes(content)
            before = time.monotonic()
            end = outcome(path)
            took = time.monotonic() - before
            longest = max(longest, took)
            end = f"SLOW {end}" if took > args.slow else end
            forget_trees()
            ends[end] += 1
            if end.startswith(("CRASH", "SLOW")) and ends[end] == 1:
                args.keep.mkdir(exist_ok=True)
                (args.keep / f"{len(ends)}.ipynb").write_bytes(content)
                print(f"{end}: kept as {args.keep / f'{len(ends)}.ipynb'}", flush=True)
    total, seconds = sum(ends.values()), time.monotonic() - started
    speed = f"{total / seconds:.0f} a second, longest {longest:.2f} s"
    print(f"seed {args.seed}: {total} notebooks in {seconds:.0f} s, {speed}")
    print("\n".join(f"{count:>8}  {end}" for end, count in ends.most_common()))
    return any(end.startswith(("CRASH", "SLOW")) for end in ends)


if __name__ == "__main__":
    sys.exit(main())
