"""The registers' widths that readouts have to know."""

from __future__ import annotations

from qsac.families.transformer.construction.planned import qubits
from qsac.families.transformer.model import Model


def word_qubits(words: int) -> int:
    """The qubits of the register in which one of so many words is read."""
    return qubits(words)


def position_qubits(model: Model) -> int:
    """The qubits of a register that holds a position."""
    return (model.tokens - 1).bit_length()
