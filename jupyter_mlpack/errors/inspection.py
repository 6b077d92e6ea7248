"""The notebook's needs could not be told."""

from __future__ import annotations

from jupyter_mlpack.errors.base import MlpackError


class InspectionError(MlpackError):
    """The notebook's needs could not be told."""

    exit_code = 3


class KernelInterpreterGone(InspectionError):
    """The kernelspec names a Python that is not there any more."""

    code = "kernel-interpreter-gone"
    what = "The kernel {kernel} cannot be asked for its packages: its Python is gone."
    where = "{interpreter}"
    why = "The environment was moved or removed after the kernel had been registered."
    hint = "Register the kernel again (python -m ipykernel install --user --name {kernel}), or choose another kernel."


class KernelSilent(InspectionError):
    """The kernel's interpreter started but did not answer."""

    code = "kernel-silent"
    what = "The kernel {kernel} could not say which packages it holds."
    where = "{interpreter}"
    why = "{reason}"
    hint = "Start that Python by hand to see whether it works, or inspect without the kernel."


class KernelNotPython(InspectionError):
    """The kernelspec starts something else than Python."""

    code = "kernel-not-python"
    what = "The kernel {kernel} is not a Python kernel: it speaks {language}."
    hint = "Choose a Python kernel for the notebook."


class KernelUnknown(InspectionError):
    """The kernel that was asked for by name is not installed here."""

    code = "kernel-unknown"
    what = "There is no kernel called {kernel} here."
    why = "A kernel named with --kernel is asked for the versions that it holds."
    hint = "Those that are here: jupyter kernelspec list. Without a kernel: --no-kernel"
