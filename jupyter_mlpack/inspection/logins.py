"""Variables of the environment: those that the machine sets, and those that replace a log-in by hand in a job."""

from __future__ import annotations

from collections.abc import Callable, Mapping

ORDINARY = (
    r"^(HOME|PATH|USER|USERNAME|LOGNAME|PWD|OLDPWD|SHELL|LANG|LC_\w+|TERM|DISPLAY|TMPDIR|TEMP|TMP|HOSTNAME|PYTHONPATH|LD_LIBRARY_PATH"
    r"|VIRTUAL_ENV|CONDA_\w+|CUDA_\w+|NVIDIA_\w+|OMP_\w+|MKL_\w+|NCCL_\w+|XLA_\w+|TF_\w+|TOKENIZERS_PARALLELISM|KMP_\w+|PYTORCH_\w+"
    r"|RANK|WORLD_SIZE|LOCAL_RANK|COLAB_\w+|KAGGLE_(KERNEL|URL|IS|CONTAINER|DATA)\w*|DATABRICKS_RUNTIME_VERSION|JPY_\w+|CI"
    r"|(?:http|https|no|HTTP|HTTPS|NO)_(?:proxy|PROXY)|APPDATA|COMPUTERNAME|JUPYTER\w*|SM_\w+|XDG_\w+|PROGRAMFILES|SYSTEMROOT)$"
)
"""Variables that the machine, a service or a library sets; asking for them asks the user for nothing."""

LOGINS: Mapping[str, tuple[str, ...]] = {
    "huggingface_hub.login": ("HF_TOKEN",),
    "huggingface_hub.notebook_login": ("HF_TOKEN",),
    "huggingface_hub.interpreter_login": ("HF_TOKEN",),
    "huggingface_hub.HfFolder.save_token": ("HF_TOKEN",),
    "wandb.login": ("WANDB_API_KEY",),
    "wandb.init": ("WANDB_API_KEY",),
    "comet_ml.init": ("COMET_API_KEY",),
    "comet_ml.login": ("COMET_API_KEY",),
    "comet_ml.Experiment": ("COMET_API_KEY",),
    "neptune.init_run": ("NEPTUNE_API_TOKEN",),
    "ee.Authenticate": ("GOOGLE_APPLICATION_CREDENTIALS",),
    "google.colab.auth.authenticate_user": ("GOOGLE_APPLICATION_CREDENTIALS",),
    "kaggle.api.authenticate": ("KAGGLE_USERNAME", "KAGGLE_KEY"),
    "kagglehub.login": ("KAGGLE_USERNAME", "KAGGLE_KEY"),
    "roboflow.login": ("ROBOFLOW_API_KEY",),
}
"""Calls that log in by hand -> the variables that replace them in a job. Source: the libraries' documents, 2026."""

CLIENTS: Mapping[str, str] = {
    "openai.OpenAI": "OPENAI_API_KEY",
    "openai.AsyncOpenAI": "OPENAI_API_KEY",
    "openai.AzureOpenAI": "AZURE_OPENAI_API_KEY",
    "anthropic.Anthropic": "ANTHROPIC_API_KEY",
    "anthropic.AsyncAnthropic": "ANTHROPIC_API_KEY",
    "groq.Groq": "GROQ_API_KEY",
    "cohere.Client": "CO_API_KEY",
    "mistralai.Mistral": "MISTRAL_API_KEY",
    "together.Together": "TOGETHER_API_KEY",
    "langchain_openai.ChatOpenAI": "OPENAI_API_KEY",
    "langchain_openai.OpenAI": "OPENAI_API_KEY",
    "langchain_openai.OpenAIEmbeddings": "OPENAI_API_KEY",
    "langchain_anthropic.ChatAnthropic": "ANTHROPIC_API_KEY",
    "langchain_google_genai.ChatGoogleGenerativeAI": "GOOGLE_API_KEY",
    "langchain_groq.ChatGroq": "GROQ_API_KEY",
}
"""Clients that read their key from the environment when none is given. Source: their documents, 2026-11-22."""

COMMANDS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("wandb", "login"): ("WANDB_API_KEY",),
    ("huggingface-cli", "login"): ("HF_TOKEN",),
    ("hf", "auth"): ("HF_TOKEN",),
    ("kaggle", "datasets"): ("KAGGLE_USERNAME", "KAGGLE_KEY"),
    ("kaggle", "competitions"): ("KAGGLE_USERNAME", "KAGGLE_KEY"),
    ("kaggle", "kernels"): ("KAGGLE_USERNAME", "KAGGLE_KEY"),
    ("gcloud", "auth"): ("GOOGLE_APPLICATION_CREDENTIALS",),
    ("az", "login"): ("AZURE_CLIENT_SECRET",),
}
GIVEN = frozenset(
    ["token", "key", "api_key", "api_token", "openai_api_key", "base_url", "anthropic_api_key", "http_client"]
)
"""Keywords with which a call is given its key, or another service than the usual one."""

STORES: tuple[tuple[Callable[[str, str, str], bool], str], ...] = (
    (lambda full, _name, _modules: full.endswith("userdata.get"), "colab"),
    (lambda _full, name, modules: name == "get_secret" and "kaggle_secrets" in modules, "kaggle"),
    (lambda full, _name, _modules: full.endswith(("dbutils.secrets.get", "dbutils.secrets.getBytes")), "databricks"),
    (lambda full, _name, _modules: full.endswith("mssparkutils.credentials.getSecret"), "synapse"),
    (lambda _full, name, _modules: name == "get_secret_value", "aws"),
    (lambda _full, name, _modules: name == "access_secret_version", "google"),
    (lambda _full, name, modules: name == "get_secret" and "azure" in modules, "azure"),
    (lambda full, _name, _modules: full in ("keyring.get_password", "keyring.get_credential"), "keyring"),
    (lambda full, _name, _modules: full == "streamlit.secrets.get", "streamlit"),
    (lambda _full, name, _modules: name == "read_secret_version", "vault"),
)
"""Whether a call (its full name, its last part, all that is imported) reads a store of secrets, and which."""

STORE_KEYWORDS = ("scope", "service_name", "SecretId", "name", "secret_id", "key", "username")
"""Keywords that name the secret in a store."""
