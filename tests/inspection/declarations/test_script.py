"""PEP 723 blocks in code cells."""

from __future__ import annotations

import pytest

from jupyter_mlpack.inspection.cells import read_cell
from jupyter_mlpack.inspection.declarations.page import Reading, UnreadablePageError
from jupyter_mlpack.inspection.declarations.script import read_script, script_pages
from jupyter_mlpack.values import PackageIndex

BLOCK = '# /// script\n# dependencies = ["rich>=13"]\n# ///\n'


def read(source: str) -> list[Reading]:
    return [read_script(page) for page in script_pages("n.ipynb", [read_cell(1, source)], "3.11")]


def lines(reading: Reading) -> list[str]:
    return [f"{entry.name}{entry.specifier} {entry.evidence.location}" for entry in reading.requirements]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param(BLOCK, [["rich>=13 n.ipynb, cell 1, line 2"]], id="plain"),
        pytest.param(f"import os\n\n{BLOCK}", [["rich>=13 n.ipynb, cell 1, line 4"]], id="lower in the cell"),
        pytest.param(f"%matplotlib inline\n{BLOCK}", [["rich>=13 n.ipynb, cell 1, line 3"]], id="below a magic"),
        pytest.param(f'text = """\n{BLOCK}"""', [], id="inside a text"),
        pytest.param(f"%%writefile x.py\n{BLOCK}", [], id="written to a file"),
        pytest.param("# /// script\n# dependencies = []\n", [], id="never closed"),
        pytest.param("# /// pyproject\n# x = 1\n# ///\n", [], id="another type"),
        pytest.param("#/// script\n# ///", [], id="no blank"),
        pytest.param(
            f"{BLOCK}\n{BLOCK}",
            [["rich>=13 n.ipynb, cell 1, line 2"], ["rich>=13 n.ipynb, cell 1, line 6"]],
            id="two blocks",
        ),
        pytest.param("# /// script\n#\n# ///\n", [[]], id="empty"),
    ],
)
def test_read_script__block__is_found_where_it_is_a_comment(source: str, expected: list[list[str]]) -> None:
    assert [lines(reading) for reading in read(source)] == expected


def test_read_script__second_fence_in_a_run__does_not_close_the_block() -> None:
    with pytest.raises(UnreadablePageError):
        read(BLOCK * 2)


def test_read_script__uv_table__names_indexes_without_credentials() -> None:
    source = """
# /// script
# requires-python = ">=3.11"
# [tool.uv]
# find-links = ["https://example.org/wheels"]
# [[tool.uv.index]]
# url = "https://me:word@example.org/simple"
# default = true
# [[tool.uv.index]]
# url = "https://example.org/torch"
# explicit = true
# [[tool.uv.index]]
# url = "file:///etc"
# ///
"""
    (reading,) = read(source)
    assert [(index.url, index.role) for index in reading.indexes if isinstance(index, PackageIndex)] == [
        ("https://example.org/simple", "default"),
        ("https://example.org/wheels", "links"),
    ]
    assert [(claim.source, claim.says, claim.evidence.location.line) for claim in reading.python] == [
        ("script", ">=3.11", 3)
    ]
