"""Kernels by a walk on one score register: the ops, and what a model has to be for them (docs/kernels.md).

A use of the walk loads the keys and undoes the load of the query, or the adjoint of that. Between two uses there are
signed phases on zero (:mod:`qsac.numerics.kernel_walks`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import atan2, sqrt

import numpy as np

from qsac.errors import InvalidInputError
from qsac.files.numbers import Numbers
from qsac.ir.attention import LoadTokens, LoadWhole, PhaseSignal, PrepareDegree, Project, RotateDegree
from qsac.ir.op import Op
from qsac.numerics.kernel_walks import KernelWalk, NoWalkError, WalkPart, kernel_bound, kernel_walk

REAL, PARITY = "real", "parity"
"""Registers of one qubit: whose two values take the phases and their opposites; 1 where the part is the odd one."""

EVEN = (sqrt(0.5), sqrt(0.5))


@dataclass(frozen=True)
class Side:
    """Loads of one side of a score: the registers that index its table."""

    index: tuple[str, ...]
    table: str


def by_turns(keys: Numbers, queries: Numbers) -> Numbers:
    """For each index the row of its key, and that of its query: what is undone last where the parity says which."""
    rows: Numbers = np.stack((keys, queries), axis=1).reshape(-1, keys.shape[1])
    return rows


@dataclass(frozen=True)
class WalkedKernel:
    """The ops that multiply by g(s) / bound, and the registers that they take beside the index: ``data``, the score's,
    ``real`` and, for kernels of both parities, ``parity``.

    ``walks``: of one kernel, or of one for each value of the registers ``head``; all have the same uses. Loads are
    then those of one walk, and phases are chosen by the head. ``parity`` may be the head's register, if that is what
    it says. Where not all of the registers ``when`` are 1 there are no phases: a row whose score is 1 is then
    multiplied by 1. ``shares`` is a table of :attr:`rows`, if the parts' shares follow from numbers that are bound."""

    walks: tuple[KernelWalk, ...]
    data: str
    origin: str
    real: str = REAL
    parity: str = PARITY
    when: tuple[str, ...] = ()
    shares: str = ""
    head: tuple[str, ...] = ()

    @property
    def mixed(self) -> bool:
        """Whether there are parts of both parities."""
        return any(walk.even for walk in self.walks) and any(walk.odd for walk in self.walks)

    @property
    def registers(self) -> tuple[str, ...]:
        """All registers but the head's."""
        return (self.data, self.real, *self._own_parity)

    @property
    def last_side(self) -> str:
        """Whose load is undone last: of kernels of one parity that of the ``key`` or of the ``query``; of both
        parities the key's where ``parity`` is 0, and the query's where it is 1, ``selected``."""
        if self.mixed:
            return "selected"
        return "query" if self.walks[0].odd else "key"

    @property
    def _own_parity(self) -> tuple[str, ...]:
        return (self.parity,) if self.mixed and self.parity not in self.head else ()

    def sizes(self, data_qubits: int) -> dict[str, int]:
        """The registers' qubits."""
        return {self.data: data_qubits} | dict.fromkeys((self.real, *self._own_parity), 1)

    def scores(self, key: Side, query: Side, last: Sequence[Op]) -> list[Op]:
        """The walk on the score's register, which is projected. ``last``: what undoes the last load."""
        uses = self.walks[0].uses
        ops: list[Op] = [PrepareDegree((self.real,), EVEN, origin=self.origin)]
        if self._own_parity:
            ops.append(self._prepared())
        ops.append(self._signed((), [part.last for part in self._parts]))
        ops.append(LoadTokens(self.data, key.index, key.table, origin="/tokens", barrier=True))
        sides = (key, query)
        for use in range(1, uses + 1):
            # A use loads the first side, whose load the last one has left undone, and undoes the load of the other.
            first, second = sides if use % 2 else sides[::-1]
            if use > 1:
                ops.append(self._load(first))
            if use == uses:
                break
            ops.append(self._load(second).adjoint())
            ops.append(self._signed((self.data,), [part.angles[use - 1] for part in self._parts]))
        return [*ops, *last, Project((self.data,), origin=self.origin)]

    def undone(self, side: Side) -> LoadTokens:
        """What undoes the last load, by the rows of a table."""
        return LoadTokens(self.data, side.index, side.table, inverse=True, origin="/tokens", barrier=True)

    def projected(self) -> list[Op]:
        """The end of the other registers."""
        ops: list[Op] = [Project((self.real,), "unary", amplitudes=EVEN, origin=self.origin)]
        if self._own_parity:
            ops += self._ended()
        return ops

    def _prepared(self) -> Op:
        if self.shares:
            return LoadTokens(self.parity, self.head, self.shares, origin=self.origin)
        if self.head:
            return RotateDegree(self.parity, self._turns, self.head, fresh=True, origin=self.origin)
        return PrepareDegree((self.parity,), self.rows[0], origin=self.origin)

    def _ended(self) -> list[Op]:
        if self.shares:
            undone = LoadTokens(self.parity, self.head, self.shares, inverse=True, origin=self.origin)
            return [undone, Project((self.parity,), origin=self.origin)]
        if self.head:
            turns = tuple(-turn for turn in self._turns)
            ended = RotateDegree(self.parity, turns, self.head, last=True, origin=self.origin)
            return [ended, Project((self.parity,), origin=self.origin)]
        return [Project((self.parity,), "unary", amplitudes=self.rows[0], origin=self.origin)]

    @property
    def rows(self) -> list[tuple[float, float]]:
        """The amplitudes of the even and the odd part of each kernel."""
        return list(map(_shares, self.walks))

    @property
    def _turns(self) -> tuple[float, ...]:
        """The angles that bring the parity up to its shares, for each head."""
        return tuple(2 * atan2(odd, even) for even, odd in self.rows)

    @property
    def by_parity(self) -> bool:
        """Whether some kernel has both parities, so that its head does not say which one it is."""
        return any(walk.even and walk.odd for walk in self.walks)

    @property
    def _parts(self) -> list[WalkPart]:
        """The parts that phases are of, by head and parity. A part that a kernel does not have is never reached."""
        if not self.by_parity:
            return [part for walk in self.walks for part in walk.parts]
        return [part for walk in self.walks for part in (walk.parts[0], walk.parts[-1])]

    def _load(self, side: Side) -> LoadWhole:
        return LoadWhole(self.data, side.index, side.table, origin="/tokens", barrier=True)

    def _signed(self, registers: tuple[str, ...], angles: Sequence[float]) -> PhaseSignal:
        others = ((1 << len(self.when)) - 1) * len(angles)
        given = (*self.when, *self.head, *((self.parity,) if self.by_parity else ()))
        return PhaseSignal(registers, self.real, (*[0.0] * others, *angles), given, origin=self.origin)


def _shares(walk: KernelWalk) -> tuple[float, float]:
    """The amplitudes of the even and the odd part, the roots of their shares of the bound."""
    first, second = (0.0 if part is None else sqrt(part.bound / walk.bound) for part in (walk.even, walk.odd))
    return first, second


def walked_coefficients(coefficients: tuple[float, ...], largest: float) -> tuple[float, ...]:
    """c_p S^p, in which scores are in units of the largest one, without zeros at the end."""
    scaled = [c * np.float64(largest) ** power for power, c in enumerate(coefficients)]
    return tuple(float(c) for c in np.trim_zeros(np.array(scaled), "b"))


def scale_of_kernel(coefficients: tuple[float, ...], largest: float, *, walked: bool) -> float:
    """sum_p |c_p| S^p for scores that are at most S; of several terms by a walk the bound of that instead."""
    if walked and sum(1 for c in coefficients if c) > 1:
        scaled = walked_coefficients(coefficients, largest)
        if len(scaled) > 1:
            return kernel_bound(scaled)
    return float(sum(abs(c) * np.float64(largest) ** power for power, c in enumerate(coefficients) if c))


def checked_walk(coefficients: tuple[float, ...], pointer: str, *, real: bool) -> None:
    """Refuse a kernel that no walk applies: to complex scores, or that double precision does not hold."""
    place = f"{pointer}/by"
    if not real:
        raise InvalidInputError(
            "a walk is for real scores",
            code="kernel.complex-scores",
            pointer=place,
            found="complex tokens or a complex score unitary",
            wanted='real ones, or "by": "copies"',
            help="of a complex score a walk sees the modulus; score copies take any polynomial of it",
        )
    if len(coefficients) == 1:
        return
    try:
        kernel_walk(coefficients)
    except NoWalkError as error:
        raise InvalidInputError(
            "there is no walk for this kernel",
            code="kernel.no-walk",
            pointer=place,
            found=str(error),
            wanted='a kernel of lower degree, or "by": "copies"',
        ) from error


def without_walk(pointer: str) -> InvalidInputError:
    """The diagnostic for kernels that are asked for by a walk where there is none."""
    return InvalidInputError(
        "this kernel is not applied by a walk",
        code="kernel.not-by-walk",
        pointer=f"{pointer}/by",
        found="qsvt",
        wanted='"by": "copies"; walks are there for quantum attention, and for transformers of one layer: later ones '
        "score states that a circuit has made, not rows that can be loaded and undone",
    )
