"""A circuit in normal form as few stages, each of which JAX applies at once to all amplitudes.

====================  ==================================================================================================
:class:`Row`          one-qubit gates, several after one another on each qubit: a Kronecker product over groups of
                      qubits, two halves up to 8 qubits and groups of four beyond
:class:`Rearranged`   Clifford gates that permute basis states, with phases: one gather
:class:`Phases`       rotations that are diagonal: one product with phases
a gate                everything else, by itself
====================  ==================================================================================================

A gate joins the first stage of its kind after the last one that touches its qubits; what is between commutes with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from qsac.families.steps.normal_form import (
    Circuit,
    Clifford,
    Damping,
    FixedUnitary,
    Flip,
    Gate,
    Load,
    Multiplexor,
    Projection,
    Real,
    Rotation,
)
from qsac.numerics.basis_states import register_values

Complex = NDArray[np.complex128]

GROUP = 4
"""Qubits of a factor of a Kronecker product, at most."""

PHASE_ENTRIES = 1 << 22
"""Most numbers of the matrix from angles to phases in one stage."""


@dataclass
class Row:
    """Gates on one qubit each, by qubit, in time order: rotations and fixed gates."""

    gates: dict[int, list[Rotation | Clifford | FixedUnitary]] = field(default_factory=dict)


@dataclass
class Rearranged:
    """Cliffords whose matrices have one entry in each row."""

    gates: list[Clifford] = field(default_factory=list)


@dataclass
class Phases:
    """Rotations about Z, and multiplexors of such."""

    gates: list[Rotation | Multiplexor] = field(default_factory=list)
    angles: int = 0


Single: TypeAlias = Rotation | Multiplexor | Damping | Load | Flip | FixedUnitary | Projection
Stage: TypeAlias = Row | Rearranged | Phases | Single


def stages_of(circuit: Circuit) -> list[Stage]:
    """The stages of a circuit, in time order."""
    found: list[Stage] = []
    last = [-1] * circuit.qubits
    most = max(1, PHASE_ENTRIES >> circuit.qubits)
    for gate in circuit.gates:
        since = max((last[qubit] for qubit in gate.qubits), default=-1)
        place = next(
            (number for number in range(max(since, 0), len(found)) if _joins(gate, found[number], most)), len(found)
        )
        if place == len(found):
            found.append(_begun(gate))
        _join(gate, found[place])
        for qubit in gate.qubits:
            last[qubit] = place
    return found


def _is_one_qubit(gate: Gate) -> bool:
    return len(gate.qubits) == 1 and isinstance(gate, Rotation | Clifford | FixedUnitary)


def _is_diagonal(gate: Gate) -> bool:
    if isinstance(gate, Rotation):
        return set(gate.paulis) == {"z"}
    return isinstance(gate, Multiplexor) and gate.axis == "z" and gate.order == 0


def _angles(gate: Gate) -> int:
    return len(gate.values) if isinstance(gate, Multiplexor) else 1


def _joins(gate: Gate, stage: Stage, most: int) -> bool:
    if isinstance(stage, Row):
        return _is_one_qubit(gate)
    if isinstance(stage, Rearranged):
        return isinstance(gate, Clifford) and gate.name != "h"
    return isinstance(stage, Phases) and _is_diagonal(gate) and stage.angles + _angles(gate) <= most


def _begun(gate: Gate) -> Stage:
    if _is_one_qubit(gate):
        return Row()
    if isinstance(gate, Clifford):
        return Rearranged()
    return Phases() if _is_diagonal(gate) else gate


def _join(gate: Gate, stage: Stage) -> None:
    if isinstance(stage, Row):
        stage.gates.setdefault(gate.qubits[0], []).append(gate)  # type: ignore[arg-type]  # a one-qubit gate
    elif isinstance(stage, Rearranged):
        stage.gates.append(gate)  # type: ignore[arg-type]  # a Clifford
    elif isinstance(stage, Phases):
        stage.gates.append(gate)  # type: ignore[arg-type]  # a diagonal one
        stage.angles += _angles(gate)


# Rows


def groups_of(qubits: int) -> list[range]:
    """The qubits of each factor of a row's Kronecker product."""
    count = max(min(2, qubits), -(-qubits // GROUP))
    ends = [qubits * place // count for place in range(count + 1)]
    return [range(first, end) for first, end in pairwise(ends)]


PAULIS: dict[str, Complex] = {
    "x": np.array([[0, 1], [1, 0]], dtype=np.complex128),
    "y": np.array([[0, -1j], [1j, 0]]),
    "z": np.diag([1.0 + 0j, -1.0]),
}

_FIXED: dict[str, Complex] = {
    **PAULIS,
    "h": (PAULIS["x"] + PAULIS["z"]) / np.sqrt(2),
    "s": np.diag([1, 1j]),
    "sdg": np.diag([1, -1j]),
}


def fixed_matrix(gate: Clifford | FixedUnitary) -> Complex:
    """The matrix (2, 2) of a gate on one qubit."""
    return gate.matrix if isinstance(gate, FixedUnitary) else _FIXED[gate.name]


# Permutations with phases


def rearrangement(stage: Rearranged, qubits: int) -> tuple[NDArray[np.int32], Complex | None]:
    """Where each amplitude comes from (2^n,), and its factor; None where all factors are 1."""
    source = np.arange(1 << qubits)
    factors = np.ones(1 << qubits, dtype=np.complex128)
    for gate in stage.gates:
        own, turned = _moved(gate, qubits)
        source, factors = source[own], turned * factors[own]
    return source.astype(np.int32), None if (factors == 1).all() else factors


def _moved(gate: Clifford, qubits: int) -> tuple[NDArray[np.intp], Complex]:
    basis = np.arange(1 << qubits)
    one = [basis >> (qubits - 1 - qubit) & 1 for qubit in gate.qubits]
    if gate.name == "swap":
        differ = one[0] ^ one[1]
        flips = sum(1 << (qubits - 1 - qubit) for qubit in gate.qubits)
        return np.asarray(basis ^ differ * flips, dtype=np.intp), np.ones(len(basis), dtype=np.complex128)
    target = one[-1]
    acts = one[0] if len(one) == 2 else np.ones_like(basis)
    matrix = _FIXED[gate.name.removeprefix("c")]
    flipped = int(matrix[0, 0] == 0)
    factors = np.where(acts, matrix[target, target ^ flipped], 1)
    return np.asarray(basis ^ (acts * flipped << (qubits - 1 - gate.qubits[-1])), dtype=np.intp), factors


# Phases


def phase_matrix(stage: Phases, qubits: int) -> tuple[list[int], Real]:
    """The places of the stage's values, and the matrix (values, 2^n) from them to the phases of basis states: of
    exp(i phase)."""
    places: list[int] = []
    rows: list[Real] = []
    for gate in stage.gates:
        if isinstance(gate, Rotation):
            places.append(gate.value)
            rows.append(-_signs(gate.qubits, qubits) / 2)
            continue
        sign, controlled = -_signs((gate.target,), qubits) / 2, register_values(gate.controls, qubits)
        for row, value in enumerate(gate.values):
            places.append(value)
            rows.append(np.where(controlled == row, sign, 0.0))
    return places, np.array(rows)


def _signs(on: tuple[int, ...], qubits: int) -> Real:
    """(-1)^(sum of the bits of some qubits) for each basis state."""
    signs = np.ones(1 << qubits)
    for qubit in on:
        signs[register_values((qubit,), qubits) == 1] *= -1
    return signs


def sign_matrix(strings: list[tuple[int, ...]], qubits: int) -> Real:
    """The products of Z on some qubits each, as their diagonals: (2^n, G)."""
    return np.stack([_signs(on, qubits) for on in strings], axis=-1)
