"""What a target may say of itself."""

from dataclasses import replace
from typing import Any

import pytest

from qsac.errors import InvalidInputError
from qsac.machine import registry
from qsac.machine.target import ErrorRates

RATES = ErrorRates(one_qubit=0, two_qubit=0, measure_0=0, measure_1=0, memory=0, date="2026-01-01", source="test")


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"qubits": None, "coupling": ((0, 1),)}, "a number of qubits"),
        ({"qubits": None, "errors": replace(RATES, one_qubit_by_qubit=(0.1,))}, "a number of qubits"),
        ({"qubits": 3, "coupling": ()}, "at least one pair"),
        ({"qubits": 3, "coupling": ((0, 3),)}, "pairs of two of its 3 qubits"),
        ({"qubits": 3, "coupling": ((1, 1),)}, "pairs of two of its 3 qubits"),
        ({"qubits": 3, "coupling": ((0, 1),), "directions": ((-1, 0),)}, "pairs of two of its 3 qubits"),
        ({"qubits": 3, "errors": replace(RATES, two_qubit_by_edge=((0, 5, 0.1),))}, "pairs of two of its 3 qubits"),
        ({"qubits": 3, "errors": replace(RATES, measure_by_qubit=((0.1, 0.1),))}, "all of its 3 qubits"),
    ],
)
def test_a_target_that_contradicts_itself_is_refused(change: dict[str, Any], wanted: str) -> None:
    with pytest.raises(InvalidInputError, match="the target h1 contradicts itself") as caught:
        replace(registry.target("h1"), **change)
    assert wanted in str(caught.value)
