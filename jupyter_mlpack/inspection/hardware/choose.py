"""What an image is suggested to be made for: the declaration first, then the code's need, else a CPU."""

from __future__ import annotations

from jupyter_mlpack.inspection.hardware.declared import claim, spoken
from jupyter_mlpack.values import Claim, Conflict, DeclaredHardware, Evidence, Hardware, Location, NeededHardware

CLASS_TO_KIND = {"tpu": "tpu", "neuron": "neuron", "gaudi": "gaudi", "cpu": "cpu"}
PROVIDERS = {
    "colab": "Colab", "kaggle": "Kaggle", "sagemaker-studio": "SageMaker Studio", "databricks": "Databricks",
    "sagemaker-notebook-instance": "the SageMaker kernel", "vertex-workbench": "Vertex AI Workbench",
    "deepnote": "Deepnote", "azureml": "AzureML", "kubeflow": "Kale", "mlpack": "you",
}  # fmt: skip
OWN = "mlpack"
"""The provider of what the user chose."""

WORDS = {
    "cuda": "a CUDA GPU", "rocm": "an AMD GPU (ROCm)", "tpu": "a TPU", "neuron": "AWS Neuron", "gaudi": "Gaudi",
    "mps": "Apple's GPU", "cpu": "a CPU",
}  # fmt: skip


def choose(declared: DeclaredHardware, needed: NeededHardware) -> Hardware:
    """Both values, and the accelerator with the reason for it."""
    if declared.class_ != "none":
        accelerator = declared_kind(declared)
        who = PROVIDERS.get(declared.provider or "", "The kernel's name")
        says = "It was chosen by you:" if declared.provider == OWN else f"{who[:1].upper()}{who[1:]} declares"
        reason = f"{says} {spoken(declared)}{_but(accelerator, needed)}."
        return Hardware(declared, needed, accelerator, reason)
    return Hardware(declared, needed, *_by_need(needed))


def _by_need(needed: NeededHardware) -> tuple[str, str]:
    what = WORDS[needed.kind]
    if needed.kind == "mps":
        return "cpu", "The code uses Apple's GPU, which no container sees; the image is made for a CPU."
    if needed.kind != "cpu" and not needed.optional:
        return needed.kind, f"Nothing is declared, and the code needs {what} ({_first(needed)})."
    if needed.remote:
        return "cpu", f"The code starts work elsewhere ({_last(needed)}); what that runs on is not this image's."
    if needed.optional:
        return "cpu", f"The code also runs on a CPU; it would take {what} where there is one ({_first(needed)})."
    return "cpu", "Nothing in the notebook asks for an accelerator."


def _but(accelerator: str, needed: NeededHardware) -> str:
    if needed.kind == accelerator or needed.optional:
        return ""
    if needed.kind == "cpu":
        return ", though nothing in the code needs more than a CPU"
    return f", though the code needs {WORDS[needed.kind]} ({_first(needed)})"


def _first(needed: NeededHardware) -> str:
    return f"{needed.evidence[0].text}, {needed.evidence[0].location}"


def _last(needed: NeededHardware) -> str:
    return f"{needed.evidence[-1].text}, {needed.evidence[-1].location}"


def declared_kind(declared: DeclaredHardware) -> str:
    """The kind of image for a declared class."""
    if declared.class_ == "gpu":
        return "rocm" if declared.vendor == "amd" else "cuda"
    return CLASS_TO_KIND.get(declared.class_, "cpu")


def disagreement(path: str, hardware: Hardware) -> tuple[Conflict, ...]:
    """The conflict between declaration and code, the declaration first since it is followed."""
    declared, needed = hardware.declared, hardware.needed
    kind = declared_kind(declared)
    if declared.class_ == "none" or needed.kind == kind or (needed.optional and needed.kind != "cpu"):
        return ()
    nothing = Evidence("HW8", Location(path), "nothing in the code uses an accelerator")
    says = f"{needed.kind}, elsewhere" if needed.remote and needed.kind == "cpu" else needed.kind
    code = Claim("code", says, next(iter(needed.evidence), nothing))
    return (Conflict("hardware", (claim(declared), code)),)
