"""A job of two circuits, and a vendor that counts what it is handed."""

from pathlib import Path

import pytest

import qsac
from qsac.submission import submit
from tests.families.conftest import contrast as contrast
from tests.families.conftest import package as package
from tests.submission.fake import CountingVendor

STATES = [[0.6, 0.8], [1.0, 0.0]]
PAIR = {
    "qsac": 1,
    "name": "pair",
    "contrast": {"state": STATES, "first": STATES[::-1], "second": [[-0.8, 0.6], [0.0, 1.0]]},
}
"""A model whose plan has the circuits first and second, and a classical step."""


@pytest.fixture
def pair(contrast: None) -> qsac.Compiled:
    return qsac.compile(PAIR, "h2", verify=False)


@pytest.fixture
def vendor(pair: qsac.Compiled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CountingVendor:
    """The vendor that every job is submitted to, with the program as pair.qsac.json in the working directory."""
    monkeypatch.chdir(tmp_path)
    pair.save("pair.qsac.json")
    fake = CountingVendor(tmp_path / "vendor")
    monkeypatch.setattr(submit, "client", lambda _vendor, _machine: fake)
    return fake
