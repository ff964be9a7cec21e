"""Circuits of states, tables and uniformly controlled gates, for circuits of Qiskit, pytket, PennyLane
and Cirq.

No model is needed: each function takes numbers and gives a :class:`Block`, which is exact as a unitary, global phase
included, on all inputs that it is for.
"""

from __future__ import annotations

from qsac.synthesis.block import Block as Block
from qsac.synthesis.block import Counts as Counts
from qsac.synthesis.diagonals import diagonal as diagonal
from qsac.synthesis.gates import multiplexor as multiplexor
from qsac.synthesis.gates import uniformly_controlled as uniformly_controlled
from qsac.synthesis.states import rows as rows
from qsac.synthesis.states import state as state

__all__ = ["Block", "Counts", "diagonal", "multiplexor", "rows", "state", "uniformly_controlled"]
