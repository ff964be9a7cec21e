"""Circuits of Qiskit, pytket and lambeq as steps of a model file: :func:`from_circuit`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qsac.arguments import shown
from qsac.errors import InvalidInputError
from qsac.importing.symbolic_gates import ImportedCircuit


def from_circuit(
    circuit: Any,
    *,
    inputs: Sequence[str] = (),
    values: Mapping[str, float] | None = None,
    measure: Mapping[str, Any] | None = None,
) -> ImportedCircuit:
    """A circuit of Qiskit or pytket as a step of a model file, or one of lambeq, which has ``to_tk``.

    ``inputs``: the names of the symbols that are inputs, in order; all others are parameters, with ``values`` by name,
    or left out, to be learned. ``measure``: as in a model file; by default the probabilities of the qubits that are
    measured at the end, else Z on each. Qubits keep their places, names of symbols their order by the alphabet. A
    global phase is not kept. What lambeq post-selects is projected.

    Raises :class:`~qsac.errors.InvalidInputError` for a gate that is not known, with its name, for angles that are no
    sums of multiples of symbols, and for what happens after a measurement.
    """
    if hasattr(circuit, "to_tk"):
        circuit = circuit.to_tk()
    origins = {kind.__module__.partition(".")[0] for kind in type(circuit).__mro__}
    if "qiskit" in origins:
        from qsac.importing.qiskit_circuits import read

        return read(circuit, inputs, values, measure)
    if "pytket" in origins:
        from qsac.importing.pytket_circuits import read as read_pytket

        return read_pytket(circuit, inputs, values, measure)
    raise InvalidInputError(
        "this is no circuit of a package that is known",
        code="option.wrong-type",
        found=shown(circuit),
        wanted="a QuantumCircuit of Qiskit, a Circuit of pytket, or a circuit of lambeq",
    )
