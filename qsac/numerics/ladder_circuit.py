"""The gates of a rotated ladder while it is solved for: what they do to every row at once, and the derivatives of that.

One-qubit gates are SU(2) matrices g = [[p, -q*], [q, p*]] and move by g <- exp([[0, s], [-s*, 0]]) g with one complex s
each; rotations about z pass the ZZ, so only those at the end are parameters of their own, alpha. Everything is seen
from the start of the ladder: with U the ladder up to a gate and E the generator of the gate's move, the final state
moves as the initial one does by U* E U |0>, so one pass along the ladder gives all derivatives. Rows are the last axis.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.numerics.rotated_ladder import RotatedLadder

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]


class Gates(NamedTuple):
    """One-qubit gates in time order, p and q of shape (gates,), and the angles alpha of Rz at the end, shape (n,)."""

    p: Complex
    q: Complex
    alpha: Real


_TOGGLED: Complex = np.array([[1, -1j], [-1j, 1]])

_Shape = tuple[int, ...]


class _Toggle(NamedTuple):
    """The shapes in which amplitudes are taken at a toggle: before it, while they are twice as many, and after it; of
    one with a data qubit also those after its target's gate, before its partner's, and of the latter's work."""

    before: _Shape
    work: _Shape
    after: _Shape
    half: tuple[_Shape, _Shape, _Shape] | None


def _toggle(d: int, rows: int, qubits: int, place: int, target: int) -> _Toggle:
    below = d >> (target + 1)
    if place >= qubits - 1:
        high, wide = (1 << target), below * d
        return _Toggle((high, 2, 1, wide, rows), (high, 2, 2, wide, rows), (high, 2, wide, rows), None)
    low = 1 << (target - place - 1)
    high, wide = 1 << place, below * d * rows
    all_below = 2 * low * wide
    return _Toggle(
        (high, 2, low, 2, 1, wide),
        (high, 2, low, 2, 2, wide),
        (high, 2, all_below),
        ((high, 2, low, 2, wide), (high, 2, 1, all_below), (high, 2, 2, all_below)),
    )


class LadderCircuit:
    """A ladder of ``qubits`` data qubits, partners ``places`` that are ``toggled`` by them (:class:`RotatedLadder`) for
    ``rows`` rows."""

    def __init__(self, qubits: int, places: tuple[int, ...], rows: int, toggled: tuple[int, ...] = ()) -> None:
        self.qubits, self.places, self.rows, self.toggled = qubits, places, rows, toggled
        self.controls = (rows - 1).bit_length()
        self.size = 1 << qubits
        on_data = np.array([place < qubits - 1 for place in places], dtype=bool)
        after = qubits + np.cumsum(1 + on_data) - 1 - on_data
        self.count = qubits + len(places) + int(on_data.sum())
        self._partners = np.array(places, dtype=np.intp)
        self._targets = np.array(toggled or (qubits - 1,) * len(places), dtype=np.intp)
        self._on_target = np.asarray(after, dtype=np.intp)
        self._data, self._index = np.flatnonzero(on_data), np.flatnonzero(~on_data)
        bits = self.controls - 1 - (self._partners[self._index] - (qubits - 1))
        self._signs = 1 - 2 * (np.arange(rows) >> bits[:, None] & 1)
        values = np.arange(self.size)
        self._z = 1 - 2 * (values >> (qubits - 1 - np.arange(qubits))[:, None] & 1)
        pairs = zip(places, self._targets.tolist(), strict=True)
        self._toggles = [_toggle(self.size, rows, qubits, place, target) for place, target in pairs]
        self._shapes = {shape for one in self._toggles for shape in (one.before, one.after)}
        self._work_shapes = {one.work for one in self._toggles} | {one.half[2] for one in self._toggles if one.half}
        self._half_shapes = {shape for one in self._toggles if one.half for shape in one.half[:2]}
        self._gates_on = [self._moved_on(qubit) for qubit in range(qubits)]

    def _moved_on(self, qubit: int) -> tuple[NDArray[np.intp] | slice, NDArray[np.intp]]:
        """The gates on a data qubit: after which of the :meth:`prefixes` they come, and their numbers."""
        on_target = np.flatnonzero(self._targets == qubit)
        on_partner = np.flatnonzero(self._partners == qubit) if qubit < self.qubits - 1 else on_target[:0]
        places = np.concatenate(([0], 1 + on_target, 1 + on_partner))
        numbers = np.concatenate(([qubit], self._on_target[on_target], self._on_target[on_partner] + 1))
        whole = len(places) > 1 and bool(np.all(np.diff(places) == 1))
        return slice(0, len(places)) if whole else places, numbers

    @property
    def parameters(self) -> int:
        """How many real numbers :meth:`moved` takes."""
        return 2 * self.count + self.qubits

    def random(self, generator: np.random.Generator) -> Gates:
        """Gates from the uniform distribution on SU(2)."""
        parts = generator.normal(size=(4, self.count))
        parts /= np.sqrt(np.sum(parts**2, axis=0))
        return Gates(parts[0] + 1j * parts[1], parts[2] + 1j * parts[3], np.zeros(self.qubits))

    def moved(self, gates: Gates, step: Real) -> Gates:
        """The gates after a step: real and imaginary part of s for each gate, then what is added to alpha."""
        moves = step[: 2 * self.count].reshape(-1, 2)
        s = moves[:, 0] + 1j * moves[:, 1]
        length = np.hypot(moves[:, 0], moves[:, 1])
        cosine, sine = np.cos(length), s * np.sinc(length / np.pi)
        p = cosine * gates.p + sine * gates.q
        q = cosine * gates.q - sine.conj() * gates.p
        norm = np.sqrt(p.real**2 + p.imag**2 + q.real**2 + q.imag**2)
        return Gates(p / norm, q / norm, gates.alpha + step[2 * self.count : self.parameters])

    def prefixes(self, gates: Gates) -> Complex:
        """The conjugate of the ladder after the first gates, and after each entangling gate with the gates after it;
        then the whole of it, with alpha: shape (entangling gates + 2, d, d, rows), each up to a phase of every row that
        is an affine function of the index bits."""
        n, d, rows = self.qubits, self.size, self.rows
        conjugate = np.array([[gates.p.conj(), gates.q.conj()], [-gates.q, gates.p]])  # [x, y] = conj(g[y, x])
        found = np.empty((len(self.places) + 2, d, d, rows), dtype=np.complex128)
        first = np.eye(1, dtype=np.complex128)
        for qubit in range(n):
            first = _kron(first, conjugate[..., qubit].T)
        found[0] = first[..., None]
        on_target = conjugate[..., self._on_target]
        # One factor of each toggle after the other, as its amplitudes take it.
        with_data = (_TOGGLED[:, :, None, None] * on_target[None][..., self._data]).transpose(3, 0, 1, 2)
        with_data = np.ascontiguousarray(with_data)[:, :, None, :, :, None]
        with_index = np.repeat(on_target[..., self._index, None], rows, axis=3)
        with_index[1] *= -1j * self._signs
        with_index = np.ascontiguousarray(with_index.transpose(2, 0, 1, 3))[:, :, :, None]
        on_partner = np.ascontiguousarray(conjugate[..., self._on_target[self._data] + 1].transpose(2, 0, 1))
        on_partner = on_partner[..., None]
        views = {shape: found.reshape(len(found), *shape) for shape in self._shapes}
        work = np.empty(2 * d * d * rows, dtype=np.complex128)
        works = {shape: work.reshape(shape) for shape in self._work_shapes}
        half = np.empty(d * d * rows, dtype=np.complex128)
        halves = {shape: half.reshape(shape) for shape in self._half_shapes}
        data = index = 0
        for number, toggle in enumerate(self._toggles):
            split = works[toggle.work]
            if toggle.half is None:
                np.multiply(views[toggle.before][number], with_index[index], out=split)
                index += 1
            else:
                np.multiply(views[toggle.before][number], with_data[data], out=split)
                np.add(split[:, :, :, 0], split[:, :, :, 1], out=halves[toggle.half[0]])
                split = works[toggle.half[2]]
                np.multiply(halves[toggle.half[1]], on_partner[data], out=split)
                data += 1
            np.add(split[:, 0], split[:, 1], out=views[toggle.after][number + 1])
        found[-1] = found[-2] * np.exp(0.5j * np.sum(gates.alpha[:, None] * self._z, axis=0))[:, None, None]
        return found

    def derivatives(self, prefixes: Complex) -> Complex:
        """U* of the state's derivative by each real parameter, in the order of :meth:`moved`: shape (parameters, d,
        rows)."""
        d, rows = self.size, self.rows
        moves = np.empty((self.parameters, d, rows), dtype=np.complex128)
        by_gate = moves[: 2 * self.count].reshape(self.count, 2, d, rows)
        for qubit, (places, numbers) in enumerate(self._gates_on):
            _put_moves(by_gate, numbers, prefixes[places], qubit)
        state = prefixes[-1, :, 0].conj()
        turned = -0.5j * self._z[:, :, None] * state
        moves[2 * self.count :] = np.einsum("xai,qxi->qai", prefixes[-1], turned)
        return moves

    def ladder(self, gates: Gates) -> RotatedLadder:
        """The same with PhasedX gates, and Rz at the end: a gate is Rz(a) PhasedX(theta, phi), and Rz passes the ZZ."""
        theta = 2 * np.arctan2(np.abs(gates.q), np.abs(gates.p))
        phi = np.angle(1j * gates.q) + np.angle(gates.p)
        turns = -2 * np.angle(gates.p)
        total = np.zeros(self.qubits)
        for number, qubit in enumerate(self._acted_on()):
            phi[number] -= total[qubit]
            total[qubit] += turns[number]
        alpha = np.remainder(total + gates.alpha + np.pi, 2 * np.pi) - np.pi
        phi = np.remainder(phi + np.pi, 2 * np.pi) - np.pi
        return RotatedLadder(self.qubits, self.controls, self.places, theta, phi, alpha, self.toggled)

    @staticmethod
    def gates(ladder: RotatedLadder) -> Gates:
        """The gates of a ladder."""
        half = ladder.theta / 2
        return Gates(np.cos(half) + 0j, -1j * np.exp(1j * ladder.phi) * np.sin(half), ladder.alpha.copy())

    def _acted_on(self) -> list[int]:
        """The data qubit of each one-qubit gate."""
        pairs = zip(self._targets.tolist(), self.places, strict=True)
        last = self.qubits - 1
        after = (qubit for target, place in pairs for qubit in ((target, place) if place < last else (target,)))
        return [*range(self.qubits), *after]


def _put_moves(by_gate: Complex, numbers: NDArray[np.intp], prefixes: Complex, qubit: int) -> None:
    """U* E U |0> for s = 1 and s = i of gates on a data qubit, put where these are ``by_gate``, shape (gates, 2, d,
    rows); conjugates of U given."""
    count, d, _, rows = prefixes.shape
    split = prefixes.reshape(count, 1 << qubit, 2, d >> (qubit + 1), d, rows)
    state = split[:, :, :, :, 0].conj()
    upper = np.einsum("khlai,khli->kai", split[:, :, 0], state[:, :, 1])
    lower = np.einsum("khlai,khli->kai", split[:, :, 1], state[:, :, 0])
    by_gate[numbers, 0] = upper - lower
    upper += lower
    by_gate[numbers, 1] = 1j * upper


def _kron(one: Complex, other: Complex) -> Complex:
    """The Kronecker product of two square matrices."""
    size = len(one) * len(other)
    return (one[:, None, :, None] * other[None, :, None, :]).reshape(size, size)
