"""Matrices with gates that do not depend on their numbers, for templates: quantum Shannon decomposition to the end
(Shende et al., quant-ph/0406176), whatever zeros or symmetries there are.

Two qubits take three CX (Vatan and Williams, quant-ph/0308006), or two where the matrix of the template does.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import pi
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.errors import InvalidInputError
from qsac.ir.blocks import Multiplexor, PauliRotation, Unitary
from qsac.ir.blocks.rotation import controlled_x
from qsac.ir.table import Table
from qsac.lowering.context import LoweringContext
from qsac.numerics.pauli import Axis, rotation_matrix
from qsac.numerics.schur_forms import demultiplexed
from qsac.numerics.two_qubit import canonical

Complex = NDArray[np.complex128]
Block = PauliRotation | Multiplexor | Unitary

NOTHING = 1e-9
"""Half-turns of a canonical form that are rounding: what is left out beyond is an error of a binding."""


def fixed_gates(matrices: Complex, qubits: tuple[str, ...], place: LoweringContext, pattern: Any = None) -> list[Block]:
    """Blocks for the matrix (of ``matrices``, shape (B, D, D), B a power of two) that the first qubits select, on the
    last ones, up to a global phase. ``pattern``: a matrix of two qubits that says whether two CX are enough.

    Raises :class:`~qsac.errors.InvalidInputError` for a matrix that takes three where its pattern takes two.
    """
    if len(matrices) > 1:
        return _selected(matrices, qubits, place)
    if len(qubits) == 1:
        return [Unitary(qubits[0], Table(matrices[0]), slots=place.slot())]
    if len(qubits) == 2:
        few = pattern is not None and _angles(canonical(pattern.astype(np.complex128)).angles)[0] < NOTHING
        return _on_two(matrices[0], qubits, place, few=few)
    # Imported where it is needed: it takes longer than most circuits do.
    from scipy.linalg import cossin

    half = len(matrices[0]) // 2
    lefts, angles, rights = cossin(matrices[0], p=half, q=half, separate=True)
    turned = Multiplexor("y", qubits[1:], qubits[0], Table(2 * np.asarray(angles)), slots=place.slot())
    before, after = (_selected(np.stack(pair), qubits, place) for pair in (rights, lefts))
    return [*before, turned, *after]


def _selected(matrices: Complex, qubits: tuple[str, ...], place: LoweringContext) -> list[Block]:
    """Matrices selected by the first qubit and others: V (D + D*) W, what the others select being V, D and W."""
    half = len(matrices) // 2
    parts = [demultiplexed(one, other) for one, other in zip(matrices[:half], matrices[half:], strict=True)]
    lefts, phases, rights = (np.stack(part) for part in zip(*parts, strict=True))
    before, after = (fixed_gates(part, qubits[1:], place) for part in (rights, lefts))
    turned = Multiplexor("z", qubits[1:], qubits[0], Table(-2 * phases.reshape(-1)), slots=place.slot())
    return [*before, turned, *after]


def _angles(found: Sequence[float]) -> tuple[float, int]:
    """The smallest angle of a canonical form, and its axis."""
    axis = int(np.argmin(np.abs(found)))
    return abs(found[axis]), axis


def _on_two(matrix: Complex, qubits: tuple[str, ...], place: LoweringContext, *, few: bool) -> list[Block]:
    """One-qubit gates, the canonical form by two CX or three, and one-qubit gates."""
    found = canonical(matrix)
    least, axis = _angles(found.angles)
    turns: Complex = np.eye(2, dtype=np.complex128)
    if not few:
        blocks = _three(found.angles, qubits, place)
    elif least > NOTHING:
        raise InvalidInputError(
            "these numbers make other circuits than those that the template has",
            code="template.other-circuits",
            found="a matrix on two qubits that takes three CX, where that of the template takes two",
            wanted="numbers with whose matrices two CX are enough, such as real ones",
            help="compile a template of a model with these numbers",
        )
    else:
        # The axis without an angle becomes y: conjugation of both qubits exchanges it with y up to signs.
        turns = rotation_matrix("zx"[axis // 2], pi / 2) if axis != 1 else turns
        angles = list(found.angles)
        angles[1], angles[axis] = angles[axis], angles[1]
        blocks = _two(angles, qubits, place)
    right, left = (
        [
            Unitary(qubit, Table(gate @ turns.conj().T if after else turns @ gate), slots=place.slot())
            for qubit, gate in zip(qubits, gates, strict=True)
        ]
        for after, gates in ((False, found.right), (True, found.left))
    )
    return [*right, *blocks, *left]


def _turn(axis: Axis, qubit: str, angle: float, place: LoweringContext) -> PauliRotation:
    """A rotation by half-turns."""
    return PauliRotation(axis, (qubit,), pi * angle, slots=place.slot())


def _two(angles: Sequence[float], qubits: tuple[str, ...], place: LoweringContext) -> list[Block]:
    """exp(-i pi/2 (a XX + c ZZ)): a CX takes XX to X on the control, and ZZ to Z on the target."""
    first, second = qubits
    turns = [_turn("x", first, angles[0], place), _turn("z", second, angles[2], place)]
    return [*controlled_x(first, second), *turns, *controlled_x(first, second)]


def _three(angles: Sequence[float], qubits: tuple[str, ...], place: LoweringContext) -> list[Block]:
    """exp(-i pi/2 (a XX + b YY + c ZZ)) (Vatan and Williams, Fig. 6)."""
    (first, second), (a, b, c) = qubits, angles
    return [
        PauliRotation("z", (second,), -pi / 2),
        *controlled_x(second, first),
        _turn("z", first, 0.5 + c, place),
        _turn("y", second, -0.5 - a, place),
        *controlled_x(first, second),
        _turn("y", second, 0.5 + b, place),
        *controlled_x(second, first),
        PauliRotation("z", (first,), pi / 2),
    ]
