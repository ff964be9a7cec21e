"""Emission in SX, X, Rz and CZ, on random block programs and block by block."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings

from qsac.counting.formulas import two_qubit_gates
from qsac.ir.blocks import Measure, Multiplexor, PauliRotation
from qsac.ir.op import Op, Register
from qsac.ir.program import Program
from qsac.ir.table import Table
from qsac.native.circuit import GATES, KIND
from tests.cases import examples
from tests.emit.families import assert_native, assert_same_probabilities, emitted, runs_of_one_qubit_gates
from tests.strategies import block_programs

DEVICE = "ibm-fez"


@settings(max_examples=examples(300))
@given(block_programs())
def test_probabilities_are_the_interpreters(program: Program) -> None:
    circuit = emitted(program, DEVICE)
    assert_same_probabilities(program, circuit)
    assert_native(circuit, DEVICE)
    assert circuit.two_qubit_gates <= two_qubit_gates(program, "cz")


@settings(max_examples=examples(200))
@given(block_programs(generic=True))
def test_two_qubit_gates_are_what_the_formula_says(program: Program) -> None:
    assert emitted(program, DEVICE).two_qubit_gates == two_qubit_gates(program, "cz")


@settings(max_examples=examples(100))
@given(block_programs())
def test_one_qubit_gates_between_entanglers_are_few(program: Program) -> None:
    """At most Rz SX Rz SX Rz for each PhasedX of the other family, and never two Rz in a row."""
    for run in runs_of_one_qubit_gates(emitted(program, DEVICE)):
        assert not any(pair == ("Rz", "Rz") for pair in pairwise(run)), run


@settings(max_examples=examples(100))
@given(block_programs())
def test_groups_cover_the_circuit(program: Program) -> None:
    """Every block is an op of its own: a measurement is of its own, and all gates are of some."""
    ops = tuple(replace(op, sources=(place,)) for place, op in enumerate(program.ops))
    circuit = emitted(replace(program, ops=ops), DEVICE)
    assert [group.first for group in circuit.groups] == [0, *(group.last + 1 for group in circuit.groups[:-1])]
    assert circuit.groups[-1].last == len(circuit) - 1
    masks = circuit.provenance.masks(len(circuit))
    measured = [masks[place] for place in np.flatnonzero(circuit.kind == KIND["Measure"])]
    assert measured == [1 << place for place, op in enumerate(ops) if isinstance(op, Measure)]


def _gates(*ops: Op, width: int = 2) -> list[str]:
    registers = tuple(Register(f"q[{index}]", 1) for index in range(width))
    circuit = emitted(Program("blocks", "block", registers, {}, ops, ()), DEVICE)
    return [GATES[kind].name for kind in circuit.kind]


MEASURED = Measure("q[0]", "b", 0)


def test_special_turns_take_one_gate_or_none() -> None:
    assert _gates(PauliRotation("x", ("q[0]",), np.pi), MEASURED) == ["X", "Measure"]
    assert _gates(PauliRotation("x", ("q[0]",), np.pi / 2), MEASURED) == ["SX", "Measure"]
    assert _gates(PauliRotation("z", ("q[0]",), 1.0), MEASURED) == ["Measure"]
    assert _gates(PauliRotation("x", ("q[0]",), 1.0), MEASURED).count("SX") == 2


def test_no_rz_after_the_last_gate() -> None:
    gates = _gates(PauliRotation("y", ("q[0]",), 0.3), PauliRotation("z", ("q[0]",), 0.7), MEASURED)
    assert gates[-2:] == ["SX", "Measure"]


@pytest.mark.parametrize(("quarters", "entanglers"), [(1, 1), (-1, 1), (3, 1), (0.4, 2), (2, 0)])
def test_a_quarter_turn_takes_one_entangler(quarters: float, entanglers: int) -> None:
    ops = (PauliRotation("y", ("q[0]",), 0.3), PauliRotation("zx", ("q[0]", "q[1]"), quarters * np.pi / 2))
    assert _gates(*ops).count("CZ") == entanglers


@pytest.mark.parametrize(("enters", "leaves", "entanglers"), [(False, False, 2), (True, False, 1), (False, True, 1)])
def test_one_control_takes_a_ladder_where_that_saves_an_entangler(enters: bool, leaves: bool, entanglers: int) -> None:
    ladder = Multiplexor("y", ("q[1]",), "q[0]", Table([0.3, 1.2]), enters, leaves)
    assert _gates(PauliRotation("y", ("q[1]",), 0.3), ladder, MEASURED).count("CZ") == entanglers
