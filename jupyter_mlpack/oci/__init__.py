"""Images as values: layers, manifests, the content store, layouts, archives, registries."""

from jupyter_mlpack.oci.manifest import Descriptor, History, ImageConfig, Layer, Manifest, StoredImage
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.tar import TarEntry, parent_entries, tree_entries, write_tar

__all__ = [
    "Descriptor",
    "History",
    "ImageConfig",
    "Layer",
    "Manifest",
    "Store",
    "StoredImage",
    "TarEntry",
    "parent_entries",
    "tree_entries",
    "write_tar",
]
