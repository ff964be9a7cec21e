"""For Cirq: a transformer that replaces operations by blocks of :mod:`qsac.synthesis`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from qsac.arguments import flag
from qsac.export.cirq import block_operations, cirq_package
from qsac.hosts.offers import CZ_TARGET, MATRIX_QUBITS, Offer, Terms, is_gain

if TYPE_CHECKING:
    import cirq

    from qsac.machine.read import AnyTarget
else:
    cirq = cirq_package()

_LARGE = 6
"""Most qubits of operations for which Cirq optimises what it takes: for these that takes some eight seconds."""


@cirq.transformer
def qsac_synthesis(
    circuit: cirq.AbstractCircuit,
    *,
    context: cirq.TransformerContext | None = None,
    target: AnyTarget = CZ_TARGET,
    optimisation: int = 2,
    starts_in_zero: bool = False,
) -> cirq.Circuit:
    """Replaces operations by blocks where these take fewer two-qubit gates than Cirq's own decomposition into CZ,
    partial CZ counted as one, also after ``cirq.optimize_for_target_gateset``; leaves all others. What the circuit does
    stays the same, global phase included.

    ``StatePreparationChannel``, for which Cirq has no gates: its qubits are reset, then prepared; ``DiagonalGate`` and
    those of two and three qubits; ``MatrixGate`` that is diagonal or gates on one of its qubits that the others
    select, and such gates under controls. Parameters without values, qudits, operations with a tag of
    ``context.tags_to_ignore`` or ``cirq.VirtualTag`` are left; within circuit operations, where ``context.deep``.
    ``target`` is a machine in whose gates blocks are written, by default CZ, SX, X and Rz; ``optimisation`` as in
    :func:`qsac.synthesis.state`. ``starts_in_zero``: qubits are in zero where the circuit starts, and need no reset.

    Raises :class:`~qsac.errors.InvalidInputError` for an unknown target and for levels that there are not.
    """
    terms = Terms.of(target, optimisation)
    ignored = () if context is None else context.tags_to_ignore
    if flag(starts_in_zero, "starts_in_zero"):
        fresh = set(_first_places(circuit))

        def first(operation: cirq.Operation, moment: int) -> cirq.OP_TREE:
            return _replaced(operation, terms, fresh=(moment, operation.qubits) in fresh)

        circuit = cirq.map_operations_and_unroll(circuit, first, tags_to_ignore=ignored)
    deep = context is not None and context.deep

    def later(operation: cirq.Operation, _moment: int) -> cirq.OP_TREE:
        return _replaced(operation, terms, fresh=False)

    return cirq.map_operations_and_unroll(circuit, later, tags_to_ignore=ignored, deep=deep).unfreeze(copy=False)


def _first_places(circuit: cirq.AbstractCircuit) -> Iterator[tuple[int, tuple[cirq.Qid, ...]]]:
    """The moments and qubits of operations whose qubits nothing acted on before."""
    touched: set[cirq.Qid] = set()
    for place, moment in enumerate(circuit):
        for operation in moment.operations:
            if touched.isdisjoint(operation.qubits):
                yield place, operation.qubits
        touched |= moment.qubits


def _replaced(operation: cirq.Operation, terms: Terms, *, fresh: bool) -> cirq.OP_TREE:
    """The operations of a block, or the operation itself."""
    plain = isinstance(operation.untagged, cirq.GateOperation | cirq.ControlledOperation)
    gate = operation.gate
    if not plain or gate is None or any(isinstance(tag, cirq.VirtualTag) for tag in operation.tags):
        return operation
    offering = _OFFERS.get(type(gate))
    if offering is None or cirq.is_parameterized(gate) or any(size != 2 for size in cirq.qid_shape(gate)):
        return operation
    offer = offering(gate, terms)
    if offer is None or not is_gain(offer, host_gates(operation)):
        return operation
    block = block_operations(offer.block.circuit, offer.block.phase, [operation.qubits[at] for at in offer.order])
    if isinstance(gate, cirq.StatePreparationChannel) and not fresh:
        return [*cirq.reset_each(*operation.qubits), *block]
    return block


def host_gates(operation: cirq.Operation) -> int | None:
    """The fewest two-qubit gates that Cirq takes for an operation: decomposed into CZ and partial CZ, as this comes or,
    up to six qubits, optimised for these gates. None where it knows no gates for it."""
    try:
        decomposed = cirq.Circuit(cirq.decompose(operation))
        found = [_two_qubit_gates(decomposed)]
        if None not in found and len(operation.qubits) <= _LARGE:
            for partial in (False, True):
                gates = cirq.CZTargetGateset(allow_partial_czs=partial)
                found.append(_two_qubit_gates(cirq.optimize_for_target_gateset(decomposed, gateset=gates)))
    except Exception:  # Cirq raises many things where it cannot decompose
        return None
    return min((count for count in found if count is not None), default=None)


def _two_qubit_gates(circuit: cirq.AbstractCircuit) -> int | None:
    """How many CZ and partial CZ there are; None where anything is left that is neither these nor a unitary gate of a
    qubit."""
    count = 0
    for operation in circuit.all_operations():
        if isinstance(operation.gate, cirq.CZPowGate):
            count += 1
        elif len(operation.qubits) > 1 or not cirq.has_unitary(operation):
            return None
    return count


def _state(gate: Any, terms: Terms) -> Offer | None:
    return terms.state(gate.state)


def _diagonal(gate: Any, terms: Terms) -> Offer | None:
    return terms.diagonal(np.array(gate.diag_angles_radians, dtype=np.float64))


def _matrix(gate: Any, terms: Terms) -> Offer | None:
    if cirq.num_qubits(gate) > MATRIX_QUBITS:
        return None
    matrix = cirq.unitary(gate, None)
    return None if matrix is None else terms.matrix(matrix)


def _controlled(gate: Any, terms: Terms) -> Offer | None:
    """Gates under controls, also under controls that are sums of values."""
    return _matrix(gate, terms) if type(gate.sub_gate) in _OFFERS else None


_OFFERS: dict[type, Callable[[Any, Terms], Offer | None]] = {
    cirq.StatePreparationChannel: _state,
    cirq.DiagonalGate: _diagonal,
    cirq.TwoQubitDiagonalGate: _diagonal,
    cirq.ThreeQubitDiagonalGate: _diagonal,
    cirq.MatrixGate: _matrix,
    cirq.ControlledGate: _controlled,
}
