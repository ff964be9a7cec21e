"""The pass for pytket: the same circuits, global phase included, never more two-qubit gates, all else as it was."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import numpy as np
import pytest
import sympy
from pytket.circuit import (
    CircBox,
    Circuit,
    DiagonalBox,
    MultiplexedRotationBox,
    MultiplexedTensoredU2Box,
    MultiplexedU2Box,
    MultiplexorBox,
    Op,
    OpType,
    StatePreparationBox,
    Unitary1qBox,
)
from pytket.passes import DecomposeBoxes, FullPeepholeOptimise
from scipy.stats import unitary_group

from qsac import InvalidInputError
from qsac.hosts.pytket import LABEL, boxes_pass
from tests.cases import ALL, seeds
from tests.hosts.asked import Numbers, random_numbers, structured_numbers
from tests.shares import Share
from tests.structured_states import generic

EXACT = 1e-10
CASES = 200
ROTATIONS = {"x": OpType.Rx, "y": OpType.Ry, "z": OpType.Rz}
STATE = generic(np.random.default_rng(3), 3)


def _box(asked: Numbers) -> Any:
    """pytket's box; it has none for tables, which are given as states."""
    controls = list(product((False, True), repeat=asked.qubits - 1))
    match asked.kind:
        case "state" | "rows":
            return StatePreparationBox(asked.values.reshape(-1).astype(complex) / np.linalg.norm(asked.values))
        case "diagonal":
            return DiagonalBox(np.exp(1j * asked.values))
        case "gates":
            kind = MultiplexorBox if len(asked.values) < 5 and len(asked.name) % 2 else MultiplexedU2Box
            return kind({bits: Unitary1qBox(gate) for bits, gate in zip(controls, asked.values, strict=True)})
        case axis:
            return MultiplexedRotationBox((asked.values / np.pi).tolist(), ROTATIONS[axis])


def _circuit(box: Any) -> Circuit:
    return Circuit(box.n_qubits).add_gate(box, list(range(box.n_qubits))[::-1])


def _same(asked: Numbers, target: str) -> bool:
    """Checks the pass on the box for some numbers; whether it takes fewer gates."""
    size = len(asked.values)
    if asked.kind == "rows" and size & (size - 1):
        asked = Numbers("rows", asked.values[: 1 << (size.bit_length() - 1)], asked.name)
    box = _box(asked)
    circuit = _circuit(box)
    own, usual = circuit.copy(), circuit.copy()
    replaced = boxes_pass(target).apply(own)
    DecomposeBoxes().apply(usual)
    if not replaced:
        assert own == circuit
        return False
    if isinstance(box, StatePreparationBox):
        # Not what pytket's own circuit prepares: some of its angles are rounded to 1e-8.
        order = (2,) * own.n_qubits
        wanted = box.get_statevector().reshape(order).transpose().reshape(-1)
        assert np.abs(own.get_statevector() - wanted).max() < EXACT
    else:
        assert np.abs(own.get_unitary() - circuit.get_unitary()).max() < EXACT
    gates = own.n_2qb_gates()
    FullPeepholeOptimise(allow_swaps=False).apply(usual)
    assert gates < usual.n_2qb_gates()
    return True


def _is_quick(asked: Numbers) -> bool:
    """On five qubits pytket's own optimisation, which the pass is compared with, takes seconds."""
    return ALL or asked.qubits < 5


@pytest.mark.parametrize("target", ["h2", "ibm-fez"])
def test_random_numbers(target: str) -> None:
    with Share(0.2, 0.8) as share:
        for asked in map(random_numbers, seeds(CASES, one_of=16)):
            if _is_quick(asked):
                share.saw(_same(asked, target))


@pytest.mark.parametrize("target", ["h2", "ibm-fez"])
def test_numbers_with_structure(target: str) -> None:
    with Share(0.4, 0.95) as share:
        for asked in map(structured_numbers, seeds(CASES, one_of=20)):
            if _is_quick(asked):
                share.saw(_same(asked, target))


def test_several_targets_of_one_index() -> None:
    gates = unitary_group.rvs(2, size=4, random_state=np.random.default_rng(1))
    boxes = {(bit,): [Unitary1qBox(gates[int(bit)]), Unitary1qBox(gates[2 + bit])] for bit in (False, True)}
    circuit = _circuit(MultiplexedTensoredU2Box(boxes))
    own = circuit.copy()
    assert boxes_pass().apply(own)
    assert own.n_2qb_gates() == 2
    assert np.abs(own.get_unitary() - circuit.get_unitary()).max() < EXACT


def test_all_else_stays() -> None:
    circuit = Circuit(4, 2, name="whole")
    circuit.add_gate(StatePreparationBox(STATE), [3, 0, 2], opgroup="state")
    circuit.SWAP(0, 1)
    circuit.replace_SWAPs()
    circuit.add_barrier([0, 1])
    circuit.Rz(sympy.Symbol("a"), 1)
    circuit.add_phase(0.3)
    circuit.X(2, condition_bits=[0], condition_value=1)
    circuit.Measure(1, 1)
    own = circuit.copy()
    assert boxes_pass().apply(own)
    assert own.name == "whole"
    assert own.implicit_qubit_permutation() == circuit.implicit_qubit_permutation()
    assert own.n_2qb_gates() == 3
    kept = {str(command) for command in circuit.get_commands() if command.op.type != OpType.StatePreparationBox}
    assert len(kept) == 4
    assert kept <= {str(command) for command in own.get_commands()}
    assert own.free_symbols() == {sympy.Symbol("a")}


def _left(circuit: Circuit, **options: Any) -> bool:
    own = circuit.copy()
    return not boxes_pass(**options).apply(own) and own == circuit


def test_what_is_left_to_pytket() -> None:
    box = StatePreparationBox(STATE)
    assert not _left(_circuit(box))
    after = Circuit(3).H(1)
    after.add_gate(box, [0, 1, 2])
    assert _left(after)
    assert _left(_circuit(box), from_zero=False)
    assert _left(_circuit(StatePreparationBox(STATE, is_inverse=True)))
    assert _left(_circuit(CircBox(_circuit(box))))
    conditional = Circuit(3, 1)
    conditional.add_gate(box, [0, 1, 2], condition_bits=[0], condition_value=1)
    assert _left(conditional)
    gates = {(False,): Op.create(OpType.Rx, 0.3), (True,): Op.create(OpType.Rx, sympy.Symbol("a"))}
    assert _left(_circuit(MultiplexorBox(gates)))
    large = MultiplexorBox({(True, True): Op.create(OpType.CX)})
    assert _left(_circuit(large))
    whole = {
        bits: Unitary1qBox(gate)
        for bits, gate in zip(
            product((False, True), repeat=2),
            unitary_group.rvs(2, size=4, random_state=np.random.default_rng(4)),
            strict=True,
        )
    }
    assert _left(_circuit(MultiplexedU2Box(whole, impl_diag=False)))


def test_after_a_reset() -> None:
    circuit = Circuit(3)
    for qubit in range(3):
        circuit.H(qubit)
        circuit.Reset(qubit)
    circuit.add_gate(StatePreparationBox(STATE), [0, 1, 2])
    assert not _left(circuit)
    itself = Circuit(3).H(0)
    itself.add_gate(StatePreparationBox(STATE, with_initial_reset=True), [0, 1, 2])
    own = itself.copy()
    assert boxes_pass().apply(own)
    assert (own.n_gates_of_type(OpType.Reset), own.n_2qb_gates()) == (3, 3)


def test_it_never_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(*_: object) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr("qsac.hosts.candidates._block", fault)
    assert _left(_circuit(StatePreparationBox(STATE)))


def test_its_options_are_checked() -> None:
    with pytest.raises(InvalidInputError) as error:
        boxes_pass("nowhere")
    assert error.value.code == "target.unknown"
    with pytest.raises(InvalidInputError):
        boxes_pass(optimisation=4)


def test_it_serialises_to_its_label() -> None:
    """As the page says: nothing but the name reaches another process."""
    written = boxes_pass().to_dict()
    assert LABEL in json.dumps(written)
    assert "h2" not in json.dumps(written)
