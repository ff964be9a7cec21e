"""Gates on one qubit that an index selects: rotations about one axis, and any gates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qsac.arguments import flag, word
from qsac.errors import InvalidInputError
from qsac.ir.blocks import Multiplexor, PauliRotation, UniformlyControlledGate, Unitary
from qsac.ir.op import Op
from qsac.ir.table import Table
from qsac.numerics.ladder import up_to_diagonal
from qsac.numerics.pauli import PAULI, Axis
from qsac.numerics.plan import repetition
from qsac.numerics.walsh import walsh_hadamard
from qsac.synthesis.asked import TOLERANCE, check_width, numbers, qubits_for, wrong_shape
from qsac.synthesis.block import DEFAULT, Block
from qsac.synthesis.diagonals import programs as diagonal_programs
from qsac.synthesis.writing import block_program, context_of, qubit_names, written

if TYPE_CHECKING:
    from qsac.machine.read import AnyTarget

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

_NOTHING = 1e-14
"""Parts of a gate's entries that are rounding."""

_ROUNDING = 1e-12
"""Angles, in radians, that are rounding."""

_LARGE = 100.0
"""Angles up to this many radians are taken as they are."""


def multiplexor(axis: Axis, angles: ArrayLike, *, fresh: bool = False, target: AnyTarget = DEFAULT) -> Block:
    """A uniformly controlled rotation: exp(-i angles[i] P / 2) on the data qubit where the index holds i, P the Pauli
    matrix of ``axis``, "x", "y" or "z".

    ``angles``, shape (2^c,), c from 0 to 13, are in radians. ``fresh``: the data qubit is in state 0 before, which
    takes one two-qubit gate less than the 2^c (Moettoenen et al., quant-ph/0407010). One control takes one ZZPhase,
    or two CZ, and so does each where the angles are a sum of a number for each control; controls that the angles do not
    depend on take none.

    Raises :class:`~qsac.errors.InvalidInputError` for what is not such an axis or array and for unknown targets,
    :class:`~qsac.errors.DoesNotFitError` for more than 13 controls.
    """
    axis = word(axis, "axis", ("x", "y", "z"))  # type: ignore[assignment] # one of them
    fresh = flag(fresh, "fresh")
    what = "the angles of a multiplexor"
    given = numbers(angles, what, 1, real=True)
    controls = qubits_for(len(given), what, given.shape)
    check_width(controls + 1, what)
    # Twice around is nothing: large angles would lose digits as half-turns.
    turns = np.where(np.abs(given) <= _LARGE, given, np.remainder(given, 4 * np.pi))
    *index, qubit = qubit_names(controls + 1)
    ways = _rotations(axis, tuple(index), qubit, turns, fresh=fresh)
    half = turns[:, None, None] / 2
    columns = np.cos(half) * np.eye(2) - 1j * np.sin(half) * PAULI[axis]
    if fresh:
        columns = np.ascontiguousarray(columns[:, :, :1])
    programs = [block_program(ops, controls + 1) for ops in ways]
    return written("multiplexor", programs, columns, controls, context_of(target, 2))


def _rotations(axis: Axis, index: tuple[str, ...], qubit: str, angles: Real, *, fresh: bool) -> list[list[Op]]:
    """The blocks of rotations that an index selects, in some ways."""
    if axis == "z":
        if fresh:
            return diagonal_programs(-angles / 2, index) if index else [[]]
        return diagonal_programs(np.stack([-angles, angles], axis=1).reshape(-1) / 2, (*index, qubit))
    ways: list[list[Op]] = [[Multiplexor(axis, index, qubit, Table(angles), enters_zero=fresh)]]
    # A sum of a constant and a number for each bit: commuting rotations, one for each control.
    parities = walsh_hadamard(angles)
    bits = [1 << (len(index) - 1 - place) for place in range(len(index))]
    if len(index) > 1 and np.abs(np.delete(parities, [0, *bits])).max() <= _ROUNDING:
        ways.append([PauliRotation(axis, (qubit,), float(parities[0]))])
        for name, bit in zip(index, bits, strict=True):
            if abs(parities[bit]) > _ROUNDING:
                ways[-1].append(PauliRotation("z" + axis, (name, qubit), float(parities[bit])))
    return ways


def uniformly_controlled(gates: ArrayLike, *, target: AnyTarget = DEFAULT) -> Block:
    """A uniformly controlled gate: the matrix ``gates[i]`` on the data qubit where the index holds i, phases included.

    ``gates``, shape (2^c, 2, 2), c from 0 to 13, are unitary up to 1e-9; what is done are unitary ones next to them.
    A ladder of 2^c - 1 two-qubit gates does them up to a diagonal (Bergholm et al., quant-ph/0410066), and the diagonal
    takes 2^c more for gates of determinant 1, 2^(c+1) - 2 for others. One control takes one ZZPhase, or two CZ.
    Rotations about x or y are multiplexors, diagonal gates a diagonal, and controls that the gates do not depend on
    take no part.

    Raises :class:`~qsac.errors.InvalidInputError` for what is not such an array and for unknown targets,
    :class:`~qsac.errors.DoesNotFitError` for more than 13 controls.
    """
    what = "the gates of a uniformly controlled gate"
    given = numbers(gates, what, 3)
    if given.shape[1:] != (2, 2):
        raise wrong_shape(what, given.shape, "matrices of shape (2, 2)")
    controls = qubits_for(len(given), what, given.shape)
    check_width(controls + 1, what)
    _check_unitary(given)
    given = _unitary(*_special(given))
    kept, picked = repetition(given.reshape(-1, 4))
    *names, qubit = qubit_names(controls + 1)
    index = tuple(names[controls - (len(given) - 1).bit_length() + bit] for bit in kept)
    programs = [block_program(ops, controls + 1) for ops in _ways(given[picked], index, qubit)]
    return written("uniformly-controlled", programs, given, controls, context_of(target, 2))


def _check_unitary(gates: Complex) -> None:
    with np.errstate(over="ignore", invalid="ignore"):
        products = np.abs(gates @ gates.conj().swapaxes(1, 2) - np.eye(2)).max(axis=(1, 2))
    if not (products <= TOLERANCE).all():
        place = int(np.argmax(~(products <= TOLERANCE)))
        raise InvalidInputError(
            "each of the gates must be unitary",
            code="block.not-unitary",
            found=f"gate {place}, whose U U* differs from 1 by {products[place]:.2g}",
            wanted=f"U U* = 1 up to {TOLERANCE:g}",
        )


def _ways(gates: Complex, index: tuple[str, ...], qubit: str) -> list[list[Op]]:
    """The blocks of gates that an index selects, in some ways: phases times SU(2) elements [[p, -q*], [q, p*]]."""
    if not index:
        return [[Unitary(qubit, Table(gates[0]))]]
    phases, p, q = _special(gates)
    if np.abs(q).max() <= _NOTHING:
        return diagonal_programs(np.angle(gates[:, [0, 1], [0, 1]]).reshape(-1), (*index, qubit))
    if np.abs(p.imag).max() <= _NOTHING:
        around: tuple[tuple[Axis, Real, Real], ...] = (("x", -q.imag, q.real), ("y", q.real, q.imag))
        for axis, along, across in around:
            if np.abs(across).max() <= _NOTHING:
                rotations = _rotations(axis, index, qubit, 2 * np.arctan2(along, p.real), fresh=False)
                return [[*first, *after] for first in rotations for after in diagonal_programs(phases, index)]
    theta, phi, left = up_to_diagonal(p, q)
    ladder = UniformlyControlledGate(index, qubit, Table(theta), Table(phi))
    owed = np.stack([phases - left, phases + left], axis=1).reshape(-1)
    ways: list[list[Op]] = [[ladder, *after] for after in diagonal_programs(owed, (*index, qubit))]
    if len(index) == 1:
        ways.append(_one_control(phases, p, q, index[0], qubit))
    return ways


def _one_control(phases: Real, p: Complex, q: Complex, control: str, qubit: str) -> list[Op]:
    """Two gates that a control selects, as one ZZ between gates on the qubit: a = v d w and b = v d* w with d diagonal,
    from a b* = v d^2 v* (Shende, Bullock and Markov, quant-ph/0406176, theorem 12)."""
    a, b = _unitary(np.zeros(2), p, q)
    product = a @ b.conj().T
    sines, v = np.linalg.eigh(0.5j * (product - product.conj().T))
    angle = float(np.arctan2(sines[1], product.trace().real / 2))
    # The eigenvalues are those of -sin and sin: e^(i angle) and e^(-i angle).
    d = np.exp(np.array([0.5j, -0.5j]) * angle)
    w = (v * d).conj().T @ a
    return [
        Unitary(qubit, Table(w)),
        PauliRotation("zz", (control, qubit), -angle),
        Unitary(qubit, Table(v)),
        PauliRotation("z", (control,), float(phases[1] - phases[0])),
    ]


def _unitary(phases: Real, p: Complex, q: Complex) -> Complex:
    """The matrices of phases times SU(2) elements: unitary up to rounding."""
    matrices = np.array([[p, -q.conj()], [q, p.conj()]]).transpose(2, 0, 1)
    return np.ascontiguousarray(matrices * np.exp(1j * phases)[:, None, None])


def _special(gates: Complex) -> tuple[Real, Complex, Complex]:
    """Gates as phases times SU(2) elements, of the two signs that with phases next to each other."""
    determinants = gates[:, 0, 0] * gates[:, 1, 1] - gates[:, 0, 1] * gates[:, 1, 0]
    phases = np.angle(determinants) / 2
    phases -= np.pi * np.round((phases - phases[0]) / np.pi)
    turned = gates[:, :, 0] * np.exp(-1j * phases)[:, None]
    turned /= np.linalg.norm(turned, axis=1, keepdims=True)
    return phases, turned[:, 0], turned[:, 1]
