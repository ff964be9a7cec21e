"""The circuit of the solver ``qsvt``: a block encoding of the history's matrix, and the walk that inverts it.

M = 1 - S (x) A, as the sum of 1 and -X over a branch qubit, alpha = 1 + a, a = |A|. In the bases of the singular
value decomposition A = U diag(sigma) V^T it is B^T - S (x) C B^T diag(sigma) for orthogonal B and C, V^T U = B C B^T, C
rotations of pairs of entries: V is undone in the right-hand side, which is loaded, and done once at the end. So a use
of M takes, in this order: the branch's rotation; on one qubit of dilation a rotation by 2 acos(sigma / a), which is
also what keeps the last instant from being followed by another one; B^T; rotations of pairs; an addition of 1 to
``time``; the branch's rotation, of which both together give the minus.

The addition turns bits by RY(pi), which costs signs that depend on the instant alone: they are undone in the right-hand
side and at the end. Where the branch is 0 nothing but B^T is applied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import acos, atan, atan2, pi, sqrt
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qsac.ir.attention import ApplyCircuit, ApplyUnitary, LoadTokens, Project
from qsac.ir.op import Data, Op
from qsac.ir.table import Table
from qsac.numerics.schur_forms import blocks_of
from qsac.numerics.signal_processing import walk_angles

if TYPE_CHECKING:
    from qsac.families.program.linearised.dynamics import Linearised
    from qsac.families.program.linearised.inversion import Inversion

Real = NDArray[np.float64]
Names = tuple[str, ...]

PART, BRANCH, DILATION, OVERFLOW = "part", "branch", "dilation", "overflow"

ORIGIN = "/program/solver"


@dataclass(frozen=True, eq=False)
class Bases:
    """A as rotations: ``values`` sigma (D,), of which one may be negative; ``right`` V; ``mixing`` B; ``turns`` the
    angles of C, (D/2,), each of a pair of entries, in radians."""

    values: Real
    right: Real
    mixing: Real
    turns: Real


def bases_of(matrix: Real) -> Bases:
    """The bases of a square matrix of a size that is a power of two."""
    left, values, transposed = np.linalg.svd(matrix)
    right = transposed.T
    polar = right.T @ left
    if np.linalg.det(polar) < 0:
        # A rotation, so that all its eigenvalues come in pairs.
        values[-1], polar[:, -1] = -values[-1], -polar[:, -1]
    if len(values) == 2:
        return Bases(values, right, np.eye(2), np.array([atan2(polar[1, 0], polar[0, 0])]))
    mixing, turns = _in_pairs(polar)
    return Bases(values, right, mixing, turns)


def _in_pairs(rotation: Real) -> tuple[Real, Real]:
    """B and angles with B C B^T = the rotation, C of pairs of neighbours; B of determinant 1."""
    from scipy.linalg import schur

    form, vectors = schur(rotation, output="real")
    twos, alone = blocks_of(form)
    pairs = [(place, place + 1) for place in twos]
    # Real eigenvalues are 1 and -1, an even number of each.
    alone.sort(key=lambda at: form[at, at])
    pairs += list(zip(alone[::2], alone[1::2], strict=True))
    order = [at for pair in pairs for at in pair]
    mixing, form = vectors[:, order], form[np.ix_(order, order)]
    if np.linalg.det(mixing) < 0:
        mixing[:, 1], form[:, 1], form[1] = -mixing[:, 1], -form[:, 1], -form[1]
    starts = range(0, len(form), 2)
    return mixing, np.array([atan2(form[at + 1, at], form[at, at]) for at in starts])


@dataclass(frozen=True, eq=False)
class Encoding:
    """The block encoding of a history's matrix on registers of one qubit each, and what is around it."""

    system: Linearised
    time: Names
    state: Names

    @cached_property
    def bases(self) -> Bases:
        size = 1 << len(self.state)
        padded = np.zeros((size, size))
        own = self.system.matrix
        padded[: len(own), : len(own)] = own
        return bases_of(padded)

    @property
    def overflows(self) -> bool:
        """Whether the last instant has an ancilla of its own, which takes fewer gates than a dilation that knows it."""
        times, states = len(self.time), len(self.state)
        return (2 << times) + (2 << states) + 8 < (2 << times + states) + 4

    @property
    def signal(self) -> Names:
        """The ancillas that are zero where M / alpha was applied."""
        return (BRANCH, DILATION, OVERFLOW) if self.overflows else (BRANCH, DILATION)

    @property
    def ancillas(self) -> Names:
        return (PART, *self.signal)

    @cached_property
    def signs(self) -> Real:
        """The sign of each instant that additions leave, (2^time,): of all bits but the last two."""
        instants = np.arange(1 << len(self.time))
        return np.asarray(1.0 - 2.0 * (np.bitwise_count(instants >> 2) % 2))

    def right(self) -> Real:
        """The right-hand side in the bases, of unit norm, (2^time, 2^state)."""
        padded = self.system.padded(self.system.right)
        found = (self.signs[:, None] * padded) @ self.bases.right @ self.bases.mixing
        return np.asarray(found / np.linalg.norm(padded))

    def tables(self, inversion: Inversion) -> dict[str, Table]:
        """Everything that the ops name."""
        found = {
            "right": Table(self.right().reshape(1, -1)),
            "encoding": Table(np.concatenate(self._angles).reshape(1, -1)),
            "phases": Table(self._phases(inversion).reshape(1, -1)),
            "none": Table(np.zeros((1, 0))),
            "out": Table(np.ascontiguousarray(self.bases.right)),
        }
        if len(self.state) > 1:
            found["into"] = Table(np.ascontiguousarray(self.bases.mixing.T))
            found["back"] = Table(np.ascontiguousarray(self.bases.mixing))
        return found

    def ops(self, inversion: Inversion) -> list[Op]:
        """The right-hand side loaded, M^dag, M, .., M^dag with phases between, and the bases undone. The first and the
        last phase act where all of the signal is known to be zero: on the part alone."""
        data = self._data
        found: list[Op] = [
            LoadTokens((*self.time, *self.state), (), "right", origin="/program/start"),
            ApplyCircuit((PART,), ("h 0",), "none", origin=ORIGIN),
        ]
        for use in range(inversion.degree):
            if use:
                found.append(self._phase(use))
            found += self._use(adjoint=use % 2 == 0)
        found += [
            ApplyCircuit((PART,), (f"rz 0 @{self._inner * (inversion.degree - 1)}", "h 0"), "phases", origin=ORIGIN),
            Project(self.ancillas, origin=ORIGIN),
            ApplyUnitary(data, "matrix", "out", origin=ORIGIN),
        ]
        signed = self.time[:-2]
        if signed:
            gates = tuple(f"z {place}" for place in range(len(signed)))
            found.append(ApplyCircuit(signed, gates, "none", origin=ORIGIN))
        return found

    @property
    def _data(self) -> Data:
        return self.state if len(self.state) > 1 else self.state[0]

    @property
    def _inner(self) -> int:
        """Angles of a phase between two uses."""
        return 1 << len(self.signal)

    def _phase(self, use: int) -> Op:
        """exp(i f Z (2 Pi - 1)), Pi zero of the signal, Z on the part: opposite phases give P and its conjugate, half
        the sum of which is its real part."""
        controls = " ".join(str(place) for place in range(1, len(self.ancillas)))
        gate = f"mz {controls} 0 @{self._inner * (use - 1)}"
        return ApplyCircuit(self.ancillas, (gate,), "phases", origin=ORIGIN)

    def _phases(self, inversion: Inversion) -> Real:
        angles = walk_angles(inversion.phases)[::-1]
        between = np.repeat(2 * angles[1:-1, None], self._inner, axis=1)
        between[:, 0] *= -1
        # With opposite phases the walk is (-i)^D times the conjugate but for a sign: -1 for odd D.
        ends = -2 * (angles[0] + angles[-1]) - pi
        return np.append(between.reshape(-1), ends)

    def _use(self, *, adjoint: bool) -> list[Op]:
        mixing: list[Op] = []
        if len(self.state) > 1:
            mixing = [ApplyUnitary(self._data, "matrix", "back" if adjoint else "into", origin=ORIGIN)]
        first, last = (
            ApplyCircuit(self._registers, gates, "encoding", inverse=adjoint, origin=ORIGIN) for gates in self._gates
        )
        return [last, *mixing, first] if adjoint else [first, *mixing, last]

    @property
    def _registers(self) -> Names:
        return (*self.signal, *self.time, *self.state)

    def _places(self, registers: Sequence[str]) -> str:
        return " ".join(str(self._registers.index(name)) for name in registers)

    @cached_property
    def _gates(self) -> tuple[Names, Names]:
        """Those before B^T and those after it; their angles are :attr:`_angles`, one after another."""
        time, state = self.time, self.state
        branch: Names = (BRANCH,)
        targets = [branch]
        if self.overflows:
            targets += [(*branch, *time, OVERFLOW), (*branch, *state, DILATION)]
        else:
            targets.append((*branch, *time, *state, DILATION))
        before = len(targets)
        targets.append((*branch, *state))
        # From the highest bit down; the last one is turned whatever the others are, without a sign.
        targets += [(*branch, *time[place + 1 :], time[place]) for place in range(len(time) - 1)]
        targets.append(branch)
        starts = np.cumsum([0, *(len(angles) for angles in self._angles)])
        gates = [
            f"{'my' if len(qubits) > 1 else 'ry'} {self._places(qubits)} @{start}"
            for qubits, start in zip(targets, starts, strict=False)
        ]
        gates.insert(-1, f"cx {self._places((*branch, time[-1]))}")
        return tuple(gates[:before]), tuple(gates[before:])

    @cached_property
    def _angles(self) -> list[Real]:
        system, norm = self.system, self.system.norm
        instants = 1 << len(self.time)
        ratios = np.clip(self.bases.values / norm if norm else self.bases.values, -1.0, 1.0)
        turned = 2 * np.array([acos(value) for value in ratios])
        last = np.arange(instants) + 1 > system.steps
        rotation = np.array([2 * atan(sqrt(norm))])
        if self.overflows:
            found = [rotation, _where_branched(np.where(last, pi, 0.0)), _where_branched(turned)]
        else:
            found = [rotation, _where_branched(np.where(last[:, None], pi, turned).reshape(-1))]
        found.append(_where_branched(2 * self.bases.turns))
        for place in range(len(self.time) - 1):
            carried = np.zeros(1 << len(self.time) - 1 - place)
            carried[-1] = pi
            found.append(_where_branched(carried))
        return [*found, rotation]


def _where_branched(angles: Real) -> Real:
    """Angles for the branch's value 1, and none for 0."""
    return np.concatenate((np.zeros(len(angles)), angles))
