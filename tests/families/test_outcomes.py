"""Outcomes: how shots are counted, how two runs are added, what is drawn from exact ones."""

import qsac
from qsac.families.outcomes import counted
from tests.strategies import random_model


def test_outcomes_are_counted_by_bits() -> None:
    circuit = qsac.compile(random_model(5), verify=False).circuits[0]
    fidelity, token = circuit.readouts
    width = len(circuit.bits)

    def outcome(*ones: int) -> str:
        return "".join("1" if place in ones else "0" for place in range(width))

    only_fidelity = next(iter(set(fidelity.success) - set(token.success)))
    found = counted(
        circuit,
        [
            (outcome(), 3),
            (outcome(only_fidelity), 5),
            (outcome(token.success[0]), 7),
            (outcome(token.given[0]), 11),
            (outcome(token.given[0], token.success[0]), 13),
        ],
    )
    assert (found.total, found.given, found.success) == (39, 15, {"fidelity": 3, "token_fidelity": 8})
    assert (found.index, found.exact, found.normalisation) == (None, False, 1.0)
