"""Runs under the target's Python: compiles sources, one fresh process for each portion of them.

Argument: how many processes at a time. One line of JSON on stdin for each portion: the folder that the names are
relative to, the path that this folder has in the image (it becomes the file name in tracebacks), the names. On stdout,
one line for each name that does not compile, the portion's number before it; the number alone when the portion is done.

Bytecode depends a little on what the process compiled before. So every portion gets a copy of this process as it is
before anything is compiled: equal portions give equal bytes, whatever else is compiled. The bytecode carries a hash
that is never checked: dates change when an image is made.
"""

import errno
import gc
import json
import os
import py_compile
import sys

NO_FILE = (errno.ENOENT, errno.EISDIR, errno.ENAMETOOLONG)
"""Why there can be no bytecode of a source. A full disk is none of these: the wheel would be kept without it."""


def compile_portion(number, root, seen_as, names):
    """Writes the bytecode of one portion, and to stdout how that went."""
    for name in names:
        try:
            py_compile.compile(
                root + "/" + name,
                dfile=seen_as + "/" + name,
                doraise=True,
                invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
            )
        except (py_compile.PyCompileError, OSError) as error:  # noqa: PERF203 (a template, or for another Python)
            if isinstance(error, OSError) and error.errno not in NO_FILE:
                raise
            os.write(1, f"{number} {name}\n".encode("utf-8", "surrogateescape"))
    os.write(1, b"%d\n" % number)


def start(number, portion):
    """Compiles a portion in a process of its own."""
    if os.fork() == 0:
        status = 1
        try:
            compile_portion(number, *portion)
            status = 0
        except OSError as error:
            os.write(1, f"{error}\n".encode("utf-8", "surrogateescape"))
        finally:
            os._exit(status)


gc.disable()  # when it runs depends on all that was allocated before
at_once = int(sys.argv[1])
portions = [json.loads(line) for line in sys.stdin]
running = 0
for number, portion in enumerate(portions):
    if running == at_once:
        if os.wait()[1]:
            sys.exit(1)
        running -= 1
    start(number, portion)
    running += 1
while running:
    if os.wait()[1]:
        sys.exit(1)
    running -= 1
