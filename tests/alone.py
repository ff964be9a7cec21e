"""Tests without other packages' extensions: qsac looks for them each time that it reads a model, in files of all that
is installed, which takes longer than to read the model."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def only_what_is_built_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """No package brings anything, in this process; for all tests of a module or folder that imports this."""
    monkeypatch.setattr("qsac.plugins.entry_points", lambda **_: ())
