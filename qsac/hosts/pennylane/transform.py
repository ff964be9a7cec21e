"""The transform: operations of PennyLane's that blocks do in fewer two-qubit gates are replaced by these."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qsac.hosts.offers import CZ_TARGET, Offer, Terms, is_gain
from qsac.hosts.pennylane.counting import CONTROLS, FEW_CONTROLS, host_gates
from qsac.hosts.pennylane.package import qml
from qsac.synthesis.asked import TOLERANCE

if TYPE_CHECKING:
    from qsac.machine.read import AnyTarget

_MATRIX_WIRES = 5
"""Most wires of a matrix: PennyLane takes seconds to say what it takes for these."""

Numbers = NDArray[Any]


@qml.transform  # type: ignore[untyped-decorator]  # without type information
def qsac_synthesis(
    tape: Any, target: AnyTarget = CZ_TARGET, optimisation: int = 2
) -> tuple[list[Any], Callable[..., Any]]:
    """Replaces operations by blocks of :mod:`qsac.synthesis` where these take fewer two-qubit gates than PennyLane's
    own decomposition, ``qml.compile`` included; leaves all others. What the circuit does stays the same, global phase
    included.

    States (``StatePrep``, ``AmplitudeEmbedding``, ``MottonenStatePreparation``) on wires that nothing acted on before;
    ``SelectPauliRot``, ``DiagonalQubitUnitary``, ``Select`` of gates on one wire; ``QubitUnitary`` and
    ``ControlledQubitUnitary`` of up to five wires that are diagonal or gates on one wire that others select. Parameters
    that are batched, traced or to be differentiated leave an operation as it is. ``target`` is a machine in whose gates
    blocks are written, by default CZ, SX, X and RZ; ``optimisation`` as in :func:`qsac.synthesis.state`.

    Raises :class:`~qsac.errors.InvalidInputError` for an unknown target and for levels that there are not.
    """
    terms = Terms.of(target, optimisation)
    operations: list[Any] = []
    touched: set[Any] = set()
    with qml.QueuingManager.stop_recording():
        for operation in tape.operations:
            operations += _replaced(operation, terms, fresh=touched.isdisjoint(operation.wires))
            touched |= set(operation.wires)
    return [tape.copy(operations=operations)], _only


def _only(results: Sequence[Any]) -> Any:
    return results[0]


def _replaced(operation: Any, terms: Terms, *, fresh: bool) -> list[Any]:
    """The operations of a block, or the operation itself."""
    kind = type(operation)
    offering = _OFFERS.get(kind) or (_PREPARATIONS.get(kind) if fresh else None)
    if offering is None or operation.batch_size is not None:
        return [operation]
    offer = offering(operation, terms)
    if offer is None or not is_gain(offer, host_gates(operation)):
        return [operation]
    wires = selected_wires(operation) if kind is qml.Select else operation.wires
    return offer.block.to_pennylane([wires[place] for place in offer.order])


def selected_wires(operation: Any) -> Any:
    """The wires of a ``Select``, those of its controls first, without its work wires."""
    return operation.hyperparameters["control"] + operation.hyperparameters["target_wires"]


def plain(values: Any) -> Numbers | None:
    """Numbers of any interface as an array of NumPy's; None where they are traced, or to be differentiated."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of JAX's, for how PennyLane asks it
        if qml.math.is_abstract(values) or qml.math.requires_grad(values):
            return None
    try:
        found = np.asarray(values)
    except (TypeError, ValueError, RuntimeError):
        return None
    return found if found.dtype.kind in "iufc" else None


def _state(operation: Any, terms: Terms) -> Offer | None:
    if getattr(operation, "is_sparse", False):
        return None
    v = plain(operation.parameters[0])
    return None if v is None else terms.state(v)


def _rotations(operation: Any, terms: Terms) -> Offer | None:
    angles = plain(operation.parameters[0])
    axis = operation.hyperparameters["rot_axis"].lower()
    return None if angles is None else terms.rotations(axis, angles)


def _diagonal(operation: Any, terms: Terms) -> Offer | None:
    values = plain(operation.parameters[0])
    if values is None or not np.abs(np.abs(values) - 1).max() <= TOLERANCE:
        return None
    return terms.diagonal(np.angle(values))


def _select(operation: Any, terms: Terms) -> Offer | None:
    """Gates on one wire, and the identity where there are fewer than values of the control wires."""
    targets = operation.hyperparameters["target_wires"]
    if len(targets) != 1:
        return None
    controls = operation.hyperparameters["control"]
    if len(controls) > CONTROLS or (len(controls) > FEW_CONTROLS and operation.hyperparameters["work_wires"]):
        return None
    gates = np.tile(np.eye(2, dtype=np.complex128), (1 << len(controls), 1, 1))
    for place, one in enumerate(operation.hyperparameters["ops"]):
        if not one.has_matrix or one.batch_size is not None or any(plain(data) is None for data in one.data):
            return None
        found = plain(qml.matrix(one, wire_order=targets))
        if found is None or found.shape != (2, 2):
            return None
        gates[place] = found
    return terms.gates(gates)


def _matrix(operation: Any, terms: Terms) -> Offer | None:
    if len(operation.wires) > _MATRIX_WIRES or any(plain(data) is None for data in operation.data):
        return None
    matrix = plain(operation.matrix(wire_order=operation.wires))
    return None if matrix is None else terms.matrix(matrix)


_PREPARATIONS: dict[type, Callable[[Any, Terms], Offer | None]] = {
    qml.StatePrep: _state,
    qml.AmplitudeEmbedding: _state,
    qml.MottonenStatePreparation: _state,
}
"""What is asked for only where wires are in zero: on other inputs it does more than its name says, and an adjoint of it
elsewhere in the circuit may rely on that."""

_OFFERS: dict[type, Callable[[Any, Terms], Offer | None]] = {
    qml.SelectPauliRot: _rotations,
    qml.DiagonalQubitUnitary: _diagonal,
    qml.Select: _select,
    qml.QubitUnitary: _matrix,
    qml.ControlledQubitUnitary: _matrix,
}
