"""Which version, when several sources speak."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mlpack.inspection.belief import SOURCES, rank
from jupyter_mlpack.inspection.declarations import DeclaredRequirement
from jupyter_mlpack.inspection.versions import agree, constraints, decide, is_pin
from jupyter_mlpack.values import (
    Claim,
    Dependency,
    Evidence,
    KernelDistribution,
    KernelEnvironment,
    Location,
)


def claims(*says: str) -> list[Claim]:
    return [Claim(f"source{number}", word, Evidence("X", Location("x"), word)) for number, word in enumerate(says)]


@pytest.mark.parametrize(
    ("says", "specifier", "first", "against"),
    [
        pytest.param([], "", "", [], id="nobody"),
        pytest.param(["", ">=2"], ">=2", "source1", [], id="an open word is none"),
        pytest.param([">=2", "==2.2.3"], "==2.2.3", "source1", [], id="the pin fits the range"),
        pytest.param(["==2.1", "==2.2.3"], "==2.1", "source0", ["==2.2.3"], id="two pins"),
        pytest.param(["==2.1", ">=2"], "==2.1", "source0", [], id="a range that allows the pin"),
        pytest.param([">=3", "==2.2.3", "==3.1"], "==3.1", "source2", ["==2.2.3"], id="the first pin that fits"),
        pytest.param([">=2", "<3"], ">=2,<3", "source0", [], id="ranges hold together"),
        pytest.param([">=2", "<2", ">=2.1"], ">=2,>=2.1", "source0", ["<2"], id="a range that does not"),
        pytest.param(
            [" @ https://example.org/x", "==1"], " @ https://example.org/x", "source0", [], id="address first"
        ),
        pytest.param(["==1", " @ https://example.org/x"], "==1", "source0", [], id="address later"),
        pytest.param(["==1.*", "==1.2.0"], "==1.2.0", "source1", [], id="a prefix is a range"),
        pytest.param(["~=1.4", "==2.0"], "~=1.4", "source0", ["==2.0"], id="compatible release"),
        pytest.param([">=1", "nonsense"], ">=1", "source0", ["nonsense"], id="nonsense"),
        pytest.param([">=1.0", "==1.1rc1"], "==1.1rc1", "source1", [], id="a pre-release that is held is meant"),
    ],
)
def test_decide__claims__are_followed_in_order(says: list[str], specifier: str, first: str, against: list[str]) -> None:
    decision = decide(claims(*says))
    assert (decision.specifier, decision.source, [claim.says for claim in decision.against]) == (
        specifier,
        first,
        against,
    )
    conflict = decision.conflict("x")
    assert (conflict is None) == (not against)
    assert conflict is None or conflict.claims[0].source == first


@pytest.mark.parametrize(
    ("specifiers", "expected"),
    [
        ([], True),
        ([">=1", "<2"], True),
        (["<1", ">=1"], False),
        ([">1", "<=1"], False),
        (["<=1", ">=1"], True),
        (["!=1", "==1"], False),
        (["<2", ">1.9", "!=1.9.5"], True),
        (["==1.*", ">=1.5"], True),
        (["==1.*", ">=2"], False),
        (["~=1.4.2", "<1.4.2"], False),
        (["!=0", "<1"], True),
        (["!=1.2.*", ">=1.2,<1.4"], True),
        ([">1.0rc1", "<=1.0"], True),
        (["===odd"], False),
        (["==1.0", "=== 1.0"], True),
    ],
)
def test_agree__specifiers__share_a_version_or_not(specifiers: list[str], expected: bool) -> None:
    assert agree(specifiers) is expected


VERSIONS = st.lists(st.integers(0, 3), min_size=1, max_size=3).map(lambda parts: ".".join(map(str, parts)))
SPECIFIERS = st.builds("{}{}".format, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), VERSIONS)


@given(st.lists(SPECIFIERS, max_size=4), VERSIONS)
def test_agree__a_version_that_satisfies_all__is_found(specifiers: list[str], version: str) -> None:
    from packaging.specifiers import SpecifierSet

    if SpecifierSet(",".join(specifiers)).contains(version):
        assert agree(specifiers)


@given(st.lists(SPECIFIERS, max_size=5))
def test_decide__whatever_is_followed__agrees_with_the_answer(says: list[str]) -> None:
    decision = decide(claims(*says))
    assert agree([decision.specifier, *(claim.says for claim in decision.followed)])
    assert not any(agree([decision.specifier, claim.says]) for claim in decision.against if is_pin(decision.specifier))


def test_rank__sources__stand_in_their_order_and_near_files_first() -> None:
    assert [source.name for source in sorted(SOURCES, key=lambda source: rank(source.name))] == [
        source.name for source in SOURCES
    ]
    assert rank("kernel") < rank("requirements") < rank("lock", 1) < rank("tool")
    assert all(source.reason for source in SOURCES)


def test_constraints__kernel__without_what_the_notebook_decides() -> None:
    held = [
        KernelDistribution("A_b", "1.0+cu1", "index", ()),
        KernelDistribution("c", "1", "editable", ()),
        KernelDistribution("d", "2", "index", ()),
        KernelDistribution("e", "odd", "index", ()),
    ]
    own = (Dependency("d", "==1", "install"),)
    assert constraints(KernelEnvironment("k", "3.11.7", tuple(held)), own) == ("a-b==1.0",)
    assert constraints(None, own) == ()


def test_constraints__no_kernel__what_a_lock_pins() -> None:
    said = [
        DeclaredRequirement(name, specifier, (), source, Evidence("X", Location("x"), ""))
        for name, specifier, source in [
            ("a", "==1", "lock"),
            ("a", "==2", "lock"),
            ("b", "==1", "requirements"),
            ("c", "", "lock"),
            ("d", "==1", "lock"),
        ]
    ]
    assert constraints(None, (Dependency("d", "==2", "install"),), said) == ("a==1",)
    assert constraints(KernelEnvironment("k", "3.11.7", ()), (), said) == ()
