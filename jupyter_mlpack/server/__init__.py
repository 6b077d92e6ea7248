"""The only room that knows Jupyter Server. ``app.py`` is its door; ``worker.py`` is what it starts."""
