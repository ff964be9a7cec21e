"""Emission in PhasedX and ZZPhase, on random block programs and block by block."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qsac.counting.formulas import two_qubit_gates
from qsac.ir.blocks import Diagonal, Measure, Multiplexor, PauliRotation, UniformlyControlledGate, Unitary
from qsac.ir.op import Op, Register
from qsac.ir.program import Program, Readout
from qsac.ir.save_probabilities import SaveProbabilities
from qsac.ir.table import Table
from qsac.native.angles import wrapped
from qsac.native.circuit import GATES, KIND
from qsac.native.provenance import Group
from tests.cases import examples
from tests.emit.families import assert_native, assert_same_probabilities, emitted, runs_of_one_qubit_gates
from tests.shares import Share
from tests.strategies import block_programs, random_unitary


def test_probabilities_are_the_interpreters() -> None:
    # Of programs as they are drawn so many save no probabilities that a share of those that do is a matter of chance.
    with Share(0.15, most=0.85) as unobserved:

        @settings(max_examples=300)
        @given(block_programs() | block_programs(observed=True))
        def holds(program: Program) -> None:
            circuit = emitted(program, "h1")
            assert_same_probabilities(program, circuit)
            assert_native(circuit, "h1")
            # an observation stands between gates: what waits is written before it
            if unobserved.saw(not any(isinstance(op, SaveProbabilities) for op in program.ops)):
                assert all(len(run) == 1 for run in runs_of_one_qubit_gates(circuit))
            assert circuit.count("Rz") == 0
            assert circuit.two_qubit_gates <= two_qubit_gates(program, "zzphase")

        holds()


@settings(max_examples=examples(200))
@given(block_programs(generic=True))
def test_two_qubit_gates_are_what_the_formula_says(program: Program) -> None:
    assert emitted(program, "h1").two_qubit_gates == two_qubit_gates(program, "zzphase")


def _program(*ops: Op, width: int = 3) -> Program:
    qubits = [f"q[{index}]" for index in range(width)]
    measured = tuple(Measure(name, "all", index) for index, name in enumerate(qubits))
    registers = tuple(Register(name, 1) for name in qubits)
    readout = Readout("fidelity", (), tuple(f"all[{index}]" for index in range(width)))
    return Program("blocks", "block", registers, {}, (*ops, *measured), (readout,))


def _gates(*ops: Op) -> list[str]:
    circuit = emitted(_program(*ops), "h1")
    return [GATES[kind].name for kind in circuit.kind if GATES[kind].name != "Measure"]


RNG = np.random.default_rng(7)


@pytest.mark.parametrize("controls", range(6))
def test_a_ladder_saves_its_first_or_last_entangler_at_a_zero(controls: int) -> None:
    names = tuple(f"c[{index}]" for index in range(controls))
    registers = tuple(Register(name, 1) for name in (*names, "t"))
    prepared = tuple(PauliRotation("y", (name,), 0.3) for name in names)
    counts = []
    for enters, leaves in ((False, False), (True, False), (False, True), (True, True)):
        ladder = Multiplexor("y", names, "t", Table(RNG.uniform(-3, 3, 1 << controls)), enters, leaves)
        program = Program("one", "block", registers, {}, (*prepared, ladder, Measure("t", "b", 0)), ())
        counts.append(emitted(program, "h1").two_qubit_gates)
    full = 1 << controls
    assert counts == ([full, full - 1, full - 1, full - 1] if controls > 1 else [controls] * 4)


def test_what_waits_is_written_once() -> None:
    turns = [PauliRotation(axis, ("q[0]",), 0.1 * place) for place, axis in enumerate("xyzxyz", 1)]
    assert _gates(*turns) == ["PhasedX"]
    assert _gates(*turns, *(turn.adjoint() for turn in reversed(turns))) == []


def test_a_change_of_frame_is_never_written() -> None:
    assert _gates(PauliRotation("z", ("q[0]",), 0.4), PauliRotation("z", ("q[1]",), 0.1)) == []
    assert _gates(Diagonal(("q[0]",), Table([0.0, 1.0]))) == []
    assert _gates(Unitary("q[0]", Table(np.diag(np.exp([0.3j, -1j]))))) == []


@pytest.mark.parametrize("turns", [1, 2, 3, -1, 5])
def test_whole_turns_of_two_qubits_entangle_nothing(turns: int) -> None:
    assert _gates(PauliRotation("zz", ("q[0]", "q[1]"), turns * np.pi)) == []


@pytest.mark.parametrize("angle", [0.7, 0.5 * np.pi, 0.9 * np.pi, 1.3 * np.pi, -1.9 * np.pi])
def test_the_smaller_of_two_equal_angles_is_written(angle: float) -> None:
    circuit = emitted(_program(PauliRotation("zz", ("q[0]", "q[1]"), angle)), "h1")
    (written,) = circuit.angles[circuit.kind == 4, 0]
    assert abs(written) <= 0.5
    assert np.cos(2 * np.pi * written) == pytest.approx(np.cos(2 * angle))


def test_bits_are_in_pytkets_order_whatever_is_measured_first() -> None:
    measured = (Measure("q[0]", "b", 1), Measure("q[1]", "a", 0), Measure("q[2]", "b", 0))
    registers = tuple(Register(f"q[{index}]", 1) for index in range(3))
    program = Program("bits", "block", registers, {}, measured, (Readout("fidelity", ("b[1]",), ("a[0]",)),))
    circuit = emitted(program, "h1")
    assert circuit.bits == (("a", 0), ("b", 0), ("b", 1))
    assert circuit.second[circuit.kind == 6].tolist() == [2, 0, 1]
    assert (circuit.readouts[0].given, circuit.readouts[0].success) == ((2,), (0,))


def test_groups_say_which_ops_a_gate_is_of() -> None:
    ops: list[Any] = [
        PauliRotation("x", ("q[0]",), 1.0, sources=(0,)),
        PauliRotation("zz", ("q[0]", "q[1]"), 1.0, sources=(0, 2)),
        Diagonal(("q[0]", "q[1]", "q[2]"), Table(RNG.uniform(-3, 3, 8)), sources=(5,)),
    ]
    circuit = emitted(_program(*ops), "h1")
    assert circuit.groups[:2] == (Group(0, 0, (0,)), Group(1, 1, (0, 2)))
    assert {group.ops for group in circuit.groups[2:]} == {(5,)}
    grouped = {place for group in circuit.groups for place in range(group.first, group.last + 1)}
    assert grouped == set(np.flatnonzero(circuit.kind != KIND["Measure"]).tolist())  # measurements have no source here


def test_merged_gates_are_of_all_ops_that_turn() -> None:
    """A change of frame before or after counts for nothing, one between two rotations decides what they come to."""
    turns = [("z", 0), ("x", 1), ("z", 2), ("y", 3), ("z", 4)]
    ops = [PauliRotation(axis, ("q[0]",), 0.7, sources=(source,)) for axis, source in turns]
    circuit = emitted(_program(*ops, width=1), "h1")
    assert circuit.groups == (Group(0, 0, (1, 2, 3)),)
    without = emitted(_program(*ops[:3], ops[4], width=1), "h1")
    assert without.groups == (Group(0, 0, (1,)),)


def _changed(op: Op, rng: np.random.Generator) -> Op | None:
    """The op with other numbers, if it has any."""
    match op:
        case Multiplexor(pair="none"):
            return replace(op, angles=Table(rng.uniform(0.3, 2.5, op.angles.shape)))
        case UniformlyControlledGate():
            return replace(op, theta=Table(rng.uniform(0.3, 2.5, op.theta.shape)))
        case Diagonal():
            return replace(op, phases=Table(rng.uniform(-3, 3, op.phases.shape)))
        case PauliRotation():
            return replace(op, angle=rng.uniform(0.3, 2.5))
        case Unitary():
            return replace(op, matrix=Table(random_unitary(rng, 2)))
    return None


def test_only_gates_of_an_op_depend_on_its_numbers() -> None:
    """Every block is an op of its own; other numbers of one change the rotations that are of it, and no others."""
    compared, turned = [], []

    @settings(max_examples=200)
    @given(block_programs(generic=True), st.integers(0, 2**32))
    def compare(program: Program, seed: int) -> None:
        rng = np.random.default_rng(seed)
        ops = [replace(op, sources=(number,)) for number, op in enumerate(program.ops)]
        others = {number: other for number, op in enumerate(ops) if (other := _changed(op, rng)) is not None}
        if not others:
            return
        place = int(rng.choice(list(others)))
        one = emitted(replace(program, ops=tuple(ops)), "h1")
        other = emitted(replace(program, ops=(*ops[:place], others[place], *ops[place + 1 :])), "h1")
        if one.kind.tolist() != other.kind.tolist():
            return
        masks = np.array([mask >> place & 1 for mask in one.provenance.masks(len(one))], dtype=bool)
        np.testing.assert_allclose(one.angles[~masks, 0], other.angles[~masks, 0], atol=1e-12)
        compared.append(1)
        turned.append(bool(np.any(np.abs(one.angles[masks, 0] - other.angles[masks, 0]) > 1e-6)))

    compare()
    assert len(compared) > 80
    assert sum(turned) > len(compared) / 2


def test_an_observation_finds_its_qubits_settled() -> None:
    ops = (
        PauliRotation("x", ("q[0]",), 1.0),
        SaveProbabilities(("q[0]",), "weights"),
        PauliRotation("x", ("q[1]",), 1.0),
        Measure("q[1]", "value", 0),
        SaveProbabilities(("q[0]",), "overlaps"),
    )
    registers = (Register("q[0]", 1), Register("q[1]", 1))
    circuit = emitted(Program("profile", "block", registers, {}, ops, ()), "h1")
    assert circuit.snapshot is not None
    assert (circuit.snapshot.register, circuit.snapshot.given, circuit.snapshot.success) == ((0,), (), (0,))
    assert circuit.snapshot.stop == len(circuit) == 3


def test_an_empty_program_is_an_empty_circuit() -> None:
    circuit = emitted(Program("none", "block", (), {}, (), ()), "h1")
    assert len(circuit) == 0
    assert circuit.bits == circuit.groups == ()


@pytest.mark.parametrize("angle", [-3.0, -1.0, 1.0, 0.0, 2.0, 5.5, 1e-20, -1e-20])
def test_wrapped_angles_are_in_one_turn(angle: float) -> None:
    assert -1 < wrapped(angle) <= 1
    assert np.exp(1j * np.pi * wrapped(angle)) == pytest.approx(np.exp(1j * np.pi * angle))
