"""``python -m jupyter_mlpack.tables``: make a table of modules, or refresh one."""

from jupyter_mlpack.tables.command import main

if __name__ == "__main__":
    raise SystemExit(main())
