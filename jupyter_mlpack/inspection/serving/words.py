"""What calls do to the names that they stand on, by the calls' own names: which train, load, change in place."""

from __future__ import annotations

import re

from jupyter_mlpack.inspection.paths import word_set
from jupyter_mlpack.pattern import pattern

TRAINS = word_set(
    """
    fit fit_transform fit_predict fit_resample fit_generator fit_one_cycle fit_on_texts fit_on_sequences partial_fit
    train_on_batch train_model train_and_evaluate train_epoch train_one_epoch train_step training_step fine_tune
    finetune adapt learn build_vocab optimize hyperparameter_search train_from_iterator train_new_from_iterator
    fit_sample fit_models create_model compare_models tune_model fit_with_pbar
    """
)
"""Methods that learn from data what they stand on; functions of a library with such a name return what was learnt."""

TRAIN = "train"
"""``trainer.train()`` and ``xgboost.train(...)`` train, ``model.train()`` only says that training begins."""

TRAINER = pattern(r"train(er|ing)|learner|accelerat|automl", re.I)
MODEL = pattern(r"model|net(work)?$|^net|module|classifier|regressor|policy|agent|^clf|^reg$|estimator", re.I)
"""Names of what is trained when it is an argument: ``trainer.fit(model, data)``."""

BACKWARD = word_set("backward apply_gradients apply_updates gradient grad value_and_grad")
"""Calls of which each says: here something is learnt step by step."""

PARAMETERS = word_set("parameters named_parameters trainable_variables trainable_weights param_groups")
"""``torch.optim.Adam(model.parameters())``: what steps with these changes the model."""

EPOCHS = pattern(r"^_?(n_?|num_?|max_?)?(epochs?|iterations?|iters?|train_?steps|rounds)\d?$", re.I)
"""What a loop that learns counts: ``for epoch in range(epochs)``."""

LOADS = word_set(
    """
    load_state_dict load_weights load_model load_params load_checkpoint load_parameters load_pretrained load_npz
    restore load_adapter set_weights set_state_dict load_from_file load_state set_params_from_file __setstate__
    """
)
"""What fills what it stands on with what was learnt before: all training above does not count then."""

READS = word_set(
    """
    from_pretrained load_from_checkpoint load_learner
    load loads read open imread loadtxt genfromtxt fromfile load_file load_npz unpickle from_file from_disk pipeline
    from_json InferenceSession Interpreter hf_hub_download snapshot_download read_pickle import_module get_model
    """
)
"""More functions that bring in from elsewhere; beside these all of ``LOADS`` and what begins with ``read_``."""

CHANGES = word_set(
    """
    append appendleft extend extendleft insert remove pop popleft popitem clear sort reverse update add discard
    setdefault intersection_update difference_update symmetric_difference_update rotate subtract move_to_end
    compile build to cuda cpu half float double bfloat16 eval train freeze unfreeze requires_grad_ apply share_memory
    resize_token_embeddings merge_and_unload gradient_checkpointing_enable fuse seed manual_seed manual_seed_all use
    setLevel addHandler addFilter connect execute executemany commit put write writelines fill resize itemset
    register_buffer register_parameter register_module register_forward_hook add_module add_pipe add_tokens
    add_special_tokens basicConfig filterwarnings simplefilter mount include_router download initialize setup
    configure config set put_nowait push heapify shuffle partition link bind tick load zero_grad step remove_pipe
    disable_pipes enable disable reset reset_parameters reset_states prune quantize quantize_dynamic convert
    """
)
SETTINGS = word_set(
    """
    seed manual_seed manual_seed_all use filterwarnings simplefilter basicConfig configure config setup initialize
    download setlocale patch install autolog login init monkeypatch
    """
)
INNER = word_set("append extend insert add update setdefault clear pop remove register bind")
"""What changes a module: its settings, and what changes something inside it (``plt.rcParams.update``)."""

SETTING = ("set_", "enable_", "disable_", "register_", "init_")
BEGINNINGS = ("set_", "add_", "register_", "enable_", "disable_", "init_", "load_", "install_", "update_", "insert_")
"""Of methods that change what they stand on. A last underscore says the same (torch)."""

ARGUMENTS = word_set(
    """
    setattr delattr shuffle heappush heappop heapify heapreplace heappushpop insort insort_left insort_right
    load_model load_state_dict load_checkpoint load_weights load_checkpoint_and_dispatch prepare_model_for_kbit_training
    put copyto place fill_diagonal convert_sync_batchnorm initialize
    """
)
"""Functions that change their first argument."""

FILLS = word_set("load_model load_state_dict load_checkpoint load_weights load_checkpoint_and_dispatch")
"""Of these, what loads into it."""

PICKLERS = word_set("joblib pickle dill cloudpickle pkl cpickle _pickle torch cPickle skops sio cp")
"""Modules that write objects whose classes have to be there when they are read."""

DUMPS, UNPICKLES = word_set("dump dumps save"), word_set("load loads load_learner read_pickle")
"""Of these modules: what writes, what reads. The last two read wherever they stand."""

UNPICKLE_ANYWHERE = word_set("load_learner read_pickle")
STATE = "state_dict"
"""What is saved of it is numbers, no objects."""

AMBIENT = ("sys.path.", "os.environ", "os.putenv", "os.chdir", "site.addsitedir", "sys.setrecursionlimit")
"""Calls and assignments after which everything below them may do something else: they always stay."""

AMBIENT_CALLS = word_set("load_dotenv set_start_method")
HOLDING = word_set(
    "model estimator network net module policy learner base_estimator steps transformers params base_model student unet"
)
"""Keywords under which something is given a model that it trains: ``Trainer(model=model)``."""


def changes_in_place(method: str) -> bool:
    """Whether a method changes what it stands on, by its name."""
    if method in CHANGES or method in LOADS or method in TRAINS or method.startswith(BEGINNINGS):
        return True
    return method.endswith("_") and not method.endswith("__")


def changes_module(method: str, inside: bool) -> bool:
    """Whether a function of a module, or a method of something ``inside`` it, changes it."""
    return method in SETTINGS or method.startswith(SETTING) or (inside and method in INNER)


def brings_in(function: str) -> bool:
    """Whether a call brings in something that was made before."""
    return function in LOADS or function in READS or function.startswith(("read_", "load_", "from_"))
