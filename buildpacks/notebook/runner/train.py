"""The train process: runs the image's notebook with parameters, and writes what it makes to the output folder.

``train [-p NAME=VALUE ...] [-f FILE]``. Exit status: 0 done, 1 a cell failed, 2 a wrong parameter or an unusable output
folder, 143 stopped by SIGTERM or SIGINT.
"""

import os
import sys
from pathlib import Path

from mlpack_runner.run import run

if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], os.environ, Path(__file__)))
