"""Which ladders are taken on a coupling graph: several pipelines are tried, and the circuit that errs least is kept."""

from typing import Any

import pytest

import qsac.compiler.compilation
from qsac.artifact.compiled import Compiled
from tests.bench.cases import Case


def compiled(case: Case, machine: str, verify: bool = False, **options: Any) -> Compiled:
    return qsac.compiler.compilation.compile(case.model(), machine, verify=verify, **options)


@pytest.mark.usefixtures("short_search")
def test_real_tables_of_eight_columns_become_ladders_where_that_pays() -> None:
    case, machine = Case(6, 8), "ibm-nighthawk"
    best = compiled(case, machine, verify=True)
    multiplexed = compiled(case, machine, passes="default,-rotate-ladders")
    assert best.stats["loads"]["ladders_in_pairs"] == multiplexed.stats["loads"]["multiplexors"] == 4
    assert best.stats["two_qubit_gates"] < multiplexed.stats["two_qubit_gates"]
    assert best.stats["two_qubit_depth"] <= multiplexed.stats["two_qubit_depth"]
    # What was tried is not what was asked for.
    assert "rotate-ladders," in str(best.options["passes"])
    assert compiled(case, "h1").stats["loads"]["multiplexors"] == 4


@pytest.mark.parametrize(
    ("case", "machine", "taken", "other"),
    [
        (Case(3, 4, complex=True), "ibm-nighthawk", "spread=false", "real=true"),
        (Case(4, 4, complex=True), "ibm-fez", "real=true", "spread=false"),
    ],
)
@pytest.mark.usefixtures("short_search")
def test_small_circuits_have_the_ladders_that_err_less(case: Case, machine: str, taken: str, other: str) -> None:
    """A pipeline with an option is taken at its word."""
    best = compiled(case, machine, verify=True)
    same, worse = (compiled(case, machine, **_passes(option)) for option in (taken, other))
    assert best.irs == same.irs
    assert best.stats["two_qubit_gates"] == same.stats["two_qubit_gates"] < worse.stats["two_qubit_gates"]


def _passes(option: str) -> dict[str, str]:
    return {"passes": f"default,-rotate-ladders,+rotate-ladders{{{option}}}"}
