"""Amplitude amplification as blocks: all blocks before, whole and without their measurements, adjoint and again.

No promise of a block holds where it stands again: multiplexors are written in full. A reflection about zero is a phase
on it: of more than three qubits two after another are brought together in a clean one, three gates each, as pairs whose
diagonals cancel (Barenco et al., quant-ph/9503016; the ladders of Construction, section 2).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from qsac.ir.attention import Amplify
from qsac.ir.attention.amplify import DIRECT
from qsac.ir.blocks import Diagonal, Measure, Multiplexor, PauliRotation
from qsac.ir.op import Adjointable, Op
from qsac.ir.table import Table
from qsac.lowering.context import LoweringContext, lowering


@lowering.register(Amplify)
def lower(op: Amplify, place: LoweringContext) -> list[Op]:
    """None of its own: :func:`amplified` makes what it stands for of the blocks before."""
    return []


def amplified(blocks: Sequence[Op], rounds: int, qubits: Sequence[str], clean: Sequence[str], source: int) -> list[Op]:
    """The blocks, without their measurements, and the rounds; then the measurements. ``qubits`` are all that the blocks
    use, ``clean`` others in zero, ``source`` the op's place."""
    measured = [block for block in blocks if isinstance(block, Measure)]
    once = [_whole(block, first=True) for block in blocks if not isinstance(block, Measure)]
    again = [_whole(block, first=False) for block in once]
    back = [_adjoint(block) for block in reversed(again)]
    given = [block.qubit for block in measured]
    about_given = [replace(block, sources=(source,)) for block in _phase_on_zero(given, clean)]
    about_zero = [replace(block, sources=(source,)) for block in _phase_on_zero(qubits, clean)]
    # Each round is -A S_0 A^dag S_given with S = 1 - 2 P; global phases are left out.
    return [*once, *rounds * [*about_given, *back, *about_zero, *again], *measured]


def _whole(block: Op, *, first: bool) -> Op:
    """The block as a unitary, whatever its target holds; the ``first`` time it still enters in zero."""
    if not isinstance(block, Multiplexor):
        return block
    # What closes a pair is the exact adjoint of what opens it.
    if first and block.enters_zero and block.pair == "none":
        return replace(block, leaves_zero=False)
    return block.in_full()


def _adjoint(block: Op) -> Op:
    if not isinstance(block, Adjointable):
        raise TypeError(f"{block.name} has no adjoint")
    return block.adjoint()


def _phase_on_zero(qubits: Sequence[str], clean: Sequence[str]) -> Iterator[Op]:
    """A phase of pi on zero of all qubits."""
    if len(qubits) == 1:
        yield PauliRotation("z", (qubits[0],), np.pi)
        return
    left, joined = list(qubits), []
    for ancilla in clean[: max(0, len(qubits) - DIRECT)]:
        # The clean qubit stays in zero where both are.
        both = Multiplexor(
            "y", (left[0], left[1]), ancilla, Table(np.array([0.0, np.pi, np.pi, np.pi])), pair="compute"
        )
        joined.append(both)
        left = [*left[2:], ancilla]
    yield from joined
    phases = np.zeros(1 << len(left))
    phases[0] = np.pi
    yield Diagonal(tuple(left), Table(phases))
    for both in reversed(joined):
        yield both.adjoint()
