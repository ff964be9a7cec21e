"""Circuits of overlaps of mixed states, tr(rho sigma): by inversion, or in the Bell basis.

**Inversion.** The query's circuit on the kept qubits A and the others E; E is measured, whatever comes, and brought
into the basis state e; then the inverse of the key's circuit, and P_e = P(0..0). As rho is left on A, and sigma =
sum_e |phi_e><phi_e| of the key's state sum_e |phi_e>|e>,

    sum_e P_e = sum_e <phi_e| rho |phi_e> = tr(rho sigma).

There is one circuit for each of the r = 2^|E| basis states, and no more qubits than one state has. With the shots of a
pair shared out evenly, the variance is at most t (r - t) / N for the overlap t.

**Bell basis.** Both states side by side, each kept qubit with its like in the Bell basis; tr(rho sigma) is the mean of
the signs (-1)^(a . b) (:func:`bell_signs`), of variance (1 - t^2) / N. One circuit, as many qubits as both states.

What is chosen (:func:`mixed_form`) depends on the circuits alone, and not on numbers: bindings of one model are alike.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, partial
from typing import Literal, TypeAlias

import numpy as np

from qsac.families.outcomes import Index, Outcomes
from qsac.families.steps.evaluation import kept_first
from qsac.families.steps.grouping import light_cone
from qsac.families.steps.model import Measured, MeasuredAttention
from qsac.families.steps.normal_form import Circuit, Clifford, FixedUnitary, Gate, Load, Multiplexor, Real, Rotation
from qsac.families.steps.overlaps import SHARE, Pair, bound_of, overlap_readout, shared_end, state_of
from qsac.families.steps.readings import Weighed
from qsac.families.steps.runs import OVERLAP, Run, overlap_outcomes
from qsac.families.steps.statevector import States
from qsac.families.steps.wires import OUTCOMES, Wires
from qsac.ir.attention import ApplyCircuit
from qsac.ir.program import Program

Form: TypeAlias = Literal["inversion", "bell-basis"]


def mixed_runs(name: str, origin: str, title: str, step: MeasuredAttention, pair: Pair) -> list[Run]:
    """The circuits of the score of a pair of vectors. The sum of their numbers is the score."""
    if mixed_form(step) == "inversion":
        inverted = _Inverted(step, pair)
        count = 1 << len(inversion_of(step).others)
        return [
            Run(
                name if count == 1 else f"{name}-state-{basis}",
                partial(_inverted_program, title, origin, step, pair, basis),
                partial(inverted.outcomes, basis),
                OVERLAP,
                0,
                SHARE,
            )
            for basis in range(count)
        ]
    return [
        Run(
            name,
            partial(_bell_program, title, origin, step, pair),
            partial(_bell_outcomes, step, pair),
            OUTCOMES,
            2 * len(step.keep),
            Weighed(bell_signs(len(step.keep))[None]),
        )
    ]


# Which of the two


@dataclass(frozen=True)
class FormCost:
    """What the score of one pair takes in a form: ``circuits``; the ``qubits`` of each; its ``two_qubit_gates``, as its
    blocks are written; ``variance``: of one shot, all circuits together, for an overlap of 2^-k of k kept qubits."""

    circuits: int
    qubits: int
    two_qubit_gates: int
    variance: float

    @property
    def work(self) -> float:
        """Two-qubit gates that are run for a given standard error, up to a factor. Measurements count as well, so that
        a circuit without such gates is not free."""
        return (self.two_qubit_gates + 1) * self.variance


@lru_cache(maxsize=64)
def form_costs(step: MeasuredAttention) -> dict[Form, FormCost]:
    """What both forms take."""
    keep = frozenset(step.keep)
    found = inversion_of(step)
    overlap, others = 0.5 ** len(keep), 1 << len(found.others)
    cones = [_restricted(one.circuit, light_cone(one.circuit.gates, set(keep))) for one in (step.query, step.key)]
    widest = max(len(keep | _touched(circuit)) for circuit in (found.query, found.key))
    return {
        "inversion": FormCost(others, widest, sum(map(_gates, (found.query, found.key))), overlap * (others - overlap)),
        "bell-basis": FormCost(
            1,
            sum(len(keep | _touched(circuit)) for circuit in cones),
            sum(map(_gates, cones)) + len(keep),
            1 - overlap**2,
        ),
    }


def mixed_form(step: MeasuredAttention) -> Form:
    """The form that a model asks for, or the one of less work; of equal ones that with fewer qubits, which is the
    inversion."""
    if step.form != "auto":
        return step.form
    costs = form_costs(step)
    return "inversion" if costs["inversion"].work <= costs["bell-basis"].work else "bell-basis"


def _gates(circuit: Circuit) -> int:
    return sum(map(_two_qubit_gates, circuit.gates))


def _two_qubit_gates(gate: Gate) -> int:
    count = len(gate.qubits)
    if count < 2:
        return 0
    if isinstance(gate, Clifford):
        return 3 if gate.name == "swap" else 1
    if isinstance(gate, Rotation):
        return 2 * count - 3
    if isinstance(gate, Multiplexor):
        return 1 << (count - 1)
    if isinstance(gate, Load):
        return (1 << count) - count - 1
    return 3 << 2 * (count - 2) if isinstance(gate, FixedUnitary) else 0


def _touched(circuit: Circuit) -> frozenset[int]:
    return frozenset(qubit for gate in circuit.gates for qubit in gate.qubits)


# By inversion


@dataclass(frozen=True, eq=False)
class Inversion:
    """The gates of ``query`` and ``key`` that the overlap depends on: those in the light cone of the kept qubits, but
    for what both end with on these. ``others``: the qubits of the key that are not kept, in order."""

    query: Circuit
    key: Circuit
    others: tuple[int, ...]


@lru_cache(maxsize=64)
def inversion_of(step: MeasuredAttention) -> Inversion:
    """What an inversion is made of."""
    keep = set(step.keep)
    dropped = set(range(step.query.circuit.qubits)) - keep
    cones = [light_cone(one.circuit.gates, keep) for one in (step.query, step.key)]
    shared = shared_end(step.query, step.key, frozenset(cones[0]), dropped)
    query, key = (
        _restricted(one.circuit, [place for place in cone if place not in shared])
        for one, cone in zip((step.query, step.key), cones, strict=True)
    )
    return Inversion(query, key, tuple(sorted(_touched(key) - keep)))


def _restricted(circuit: Circuit, places: list[int]) -> Circuit:
    return replace(
        circuit,
        gates=tuple(circuit.gates[place] for place in places),
        blocks=tuple(circuit.blocks[place] for place in places),
    )


class _Inverted:
    """The closed form of a pair's circuits."""

    def __init__(self, step: MeasuredAttention, pair: Pair) -> None:
        self._step, self._pair = step, pair

    @cached_property
    def shares(self) -> Real:
        """(r,): P_e for each e."""
        step, found = self._step, inversion_of(self._step)
        count = step.query.circuit.qubits
        left = kept_first(state_of(replace(step.query, circuit=found.query), self._pair[0])[0], step.keep, count)
        key = state_of(replace(step.key, circuit=found.key), self._pair[1])[0]
        # Qubits that the key does not touch are in zero.
        chosen = kept_first(key, (*step.keep, *found.others), count)[:, 0].reshape(1 << len(step.keep), -1)
        shares: Real = (np.abs(left.conj().T @ chosen) ** 2).sum(axis=0)
        return np.minimum(shares, 1.0)

    def outcomes(self, basis: int) -> Outcomes:
        """Of the circuit with this basis state."""
        return overlap_outcomes(float(self.shares[basis]))


def _inverted_program(title: str, origin: str, step: MeasuredAttention, pair: Pair, basis: int) -> Program:
    wires, found, place = Wires(), inversion_of(step), f"{origin}/attention/score"
    wires.apply(bound_of(replace(step.query, circuit=found.query), pair[0]))
    wires.discard([qubit for qubit in sorted(wires.at) if qubit not in step.keep], place)
    count = len(found.others)
    for number, qubit in enumerate(found.others):
        wires.left[qubit] = basis >> (count - 1 - number) & 1
    wires.apply(bound_of(replace(step.key, circuit=found.key), pair[1]), inverse=True)
    # What the key's inverse did not touch is found in zero only where it was brought into that.
    for qubit in found.others:
        if wires.left.get(qubit):
            wires.ready(qubit, place)
    return overlap_readout(wires, title, origin)


# In the Bell basis


def bell_signs(count: int) -> Real:
    """(4^k,): the sign of each value of the measured pairs, first all of the query's qubits, then all of the key's."""
    values = np.arange(1 << 2 * count)
    both = np.bitwise_count(values >> count & values & ((1 << count) - 1))
    return np.where(both % 2, -1.0, 1.0)


def _bell_program(title: str, origin: str, step: MeasuredAttention, pair: Pair) -> Program:
    wires, count = Wires(), step.query.circuit.qubits
    seen = set(step.keep)
    place = f"{origin}/attention"
    wires.apply(bound_of(step.query, pair[0]), seen)
    for qubit in step.keep:
        wires.ready(qubit, place)
    query, wires.at, wires.left, wires.prefix = wires.at, {}, {}, "key"
    wires.apply(bound_of(step.key, pair[1]), seen)
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
    (state,) = kept_first(state_of(measured, inputs), step.keep, measured.circuit.qubits)
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
