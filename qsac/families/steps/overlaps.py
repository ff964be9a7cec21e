"""Circuits of the scores of measured attention: squared overlaps, real parts and overlaps of mixed states."""

from __future__ import annotations

from functools import partial

import numpy as np

from qsac.errors import InvalidInputError
from qsac.families.outcomes import Index, Outcomes
from qsac.families.steps.evaluation import kept_first
from qsac.families.steps.model import Measured, MeasuredAttention
from qsac.families.steps.normal_form import Circuit, FixedUnitary, Flip, Gate, Load, Multiplexor, Real, Rotation
from qsac.families.steps.readings import Weighed
from qsac.families.steps.runs import OVERLAP, Run, overlap_outcomes
from qsac.families.steps.statevector import States, states
from qsac.families.steps.wires import OUTCOMES, Bound, Wires
from qsac.ir.attention import ApplyCircuit, PhaseTable, PrepareIndex, Project
from qsac.ir.program import Program, Readout
from qsac.ir.table import Table

Pair = tuple[Real, Real]
"""The vectors of a query and of a key."""

SHARE = Weighed(np.array([[1.0, 0.0]]))
REAL_PART = Weighed(np.array([[1.0, -1.0]]))


def overlap_run(name: str, origin: str, title: str, step: MeasuredAttention, pair: Pair) -> Run:
    """The circuit of the score of a pair of vectors."""
    if step.score == "overlap-squared":
        return Run(
            name,
            partial(_squared_program, title, origin, step, pair),
            partial(_squared_outcomes, step, pair),
            OVERLAP,
            0,
            SHARE,
        )
    if step.score == "overlap-real":
        check_alike(step, origin)
        return Run(
            name,
            partial(_real_program, title, origin, step, pair),
            partial(_real_outcomes, step, pair),
            OVERLAP,
            0,
            REAL_PART,
        )
    return Run(
        name,
        partial(_bell_program, title, origin, step, pair),
        partial(_bell_outcomes, step, pair),
        OUTCOMES,
        2 * len(step.keep),
        Weighed(bell_signs(len(step.keep))[None]),
    )


def _bound(measured: Measured, inputs: Real) -> Bound:
    return Bound(measured.circuit, inputs, measured.parameters)


def _state(measured: Measured, inputs: Real) -> States:
    return states(measured.circuit, inputs[None], measured.parameters)


# Squared overlaps: the query, then the inverse of the key


def shared_end(query: Measured, key: Measured) -> frozenset[int]:
    """The places of the last gates of query and key that are the same whatever the vectors: they cancel."""
    if query is not key:
        return frozenset()
    circuit = query.circuit
    bound = set(circuit.from_inputs.rows.tolist())
    kept: set[int] = set()
    blocked: set[int] = set()
    for place in range(len(circuit.gates) - 1, -1, -1):
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
    wires.apply(_bound(step.query, pair[0]), skip=skip)
    wires.apply(_bound(step.key, pair[1]), inverse=True, skip=skip)
    if not wires.given and not wires.at:
        wires.ready(0, origin)
    if wires.at:
        wires.project([wires.at[qubit] for qubit in sorted(wires.at)], f"{origin}/attention/score")
    return wires.program(title, [Readout(OVERLAP, (), tuple(wires.given))])


def _squared_outcomes(step: MeasuredAttention, pair: Pair) -> Outcomes:
    query, key = _state(step.query, pair[0]), _state(step.key, pair[1])
    return overlap_outcomes(float(np.abs(np.vdot(key[0], query[0])) ** 2))


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
    query, key = _state(step.query, pair[0]), _state(step.key, pair[1])
    return overlap_outcomes(float((1 + np.vdot(key[0], query[0]).real) / 2))


# Mixed states: both side by side, in the Bell basis


def bell_signs(count: int) -> Real:
    """(4^k,): the sign of each value of the measured pairs, first all of the query's qubits, then all of the key's."""
    values = np.arange(1 << 2 * count)
    both = np.bitwise_count(values >> count & values & ((1 << count) - 1))
    return np.where(both % 2, -1.0, 1.0)


def _bell_program(title: str, origin: str, step: MeasuredAttention, pair: Pair) -> Program:
    wires, count = Wires(), step.query.circuit.qubits
    seen = set(step.keep)
    place = f"{origin}/attention"
    wires.apply(_bound(step.query, pair[0]), seen)
    for qubit in step.keep:
        wires.ready(qubit, place)
    query, wires.at, wires.left, wires.prefix = wires.at, {}, {}, "key"
    wires.apply(_bound(step.key, pair[1]), seen)
    for qubit in step.keep:
        wires.ready(qubit, place)
    key = wires.at
    # The key's qubits are numbered after the query's.
    wires.at = {**query, **{count + qubit: name for qubit, name in key.items()}}
    bases = [(qubit, "Z") for qubit in (*step.keep, *(count + qubit for qubit in step.keep))]
    registers = tuple(wires.at[qubit] for qubit, _ in bases)
    kept = len(step.keep)
    gates = [text for place in range(kept) for text in (f"cx {place} {kept + place}", f"h {place}")]
    table = wires.table("basis", np.zeros((1, 0)))
    wires.ops.append(ApplyCircuit(registers, tuple(gates), table, origin=f"{place}/score"))
    return wires.program(title, [wires.measure(bases, f"{place}/score")])


def _bell_outcomes(step: MeasuredAttention, pair: Pair) -> Outcomes:
    weights = bell_weights(_reduced(step.query, step, pair[0]), _reduced(step.key, step, pair[1]))
    return Outcomes(1.0, 1.0, {OUTCOMES: 1.0}, Index(weights, weights), exact=True)


def _reduced(measured: Measured, step: MeasuredAttention, inputs: Real) -> States:
    """The density matrix (K, K) that is left on the qubits that are kept."""
    (state,) = kept_first(_state(measured, inputs), step.keep, measured.circuit.qubits)
    density: States = state @ state.conj().T
    return density


def bell_weights(rho: States, sigma: States) -> Real:
    """The probabilities (4^k,) of the values (x, z): p = 2^-k sum_(s, t) (-1)^(x.(s+t)) rho_st sigma_(s+z)(t+z)."""
    size = len(rho)
    place = np.arange(size)
    walsh = np.where(np.bitwise_count(place[:, None] & place) % 2, -1.0, 1.0)
    result = np.empty((size, size))
    for shift in place:
        moved = place ^ shift
        result[:, shift] = np.einsum("xs,xt,st->x", walsh, walsh, rho * sigma[np.ix_(moved, moved)]).real / size
    return np.clip(result, 0, None).reshape(-1)
