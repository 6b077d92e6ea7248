"""The serve process: the notebook's predict function over HTTP.

``serve``: all settings are environment variables (``mlpack_server/settings.py``). Exit status: 0 stopped by SIGTERM or
SIGINT with every request answered, 1 the cells or the model did not load, 2 a wrong setting or a port that is taken.
"""

import os
import sys
from pathlib import Path

from mlpack_server.run import run

if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], os.environ, Path(__file__).with_name("image.json")))
