"""The registers' widths that readouts have to know."""

from __future__ import annotations

from qsac.families.transformer.construction.affine import qubits
from qsac.families.transformer.construction.matrices import SYNTHESISED
from qsac.families.transformer.model import Gated, Model


def output_qubits(model: Model, rows: int) -> int:
    """The qubits of the register that holds ``rows`` linear combinations of the entries of the last layer's output."""
    layer = model.layers[-1]
    if layer.feed_forward is None:
        return qubits(rows)
    columns = layer.feed_forward.output.shape[1]
    if isinstance(layer.feed_forward, Gated) and layer.feed_forward_residual[0]:
        columns += model.dimension
    size = max(qubits(columns), qubits(rows))
    return size if size <= SYNTHESISED else qubits(rows)


def word_qubits(model: Model) -> int:
    """The qubits of the register in which a next word is read."""
    return output_qubits(model, len(getattr(model.readout, "vocabulary")))  # noqa: B009


def position_qubits(model: Model) -> int:
    """The qubits of a register that holds a position."""
    return (model.tokens - 1).bit_length()
