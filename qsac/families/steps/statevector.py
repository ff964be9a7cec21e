"""States of circuits in normal form, for a batch of inputs at once: the closed form of every circuit step.

Amplitudes are held as (B, 2^n), qubit 0 the most significant bit of the basis state. Every gate is a permutation of
basis states with phases, or a sum of two.
"""

from __future__ import annotations

from functools import singledispatch

import numpy as np
from numpy.typing import NDArray

from qsac.errors import InvalidInputError
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
    neuron_angle,
    neuron_radius,
)
from qsac.numerics.basis_states import clifford_applied, mask, pauli_applied, register_values

States = NDArray[np.complex128]


def states(circuit: Circuit, inputs: Real, parameters: Real, initial: States | None = None) -> States:
    """The states (B, 2^n) that a circuit makes of inputs (B, F) with parameters (P,), from |0..0> or from ``initial``.

    They are not normalised: the squared length is the probability of all projections together.
    """
    values = circuit.values(inputs, parameters)
    if initial is None:
        state = np.zeros((len(inputs), 1 << circuit.qubits), dtype=np.complex128)
        state[:, 0] = np.exp(1j * circuit.phase)
    else:
        state = np.exp(1j * circuit.phase) * initial
    for gate in circuit.gates:
        state = applied(gate, state, circuit.qubits, values, inputs)
    return state


@singledispatch
def applied(gate: Gate, state: States, qubits: int, values: Real, inputs: Real) -> States:
    """The state after a gate; ``values`` are those of the circuit, (B, A)."""
    raise NotImplementedError(type(gate).__name__)


@applied.register
def _(gate: Rotation, state: States, qubits: int, values: Real, inputs: Real) -> States:
    half = values[:, gate.value, None] / 2
    return np.cos(half) * state - 1j * np.sin(half) * pauli_applied(state, gate.paulis, gate.qubits, qubits)


@applied.register
def _(gate: Multiplexor, state: States, qubits: int, values: Real, inputs: Real) -> States:
    rows = neuron_angle(values[:, gate.values], gate.order)
    half = rows[:, register_values(gate.controls, qubits)] / 2
    return np.cos(half) * state - 1j * np.sin(half) * pauli_applied(state, gate.axis, (gate.target,), qubits)


@applied.register
def _(gate: Damping, state: States, qubits: int, values: Real, inputs: Real) -> States:
    radii = neuron_radius(values[:, gate.values], gate.order)
    return radii[:, register_values(gate.qubits, qubits)] * state


@applied.register
def _(gate: Clifford, state: States, qubits: int, values: Real, inputs: Real) -> States:
    return clifford_applied(state, gate.name, gate.qubits, qubits)


@applied.register
def _(gate: Flip, state: States, qubits: int, values: Real, inputs: Real) -> States:
    return np.where(inputs[:, gate.input, None] > 0.5, pauli_applied(state, "x", (gate.qubit,), qubits), state)


@applied.register
def _(gate: Load, state: States, qubits: int, values: Real, inputs: Real) -> States:
    """The qubits are in zero: what is in the state goes to the other values of the qubits."""
    amplitudes = loaded(gate, inputs)
    value = register_values(gate.qubits, qubits)
    base = np.arange(1 << qubits) & ~mask(gate.qubits, qubits)
    return amplitudes[:, value] * state[:, base]


@applied.register
def _(gate: FixedUnitary, state: States, qubits: int, values: Real, inputs: Real) -> States:
    count = len(gate.qubits)
    tensor = state.reshape(-1, *(2,) * qubits)
    axes = tuple(1 + qubit for qubit in gate.qubits)
    moved = np.moveaxis(tensor, axes, tuple(range(-count, 0)))
    shape = moved.shape
    turned = (moved.reshape(-1, 1 << count) @ gate.matrix.T).reshape(shape)
    return np.moveaxis(turned, tuple(range(-count, 0)), axes).reshape(state.shape)


@applied.register
def _(gate: Projection, state: States, qubits: int, values: Real, inputs: Real) -> States:
    return np.where(register_values((gate.qubit,), qubits) == gate.outcome, state, 0)


def loaded(gate: Load, inputs: Real) -> Real:
    """The amplitudes (B, 2^q) that a load gives its qubits.

    Raises :class:`~qsac.errors.InvalidInputError` where all of them are zero.
    """
    amplitudes = np.zeros((len(inputs), 1 << len(gate.qubits)))
    amplitudes[:, gate.places] = inputs[:, gate.inputs]
    largest = np.abs(amplitudes).max(axis=1, keepdims=True)
    if not largest.all():
        raise InvalidInputError(
            "the amplitudes that are to be loaded are all zero",
            code="steps.zero-amplitudes",
            found=f"zeros for the inputs {gate.inputs[0]} to {gate.inputs[-1]} of a circuit",
            wanted="at least one number other than 0: a state has a direction",
        )
    amplitudes /= largest  # no overflow on the way
    result: Real = amplitudes / np.linalg.norm(amplitudes, axis=1, keepdims=True)
    return result


# What is measured


def probabilities(state: States, measured: tuple[int, ...], count: int) -> Real:
    """The weights (B, 2^k) of the values of some qubits, the first most significant; not normalised."""
    weights = (state.real**2 + state.imag**2).reshape(-1, *(2,) * count)
    rest = [qubit for qubit in range(count) if qubit not in measured]
    sorted_weights = weights.transpose([0, *(1 + qubit for qubit in (*measured, *rest))])
    result: Real = sorted_weights.reshape(len(state), 1 << len(measured), -1).sum(axis=-1)
    return result


def expectation(state: States, observable: str, count: int) -> Real:
    """<psi|P|psi> (B,) of a Pauli string of one letter I, X, Y or Z a qubit; not normalised."""
    named = [(letter.lower(), qubit) for qubit, letter in enumerate(observable) if letter != "I"]
    turned = pauli_applied(state, "".join(letter for letter, _ in named), tuple(qubit for _, qubit in named), count)
    result: Real = np.einsum("bi,bi->b", state.conj(), turned).real
    return result


def lengths(state: States) -> Real:
    """The squared length (B,) of each state."""
    result: Real = np.einsum("bi,bi->b", state.conj(), state).real
    return result


def pauli_basis(state: States, bases: tuple[tuple[int, str], ...], count: int) -> States:
    """States whose values of qubits are those of the state in the bases of the letters X, Y and Z."""
    for qubit, letter in bases:
        if letter == "Y":
            state = clifford_applied(state, "sdg", (qubit,), count)
        if letter != "Z":
            state = clifford_applied(state, "h", (qubit,), count)
    return state
