"""A gate for tables of states: which of them the data are prepared in, an index says."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from qiskit.circuit import Gate, QuantumCircuit
from qiskit.circuit.library import DiagonalGate, UCRYGate

from qsac.arguments import flag

ROWS = "qsac_rows"
"""The gate's name, to which Qiskit ties its methods of synthesis."""


class RowsGate(Gate):  # type: ignore[misc]  # Qiskit is read without type information
    """The load of a table: |i>|0..0> comes to |i> sum_x table[i, x] |x>, with the phases that the rows have.

    ``table``, shape (T, 2^n), real or complex, has rows of unit norm up to 1e-9; ``normalise`` divides them by their
    norms. The first n qubits are the data, the least significant first, then come the fewest that hold T values, m, the
    index, as in :meth:`qsac.synthesis.Block.to_qiskit`; m + n is at most 14. Data are to begin in zero and the index in
    values below T: of other inputs no more is said than that the gate is unitary, and the method ``qsac`` may differ
    there from the ``definition``: a uniformly controlled rotation for each data qubit and a diagonal for the phases
    (Moettoenen et al., quant-ph/0407010).

    Raises :class:`~qsac.errors.InvalidInputError` for what is not such an array, and
    :class:`~qsac.errors.DoesNotFitError` for more than 14 qubits.
    """

    def __init__(self, table: ArrayLike, *, normalise: bool = False, label: str | None = None) -> None:
        from qsac.synthesis.asked import check_width, numbers, qubits_for, unit_rows, wrong_shape

        what = "the rows of a table"
        values = numbers(table, what, 2)
        data = qubits_for(values.shape[1], what, values.shape)
        if not data:
            raise wrong_shape(what, values.shape, "at least 2 columns: the amplitudes of a qubit")
        index = (len(values) - 1).bit_length()
        check_width(index + data, what)
        unit = unit_rows(values, "each row of a table", normalise=flag(normalise, "normalise"))
        unit.flags.writeable = False
        super().__init__(ROWS, data + index, [unit], label=label)

    @property
    def table(self) -> NDArray[np.complex128]:
        """The rows, of unit norm, shape (T, 2^n)."""
        return np.asarray(self.params[0])

    def __eq__(self, other: object) -> bool:
        """Whether another gate has the same rows."""
        return isinstance(other, RowsGate) and np.array_equal(self.table, other.table)

    def validate_parameter(self, parameter: object) -> object:
        """The table is an array, which Qiskit's gates do not take by themselves."""
        return parameter

    def inverse(self, annotated: bool = False) -> Any:
        """The inverse of the definition, without a method of synthesis."""
        if annotated:
            return super().inverse(annotated=True)
        gate = Gate(f"{ROWS}_dg", self.num_qubits, [])
        gate.definition = self.definition.inverse()
        return gate

    def _define(self) -> None:
        table = self.table
        data = table.shape[1].bit_length() - 1
        # Other values of the index stay as they are.
        whole = np.zeros((1 << (self.num_qubits - data), table.shape[1]), dtype=np.complex128)
        whole[:, 0] = 1
        whole[: len(table)] = table
        real = not whole.imag.any()
        circuit = QuantumCircuit(self.num_qubits, name=ROWS)
        for place in reversed(range(data)):
            halves = whole.reshape(-1, 2, 1 << place)
            sizes = np.linalg.norm(halves, axis=2)
            if real and not place:
                sizes = halves[:, :, 0].real
            angles = 2 * np.arctan2(sizes[:, 1], sizes[:, 0])
            circuit.append(UCRYGate(angles.tolist()), range(place, self.num_qubits))
        if not real:
            circuit.append(DiagonalGate(np.exp(1j * np.angle(whole)).reshape(-1).tolist()), range(self.num_qubits))
        self.definition = circuit
