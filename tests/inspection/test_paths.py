"""What an expression that names a path may stand for."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mlpack.inspection.cells import read_cell
from jupyter_mlpack.inspection.flow import Flow
from jupyter_mlpack.inspection.paths import MAX_LENGTH, MAX_TEXTS, evaluate


def shown(code: str) -> list[str]:
    """What the argument of each ``see(...)`` stands for."""
    flow, found = Flow("n.ipynb"), []
    for call in flow.cell(read_cell(1, code)):
        if isinstance(call.func, ast.Name) and call.func.id == "see":
            found += [text.text for text in evaluate(call.args[0], flow.names)]
    return found


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        pytest.param("see('a.csv')", ["a.csv"], id="literal"),
        pytest.param("p = 'a.csv'\nsee(p)", ["a.csv"], id="through a name"),
        pytest.param("see('a' + '/b.csv')", ["a/b.csv"], id="sum"),
        pytest.param("d = Path('a')\nsee(d / 'b' / 'c.csv')", ["a/b/c.csv"], id="pathlib"),
        pytest.param("see(Path('a').joinpath('b', 'c.csv'))", ["a/b/c.csv"], id="joinpath"),
        pytest.param("see(Path('a/b.csv').with_suffix('.parquet'))", ["a/b.parquet"], id="with_suffix"),
        pytest.param("see(Path('a/b.csv').with_name('c.csv'))", ["a/c.csv"], id="with_name"),
        pytest.param("see(Path('a/b.csv').parent / 'c')", ["a/c"], id="parent"),
        pytest.param("see(Path.cwd().parent / 'src')", ["../src"], id="the working folder's parent"),
        pytest.param("see(Path.cwd().parents[1] / 'src')", ["../../src"], id="parents"),
        pytest.param("see(os.path.join('a', 'b.csv'))", ["a/b.csv"], id="os.path.join"),
        pytest.param("see(os.path.join(os.getcwd(), '..', 'src'))", ["./../src"], id="getcwd"),
        pytest.param("see(os.path.dirname(os.path.abspath('a/b.csv')))", ["a"], id="dirname"),
        pytest.param("n = 3\nsee(f'fold_{n}.csv')", ["fold_3.csv"], id="known f-string"),
        pytest.param("see(f'model-{epoch}.pt')", ["model-{epoch}.pt"], id="f-string with a gap"),
        pytest.param("see('a/{}.csv'.format(x))", ["a/{}.csv"], id="format"),
        pytest.param("see('a/%s.csv' % x)", ["a/{...}.csv"], id="percent"),
        pytest.param("c = {'train': 'a.csv'}\nsee(c['train'])", ["a.csv"], id="dict"),
        pytest.param("class C:\n    train = 'a.csv'\nsee(C.train)", ["a.csv"], id="class attribute"),
        pytest.param("a.path = 'x.csv'\nsee(a.path)", ["x.csv"], id="attribute"),
        pytest.param("for f in ['a', 'b']:\n    see(f)", ["a", "b"], id="loop over a list"),
        pytest.param("[see(f) for f in ('a', 'b')]", ["a", "b"], id="comprehension"),
        pytest.param("p = 'a' if x else 'b'\nsee(p)", ["a", "b"], id="either"),
        pytest.param("if x:\n    p = 'a'\nelse:\n    p = 'b'\nsee(p)", ["b", "a"], id="branches"),
        pytest.param("p = 'a'\np = f()\nsee(p)", [], id="forgotten"),
        pytest.param("def f(p='a'):\n    see(p)\n", ["a"], id="default of a parameter"),
        pytest.param("p = 'a'\ndef f(p):\n    see(p)\n", [], id="parameter hides the name"),
        pytest.param("p = 'a'\ndef f(p):\n    pass\nsee(p)", ["a"], id="and gives it back"),
        pytest.param("p, q = 'a', 'b'\nsee(q)", ["b"], id="tuple"),
        pytest.param("p = 'a'\np += '/b'\nsee(p)", ["a/b"], id="augmented"),
        pytest.param("p = os.environ.get('DATA', 'data')\nsee(p + '/a')", ["data/a"], id="default of a variable"),
        pytest.param("if (p := 'a'):\n    see(p)", ["a"], id="walrus"),
    ],
)
def test_evaluate__expression__stands_for(code: str, expected: list[str]) -> None:
    assert shown(code) == expected


def test_evaluate__growing_text__is_bounded() -> None:
    assert shown("a = 'xy'\n" + "a = a + a\n" * 60 + "see(a)") == []
    many = shown("\n".join(f"if x{i}:\n    p = 'a{i}'" for i in range(40)) + "\nsee(p)")
    assert len(many) <= MAX_TEXTS


@given(st.recursive(st.sampled_from(["'a'", "x", "p", "1", "f()"]), lambda inner: st.one_of(
    st.tuples(inner, st.sampled_from([" + ", " / ", " % ", " or "]), inner).map("".join),
    inner.map(lambda text: f"Path({text})"), inner.map(lambda text: f"f'{{{text!r}}}'"),
    inner.map(lambda text: f"({text})[0]"), inner.map(lambda text: f"({text}).parent"),
), max_leaves=30))  # fmt: skip
def test_evaluate__any_expression__answers_within_bounds(text: str) -> None:
    try:
        tree = ast.parse(text, mode="eval").body
    except SyntaxError:
        return
    found = evaluate(tree, {"p": evaluate(ast.Constant("data"), {})})
    assert len(found) <= MAX_TEXTS
    assert all(len(item.text) <= MAX_LENGTH for item in found)
