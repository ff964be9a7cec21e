"""Which ops the gate is of that waits on a qubit, while one-qubit gates are merged there."""

from __future__ import annotations

from qsac.native.provenance import Mask


class Waiting:
    """A merged gate is of all ops that its angle comes from.

    What is diagonal at its beginning or its end is no gate but a change of frame; between two rotations it counts.
    """

    def __init__(self, qubits: int) -> None:
        self._of: list[Mask] = [0] * qubits
        self._last: list[Mask] = [0] * qubits

    def add(self, qubit: int, ops: Mask, *, diagonal: bool) -> None:
        """A gate of these ops joins what waits on a qubit."""
        if not diagonal:
            self._of[qubit] |= ops | self._last[qubit]
            self._last[qubit] = 0
        elif self._of[qubit]:
            self._last[qubit] |= ops

    def taken(self, qubit: int) -> Mask:
        """The ops of what has waited on a qubit; nothing waits there any more."""
        ops = self._of[qubit]
        self._of[qubit] = self._last[qubit] = 0
        return ops
