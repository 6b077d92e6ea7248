"""Builds by the official lifecycle where others isolate: in containers of a Docker daemon, on a cluster.

The same notebook, plan and application folder as here; the same events while it is built, and in the end the same image
in the content store. What crosses is small: the run image goes there as a manifest without layers, and of the result
only the layers come back that the store has not.
"""
