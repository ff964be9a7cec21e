"""The qubits of an imported circuit that are measured, after which nothing may happen to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qsac.errors import InvalidInputError
from qsac.files.pointer import quoted


class MeasuredAtTheEnd:
    """The qubits that were measured so far, in order."""

    def __init__(self) -> None:
        self._qubits: list[int] = []

    def measured(self, qubit: int) -> None:
        """A qubit is measured."""
        self._qubits.append(qubit)

    def check(self, name: str, qubits: Sequence[int]) -> None:
        """Raise :class:`~qsac.errors.InvalidInputError` for a gate after a measurement."""
        after = [qubit for qubit in qubits if qubit in self._qubits]
        if after:
            raise InvalidInputError(
                "something happens to a qubit after it is measured",
                code="import.after-measurement",
                found=f"{quoted(name)} on qubit {after[0]}",
                wanted="measurements at the end: a measured control is written as a control, which is the same",
            )

    def measure(self) -> dict[str, Any] | None:
        """The measurement of the step; None where nothing was measured."""
        return {"type": "probabilities", "qubits": self._qubits} if self._qubits else None
