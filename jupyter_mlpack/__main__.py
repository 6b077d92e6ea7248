"""``python -m jupyter_mlpack`` is ``jupyter mlpack``."""

from jupyter_mlpack.cli.app import main

main()
