"""The dialects of hosted notebooks: each reads its own keys and answers a ``DeclaredHardware``, or ``None``.

A dialect that is recognised but says nothing of hardware answers with class ``none``: the provider is known then.
"""

from jupyter_mlpack.inspection.hardware.dialects.amazon import read_instance
from jupyter_mlpack.inspection.hardware.dialects.google import read_colab, read_kaggle, read_workbench
from jupyter_mlpack.inspection.hardware.dialects.images import read_kernel_name
from jupyter_mlpack.inspection.hardware.dialects.others import (
    read_azureml,
    read_databricks,
    read_deepnote,
    read_kale,
    read_own,
)

__all__ = [
    "read_azureml",
    "read_colab",
    "read_databricks",
    "read_deepnote",
    "read_instance",
    "read_kaggle",
    "read_kale",
    "read_kernel_name",
    "read_own",
    "read_workbench",
]
