"""Counts without circuits against the circuits that the emitters write."""

from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qsac.counting.gate_counts import GateCounts, toggles
from qsac.counting.stats import gate_times, layers
from qsac.emit.emit import EMITTERS
from qsac.emit.shape_emitter import tally
from qsac.ir.blocks import Diagonal, Measure, Multiplexor, UniformlyControlledGate
from qsac.ir.blocks.multiplexor import ladder_places
from qsac.ir.op import Op, Register
from qsac.ir.program import Program
from qsac.ir.shaped_table import ShapedTable, Span
from qsac.ir.table import Table
from qsac.machine.target import Durations
from qsac.native.circuit import GATES, GateFamily, NativeCircuit
from tests.cases import examples
from tests.strategies import block_programs

FAMILIES = get_args(GateFamily)
LASTS = Durations(3e-8, 7e-8, 1e-6, 5e-7, 0.0, 0.0, "made up")


@given(st.integers(1, 200), st.integers(0, 3), st.booleans())
def test_toggles_are_those_of_the_ladder(rows: int, further: int, backwards: bool) -> None:
    controls = (rows - 1).bit_length() + further
    places = ladder_places(rows, controls)
    taken = toggles(rows, controls)
    if backwards:
        places, taken = places[::-1], taken.backwards()
    found = {
        control: (int(np.flatnonzero(places == control)[0]), int(np.flatnonzero(places == control)[-1]))
        for control in places.tolist()
    }
    assert taken.length == len(places)
    assert {control: (first, last) for control, (first, last, _) in taken.places.items()} == found
    assert {control: count for control, (_, _, count) in taken.places.items()} == {
        control: int(np.sum(places == control)) for control in found
    }


def _of_circuit(circuit: NativeCircuit) -> dict[str, Any]:
    found = layers(circuit)
    times = gate_times(LASTS)
    ends = [0.0] * len(circuit.qubits)
    for kind, first, second in zip(circuit.kind.tolist(), circuit.first.tolist(), circuit.second.tolist(), strict=True):
        qubits = [first, second] if GATES[kind].qubits == 2 else [first]
        end = max(ends[qubit] for qubit in qubits) + times[GATES[kind].name]
        for qubit in qubits:
            ends[qubit] = end
    return {
        "gates": {gate.name: circuit.count(gate.name) for gate in GATES if gate.name != "Rz"},
        "depths": (found.depth, found.two_qubit_depth, found.idle),
        "length": pytest.approx(max(ends, default=0.0), rel=1e-9),
    }


def _of_tally(counted: GateCounts) -> dict[str, Any]:
    return {
        "gates": {gate.name: counted.count(gate.name) for gate in GATES if gate.name != "Rz"},
        "depths": (counted.depth, counted.two_qubit_depth, counted.idle),
        "length": counted.length,
    }


@pytest.mark.parametrize("family", FAMILIES)
@settings(max_examples=examples(60))
@given(program=block_programs())
def test_known_blocks_are_counted_as_they_are_written(family: GateFamily, program: Program) -> None:
    circuit = EMITTERS[family](program, None)[0]
    counted = tally(program, family, gate_times(LASTS))
    assert _of_tally(counted) == _of_circuit(circuit)
    assert counted.two_qubit_gates == circuit.two_qubit_gates
    assert counted.one_qubit_gates == circuit.one_qubit_gates
    assert counted.qubits == len(circuit.qubits)


@st.composite
def _ladders(draw: st.DrawFn) -> tuple[Program, Program]:
    """A block program of generic numbers, and the one without the numbers."""
    rng = np.random.default_rng(draw(st.integers(0, 2**20)))
    width = draw(st.integers(2, 6))
    names = [f"q[{index}]" for index in range(width)]
    known: list[Op] = []
    outlined: list[Op] = []

    def both(make: Any, *sizes: int) -> None:
        known.append(make(*(Table(rng.uniform(-3, 3, size)) for size in sizes)))
        spans = [Span(f"{len(known)}", 0, 1)]
        outlined.append(make(*(ShapedTable((size,), real=True, spans=spans) for size in sizes)))

    for name in names:
        both(lambda angles, name=name: Multiplexor("y", (), name, angles), 1)
    for _ in range(draw(st.integers(1, 5))):
        order = rng.permutation(names).tolist()
        controls, target = tuple(order[1 : draw(st.integers(1, width))]), order[0]
        full = 1 << len(controls)
        rows = draw(st.integers(full // 2 + 1, full)) if full > 1 else 1
        match draw(st.sampled_from(("multiplexor", "about z", "short", "gate", "diagonal"))):
            case "multiplexor":
                both(lambda angles, c=controls, t=target: Multiplexor("y", c, t, angles), full)
            case "about z":
                both(lambda angles, c=controls, t=target: Multiplexor("z", c, t, angles), full)
            case "short":
                both(lambda angles, c=controls, t=target: Multiplexor("y", c, t, angles, leaves_zero=True), rows)
                measured = [Measure(target, f"bit{len(known)}", 0)]
                known += measured
                outlined += measured
                return _programs(names, known, outlined)
            case "gate":
                inverted = draw(st.booleans())
                both(
                    lambda theta, phi, c=controls, t=target, i=inverted: UniformlyControlledGate(c, t, theta, phi, i),
                    rows,
                    rows,
                )
            case _:
                both(lambda phases, c=(*controls, target): Diagonal(c, phases), 2 * full)
    return _programs(names, known, outlined)


def _programs(names: list[str], known: list[Op], outlined: list[Op]) -> tuple[Program, Program]:
    registers = tuple(Register(name, 1) for name in names)
    programs = [Program("ladders", "block", registers, {}, tuple(ops), ()) for ops in (known, outlined)]
    return programs[0], programs[1]


@pytest.mark.parametrize("family", FAMILIES)
@settings(max_examples=examples(100))
@given(programs=_ladders())
def test_blocks_without_numbers_are_counted_as_generic_ones(
    family: GateFamily, programs: tuple[Program, Program]
) -> None:
    known, outlined = programs
    expected = _of_circuit(EMITTERS[family](known, None)[0])
    assert _of_tally(tally(outlined, family, gate_times(LASTS))) == expected
