"""What is kept of a notebook for its predict function, and what of it would still train."""

# ruff: noqa: E501 (cells stand as they are written)

from __future__ import annotations

import textwrap
import time
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_mlpack.inspection.serving import find_serving
from jupyter_mlpack.values import Notebook

from .conftest import Make

LOADED = "m = joblib.load('m.joblib')\ndef predict(x):\n    return m.predict(x)"
"""The cell that most rows end with."""

NET = "import torch\nfrom torch import nn\n---\nclass Net(nn.Module):\n    def forward(self, x):\n        return x"
USES_NET = "def predict(x):\n    with torch.no_grad():\n        return net(torch.tensor(x)).tolist()"
LOOP = "for epoch in range(9):\n    loss = f(net(x), y)\n    loss.backward()\n    opt.step()"

KEPT: Mapping[str, tuple[str, str]] = {
    "all that it reads": ("a = 1\n---\nb = 2\n---\ndef predict(x):\n    return x + a", "a = 1"),
    "nothing but itself": ("a = 1\n---\ndef predict(x):\n    return x", ""),
    "through names": ("a = 1\nb = a\nc = b\nd = 3\n---\ndef predict(x):\n    return c", "a = 1\nb = a\nc = b"),
    "imports it uses": (
        "import numpy as np\nimport pandas as pd\n---\ndef predict(x):\n    return np.sum(x)",
        "import numpy as np",
    ),
    "some of the imported names": (
        "import os, json as j, sys\nfrom a import (\n    b,\n    c as d,\n)\n---\ndef predict(x):\n    return j.loads(d(x))",
        "import json as j\nfrom a import c as d",
    ),
    "from imports": (
        "from a import b\nfrom c import d\n---\ndef predict(x):\n    return d(x)",
        "from c import d",
    ),
    "the last value only": ("a = 1\n---\na = 2\n---\ndef predict(x):\n    return a", "a = 2"),
    "a value that uses the one before": ("a = 1\na = a + 1\n---\ndef predict(x):\n    return a", "a = 1\na = a + 1"),
    "defined below the function": ("def predict(x):\n    return a\n---\na = 1", "a = 1"),
    "parameters hide names": ("x = 1\n---\ndef predict(x):\n    return x", ""),
    "own variables hide names": ("y = 1\n---\ndef predict(x):\n    y = x\n    return y", ""),
    "names of a comprehension": ("i = 1\n---\ndef predict(x):\n    return [i for i in x]", ""),
    "globals it changes": ("n = 0\n---\ndef predict(x):\n    global n\n    n += 1\n    return n", "n = 0"),
    "defaults": ("k = 3\n---\ndef predict(x, n=k):\n    return n", "k = 3"),
    "annotations": ("from t import T\n---\ndef predict(x: T) -> T:\n    return x", "from t import T"),
    "decorators": ("from t import timed\n---\n@timed\ndef predict(x):\n    return x", "from t import timed"),
    "helper functions": (
        "def clean(x):\n    return scale * x\nscale = 2\n---\ndef plot(x):\n    pass\n---\ndef predict(x):\n    return clean(x)",
        "def clean(x):\n    return scale * x\nscale = 2",
    ),
    "helpers of helpers": (
        "def a():\n    return b()\n---\ndef b():\n    return c\nc = 1\n---\ndef predict(x):\n    return a()",
        "def a():\n    return b()\ndef b():\n    return c\nc = 1",
    ),
    "functions that call each other": (
        "def a(n):\n    return b(n)\ndef b(n):\n    return a(n)\n---\ndef predict(x):\n    return a(x)",
        "def a(n):\n    return b(n)\ndef b(n):\n    return a(n)",
    ),
    "classes and what their methods read": (
        "import math\nclass A:\n    def go(self, x):\n        return math.sqrt(x)\n---\ndef predict(x):\n    return A().go(x)",
        "import math\nclass A:\n    def go(self, x):\n        return math.sqrt(x)",
    ),
    "base classes": (
        "class A: pass\nclass B(A): pass\n---\ndef predict(x):\n    return B()",
        "class A: pass\nclass B(A): pass",
    ),
    "changed by a method": (
        "a = []\na.append(1)\na.index(1)\n---\ndef predict(x):\n    return a",
        "a = []\na.append(1)",
    ),
    "changed by an index": (
        "a = {}\na['k'] = 1\nprint(a['k'])\n---\ndef predict(x):\n    return a",
        "a = {}\na['k'] = 1",
    ),
    "changed by an attribute": ("c = C()\nc.k = 1\n---\ndef predict(x):\n    return c", "c = C()\nc.k = 1"),
    "added to": ("a = 1\na += 2\n---\ndef predict(x):\n    return a", "a = 1\na += 2"),
    "an entry deleted": ("a = {1: 2}\ndel a[1]\n---\ndef predict(x):\n    return a", "a = {1: 2}\ndel a[1]"),
    "changed in place by keyword": (
        "d = read()\nd.dropna(inplace=True)\nd.dropna()\n---\ndef predict(x):\n    return d",
        "d = read()\nd.dropna(inplace=True)",
    ),
    "changed under another name": (
        "a = []\nb = a\nb.append(1)\n---\ndef predict(x):\n    return a",
        "a = []\nb = a\nb.append(1)",
    ),
    "changed by a function of the notebook": (
        "def fill(d):\n    d['k'] = 1\na = {}\nfill(a)\nprint(a)\n---\ndef predict(x):\n    return a",
        "def fill(d):\n    d['k'] = 1\na = {}\nfill(a)",
    ),
    "made by a function with global": (
        "def setup():\n    global m\n    m = 1\nsetup()\n---\ndef predict(x):\n    return m",
        "def setup():\n    global m\n    m = 1\nsetup()",
    ),
    "shuffled": ("a = [1]\nrandom.shuffle(a)\n---\ndef predict(x):\n    return a", "a = [1]\nrandom.shuffle(a)"),
    "in a branch": ("a = 1\nif flag:\n    a = 2\n---\ndef predict(x):\n    return a", "a = 1\nif flag:\n    a = 2"),
    "in both branches": (
        "a = 1\nif flag:\n    a = 2\nelse:\n    a = 3\n---\ndef predict(x):\n    return a",
        "if flag:\n    a = 2\nelse:\n    a = 3",
    ),
    "tried": (
        "try:\n    import json\nexcept ImportError:\n    json = None\n---\ndef predict(x):\n    return json",
        "try:\n    import json\nexcept ImportError:\n    json = None",
    ),
    "in a loop": (
        "a = []\nfor i in range(3):\n    a.append(i)\n---\ndef predict(x):\n    return a",
        "a = []\nfor i in range(3):\n    a.append(i)",
    ),
    "in a with block": (
        "import json\nwith open('c.json') as f:\n    c = json.load(f)\n---\ndef predict(x):\n    return c",
        "import json\nwith open('c.json') as f:\n    c = json.load(f)",
    ),
    "saved and loaded by the same file handle's name": (
        "import pickle\nm = M()\nm.fit(X)\n---\nwith open('m', 'wb') as f:\n    pickle.dump(m, f)\n---\n"
        "with open('m', 'rb') as f:\n    m = pickle.load(f)\n---\ndef predict(x):\n    return m.predict(x)",
        "import pickle\nwith open('m', 'rb') as f:\n    m = pickle.load(f)",
    ),
    "read in a round before it is bound": (
        "a = 1\nfor i in range(3):\n    b = a\n    a = i\n---\ndef predict(x):\n    return b",
        "a = 1\nfor i in range(3):\n    b = a\n    a = i",
    ),
    "read after a loop that may have had no round": (
        "i = 1\nif flag:\n    for i in []:\n        pass\n    b = i\n---\ndef predict(x):\n    return b",
        "i = 1\nif flag:\n    for i in []:\n        pass\n    b = i",
    ),
    "several at once": ("a, (b, *c) = f()\nd = 1\n---\ndef predict(x):\n    return c", "a, (b, *c) = f()"),
    "a walrus": ("print(a := 1)\n---\ndef predict(x):\n    return a", "print(a := 1)"),
    "statements that share a line": ("a = 1; b = 2\nc = 3\n---\ndef predict(x):\n    return b", "a = 1; b = 2"),
    "a statement over lines": ("a = [\n    1,\n]\nb = 1\n---\ndef predict(x):\n    return a", "a = [\n    1,\n]"),
    "a lambda": ("f = lambda v: v * k\nk = 2\n---\ndef predict(x):\n    return f(x)", "f = lambda v: v * k\nk = 2"),
    "everything of a module": (
        "from lib import *\nimport os\n---\ndef predict(x):\n    return clean(x)",
        "from lib import *",
    ),
    "not of a module where all is known": (
        "from lib import *\na = 1\n---\ndef predict(x):\n    return len(x) + a",
        "a = 1",
    ),
    "parts of a package": (
        "import a.b\nimport a.c\n---\ndef predict(x):\n    return a.b.f(x)",
        "import a.b\nimport a.c",
    ),
    "flags of the compiler": (
        "from __future__ import annotations\nimport os\n---\ndef predict(x):\n    return x",
        "from __future__ import annotations",
    ),
    "the module path": (
        "import sys\nsys.path.append('src')\nfrom mine import f\n---\ndef predict(x):\n    return f(x)",
        "import sys\nsys.path.append('src')\nfrom mine import f",
    ),
    "variables of the process": (
        "import os\nos.environ['A'] = '1'\nprint(os.getcwd())\n---\ndef predict(x):\n    return x",
        "import os\nos.environ['A'] = '1'",
    ),
    "what asks a person is not": (
        "import os\nos.environ['A'] = input()\n---\ndef predict(x):\n    return x",
        "",
    ),
    "settings of a library in use": (
        "import torch\ntorch.set_num_threads(1)\ntorch.zeros(1)\n---\ndef predict(x):\n    return torch.tensor(x)",
        "import torch\ntorch.set_num_threads(1)",
    ),
    "magics and comments go": (
        "%matplotlib inline\n# a\na = 1  # one\n---\ndef predict(x):\n    return a",
        "a = 1  # one",
    ),
    "training is cut where a file is loaded": (
        f"import joblib\n---\nm = Model()\nm.fit(X, y)\njoblib.dump(m.coef_, 'm.joblib')\n---\n{LOADED}",
        "import joblib\nm = joblib.load('m.joblib')",
    ),
    "weights are loaded into a model that was trained": (
        f"{NET}\n---\nnet = Net()\nopt = torch.optim.Adam(net.parameters())\n---\n{LOOP}\ntorch.save(net.state_dict(), 'n.pt')\n"
        f"---\nnet.load_state_dict(torch.load('n.pt'))\nnet.eval()\n{USES_NET}",
        f"{NET}\nnet = Net()\nnet.load_state_dict(torch.load('n.pt'))\nnet.eval()".replace("---\n", ""),
    ),
    "changes of a model stay though training goes": (
        f"{NET}\n---\nnet = Net()\nnet.fc = nn.Linear(2, 3)\nnet.to('cpu')\nnet.fit(X, y)\nnet.eval()\n---\n"
        f"net.load_state_dict(torch.load('n.pt'))\n{USES_NET}",
        f"{NET}\nnet = Net()\nnet.fc = nn.Linear(2, 3)\nnet.to('cpu')\nnet.eval()\n"
        "net.load_state_dict(torch.load('n.pt'))".replace("---\n", ""),
    ),
    "loaded by a class": (
        "import xgboost\n---\nb = xgboost.train({}, d)\nb.save_model('b.json')\n---\nb = xgboost.Booster()\n"
        "b.load_model('b.json')\ndef predict(x):\n    return b.predict(x)",
        "import xgboost\nb = xgboost.Booster()\nb.load_model('b.json')",
    ),
    "loaded into by a function": (
        "from safetensors.torch import load_model\nnet = Net()\nnet.fit(x)\nload_model(net, 'n.safetensors')\n---\n"
        "def predict(x):\n    return net(x)",
        "from safetensors.torch import load_model\nnet = Net()\nload_model(net, 'n.safetensors')",
    ),
    "loaded, else trained": (
        "import os, joblib\nif os.path.exists('m'):\n    m = joblib.load('m')\nelse:\n    m = M().fit(X, y)\n---\n"
        "def predict(x):\n    return m.predict(x)",
        "import os, joblib\nif os.path.exists('m'):\n    m = joblib.load('m')\nelse:\n    m = M().fit(X, y)",
    ),
    "from a hub": (
        "from transformers import pipeline, Trainer\np = pipeline('x')\nTrainer(model=q).train()\n---\n"
        "def predict(x):\n    return p(x)",
        "from transformers import pipeline\np = pipeline('x')",
    ),
    "what a trainer is given beside the model": (
        "tok = Tok.from_pretrained('t')\nmod = Mod.from_pretrained('m')\ntr = Trainer(mod, tokenizer=tok)\ntr.train()\n---\n"
        "mod = Mod.from_pretrained('out')\ndef predict(x):\n    return mod(tok(x))",
        "tok = Tok.from_pretrained('t')\nmod = Mod.from_pretrained('out')",
    ),
    "classes of what was written as it is": (
        f"import joblib, pandas\nfrom lib import Forest, Split\n---\nm = Forest(Split(2))\nm.fit(pandas.x)\njoblib.dump(m, 'm.joblib')\n---\n{LOADED}",
        "import joblib\nfrom lib import Forest, Split\nm = joblib.load('m.joblib')",
    ),
    "own classes of what was written as it is": (
        "import torch\nclass Net: pass\n---\nclass Other: pass\n---\nn = Net()\ntorch.save(n, 'n.pt')\n---\n"
        "n = torch.load('n.pt')\ndef predict(x):\n    return n(x)",
        "import torch\nclass Net: pass\nn = torch.load('n.pt')",
    ),
    "own functions in what was written as it is": (
        f"import joblib\nfrom lib import Step\ndef clean(x):\n    return x\nm = Step(clean)\njoblib.dump(m, 'm.joblib')\n---\n{LOADED}",
        "import joblib\nfrom lib import Step\ndef clean(x):\n    return x\nm = joblib.load('m.joblib')",
    ),
    "made by a function and written as it is": (
        f"import joblib\nfrom lib import Forest\nimport plots\ndef build():\n    return Forest()\nm = build()\nplots.show(m)\n"
        f"joblib.dump(m, 'm.joblib')\n---\n{LOADED}",
        "import joblib\nfrom lib import Forest\nm = joblib.load('m.joblib')",
    ),
    "a pipeline of named steps": (
        f"import joblib\nfrom lib import Pipe, Scale, Boost\nimport plots\n---\ns = Scale()\np = Pipe([('s', s), ('b', Boost())])\n"
        f"p.fit(X, y)\njoblib.dump(p, 'm.joblib')\n---\n{LOADED}",
        "import joblib\nfrom lib import Pipe, Scale, Boost\nm = joblib.load('m.joblib')",
    ),
}


@pytest.mark.parametrize("case", KEPT)
def test_find_serving__kept__and_nothing_else(make: Make, case: str) -> None:
    text, expected = KEPT[case]
    serving = find_serving(make(text))
    assert serving
    assert serving.trains == ()
    assert kept_without(serving.kept[-1:] and lines(make(text)), "predict") == expected.splitlines()


def lines(notebook: Notebook) -> list[str]:
    """The kept lines of all cells."""
    serving = find_serving(notebook)
    assert serving
    return [line for cell in serving.kept for line in cell.source.split("\n") if line.strip()]


def kept_without(kept: list[str], function: str) -> list[str]:
    """Without the function itself and its decorators."""
    text = "\n".join(kept)
    head, _, tail = text.partition(f"def {function}(")
    body = tail.split("\n")[1:]
    rest = body[next((at for at, line in enumerate(body) if not line.startswith(" ")), len(body)) :]
    return [line for line in (*head.split("\n"), *rest) if line and not line.startswith("@")]


TRAINS: Mapping[str, tuple[str, str]] = {
    "fit": ("m = M()\nm.fit(X, y)\n---\ndef predict(x):\n    return m.predict(x)", "m"),
    "fit and the answer": ("m = M().fit(X, y)\n---\ndef predict(x):\n    return m.predict(x)", "m"),
    "fit under another name": ("m = M()\nk = m\nk.fit(X)\n---\ndef predict(x):\n    return m.predict(x)", "m"),
    "what fit gives back": ("m = M()\nk = m.fit(X)\n---\ndef predict(x):\n    return k.predict(x)", "k"),
    "by steps": (
        f"{NET}\n---\nnet = Net()\nopt = torch.optim.SGD(net.parameters())\n---\n{LOOP}\n---\n{USES_NET}",
        "net",
    ),
    "by steps with a tape": (
        "net = Net()\nfor x in data:\n    with tf.GradientTape() as t:\n        l = f(net(x))\n"
        "    g = t.gradient(l, net.trainable_variables)\n    o.apply_gradients(zip(g, net.trainable_variables))\n"
        "---\ndef predict(x):\n    return net(x)",
        "net",
    ),
    "by a function of the notebook": (
        "def learn_it(model, data):\n    model.fit(data)\nm = M()\nlearn_it(m, d)\n---\ndef predict(x):\n    return m.predict(x)",
        "m",
    ),
    "a function gives back what it trained": (
        "def made(d):\n    k = K()\n    k.fit(d)\n    return k\nm = made(d)\n---\ndef predict(x):\n    return m.predict(x)",
        "m",
    ),
    "a function calls one that trains": (
        "def inner(m):\n    m.fit(d)\ndef outer(m):\n    inner(m)\nm = M()\nouter(m)\n---\ndef predict(x):\n    return m.predict(x)",
        "m",
    ),
    "a method of an own class": (
        "class M:\n    def run_all(self, d):\n        self.w = 0\n        self.inner.fit(d)\nm = M()\nm.run_all(d)\n---\n"
        "def predict(x):\n    return m.go(x)",
        "m",
    ),
    "by a trainer": ("m = M()\ntr = Trainer(model=m)\ntr.train()\n---\ndef predict(x):\n    return m(x)", "m"),
    "by a trainer that is given it": (
        "model = M()\ntrainer = T()\ntrainer.fit(model, data)\n---\ndef predict(x):\n    return model(x)",
        "model",
    ),
    "by a library's function": (
        "import xgboost as xgb\nb = xgb.train({}, d)\n---\ndef predict(x):\n    return b.predict(x)",
        "b",
    ),
    "by an imported function": (
        "from xgboost import train\nb = train({}, d)\n---\ndef predict(x):\n    return b.predict(x)",
        "b",
    ),
    "a scaler beside a model that is loaded": (
        f"import joblib\ns = Scaler()\nX = s.fit_transform(X)\n---\n{LOADED.replace('m.predict(x)', 'm.predict(s.transform(x))')}",
        "s",
    ),
    "vocabulary of a tokenizer": ("t = Tokenizer()\nt.fit_on_texts(texts)\n---\ndef predict(x):\n    return t(x)", "t"),
    "steps of a pipeline": (
        "s = S()\np = make_pipeline(s, M())\np.fit(X)\n---\ndef predict(x):\n    return s.transform(x)",
        "s",
    ),
    "by hand, counting epochs": (
        "w = 0.0\nfor epoch in range(epochs):\n    w -= 0.1 * g(w)\n---\ndef predict(x):\n    return w * x",
        "w",
    ),
    "trained again below": (f"import joblib\n---\n{LOADED}\n---\nm.fit(X, y)", "m"),
    "trained in a with block": (
        "with s.scope():\n    m = M()\n    m.fit(X)\n---\ndef predict(x):\n    return m(x)",
        "m",
    ),
    "loaded in a branch that is never taken": (
        "m = M()\nm.fit(X)\nif False:\n    m = load('m')\n---\ndef predict(x):\n    return m(x)",
        "m",
    ),
    "by steps of an optimizer from elsewhere": (
        f"{NET}\n---\nnet = Net()\nopt = made()\n---\n{LOOP}\n---\n{USES_NET}",
        "net",
    ),
    "by jax": (
        "import jax\ndef update(p, x):\n    return p - jax.grad(loss)(p, x)\np = init()\nfor x in data:\n    p = update(p, x)\n---\n"
        "def predict(x):\n    return p * x",
        "p",
    ),
}


@pytest.mark.parametrize("case", TRAINS)
def test_find_serving__what_is_needed_is_trained__is_told(make: Make, case: str) -> None:
    text, name = TRAINS[case]
    serving = find_serving(make(text))
    assert serving
    assert name in {found.name for found in serving.trains}


CALM: Mapping[str, str] = {
    "a branch that is never taken": "m = load()\nif False:\n    m.fit(X)\n---\ndef predict(x):\n    return m(x)",
    "what batches are moved to": "device = 'cpu'\nfor epoch in range(9):\n    b = next(d).to(device)\n    n.go(b)\n---\n"
    "def predict(x):\n    return x.to(device)",
    "train says only that training begins": "m = load()\nm.train()\nm.eval()\n---\ndef predict(x):\n    return m(x)",
    "training of something else": "m = load()\nk = K()\nk.fit(X)\n---\ndef predict(x):\n    return m(x)",
    "a function that trains is only defined": "def go():\n    m.fit(X)\nm = load()\n---\ndef predict(x):\n    return m(x)",
    "data that is trained on": "X = read()\nm = M()\nm.fit(X, y)\n---\ndef predict(x):\n    return X.columns",
    "a device in a loop": f"{NET}\ndevice = 'cpu'\nnet = Net()\nopt = A(net.parameters())\nfor epoch in range(3):\n"
    "    loss = net(x.to(device))\n    loss.backward()\n    opt.step()\n---\ndef predict(x):\n    return x.to(device)",
    "a loop that only reads": "a = load()\nfor b in data:\n    print(a(b))\n---\ndef predict(x):\n    return a(x)",
}


@pytest.mark.parametrize("case", CALM)
def test_find_serving__needed_and_not_trained__is_kept_in_peace(make: Make, case: str) -> None:
    serving = find_serving(make(CALM[case]))
    assert serving
    assert serving.trains == ()


def test_find_serving__cells__say_what_became_of_them_and_why(make: Make) -> None:
    serving = find_serving(
        make("import joblib\nimport plots\n---\nm = M()\nm.fit(X)\n---\n!ls\n---\nprint(1)\n---\n" + LOADED)
    )
    assert serving
    assert [(cell.cell, cell.kept, cell.why) for cell in serving.cells] == [
        (1, "part", "predict needs joblib"),
        (2, "none", "it trains m"),
        (3, "none", "only commands: they are not run in an inference image"),
        (4, "none", "predict needs nothing of it"),
        (5, "all", "defines predict, and what it needs: m"),
    ]


def test_find_serving__lines__stay_where_they_were(make: Make) -> None:
    serving = find_serving(make("b = 0\n\na = 1\n\n\nc = a\nd = 4\n---\ndef predict(x):\n    return c"))
    assert serving
    assert (serving.kept[0].line, serving.kept[0].source) == (3, "a = 1\n\n\nc = a")
    assert serving.location.line == 1


@pytest.mark.parametrize(
    ("code", "files"),
    [
        pytest.param("m = joblib.load('m.joblib')", ["m.joblib"], id="a file"),
        pytest.param("D = 'models'\nm = joblib.load(f'{D}/m.joblib')", ["models/m.joblib"], id="put together"),
        pytest.param("m = load(open('a.bin', 'rb'))\nm.save('b.bin')", ["a.bin"], id="not what is written"),
        pytest.param("m = T.from_pretrained('./model')", ["model"], id="a folder"),
    ],
)
def test_find_serving__files__are_those_that_the_kept_code_loads(make: Make, code: str, files: list[str]) -> None:
    text = f"import joblib\nm = joblib.load('old.joblib')\n---\n{code}\ndef predict(x):\n    return m(x)"
    serving = find_serving(make(text))
    assert serving
    assert list(serving.files) == files


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from([*(part for text, _ in (*KEPT.values(), *TRAINS.values()) for part in text.split("\n---\n"))]),
        max_size=6,
    )
)
def test_find_serving__any_mixture_of_cells__what_is_kept_is_python(make: Make, parts: list[str]) -> None:
    notebook = make("\n---\n".join([*parts, "def predict(x):\n    return m(x, a, net, clean)"]))
    serving = find_serving(notebook)
    assert serving
    for cell in serving.kept:
        compile(textwrap.dedent(cell.source), "cell", "exec")
    assert find_serving(notebook) == serving


def test_find_serving__thousands_of_names__does_not_take_long(make: Make) -> None:
    body = "\n".join(
        f"def f{n}():\n    return f{(n * 7 + 1) % 1500}() + v{n % 50}\nv{n % 50} = f{n}" for n in range(1500)
    )
    started = time.process_time()
    assert find_serving(make(f"{body}\n---\ndef predict(x):\n    return f0()"))
    assert time.process_time() - started < 20
