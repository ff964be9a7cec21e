"""How blocks are written as native gates: one file a family of blocks, under the name of its file in ``qsac/ir/``."""

from __future__ import annotations

from collections.abc import Callable
from types import NoneType
from typing import TYPE_CHECKING, Any, TypeAlias

from qsac.ir.by_op import ByOp
from qsac.native.angles import Linear

if TYPE_CHECKING:
    from qsac.emit.zzphase import ZZPhaseEmitter


Emission: TypeAlias = "Callable[[Any, ZZPhaseEmitter, Linear | None], None]"

emission: ByOp[Emission] = ByOp("emission", "qsac.emit", NoneType)
"""Writes each block, by a function of the block, the emitter and how its numbers depend on symbols (None: they do not).
"""
