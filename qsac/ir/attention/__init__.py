"""Ops of the attention level, one family a file."""

from qsac.ir.attention.add_constant import AddConstant
from qsac.ir.attention.amplify import Amplify
from qsac.ir.attention.circuit import ApplyCircuit
from qsac.ir.attention.degree import PrepareDegree, RotateDegree
from qsac.ir.attention.discard import Discard
from qsac.ir.attention.evolution import LoadEvolution
from qsac.ir.attention.indices import PrepareIndex, PrepareIndices, PrepareKeys
from qsac.ir.attention.mark import MarkKeys
from qsac.ir.attention.multiply import Multiply
from qsac.ir.attention.phase_row import PhaseRow
from qsac.ir.attention.phase_signal import PhaseSignal
from qsac.ir.attention.phase_state import PhaseState
from qsac.ir.attention.phases import PhaseTable
from qsac.ir.attention.project import Project
from qsac.ir.attention.pruned import LoadPruned
from qsac.ir.attention.rotated import LoadRotated
from qsac.ir.attention.select import SelectIndex
from qsac.ir.attention.tokens import LoadTokens
from qsac.ir.attention.unitary import ApplyUnitary
from qsac.ir.attention.whole import LoadWhole

__all__ = [
    "AddConstant",
    "Amplify",
    "ApplyCircuit",
    "ApplyUnitary",
    "Discard",
    "LoadEvolution",
    "LoadPruned",
    "LoadRotated",
    "LoadTokens",
    "LoadWhole",
    "MarkKeys",
    "Multiply",
    "PhaseRow",
    "PhaseSignal",
    "PhaseState",
    "PhaseTable",
    "PrepareDegree",
    "PrepareIndex",
    "PrepareIndices",
    "PrepareKeys",
    "Project",
    "RotateDegree",
    "SelectIndex",
]
