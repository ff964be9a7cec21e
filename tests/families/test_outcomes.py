"""Outcomes: how shots are counted, how two runs are added, what is drawn from exact ones."""

from dataclasses import replace
from math import sqrt

import numpy as np
import pytest

import qsac
from qsac.families.outcomes import Index, Outcomes, counted, drawn, is_drawable, measures_index
from qsac.native.circuit import NativeCircuit
from qsac.simulation.statevector import simulate
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


def _of_overlaps() -> tuple[NativeCircuit, Outcomes]:
    """A circuit that measures an index, and its exact outcomes."""
    source = random_model(5) | {"readout": {"type": "overlaps", "part": "abs2"}}
    circuit = qsac.compile(source, verify=False).circuits[0]
    return circuit, simulate(circuit)


def test_an_index_is_counted_by_its_value() -> None:
    circuit, exact = _of_overlaps()
    (readout,) = circuit.readouts
    assert exact.index is not None
    size = len(exact.index.marginal)
    assert size == 1 << len(readout.index_bits)

    def outcome(value: int, *ones: int) -> str:
        bits = ["0"] * len(circuit.bits)
        for bit, digit in zip(readout.index_bits, f"{value:0{len(readout.index_bits)}b}", strict=True):
            bits[bit] = digit
        for bit in ones:
            bits[bit] = "1"
        return "".join(bits)

    shots = [(outcome(value), value + 1) for value in range(size)]
    shots += [(outcome(value, readout.success[0]), 100) for value in range(0, size, 2)]
    found = counted(circuit, shots)
    assert found.index is not None
    assert found.index.joint.tolist() == [value + 1 for value in range(size)]
    assert found.index.marginal.tolist() == [value + 1 + 100 * (value % 2 == 0) for value in range(size)]
    assert found.total == found.given == found.index.marginal.sum()
    assert found.success == {"overlaps": found.index.joint.sum()}
    both = found + found
    assert both.index is not None
    assert (both.total, both.given, both.share("overlaps")) == (
        2 * found.total,
        2 * found.given,
        found.share("overlaps"),
    )
    np.testing.assert_array_equal(both.index.joint, 2 * found.index.joint)


@pytest.mark.parametrize("measured", [False, True])
def test_shots_are_drawn_as_the_exact_outcomes_say(measured: bool) -> None:
    if measured:
        circuit, exact = _of_overlaps()
    else:
        circuit = qsac.compile(random_model(5), verify=False).circuits[0]
        exact = simulate(circuit)
    assert is_drawable(circuit)
    assert measures_index(circuit) == measured
    shots = 200_000
    found = drawn(circuit, exact, shots, 3)
    assert (found.total, found.exact, exact.exact, exact.total) == (shots, False, True, 1)
    assert found.success.keys() == exact.success.keys()
    pairs = [(found.given, exact.given), *((found.success[name], exact.success[name]) for name in exact.success)]
    assert (found.index is not None) == measured
    if found.index is not None and exact.index is not None:
        pairs += [*zip(found.index.marginal, exact.index.marginal, strict=True)]
        pairs += [*zip(found.index.joint, exact.index.joint, strict=True)]
    for weight, share in pairs:
        assert abs(weight - shots * share) <= 5 * sqrt(shots * share * (1 - min(share, 1))) + 1e-6
    assert len({weight for weight, _ in pairs}) > 2
    np.testing.assert_array_equal(drawn(circuit, exact, shots, 3).kinds(measured), found.kinds(measured))
    assert (drawn(circuit, exact, shots, 4).kinds(measured) != found.kinds(measured)).any()


@pytest.mark.parametrize("measured", [False, True])
def test_kinds_of_bit_strings_exclude_each_other(measured: bool) -> None:
    nested = Outcomes(1.0, 0.5, {"wide": 0.4, "narrow": 0.1}, Index(np.array([0.3, 0.2]), np.array([0.25, 0.15])))
    wanted = [0.25, 0.15, 0.05, 0.05, 0.5] if measured else [0.1, 0.3, 0.1, 0.5]
    np.testing.assert_allclose(nested.kinds(measured), wanted)
    assert nested.kinds(measured).sum() == pytest.approx(nested.total)


def test_readouts_whose_bits_are_not_nested_are_not_drawn() -> None:
    circuit = qsac.compile(random_model(5), verify=False).circuits[0]
    fidelity, token = circuit.readouts
    apart = tuple(set(fidelity.success) - set(token.success))
    assert apart
    assert not is_drawable(replace(circuit, readouts=(fidelity._replace(success=apart), token)))


def test_nothing_given_has_a_share_of_nothing() -> None:
    assert Outcomes(10, 0, {"fidelity": 0}).share("fidelity") == 0
