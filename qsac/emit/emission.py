"""How blocks are written as native gates: one file a family of blocks, under the name of its file in ``qsac/ir/``."""

from __future__ import annotations

from collections.abc import Callable
from types import NoneType
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qsac.ir.by_op import ByOp

if TYPE_CHECKING:
    from qsac.emit.zzphase import ZZPhaseEmitter

Linear: TypeAlias = NDArray[np.float64]
"""How angles depend on the symbols of a template, shape (angles, symbols) or (symbols,): half-turns for a radian."""

Emission: TypeAlias = "Callable[[Any, ZZPhaseEmitter, Linear | None], None]"

emission: ByOp[Emission] = ByOp("emission", "qsac.emit", NoneType)
"""Writes each block, by a function of the block, the emitter and how its numbers depend on symbols (None: they do not).
"""
