"""Circuits of the scores of measured attention that compare pure states: squared overlaps and real parts."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np

from qsac.errors import InvalidInputError
from qsac.families.outcomes import Outcomes
from qsac.families.steps.model import Measured, MeasuredAttention
from qsac.families.steps.normal_form import Circuit, FixedUnitary, Flip, Gate, Load, Multiplexor, Real, Rotation
from qsac.families.steps.readings import Weighed
from qsac.families.steps.runs import OVERLAP, Run, overlap_outcomes
from qsac.families.steps.statevector import States, states
from qsac.families.steps.unary import Amplitudes, UnaryPair, rows_of, unary_pair, width_of
from qsac.families.steps.wires import Bound, Wires
from qsac.ir.attention import PhaseTable, PrepareIndex, Project
from qsac.ir.program import Program, Readout
from qsac.ir.table import Table

Pair = tuple[Real, Real]
"""The vectors of a query and of a key."""

SHARE = Weighed(np.array([[1.0, 0.0]]))
REAL_PART = Weighed(np.array([[1.0, -1.0]]))


def overlap_run(name: str, origin: str, title: str, step: MeasuredAttention, pair: Pair) -> Run:
    """The circuit of the score of a pair of vectors."""
    both = unary_pair(step.query, step.key)
    if step.score == "overlap-squared":
        return Run(
            name,
            partial(_squared_program, title, origin, step, pair)
            if both is None
            else partial(_unary_squared_program, title, origin, step, pair, both),
            partial(_squared_outcomes, step, pair),
            OVERLAP,
            0,
            SHARE,
        )
    if both is None:
        check_alike(step, origin)
    return Run(
        name,
        partial(_real_program, title, origin, step, pair)
        if both is None
        else partial(_unary_real_program, title, origin, step, pair, both),
        partial(_real_outcomes, step, pair),
        OVERLAP,
        0,
        REAL_PART,
    )


def bound_of(measured: Measured, inputs: Real) -> Bound:
    """A circuit with the numbers of a vector (F,)."""
    return Bound(measured.circuit, inputs, measured.parameters)


def state_of(measured: Measured, inputs: Real) -> States:
    """The state (1, 2^n) of a vector (F,)."""
    return states(measured.circuit, inputs[None], measured.parameters)


# Squared overlaps: the query, then the inverse of the key


def shared_end(
    query: Measured, key: Measured, among: frozenset[int] | None = None, apart: Iterable[int] = ()
) -> frozenset[int]:
    """The places of the last gates of query and key that are the same whatever the vectors: they cancel. Gates on
    qubits that are set ``apart`` do not; ``among``: the places of the gates that there are, all by default."""
    if query is not key:
        return frozenset()
    circuit = query.circuit
    bound = set(circuit.from_inputs.rows.tolist())
    kept: set[int] = set()
    blocked = set(apart)
    for place in range(len(circuit.gates) - 1, -1, -1):
        if among is not None and place not in among:
            continue
        gate = circuit.gates[place]
        if _depends(gate, bound) or blocked.intersection(gate.qubits):
            blocked.update(gate.qubits)
        else:
            kept.add(place)
    return frozenset(kept)


def _depends(gate: Gate, bound: set[int]) -> bool:
    if isinstance(gate, Rotation):
        return gate.value in bound
    if isinstance(gate, Multiplexor):
        return bool(bound.intersection(gate.values))
    return isinstance(gate, Load | Flip)


def _squared_program(title: str, origin: str, step: MeasuredAttention, pair: Pair) -> Program:
    wires = Wires()
    skip = shared_end(step.query, step.key)
    wires.apply(bound_of(step.query, pair[0]), skip=skip)
    wires.apply(bound_of(step.key, pair[1]), inverse=True, skip=skip)
    return overlap_readout(wires, title, origin)


def overlap_readout(wires: Wires, title: str, origin: str) -> Program:
    """The program that finds all qubits in zero, those of loads that were taken back among them."""
    if not wires.given and not wires.at:
        wires.ready(0, origin)
    if wires.at:
        wires.project([wires.at[qubit] for qubit in sorted(wires.at)], f"{origin}/attention/score")
    return wires.program(title, [Readout(OVERLAP, (), tuple(wires.given))])


def _squared_outcomes(step: MeasuredAttention, pair: Pair) -> Outcomes:
    query, key = state_of(step.query, pair[0]), state_of(step.key, pair[1])
    return overlap_outcomes(float(np.abs(np.vdot(key[0], query[0])) ** 2))


def _unary_rows(step: MeasuredAttention, pair: Pair, both: UnaryPair) -> list[Real | Amplitudes]:
    """The amplitudes (1, 2^n) of query and key in the fewer qubits."""
    query, key, qubits = both
    return [rows_of(query, step.query, pair[0], qubits), rows_of(key, step.key, pair[1], qubits)]


def _unary_squared_program(title: str, origin: str, step: MeasuredAttention, pair: Pair, both: UnaryPair) -> Program:
    wires = Wires()
    registers = tuple(wires.fresh(wires.prefix) for _ in range(width_of(both[2])))
    rows = _unary_rows(step, pair, both)
    wires.load(registers, rows[0], both[0].origin)
    wires.load(registers, rows[1], both[1].origin, inverse=True)
    return overlap_readout(wires, title, origin)


# Real parts: both circuits at once, by a branch


def check_alike(step: MeasuredAttention, origin: str) -> None:
    """Whether query and key are the same gates with other angles."""
    query, key = step.query.circuit, step.key.circuit
    same = query.qubits == key.qubits and len(query.gates) == len(key.gates)
    if same and all(map(_alike, query.gates, key.gates)):
        return
    raise InvalidInputError(
        "circuits of a real part are not made of a query and a key with other blocks",
        code="attention.unlike-circuits",
        pointer=f"{origin}/attention/key/blocks",
        found="blocks whose gates are not the same as those of the query",
        wanted="the same blocks with other parameters, or no key of its own",
        help="qsac check computes the closed form of this model; overlap-squared can be compiled",
    )


def _alike(gate: Gate, other: Gate) -> bool:
    if isinstance(gate, FixedUnitary) and isinstance(other, FixedUnitary):
        return gate.qubits == other.qubits and np.array_equal(gate.matrix, other.matrix)
    return gate == other


def _branched(query: Measured, key: Measured, pair: Pair) -> tuple[Bound, frozenset[int]]:
    """Both circuits as one by the branch, and the places of the gates that differ between them."""
    circuit = query.circuit
    values = np.stack(
        [one.circuit.values(inputs, one.parameters) for one, inputs in zip((query, key), pair, strict=True)]
    )
    differ = set(circuit.from_inputs.rows.tolist())
    if query is not key:
        differ |= set(circuit.from_parameters.rows.tolist())
        differ |= set(np.flatnonzero(query.circuit.offset != key.circuit.offset).tolist())
    shared = frozenset(range(values.shape[1])) - differ
    both = Bound(circuit, np.stack(pair), query.parameters, shared, values)
    branched = frozenset(place for place, gate in enumerate(circuit.gates) if _depends(gate, differ))
    return both, branched


def _real_program(title: str, origin: str, step: MeasuredAttention, pair: Pair) -> Program:
    wires = Wires()
    bound, branched = _branched(step.query, step.key, pair)
    branch = wires.fresh("branch")
    wires.ops.append(PrepareIndex(branch, 2, origin=origin))
    wires.apply(bound, index=(branch,), skip=_unseen(bound.circuit, branched))
    phases = [_phase(one, inputs) for one, inputs in zip((step.query, step.key), pair, strict=True)]
    if any(isinstance(gate, Flip) for gate in bound.circuit.gates) or phases[0] != phases[1]:
        wires.ops.append(PhaseTable(branch, Table(np.array(phases)), origin=origin))
    wires.ops.append(Project((branch,), "uniform", 2, origin=origin))
    return wires.program(title, [Readout(OVERLAP, (), (branch,))])


def _unary_real_program(title: str, origin: str, step: MeasuredAttention, pair: Pair, both: UnaryPair) -> Program:
    """Both states by the branch."""
    wires = Wires()
    branch = wires.fresh("branch")
    registers = tuple(wires.fresh(wires.prefix) for _ in range(width_of(both[2])))
    wires.ops.append(PrepareIndex(branch, 2, origin=origin))
    rows = np.concatenate(_unary_rows(step, pair, both))
    wires.load(registers, rows, both[0].origin, index=(branch,))
    wires.ops.append(Project((branch,), "uniform", 2, origin=origin))
    return wires.program(title, [Readout(OVERLAP, (), (branch,))])


def _unseen(circuit: Circuit, branched: frozenset[int]) -> frozenset[int]:
    """The places of the gates that do not matter to the branch: shared ones after which nothing depends on it."""
    cone: set[int] = set()
    kept = set()
    for place in range(len(circuit.gates) - 1, -1, -1):
        gate = circuit.gates[place]
        if place in branched or cone.intersection(gate.qubits):
            cone.update(gate.qubits)
            kept.add(place)
    return frozenset(range(len(circuit.gates))) - kept


def _phase(measured: Measured, inputs: Real) -> float:
    """The phase that the gates of a circuit leave out: its own, and i for each X, which is written as RX(pi)."""
    flips = sum(inputs[gate.input] > 0.5 for gate in measured.circuit.gates if isinstance(gate, Flip))
    return float(measured.circuit.phase + np.pi / 2 * flips)


def _real_outcomes(step: MeasuredAttention, pair: Pair) -> Outcomes:
    query, key = state_of(step.query, pair[0]), state_of(step.key, pair[1])
    return overlap_outcomes(float((1 + np.vdot(key[0], query[0]).real) / 2))
