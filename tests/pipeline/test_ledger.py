"""The ledger of errors: what is spent stays spent, however often a pass spends."""

from math import nan

import pytest

from qsac.pipeline.contract import ErrorLedger


def test_what_a_pass_spends_twice_adds_up() -> None:
    once, twice = ErrorLedger(1e-2), ErrorLedger(1e-2)
    once.spend("one", 0.05)
    for error in (0.02, 0.03):
        twice.spend("one", error)
    assert once.spent == pytest.approx(twice.spent, rel=1e-12)
    assert once.available == pytest.approx(twice.available, rel=1e-12)
    assert once.available == pytest.approx(0.05, rel=1e-6)


def test_a_copy_spends_on_its_own() -> None:
    ledger = ErrorLedger(1e-2)
    ledger.spend("one", 0.02)
    ledger.copy().spend("one", 0.03)
    assert ledger.spent == {"one": pytest.approx(0.02**2)}


@pytest.mark.parametrize("error", [-0.01, nan])
def test_nothing_is_given_back(error: float) -> None:
    ledger = ErrorLedger(1e-2)
    ledger.spend("one", 0.02)
    with pytest.raises(ValueError, match="an error of"):
        ledger.spend("one", error)
    assert ledger.available == pytest.approx(0.08, rel=1e-6)
