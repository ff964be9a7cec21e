"""The transformer for Cirq: the same circuits, global phase included, never more two-qubit gates than Cirq takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from qsac.errors import InvalidInputError
from tests.cases import ALL, seeds
from tests.hosts.inputs_of_seeds import (
    random_gates,
    selected,
    structured_gates,
    structured_phases,
    structured_state,
)
from tests.shares import Share
from tests.structured_states import generic

cirq = pytest.importorskip("cirq")
hosts = pytest.importorskip("qsac.hosts.cirq")

EXACT = 1e-9


def _two(circuit: Any) -> int:
    return sum(len(operation.qubits) == 2 for operation in circuit.all_operations())


def _host(operation: Any) -> int | None:
    """What Cirq takes; None where it has no decomposition."""
    try:
        decomposed = cirq.Circuit(cirq.decompose(operation))
    except ValueError:
        return None
    if any(len(one.qubits) > 2 or not cirq.has_unitary(one) for one in decomposed.all_operations()):
        return None
    optimised = cirq.optimize_for_target_gateset(decomposed, gateset=cirq.CZTargetGateset())
    return min(_two(decomposed), _two(optimised))


def _random(seed: int) -> Any:
    """An operation of random numbers on qubits in any order."""
    rng = np.random.default_rng(seed)
    # Of a gate under three controls Cirq optimises what it takes for a second.
    qubits = 1 + seed // 6 % (4 if ALL or seed % 6 != 4 else 3)
    on = [cirq.NamedQubit(f"q{place}") for place in rng.permutation(qubits)]
    gates = random_gates(rng, 1 << (qubits - 1))
    phases = rng.uniform(-9, 9, 1 << qubits)
    match seed % 6:
        case 0:
            return cirq.StatePreparationChannel(generic(rng, qubits, real=bool(rng.integers(2)))).on(*on)
        case 1:
            return cirq.DiagonalGate(phases.tolist()).on(*on)
        case 2:
            return cirq.MatrixGate(np.diag(np.exp(1j * phases))).on(*on)
        case 3:
            return cirq.MatrixGate(selected(gates, int(rng.integers(qubits)))).on(*on)
        case 4 if qubits > 1:
            return cirq.MatrixGate(gates[0]).on(on[0]).controlled_by(*on[1:], control_values=[0] * (qubits - 1))
        case _:
            return cirq.MatrixGate(selected(gates, 0)).on(*on)


def _structured(seed: int) -> Any:
    """An operation of structure."""
    rng = np.random.default_rng(seed)
    match seed % 4:
        case 0 | 1:
            _, v = structured_state(seed // 2)
            return cirq.StatePreparationChannel(v).on(*cirq.LineQubit.range(len(v).bit_length() - 1))
        case 2:
            _, phases = structured_phases(seed // 4)
            gate = cirq.DiagonalGate(phases.tolist()) if rng.integers(2) else None
            on = cirq.LineQubit.range(len(phases).bit_length() - 1)
            return (gate or cirq.MatrixGate(np.diag(np.exp(1j * phases)))).on(*on)
        case _:
            _, gates = structured_gates(seed // 4)
            place = int(rng.integers(len(gates).bit_length()))
            return cirq.MatrixGate(selected(gates, place)).on(*cirq.LineQubit.range(len(gates).bit_length()))


def _is_replaced(operation: Any, target: str) -> bool:
    """Whether the operation is replaced: by what does the same, in fewer two-qubit gates than Cirq takes."""
    order = sorted(operation.qubits)
    found = hosts.qsac_synthesis(cirq.Circuit(operation), starts_in_zero=True, target=target)
    if isinstance(operation.gate, cirq.StatePreparationChannel):
        vector = found.final_state_vector(qubit_order=operation.qubits, dtype=np.complex128)
        assert np.abs(vector - operation.gate.state).max() < EXACT
    else:
        before, after = (one.unitary(order, order, dtype=np.complex128) for one in (cirq.Circuit(operation), found))
        assert np.abs(after - before).max() < EXACT
    if found == cirq.Circuit(operation):
        return False
    host = _host(operation)
    assert host is None or _two(found) < host
    return True


def _cases() -> Iterator[tuple[str, Any]]:
    for seed in seeds(100, one_of=5):
        yield ("h2" if seed % 4 == 3 else "ibm-fez"), _random(seed)


def test_random_operations_stay_exact() -> None:
    with Share(0.4) as share:
        for target, operation in _cases():
            share.saw(_is_replaced(operation, target))


def test_never_worse_than_cirq() -> None:
    with Share(0.5) as share:
        for seed in seeds(100, one_of=5):
            share.saw(_is_replaced(_structured(seed), "ibm-fez"))


def test_states_are_channels() -> None:
    """Whatever the qubits hold before, as Cirq's own channel has it."""
    v = generic(np.random.default_rng(1), 2)
    a, b, c = cirq.LineQubit.range(3)
    circuit = cirq.Circuit(cirq.H(a), cirq.CNOT(a, b), cirq.CNOT(a, c), cirq.StatePreparationChannel(v)(c, a))
    simulator = cirq.DensityMatrixSimulator(dtype=np.complex128)
    for zero in (False, True):
        found = hosts.qsac_synthesis(circuit, starts_in_zero=zero)
        assert not any(isinstance(one.gate, cirq.StatePreparationChannel) for one in found.all_operations())
        matrices = [simulator.simulate(one).final_density_matrix for one in (circuit, found)]
        assert np.abs(matrices[0] - matrices[1]).max() < EXACT
    first = cirq.Circuit(cirq.StatePreparationChannel(v)(a, b), cirq.CNOT(a, c))
    resets = [
        sum(
            isinstance(one.gate, cirq.ResetChannel)
            for one in hosts.qsac_synthesis(first, starts_in_zero=zero).all_operations()
        )
        for zero in (False, True)
    ]
    assert resets == [2, 0]


def test_what_is_not_known_is_left() -> None:
    import sympy

    a, b, c = cirq.LineQubit.range(3)
    v = generic(np.random.default_rng(1), 2)
    phases = np.arange(8) ** 2 / 9
    left = [
        cirq.DiagonalGate([sympy.Symbol("t"), *phases[1:]])(a, b, c),
        cirq.DiagonalGate(np.where(np.arange(8) & 3 == 3, 1.0, 0).tolist())(a, b, c).with_tags("mine"),
        cirq.DiagonalGate(np.where(np.arange(8) & 3 == 3, 1.0, 0).tolist())(a, b, c).with_tags(cirq.VirtualTag()),
        cirq.DiagonalGate(np.where(np.arange(8) & 3 == 3, 1.0, 0).tolist())(a, b, c).with_classical_controls("m"),
        cirq.MatrixGate(np.linalg.qr(np.random.default_rng(1).normal(size=(8, 8)))[0])(a, b, c),
        cirq.MatrixGate(np.diag(np.exp(1j * np.arange(6.0))), qid_shape=(2, 3))(a, cirq.LineQid(5, 3)),
        cirq.CircuitOperation(cirq.FrozenCircuit(cirq.StatePreparationChannel(v)(a, b))),
        cirq.CCX(a, b, c),
        cirq.depolarize(0.1)(a),
    ]
    circuit = cirq.Circuit(cirq.measure(b, key="m"), *([one] for one in left))
    context = cirq.TransformerContext(tags_to_ignore=("mine",))
    assert hosts.qsac_synthesis(circuit, context=context) == circuit
    pairs = cirq.Circuit(left[1].untagged)
    assert hosts.qsac_synthesis(pairs) != pairs


def test_inside_circuit_operations() -> None:
    a, b = cirq.LineQubit.range(2)
    v = generic(np.random.default_rng(1), 2)
    inner = cirq.CircuitOperation(cirq.FrozenCircuit(cirq.StatePreparationChannel(v)(a, b)), repetitions=2)
    circuit = cirq.Circuit(inner)
    context = cirq.TransformerContext(deep=True)
    found = hosts.qsac_synthesis(circuit, context=context, starts_in_zero=True)
    assert "StatePreparation" not in str(found)
    assert str(found).count("R") >= 2  # the second time the qubits are not in zero: resets stay
    result = cirq.Simulator(dtype=np.complex128).simulate(found)
    assert abs(np.vdot(v, result.final_state_vector)) == pytest.approx(1)


@pytest.mark.parametrize(
    ("options", "code"), [({"target": "h9"}, "target.unknown"), ({"optimisation": 7}, "option.out-of-range")]
)
def test_options_are_checked(options: dict[str, Any], code: str) -> None:
    with pytest.raises(InvalidInputError) as error:
        hosts.qsac_synthesis(cirq.Circuit(), **options)
    assert error.value.code == code
