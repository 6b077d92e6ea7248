"""Runs under the target's Python: compiles the files named on stdin, prints those that do not compile.

Arguments: the folder that the names are relative to, and the path that this folder has in the image, which becomes
the file name in tracebacks. The bytecode carries a hash that is never checked: dates change when an image is made.
"""

import py_compile
import sys

root, seen_as = sys.argv[1:]
for name in sys.stdin.read().splitlines():
    try:
        py_compile.compile(
            root + "/" + name,
            dfile=seen_as + "/" + name,
            doraise=True,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
    except (py_compile.PyCompileError, OSError):  # noqa: PERF203 (a template, or written for another Python)
        print(name)
