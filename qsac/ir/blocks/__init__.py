"""Blocks: how a program is carried out on qubits. One family per file; each register of a block program is a qubit."""

from qsac.ir.blocks.diagonal import Diagonal
from qsac.ir.blocks.measurement import Measure, Reset
from qsac.ir.blocks.multiplexor import Multiplexor, UniformlyControlledGate
from qsac.ir.blocks.rotation import PauliRotation
from qsac.ir.blocks.unitary import Unitary

__all__ = ["Diagonal", "Measure", "Multiplexor", "PauliRotation", "Reset", "UniformlyControlledGate", "Unitary"]
