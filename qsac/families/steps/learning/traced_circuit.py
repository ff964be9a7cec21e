"""Circuits in normal form as functions for JAX, stage by stage (:mod:`qsac.families.steps.learning.stages`).

States are (B, 2^n), complex, qubit 0 the most significant bit; B is 1 as long as nothing depends on the sample, and is
broadcast. Beyond :data:`ADJOINT` qubits the reverse pass computes states anew, gate by gate backwards, in place of
keeping them: three states live (adjoint differentiation, arXiv 2009.02823).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import reduce, singledispatchmethod
from itertools import groupby, pairwise
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from qsac.families.steps.learning.stages import (
    PAULIS,
    Phases,
    Rearranged,
    Row,
    Stage,
    fixed_matrix,
    groups_of,
    phase_matrix,
    rearrangement,
    stages_of,
)
from qsac.families.steps.learning.traced_values import (
    Numbers,
    neuron_angle,
    neuron_radius,
    numbers_of,
    of_length_one,
    picked,
)
from qsac.families.steps.normal_form import (
    Circuit,
    Clifford,
    Damping,
    FixedUnitary,
    Flip,
    Load,
    Multiplexor,
    Projection,
    Rotation,
)

Array: TypeAlias = Any

ADJOINT = 14
"""Up to so many qubits the reverse pass keeps a state for each stage."""

_UNITARY = (Row, Rearranged, Phases, Rotation, Multiplexor, FixedUnitary)


@dataclass(frozen=True)
class Traced:
    """A circuit, ready to be traced: its stages are found once."""

    circuit: Circuit
    stages: list[Stage] = field(default_factory=list)

    @classmethod
    def of(cls, circuit: Circuit) -> Traced:
        """Of a circuit in normal form."""
        return cls(circuit, stages_of(circuit))

    @property
    def qubits(self) -> int:
        """How many there are."""
        return self.circuit.qubits

    def states(self, inputs: Array, parameters: Array, initial: Array | None = None) -> Array:
        """The states (B, 2^n) for inputs (B, F) and parameters (P,), from |0..0> or from ``initial`` (B, 2^n); not
        normalised, as :func:`qsac.families.steps.statevector.states`."""
        return self.evolved(numbers_of(self.circuit, inputs, parameters), initial)

    def evolved(self, numbers: Numbers, initial: Array | None = None) -> Array:
        """The states for such values."""
        count, stages = len(numbers.inputs), self.stages
        complex_type = jnp.result_type(numbers.shared.dtype, jnp.complex64)
        state = initial
        if state is None and stages and isinstance(stages[0], Row):
            state, stages = self._first_row(stages[0], numbers), stages[1:]
        elif state is None:
            state = jnp.zeros((1, 1 << self.qubits), complex_type).at[0, 0].set(1)
        state = state.astype(complex_type)
        if self.circuit.phase:
            state = state * complex(np.exp(1j * self.circuit.phase))
        if self.qubits <= ADJOINT:
            state = reduce(lambda state, stage: self.applied(stage, state, numbers), stages, state)
        else:
            state = self._by_adjoint(stages, state, numbers)
        return jnp.broadcast_to(state, (count, 1 << self.qubits))

    # The reverse pass of wide circuits

    def _by_adjoint(self, stages: Sequence[Stage], state: Array, numbers: Numbers) -> Array:
        for unitary, run in groupby(stages, lambda stage: isinstance(stage, _UNITARY)):
            if not unitary:
                state = reduce(lambda state, stage: self.applied(stage, state, numbers), run, state)
                continue
            width = max(len(state), 1 if numbers.own.shape[-1] == 0 else len(numbers.own))
            state = jnp.broadcast_to(state, (width, state.shape[-1]))
            state = self._reversible(list(run), numbers)(numbers.shared, numbers.own, state)
        return state

    def _reversible(self, stages: list[Stage], numbers: Numbers) -> Callable[[Array, Array, Array], Array]:
        """Unitary stages whose reverse pass undoes them one by one: U^dagger psi is conj(U^T conj(psi)), and U^T is
        what JAX makes of a linear function."""

        def one(stage: Stage) -> Callable[[Array, Array, Array], Array]:
            return lambda shared, own, state: self.applied(
                stage, state, Numbers(shared, own, numbers.places, jnp.zeros((len(own), 0)))
            )

        actions = [one(stage) for stage in stages]

        @jax.custom_vjp
        def run(shared: Array, own: Array, state: Array) -> Array:
            return reduce(lambda state, action: action(shared, own, state), actions, state)

        def forward(shared: Array, own: Array, state: Array) -> tuple[Array, Any]:
            done = run(shared, own, state)
            return done, (shared, own, done)

        def backward(kept: Any, cotangent: Array) -> tuple[Array, Array, Array]:
            shared, own, state = kept
            of_shared, of_own = jnp.zeros_like(shared), jnp.zeros_like(own)
            for action in reversed(actions):
                (undone,) = jax.linear_transpose(lambda psi, action=action: action(shared, own, psi), state)(
                    jnp.conj(state)
                )
                state = jnp.conj(undone)
                _, pull = jax.vjp(action, shared, own, state)
                more_shared, more_own, cotangent = pull(cotangent)
                of_shared, of_own = of_shared + more_shared, of_own + more_own
            return of_shared, of_own, cotangent

        run.defvjp(forward, backward)
        return run

    # Rows

    def _turns(self, row: Row, numbers: Numbers) -> dict[int, Array]:
        """The matrix (B, 2, 2) of each qubit that the row acts on."""
        depth = max(map(len, row.gates.values()))
        found: dict[int, Array] = {}
        for level in range(depth):
            there = {qubit: gates[level] for qubit, gates in row.gates.items() if len(gates) > level}
            for qubit, matrix in self._level(there, numbers).items():
                found[qubit] = _product(matrix, found[qubit]) if qubit in found else matrix
        return found

    def _level(self, gates: dict[int, Any], numbers: Numbers) -> dict[int, Array]:
        """One gate on each of some qubits; rotations together."""
        complex_type = jnp.result_type(numbers.shared.dtype, jnp.complex64)
        found: dict[int, Array] = {}
        for qubit, gate in gates.items():
            if isinstance(gate, Clifford | FixedUnitary):
                found[qubit] = jnp.asarray(fixed_matrix(gate), complex_type)[None]
        turned = [(qubit, gate) for qubit, gate in gates.items() if isinstance(gate, Rotation)]
        # Those by parameters alone stay without an axis for the sample.
        for own in (False, True):
            some = [(qubit, gate) for qubit, gate in turned if (gate.value in numbers.places) is own]
            if not some:
                continue
            half = numbers.of([gate.value for _, gate in some])[..., None, None] / 2
            paulis = jnp.asarray(np.stack([-1j * PAULIS[gate.paulis] for _, gate in some]), complex_type)
            matrices = jnp.cos(half) * jnp.eye(2, dtype=half.dtype) + jnp.sin(half) * paulis
            found |= {qubit: matrices[:, place] for place, (qubit, _) in enumerate(some)}
        return found

    def _first_row(self, row: Row, numbers: Numbers) -> Array:
        """The product state that a row makes of |0..0>: an outer product of one-qubit states."""
        turns = self._turns(row, numbers)
        complex_type = jnp.result_type(numbers.shared.dtype, jnp.complex64)
        zero = jnp.asarray([[1, 0]], complex_type)
        state = jnp.ones((1, 1), complex_type)
        parts = []
        for group in groups_of(self.qubits):
            for qubit in group:
                column = turns[qubit][..., 0] if qubit in turns else zero
                state = _outer(state, column)
            parts.append(state)
            state = jnp.ones((1, 1), complex_type)
        return reduce(_outer, parts)

    # Stages

    @singledispatchmethod
    def applied(self, stage: Any, state: Array, numbers: Numbers) -> Array:
        """The states after a stage."""
        raise NotImplementedError(type(stage).__name__)

    @applied.register
    def _(self, stage: Row, state: Array, numbers: Numbers) -> Array:
        turns = self._turns(stage, numbers)
        for group in groups_of(self.qubits):
            acted = [qubit for qubit in group if qubit in turns]
            if not acted:
                continue
            matrix = turns[acted[0]]
            span = range(acted[0], acted[-1] + 1)
            for qubit in span[1:]:
                matrix = _kron(matrix, turns.get(qubit, jnp.eye(2, dtype=matrix.dtype)[None]))
            state = self._contracted(matrix, state, span)
        return state

    def _contracted(self, matrix: Array, state: Array, span: range) -> Array:
        """A matrix (B, 2^k, 2^k) on neighbouring qubits."""
        size = matrix.shape[-1]
        shape = (1 << span[0], size, 1 << (self.qubits - 1 - span[-1]))
        tensor = state.reshape(len(state), *shape)
        if len(matrix) == 1:
            turned = jnp.einsum("ij,bpjq->bpiq", matrix[0], tensor)
        else:
            tensor = jnp.broadcast_to(tensor, (len(matrix), *shape))
            turned = jnp.einsum("bij,bpjq->bpiq", matrix, tensor)
        return turned.reshape(len(turned), -1)

    @applied.register
    def _(self, stage: Rearranged, state: Array, numbers: Numbers) -> Array:
        source, factors = rearrangement(stage, self.qubits)
        # Every amplitude goes to one place, so that the transpose is a plain scatter.
        state = state.at[:, source].get(unique_indices=True, mode="promise_in_bounds")
        return state if factors is None else state * jnp.asarray(factors, state.dtype)

    @applied.register
    def _(self, stage: Phases, state: Array, numbers: Numbers) -> Array:
        places, matrix = phase_matrix(stage, self.qubits)
        values = numbers.of(places)
        phases = values @ jnp.asarray(matrix, values.dtype)
        return state * jax.lax.complex(jnp.cos(phases), jnp.sin(phases))

    @applied.register
    def _(self, stage: Rotation, state: Array, numbers: Numbers) -> Array:
        half = numbers.of([stage.value]) / 2
        turned = self._pauli(state, stage.paulis, stage.qubits)
        return jnp.cos(half) * state - 1j * jnp.sin(half) * turned

    @applied.register
    def _(self, stage: Multiplexor, state: Array, numbers: Numbers) -> Array:
        half = neuron_angle(numbers.of(stage.values), stage.order) / 2
        turned = self._pauli(state, stage.axis, (stage.target,))
        cosines, sines = (self._spread(table, stage.controls) for table in (jnp.cos(half), jnp.sin(half)))
        shape = self._split_shape(stage.controls)
        joined = cosines * state.reshape(-1, *shape) - 1j * sines * turned.reshape(-1, *shape)
        return joined.reshape(len(joined), -1)

    @applied.register
    def _(self, stage: Damping, state: Array, numbers: Numbers) -> Array:
        radii = self._spread(neuron_radius(numbers.of(stage.values), stage.order), stage.qubits)
        damped = radii * state.reshape(-1, *self._split_shape(stage.qubits))
        return damped.reshape(len(damped), -1)

    @applied.register
    def _(self, stage: Load, state: Array, numbers: Numbers) -> Array:
        amplitudes = self._spread(_loaded(stage, numbers.inputs), stage.qubits)
        tensor = state.reshape(-1, *self._split_shape(stage.qubits))
        for place in range(len(stage.qubits)):
            tensor = jax.lax.slice_in_dim(tensor, 0, 1, axis=2 + 2 * place)
        loaded = amplitudes * tensor
        return loaded.reshape(len(loaded), -1)

    @applied.register
    def _(self, stage: Flip, state: Array, numbers: Numbers) -> Array:
        flipped = self._pauli(state, "x", (stage.qubit,))
        return jnp.where(numbers.inputs[:, stage.input, None] > 0.5, flipped, state)

    @applied.register
    def _(self, stage: FixedUnitary, state: Array, numbers: Numbers) -> Array:
        order = sorted(range(len(stage.qubits)), key=lambda place: stage.qubits[place])
        count = len(stage.qubits)
        matrix = stage.matrix.reshape((2,) * (2 * count))
        matrix = matrix.transpose([*order, *(count + place for place in order)])
        tensor = state.reshape(-1, *self._split_shape(stage.qubits))
        axes = [2 + 2 * place for place in range(count)]
        turned = jnp.tensordot(jnp.asarray(matrix, state.dtype), tensor, axes=(list(range(count, 2 * count)), axes))
        return jnp.moveaxis(turned, range(count), axes).reshape(len(state), -1)

    @applied.register
    def _(self, stage: Projection, state: Array, numbers: Numbers) -> Array:
        kept = jnp.asarray([[float(stage.outcome == bit) for bit in (0, 1)]], state.real.dtype)
        tensor = self._spread(kept, (stage.qubit,)) * state.reshape(-1, *self._split_shape((stage.qubit,)))
        return tensor.reshape(len(state), -1)

    # Axes for some qubits

    def _split_shape(self, qubits: Sequence[int]) -> tuple[int, ...]:
        """The shape of 2^n amplitudes with an axis for each of some qubits, and one between each two."""
        ends = [-1, *sorted(qubits), self.qubits]
        gaps = [1 << (after - before - 1) for before, after in pairwise(ends)]
        return (*(size for gap in gaps[:-1] for size in (gap, 2)), gaps[-1])

    def _spread(self, table: Array, qubits: Sequence[int]) -> Array:
        """A table (B, 2^k) by the value of some qubits, with the axes of :meth:`_split_shape`."""
        order = sorted(range(len(qubits)), key=lambda place: qubits[place])
        tensor = table.reshape(len(table), *(2,) * len(qubits)).transpose(0, *(1 + place for place in order))
        return tensor.reshape(len(table), *(1, 2) * len(qubits), 1)

    def _pauli(self, state: Array, paulis: str, qubits: Sequence[int]) -> Array:
        """P psi: axes are reversed, and multiplied by the factors of Y and Z."""
        tensor = state.reshape(-1, *self._split_shape(qubits))
        sorted_qubits = sorted(qubits)
        for letter, qubit in zip(paulis, qubits, strict=True):
            axis = 2 + 2 * sorted_qubits.index(qubit)
            if letter in "xy":
                tensor = jnp.flip(tensor, axis)
            if letter in "yz":
                factors = np.array([-1j, 1j] if letter == "y" else [1, -1])
                shape = [1] * tensor.ndim
                shape[axis] = 2
                tensor = tensor * jnp.asarray(factors.reshape(shape), state.dtype)
        return tensor.reshape(len(state), -1)


def _loaded(gate: Load, inputs: Array) -> Array:
    """The amplitudes (B, 2^q) that a load gives its qubits."""
    numbers = of_length_one(picked(inputs, gate.inputs))
    empty = jnp.zeros((len(inputs), 1 << len(gate.qubits)), numbers.dtype)
    return empty.at[:, np.asarray(gate.places)].set(numbers, unique_indices=True)


def _product(left: Array, right: Array) -> Array:
    """The product of matrices (B, 2, 2), written out: they are small."""
    return (left[..., :, :, None] * right[..., None, :, :]).sum(-2)


def _kron(left: Array, right: Array) -> Array:
    """The Kronecker product of matrices (B, d, d) and (B, 2, 2)."""
    size = left.shape[-1]
    product = left[:, :, None, :, None] * right[:, None, :, None, :]
    return product.reshape(len(product), 2 * size, 2 * size)


def _outer(left: Array, right: Array) -> Array:
    """The tensor product of states (B, c) and (B, d)."""
    product = left[:, :, None] * right[:, None, :]
    return product.reshape(len(product), -1)
